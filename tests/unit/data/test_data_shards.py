"""Any number of shards gives the same tables; duplicates, what is held out and the mixture are found over all of them."""

import json

import pytest
from data_helpers import curated
from pydantic import ValidationError

from openqwq.artifacts.files import read_table
from openqwq.artifacts.manifest import describe
from openqwq.artifacts.schemas import FUNNEL, PROBLEM, REJECTED
from openqwq.artifacts.shards import Shard
from openqwq.config.curate import CurateConfig
from openqwq.errors import UserError

NAMES = ("Ann", "Bob", "Cleo", "Dora", "Emil", "Fred", "Gina", "Hugo")
THINGS = ("bolts of fiber", "cups of feed", "glasses of lemonade", "crates of apples", "bags of flour", "rolls of paper")


def story(number):
    name, thing = NAMES[number % 8], THINGS[number % 6]
    return f"{name} has {number} {thing} and gives away {number % 7} of them before noon. How many are left for the evening?"


def math(path, rows, name="mine", **values):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    usual = {"type": "file", "name": name, "role": "problems", "domain": "math", "verifier": "math", "path": str(path)}
    return usual | {"fields": {"prompt": "q", "answer": "a", "metadata.pass_rate": "p", "metadata.solution": "s"}} | values


def row(text, answer="1", rate=None, solution=None):
    return {"q": text, "a": answer, "p": rate, "s": solution}


SEEN = [row("Is this row there for its columns only, or is it more?", rate=0.5, solution="x")]


def train(folder):
    return [r["messages"][0]["content"] for r in read_table(folder / "problems" / "train.parquet", PROBLEM).to_pylist()]


def rejected(folder):
    return [(r["step"], r["reason"]) for r in read_table(folder / "rejected.parquet", REJECTED).to_pylist()]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Two sources with equal and nearly equal rows in both, more than one batch long, and malformed lines in between."""
    folder = tmp_path_factory.mktemp("many")
    rows = [row(story(n), str(n)) for n in range(2500)]
    rows[10:10] = [row(story(7).upper(), "7"), row(story(8) + "\nExplain your answer.", "8")]
    first = math(folder / "a.jsonl", SEEN + rows, "first")
    with open(folder / "a.jsonl", "ab") as handle:
        handle.write(b'{"q": \xff\n')
    second = math(
        folder / "b.jsonl", [*SEEN, *(row(story(n), str(n), solution="Subtract.") for n in range(2400, 2600))], "second"
    )
    pairs = {"type": "builtin", "name": "pairs", "role": "preferences", "generator": "preferences", "size": 40}
    config = {"sources": [first, second, pairs], "check_gold": False, "held_out": {"math": 20, "preferences": 5}}
    return config, {count: curated(folder / str(count), config, shards=count) for count in (1, 2, 3)}


def test_the_number_of_shards_changes_no_byte(many):
    folders = many[1]
    hashes = {
        n: {name: out.sha256 for name, out in describe(folder).items() if name.endswith("parquet")}
        for n, folder in folders.items()
    }
    for count in (2, 3):
        assert {name for name in hashes[1] if hashes[1][name] != hashes[count][name]} <= {"funnel.parquet"}  # it holds seconds
        funnels = [read_table(folders[n] / "funnel.parquet", FUNNEL).drop_columns("seconds") for n in (1, count)]
        assert funnels[0].equals(funnels[1])
    assert len(train(folders[1])) > 2000


def test_the_row_with_the_better_reference_is_kept(many):
    folder = many[1][2]
    table = read_table(folder / "problems" / "train.parquet", PROBLEM).to_pylist()
    sources = {r["messages"][0]["content"]: r["source"] for r in table}
    overlap = [story(n) for n in range(2400, 2500) if story(n) in sources]
    assert len(overlap) > 50
    assert {sources[text] for text in overlap} == {"second"}  # it has solutions
    assert sum(step == "deduplicate" for step, _ in rejected(folder)) >= 100


def test_a_duplicate_with_another_gold_is_said(tmp_path):
    rows = [*SEEN, row(story(40), "40"), row(story(40).upper(), "41", solution="x"), row(story(41), "41"), row(story(41), "41")]
    folder = curated(tmp_path, {"sources": [math(tmp_path / "d.jsonl", rows)], "check_gold": False})
    kinds = [reason.split(":")[0] for _, reason in rejected(folder)]
    assert kinds == ["same as a row that is kept with another gold", "same as a row that is kept"]


def test_near_duplicates_name_the_row_that_is_kept(tmp_path):
    altered = story(40).replace("before noon", "before dusk")
    rows = [*SEEN, row(story(40)), row(altered), row(story(40) + "\nThink."), row(story(41)), row(altered, "other")]
    folder = curated(tmp_path, {"sources": [math(tmp_path / "d.jsonl", rows)], "check_gold": False})
    assert train(folder) == [SEEN[0]["q"], story(40), story(41)]
    reasons = [reason for step, reason in rejected(folder) if step == "near_duplicates"]
    assert len(reasons) == 2
    kept = read_table(folder / "problems" / "train.parquet", PROBLEM).to_pylist()[1]["id"]
    assert all(f"{kept} of mine, similarity 0." in reason for reason in reasons)


def test_other_numbers_are_another_problem(tmp_path):
    rows = [
        *SEEN,
        row(story(40), "1"),
        row(story(40).replace("40", "41"), "1"),
        row("Find $x + 3$ for the $x$ above."),
        row("Find $x - 3$ for the $x$ above."),
    ]
    folder = curated(tmp_path, {"sources": [math(tmp_path / "d.jsonl", rows)], "check_gold": False})
    assert len(train(folder)) == 5


def test_the_window_of_pass_rates(tmp_path):
    rows = [*SEEN, row(story(1), rate=0.0), row(story(2), rate=0.4), row(story(3), rate=1.0), row(story(4))]
    folder = curated(tmp_path, {"sources": [math(tmp_path / "d.jsonl", rows)], "check_gold": False, "pass_rate": (0.1, 0.9)})
    assert train(folder) == [SEEN[0]["q"], story(2), story(4)]
    assert [reason for _, reason in rejected(folder)] == [f"pass rate outside 0.1 to 0.9: {rate}" for rate in (0, 1)]


def test_a_pass_rate_that_is_no_share_costs_its_row(tmp_path):
    rows = [*SEEN, *(row(story(n), rate=rate) for n, rate in enumerate(("0.5", 73, -1, 10**400, True, [0.5])))]
    with open(tmp_path / "d.jsonl", "w") as handle:
        source = math(tmp_path / "d.jsonl", rows)
        handle.write("".join(json.dumps(one) + "\n" for one in rows))
        handle.write(json.dumps(row(story(9), rate=float("nan"))) + "\n")  # how tables say that there is none
    folder = curated(tmp_path, {"sources": [source], "check_gold": False, "pass_rate": (0.1, 0.9)})
    assert train(folder) == [SEEN[0]["q"], story(9)]
    assert {(step, reason.split(":")[0]) for step, reason in rejected(folder)} == {
        ("schema", "metadata.pass_rate is no share from 0 to 1")
    }
    assert len(rejected(folder)) == 6


def test_a_window_of_pass_rates_needs_pass_rates(tmp_path):
    source = math(tmp_path / "d.jsonl", [row(story(n), solution="x") for n in range(5)])
    source["fields"] = {key: value for key, value in source["fields"].items() if key != "metadata.pass_rate"}
    with pytest.raises(UserError, match="none of the problems has a pass rate"):
        curated(tmp_path, {"sources": [source], "check_gold": False, "pass_rate": (0.1, 0.9)})


@pytest.mark.parametrize("held_out", [{"math": 9}, {"code": 1}, {"preferences": 41}])
def test_more_is_not_held_out_than_there_is(tmp_path, held_out):
    pairs = {"type": "builtin", "name": "pairs", "role": "preferences", "generator": "preferences", "size": 40}
    calls = {"type": "builtin", "name": "calls", "role": "problems", "generator": "tool_calls", "size": 5}
    sources = [math(tmp_path / "d.jsonl", SEEN + [row(story(n)) for n in range(4)]), pairs, calls]
    with pytest.raises(UserError, match=rf"held_out\.{next(iter(held_out))}: \d+ are to be held out, and curation has left \d+"):
        curated(tmp_path, {"sources": sources, "check_gold": False, "held_out": held_out})
    assert not (tmp_path / "curate").exists()


def test_the_mixture_has_caps_and_weights(tmp_path):
    sources = [
        math(tmp_path / f"{name}.jsonl", SEEN + [row(story(n)) for n in numbers], name)
        for name, numbers in (("one", range(100)), ("two", range(100, 150)), ("three", range(150, 190)))
    ]
    mix = {"one": {"weight": 2}, "two": {"weight": 1, "cap": 30}, "three": {"cap": 7}}
    folder = curated(tmp_path, {"sources": sources, "check_gold": False, "mix": mix})
    counts = dict.fromkeys(mix, 0)
    for entry in read_table(folder / "problems" / "train.parquet", PROBLEM).to_pylist():
        counts[entry["source"]] += 1
    assert counts == {"one": 60, "two": 30, "three": 7}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"steps": ["schema", "lenght"]}, "unknown step 'lenght'"),
        ({"steps": ["length", "schema"]}, "'schema' comes first"),
        ({"steps": ["schema", "deduplicate", "length"]}, "'length' judges a row by itself"),
        ({"steps": ["schema", "near_duplicates", "deduplicate"]}, "come in the order deduplicate"),
        ({"steps": ["schema", "length", "length"]}, "listed twice"),
        ({"steps": ["schema"], "held_out": {"math": 3}}, "held_out.math is set"),
        ({"steps": ["schema"], "pass_rate": (0.1, 0.9)}, "pass_rate is set"),
        ({"pass_rate": (0.9, 0.1)}, "the lower bound comes first"),
        ({"mix": {"nobody": {"cap": 1}}}, "no source is named 'nobody'"),
        ({"mix": {"calls": {"weight": 1e-308}}}, "greater than or equal to"),
        ({"mix": {"calls": {"weight": 1e308}}}, "less than or equal to"),
        ({"steps": ["schema"], "allow_licences": []}, "allow_licences is set"),
        ({"steps": ["schema"], "languages": ["en"]}, "languages is set"),
        ({"steps": ["schema"], "keep": ["proof"]}, "keep is set"),
        ({"steps": ["schema"], "trace_filters": {}}, "trace_filters is set"),
    ],
)
def test_slips_in_the_steps(values, says):
    source = {"type": "builtin", "name": "calls", "role": "problems", "generator": "tool_calls", "size": 2}
    with pytest.raises(ValidationError) as caught:
        CurateConfig.model_validate({"sources": [source], **values})
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["2/2", "1", "a/2", "-1/2", "0/0", "1/2/3"])
def test_a_shard_is_i_of_n(text):
    with pytest.raises(UserError, match="is not i/N"):
        Shard.parse(text)
    assert Shard.parse("1/2") == Shard(1, 2)
