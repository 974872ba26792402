"""Peak memory of a stage on a CPU, in bytes by what takes it, over all its processes.

Everything lies in one memory and freed memory is kept (`MALLOC_TRIM_THRESHOLD_`), so the peak is the largest that ever
stood at once. Weights, gradients and moments are float32; activations are those of bfloat16 autocast, which keeps a bfloat16
copy of each weight for a step.
"""

from openqwq.plan.architecture import Architecture

LIBRARIES = 0.6e9  # Python with torch, transformers and TRL, before a model is loaded
WORKER = 0.16e9  # a verifier process with its parsers, and its sandbox
VLLM_CACHE_GB = 4.0  # that vLLM takes for keys and values on a CPU unless told otherwise (generate/vllm_start.py)
COLUMNS = 64  # of a cache, in which it may grow (generate/cache.py)
HOLES = 1.2  # what differs in size from one batch to the next leaves holes in the heap, which are kept
# Where sampling and training take turns under autocast, with tensors of both widths, most of what is freed does not fit what
# comes next: a heap grows to about twice what is in use at once. Measured; in float32 alone it does not.
TURNS = 2.0
# Of keys and values less, the more rows there are: they end at different lengths, and the rest moves together. Measured with 64
# and with 128 rows.
CACHE = 1.5

Parts = dict[str, float]


def training(
    model: Architecture,
    *,
    tokens: float,
    scored: float,
    checkpointing: bool,
    autocast: bool,
    reference: bool = False,
    holes: float = HOLES,
) -> Parts:
    """While the largest micro-batch, of `tokens` positions and `scored` of them with logits, is trained on."""
    width = 2 if autocast else 4
    kept = model.kept_bytes("autocast" if autocast else "float32")
    inputs = model.layers * model.hidden * 4
    parts = {
        "libraries": LIBRARIES,
        "weights": 4 * model.parameters,
        "gradients": 4 * model.parameters,
        "optimizer": 8 * model.parameters,
        "autocast": 2 * model.parameters if autocast else 0.0,
        "activations": holes * tokens * (inputs + kept if checkpointing else model.layers * kept),
        "logits": holes * scored * model.vocabulary * width,
    }
    if reference:
        parts["reference"] = 4 * model.parameters
    return parts


def sampling(model: Architecture, *, places: float, tokens: float, prompt: float, half: bool, samples: float = 1) -> Parts:
    """The sampler of transformers: weights (once more, packed for products) and `places` rows.

    A row has up to `tokens` tokens, of which `prompt` are read in one pass when it enters, once for its `samples`.
    """
    width = 2 if half else 4
    return {
        "sampler's weights": 2 * width * model.parameters,
        "keys and values": CACHE * places * (tokens + COLUMNS) * model.kv_bytes(width),
        "reading prompts": places / samples * prompt * _passed(model, width),
        "sampler's logits": 3 * 4 * places * model.vocabulary,
    }


def scoring(model: Architecture, *, places: float, tokens: float) -> Parts:
    """A reward model's float32 scores of `places` rows side by side, beside what trained it."""
    return {"scoring": HOLES * places * tokens * _passed(model, 4)}


def _passed(model: Architecture, width: int) -> float:
    """Bytes that a token passes through at a time without a backward pass: one layer's widest tensors."""
    return width * (3 * model.wide + 4 * model.hidden)


def judging(workers: int) -> Parts:
    """Verifier processes."""
    return {"verifiers": workers * WORKER}
