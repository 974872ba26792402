"""Leaks of MATH-500 and GSM8K planted among 100,000 rows, altered in the ways in which leaks are; and what clean rows it costs.

The rows are the 14,947 training problems of MATH and GSM8K, and variations of them (curation_corpus.py).

Clean is what a slow exhaustive check says: a MATH training row is *not* clean when some MATH-500 problem has a longest common
subsequence of tokens with it of at least 0.8 of the shorter text and 0.6 of the longer. All 3.7 million pairs are looked at; only
where the words in common already rule it out is the subsequence not computed.
"""

import json
import random
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks import curation_corpus
from benchmarks.curation_command import BOX, curated
from benchmarks.curation_steps import NGRAM, evaluations, problem
from benchmarks.row import Row
from openqwq.data.normalise import tokens
from openqwq.data.steps.decontaminate import Evaluations, check

SHORTER, LONGER = 0.8, 0.6
KINDS = ("verbatim", "spacing", "case", "latex", "changed", "half")
LEAKED = ("math500", "gsm8k")
BARS = {"changed": "0.95", "half": "0.95", "paraphrase": "no bar"}
BEFORE = {"schema", "licence", "language", "length", "verifiability"}
ROWS = 100_000
FIELDS = {"prompt": "q", "answer": "a"}
PARAPHRASES = Path(__file__).with_name("paraphrases.json")  # our own wording, by the number of the problem


def measure(data: Path, folder: Path) -> list[Row]:
    """Recall by kind of alteration, from one run of the command, and the share of clean rows lost."""
    source = folder / "leaks.jsonl"
    planted = plant(source, data)
    curated(data, source, folder / "leaks", FIELDS)
    rejected = pq.read_table(folder / "leaks" / "rejected.parquet", columns=["id", "step"]).to_pylist()
    earlier = {row["id"] for row in rejected if row["step"] in BEFORE}  # such as multiple choice: never looked at
    ledger = folder / "leaks" / "contamination.parquet"
    unknown = {leak for leak, _, _ in planted} - _ids(folder / "leaks")
    if unknown:
        raise SystemExit(f"benchmarks.curation: {len(unknown)} leaks are neither kept nor dropped")
    found = {(row["id"], row["benchmark"]) for row in pq.read_table(ledger, columns=["id", "benchmark"]).to_pylist()}
    rows = []
    for kind in (*KINDS, "paraphrase"):
        for name in LEAKED:
            some = [leak for leak, *told in planted if told == [kind, name] and leak not in earlier]
            caught = sum((leak, name) in found for leak in some) / len(some)
            rows.append(Row(f"leaks of {name}, {kind}: caught", "share", len(some), caught, None, BARS.get(kind, "1")))
    return [*rows, clean(data)]


def _ids(curated_rows: Path) -> set[str]:
    """The ids of all rows, kept, held out and dropped."""
    files = [
        *curated_rows.glob("problems/*.parquet"),
        *curated_rows.glob("benchmarks/*.parquet"),
        curated_rows / "rejected.parquet",
    ]
    return {identifier for file in files for identifier in pq.read_table(file, columns=["id"])["id"].to_pylist()}


def plant(path: Path, data: Path) -> list[tuple[str, str, str]]:
    """Writes `ROWS` rows in mixed order: real problems, variations of them, and leaks; of each leak id, kind and evaluation."""
    rng = random.Random(1)
    tables, real = evaluations(data, *LEAKED), curation_corpus.real(data)
    words = [word for text in real[:2000] for word in text.split()]
    said = json.loads(PARAPHRASES.read_text())
    leaks = [(kind, name, _leak(kind, _text(row), words, rng)) for kind in KINDS for name in LEAKED for row in tables[name]]
    leaks += [("paraphrase", name, text) for name in LEAKED for text in said[name].values()]
    others = [{"q": text, "a": "1"} for text in real]
    others += list(curation_corpus.rows(real, ROWS - len(leaks) - len(others)))
    lines = [{"q": text, "a": "1"} for _, _, text in leaks] + [{"q": row["q"], "a": row["a"]} for row in others]
    rng.shuffle(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return [(problem(text + BOX)["id"], kind, name) for kind, name, text in leaks]


def clean(data: Path) -> Row:
    """The share of clean MATH rows that MATH-500 takes away."""
    tests = evaluations(data, "math500")["math500"]
    train = [row["problem"] for row in json.loads((data / "math_train.json").read_text()) if row["answer"]]
    kept, _, _ = check([problem(text) for text in train], Evaluations({"math500": tests}, NGRAM))
    left = {row["messages"][0]["content"] for row in kept}
    dirty = set(near([tokens(text) for text in train], [tokens(_text(row)) for row in tests]))
    some = [text for at, text in enumerate(train) if at not in dirty]
    lost = sum(text not in left for text in some) / len(some)
    return Row("clean MATH rows lost to MATH-500", "share", len(some), lost, None, "at most 0.01")


def near(train: list[list[str]], tests: list[list[str]]) -> list[int]:
    """Numbers of the rows that are near-duplicates of a test problem, by the exhaustive check."""
    bags = [Counter(test) for test in tests]
    found = []
    for number, row in enumerate(train):
        bag = Counter(row)
        for test, other in zip(tests, bags, strict=True):
            short, long = sorted((len(row), len(test)))
            need = max(SHORTER * short, LONGER * long)
            if short >= need and (bag & other).total() >= need and subsequence(row, test) >= need:
                found.append(number)
                break
    return found


def subsequence(a: list[str], b: list[str]) -> int:
    """Length of the longest common subsequence."""
    line = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for at, y in enumerate(b, 1):
            before, line[at] = line[at], before + 1 if x == y else max(line[at], line[at - 1])
    return line[-1]


def _text(row: dict) -> str:
    """The problem without the line on how to mark the answer."""
    return str(row["messages"][-1]["content"]).rpartition("\n")[0]


def _leak(kind: str, text: str, words: list[str], rng: random.Random) -> str:
    parts = text.split(" ")
    if kind == "spacing":
        return "  ".join(parts).replace(". ", ".\n")
    if kind == "case":
        return text.upper()
    if kind == "latex":
        return text.replace("$", " $ ").replace("=", "\\, =\\; ")
    if kind == "changed":
        for at in rng.sample(range(len(parts)), max(1, len(parts) // 10)):
            parts[at] = rng.choice(words)
        return " ".join(parts)
    if kind == "half":
        return " ".join(parts[: len(parts) // 2] if rng.random() < 0.5 else parts[len(parts) // 2 :])
    return text
