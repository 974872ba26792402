"""Several traces of one prompt are several rows; the split keeps a prompt on one side."""

import json

from data_helpers import curated
from test_data_shards import row, story

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import TRACE

THOUGHTS = ("I take away what is given.", "Start from the whole, then subtract.", "Count backwards from the first number.")


def traces(folder, texts):
    """A source of problems that curation needs, and traces of each text in three wordings, the first of them twice."""
    (folder / "p.jsonl").write_text(json.dumps(row("How many edges has a cube with a corner cut off?")) + "\n")
    lines = [
        {"q": text, "a": "1", "c": f"<think>\n{thought}\n</think>\n\n\\boxed{{1}}"}
        for text in texts
        for thought in (*THOUGHTS, THOUGHTS[0].upper())
    ]
    (folder / "t.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    mapped = {"type": "file", "domain": "math", "verifier": "math"}
    return [
        mapped | {"name": "p", "role": "problems", "path": str(folder / "p.jsonl"), "fields": {"prompt": "q", "answer": "a"}},
        mapped
        | {"name": "t", "role": "traces", "path": str(folder / "t.jsonl")}
        | {"fields": {"prompt": "q", "answer": "a", "completion": "c"}},
    ]


def test_traces_of_one_prompt_stay_and_equal_ones_go(tmp_path):
    folder = curated(tmp_path, {"sources": traces(tmp_path, [story(40), story(41)]), "check_gold": False})
    kept = read_table(folder / "traces" / "train.parquet", TRACE).to_pylist()
    assert len(kept) == 6
    assert len({one["id"] for one in kept}) == 6
    assert {one["messages"][0]["content"] for one in kept} == {story(40), story(41)}


def test_no_prompt_is_on_both_sides_of_the_split(tmp_path):
    texts = [story(number) for number in range(60, 100)]
    folder = curated(tmp_path, {"sources": traces(tmp_path, texts), "check_gold": False, "held_out": {"traces": 5}})
    train, held_out = (
        [one["messages"][0]["content"] for one in read_table(folder / "traces" / f"{part}.parquet", TRACE).to_pylist()]
        for part in ("train", "eval")
    )
    assert len(held_out) == 5
    assert not set(train) & set(held_out)
    assert len(train) == 3 * (len(texts) - len(set(held_out)))
