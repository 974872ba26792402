"""How much a stage works on, as far as the configuration tells: rows to train on, problems of benchmarks, expected lengths."""

from openqwq.config import RunConfig
from openqwq.config.evaluate import CONVERSATIONS, Benchmark
from openqwq.config.rl import RlSampling

# Problems of the public benchmarks, as their authors publish them.
PROBLEMS = {
    "aime24": 30,
    "aime25": 30,
    "amc23": 40,
    "bfcl_irrelevance": 240,
    "bfcl_multiple": 200,
    "bfcl_parallel": 200,
    "bfcl_parallel_multiple": 200,
    "bfcl_simple": 400,
    **dict.fromkeys(CONVERSATIONS, 200),
    "gpqa_diamond": 198,
    "gsm8k": 1319,
    "humaneval": 164,
    "humaneval_plus": 164,
    "ifeval": 541,
    "math500": 500,
    "mbpp": 500,
    "mbpp_plus": 378,
    "mmlu_pro": 12032,
}


def rows(config: RunConfig, role: str) -> int | None:
    """Rows of the role `traces` or `preferences` to train on, before curation drops any; None where a source does not say."""
    told: int | None = getattr(config.plan.rows, role)
    if told is not None:
        return told
    counts = [source.limit or getattr(source, "size", None) for source in config.curate.sources if source.role == role]
    if None in counts:
        return None
    return max(0, sum(count for count in counts if count) - getattr(config.curate.held_out, role))


def mean_tokens(config: RunConfig, stage: str, longest: int) -> float:
    """Expected tokens of a completion (a trace, a side of a pair) of at most `longest`."""
    told: int | None = getattr(config.plan.mean_tokens, stage)
    return min(longest, told) if told is not None else longest * config.plan.completion_share


def longest_tokens(config: RunConfig, stage: str, bound: int) -> int:
    """Tokens of the longest row that is trained on, or drawn with its prompt."""
    told: int | None = getattr(config.plan.longest_tokens, stage)
    return bound if told is None else min(bound, told)


def phases(sampling: RlSampling, steps: int) -> list[tuple[int, int]]:
    """Optimizer steps and `max_tokens` of each part of an RL stage."""
    if isinstance(sampling.max_tokens, int):
        return [(steps, sampling.max_tokens)]
    starts = [stage.from_step for stage in sampling.max_tokens] + [steps + 1]
    return [(starts[at + 1] - stage.from_step, stage.max_tokens) for at, stage in enumerate(sampling.max_tokens)]


def completions(config: RunConfig) -> dict[int, float] | None:
    """Completions of one checkpoint's evaluation by `max_tokens`, on average; None for a benchmark of unknown size."""

    def drawn(count: int, k: int, benchmark: Benchmark | None = None) -> float:
        asked = [stage for stage in config.evaluate.stages if benchmark is None or benchmark.is_of(stage)]
        own = [config.evaluate.problems_of(stage, count) * config.evaluate.k_of(stage, k) for stage in asked]
        return sum(own) / len(config.evaluate.stages)

    found: dict[int, float] = {}
    for benchmark in config.benchmarks:
        size = problems(benchmark)
        if size is None:
            return None
        longest = benchmark.max_tokens or config.evaluate.sampling.max_tokens
        found[longest] = found.get(longest, 0.0) + drawn(size, benchmark.samples, benchmark)
    held_out = {k: n for k, n in config.curate.held_out.model_dump().items() if k not in ("traces", "preferences")}
    longest = config.evaluate.sampling.max_tokens  # of an episode: of each of its turns, which are not known beforehand
    own = sum(drawn(count, config.evaluate.held_out_k(domain)) for domain, count in held_out.items())
    found[longest] = found.get(longest, 0.0) + own
    return found


def problems(benchmark: Benchmark) -> int | None:
    """How many problems of it are asked."""
    size = PROBLEMS.get(benchmark.name)
    return benchmark.limit if size is None else min(size, benchmark.limit or size)
