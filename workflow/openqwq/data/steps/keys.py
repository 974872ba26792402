"""By what rows are compared with one another: hashes that a shard computes once, and gathering only compares.

Near-duplicates are found by MinHash (Broder 1997) over pairs of neighbouring tokens: rows that share one of the bands of their
signatures are looked at, and those are alike whose pairs have a high Jaccard similarity. Of problems, what the user says is
compared, without the lines that say how to mark the answer; its numbers and signs are part of each band: `3 apples` and
`4 apples` are two problems. Of traces and preferences, the answers to one prompt are compared: sixteen different traces of a
prompt are sixteen rows.
"""

import hashlib
import re
from typing import Any

import numpy as np
import pyarrow as pa
from rensa import RMinHash

from openqwq.artifacts.schemas import SHARD
from openqwq.data.normalise import normalise
from openqwq.data.rows import Row, metadata_of
from openqwq.data.steps.texts import Line, answered, lines

BANDS, ROWS = 16, 4  # a pair of similarity s meets with probability 1 − (1 − s⁴)¹⁶: .89 at .6, .99 at .7, .0001 at .05
SEED = 0x5EED  # of the permutations; the run's own seed must not decide what is a duplicate
KEPT_WORDS = 1_000_000  # hashes remembered
_NUMBER = re.compile(r"\d+(?:\.\d+)*|[+*/^=<>%!]|(?<![a-z][a-z])(?<![a-z][a-z] )-")
_MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


class _Words(dict[str, int]):
    """64-bit hashes of words, the same in every process."""

    def __missing__(self, word: str) -> int:
        if len(self) >= KEPT_WORDS:
            self.clear()
        value = _hash(word)
        self[word] = value
        return value


_WORDS = _Words()


def keys(rows: list[Row], places: list[int]) -> pa.Table:
    """The table SHARD for some rows; `places` are their `ord`. Rows that open-qwq generates have no bands: they are instances
    of a few templates, and differ in little else than numbers and names."""
    columns: dict[str, list[Any]] = {name: [] for name in ("key", "rank", "quality", "gold", "pass_rate")}
    tokens, lengths, numbers, free = [], [], [], []
    for row in rows:
        metadata = metadata_of(row)
        text, asked = prompt_text(row)
        prompt = text.encode()
        learnt = [line for answer in answered(row) for line in answer]
        same = "\n".join([text, *(line.text for line in learnt)])
        columns["key"].append(hashlib.sha256(same.encode()).digest()[:16])
        columns["rank"].append(hashlib.sha256(b"held out\n" + prompt).digest()[:16])
        columns["quality"].append(quality(row, metadata))
        columns["gold"].append(_hash(normalise(row["reference"] or "")))
        columns["pass_rate"].append(metadata.get("pass_rate"))  # null or a share: `schema` has seen to it
        core = " ".join(line.text for line in (learnt or asked) if learnt or not line.marks_answer)
        words = [*core.split(" "), row["tools"]] if row["tools"] else core.split(" ")
        tokens += [_WORDS[word] for word in words]
        lengths.append(len(words))
        numbers.append(_hash(text if learnt else " ".join(sorted(_NUMBER.findall(core)))))
        free.append("generator" in metadata)
    pairs, offsets = _pairs(np.array(tokens, np.uint64), np.array(lengths, np.int64))
    bands = _bands(pairs, offsets, np.array(numbers, np.uint64))
    shingles = (pairs >> np.uint64(32)).astype(np.uint32)
    made = {name: pa.array(values, SHARD.field(name).type) for name, values in columns.items()}
    made["ord"] = pa.array(places, pa.int64())
    made["bands"] = pa.array([[] if skip else band for skip, band in zip(free, bands, strict=True)], SHARD.field("bands").type)
    made["shingles"] = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(shingles))
    return pa.table([made[name].cast(SHARD.field(name).type) for name in SHARD.names], schema=SHARD)


def prompt_text(row: Row) -> tuple[str, list[Line]]:
    """(what makes two prompts the same: the normalised messages with their roles, and the tools offered; the user's lines)."""
    asked: list[Line] = []
    parts = []
    for turn in row["messages"]:
        said = lines(turn["content"])
        parts.append(f"{turn['role']} {' '.join(line.text for line in said)}")
        if turn["role"] == "user":
            asked += said
    return "\n".join([*parts, row["tools"] or ""]), asked


def quality(row: Row, metadata: dict[str, Any]) -> int:
    """How good a reference is, for the choice between two rows of one problem: there is one, with a solution, with long tests."""
    tests = len(row["reference"]) if row["verifier"] == "code" and row["reference"] else 0
    return (row["reference"] is not None) << 41 | bool(metadata.get("solution")) << 40 | min(tests, 2**40 - 1)


def _pairs(tokens: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(hashes of each row's neighbouring tokens, distinct and sorted; offsets of the rows). A single token is its own pair."""
    owners = np.repeat(np.arange(len(lengths)), lengths)
    with np.errstate(over="ignore"):
        mixed = (tokens * _MIX[0]) ^ (np.roll(tokens, -1) * _MIX[1])
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX[0]
        single = tokens * _MIX[1]
    last = np.zeros(len(tokens), bool)
    last[np.cumsum(lengths) - 1] = True
    mixed = np.where(last, single, mixed)
    keep = ~last | np.repeat(lengths == 1, lengths)
    mixed, owners = mixed[keep], owners[keep]
    order = np.lexsort((mixed, owners))
    mixed, owners = mixed[order], owners[order]
    first = np.ones(len(mixed), bool)
    first[1:] = (mixed[1:] != mixed[:-1]) | (owners[1:] != owners[:-1])
    mixed, owners = mixed[first], owners[first]
    return mixed, np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(lengths)))])


def _bands(pairs: np.ndarray, offsets: np.ndarray, numbers: np.ndarray) -> list[np.ndarray]:
    """For each row the hashes of its `BANDS` bands."""
    digests = RMinHash.digest_matrix_from_flat_token_hashes(pairs, offsets.astype(np.uint64), BANDS * ROWS, SEED)
    signature = np.array(digests.to_rows(), np.uint64).reshape(len(numbers), BANDS, ROWS)
    made = numbers[:, None] + np.arange(BANDS, dtype=np.uint64)[None, :] * _MIX[0]
    with np.errstate(over="ignore"):
        for at in range(ROWS):
            made = (made ^ signature[:, :, at]) * _MIX[1]
            made ^= made >> np.uint64(31)
    return list(made)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
