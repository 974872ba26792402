"""Each benchmark on one row of its published shape: judged right and wrong; and what rows from the hub add."""

import json

import pytest
from evaluate_rows import ADD, HUMANEVAL_PLUS, LCB, LIVEBENCH, MISSED, ONE, SOLVED, packed

from openqwq.config.evaluate import Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks import REGISTRY, bfcl, bfcl_multi_turn, load, pins, places
from openqwq.verify import Item, VerifierPool

PACKAGES = {"humaneval", *bfcl.CATEGORIES, *bfcl_multi_turn.CATEGORIES}


def rows_of(tmp_path, name, *rows, **keys):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load(Benchmark(name=name, path=str(path), **keys))


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Verdicts of the right and the wrong completion for each row."""
    tries = [(name, which) for name in SOLVED for which in ("right", "wrong", "empty")]
    texts = {
        "right": SOLVED,
        "wrong": {**dict.fromkeys(SOLVED, "\\boxed{77} **yes, yes, yes** <solution>z</solution>"), **MISSED},
    }
    items = []
    for name, which in tries:
        row = rows_of(tmp_path_factory.mktemp("rows"), name, ONE[name])[0]
        text = texts[which][name] if which != "empty" else ""
        items.append(Item(f"{name}/{which}", row["verifier"], row["reference"], text))
    with VerifierPool(2) as pool:
        return {item.id: result.verdict for item, result in zip(items, pool.judge(items), strict=True)}


@pytest.mark.parametrize("name", SOLVED)
def test_one_row_is_judged(judged, name):
    assert judged[f"{name}/right"].outcome == "correct", judged[f"{name}/right"]
    assert judged[f"{name}/wrong"].outcome == "incorrect"
    assert judged[f"{name}/empty"].outcome == "incorrect"


def test_every_benchmark_is_tried():
    assert set(SOLVED) == set(ONE) == set(REGISTRY) - PACKAGES


def test_integers_of_amc_are_read_from_floats_and_text(tmp_path):
    rows = rows_of(tmp_path, "amc23", *[ONE["amc23"] | {"answer": answer} for answer in (27, 27.0, "27", "27.0")])
    assert {row["reference"] for row in rows} == {'{"answer": "27"}'}
    with pytest.raises(UserError, match="no integer"):
        rows_of(tmp_path, "amc23", ONE["amc23"] | {"answer": 2.5})
    with pytest.raises(UserError, match="no number"):
        rows_of(tmp_path, "amc23", ONE["amc23"] | {"answer": "many"})


def test_aime_of_the_hub_has_the_answer_in_the_solution(tmp_path):
    hub = rows_of(tmp_path, "aime24", {"id": "60", "problem": "Find it.", "solution": "\\boxed{204}"})[0]
    assert json.loads(hub["reference"]) == {"answer": "204"}
    assert hub["messages"][0]["content"].endswith("within \\boxed{}.")


def test_gpqa_options_are_shuffled_by_problem_and_always_alike(tmp_path):
    many = [ONE["gpqa_diamond"] | {"Record ID": f"rec{i}", "Question": f"Which of {i}?"} for i in range(40)]
    first, again = rows_of(tmp_path, "gpqa_diamond", *many), rows_of(tmp_path, "gpqa_diamond", *reversed(many))
    assert first == again[::-1]
    letters = [json.loads(row["reference"])["answer"] for row in first]
    assert set(letters) == set("ABCD")
    for row in first:
        reference = json.loads(row["reference"])
        assert reference["options"]["ABCD".index(reference["answer"])] == "this"
        assert f"{reference['answer']}) this\n" in row["messages"][0]["content"] + "\n"


def test_gpqa_is_read_from_its_csv(tmp_path):
    import csv

    path = tmp_path / "gpqa_diamond.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(ONE["gpqa_diamond"]))
        writer.writeheader()
        writer.writerow(ONE["gpqa_diamond"])
    assert load(Benchmark(name="gpqa_diamond", path=str(path)))[0]["verifier"] == "choice"
    with pytest.raises(UserError, match="does not exist"):
        load(Benchmark(name="gpqa_diamond", path=str(tmp_path / "no.csv")))


def test_mmlu_pro_letters_and_numbers_must_agree(tmp_path):
    row = rows_of(tmp_path, "mmlu_pro", ONE["mmlu_pro"])[0]
    assert "J) option 9" in row["messages"][0]["content"]
    with pytest.raises(UserError, match="do not agree"):
        rows_of(tmp_path, "mmlu_pro", ONE["mmlu_pro"] | {"answer": "B"})


def test_livecodebench_takes_a_window_of_dates(tmp_path):
    days = ["2024-07-31", "2024-08-01", "2025-01-31", "2025-02-01"]
    raw = [LCB | {"question_id": day, "contest_date": f"{day}T00:00:00"} for day in days]
    rows = rows_of(tmp_path, "livecodebench_v5", *raw, after="2024-08-01", before="2025-02-01")
    assert [json.loads(row["metadata"])["date"] for row in rows] == days[1:3]
    with pytest.raises(UserError, match="none lies between the dates"):
        rows_of(tmp_path, "livecodebench_v5", *raw, after="2026-01-01")
    with pytest.raises(UserError, match="no dates"):
        rows_of(tmp_path, "gsm8k", ONE["gsm8k"], after="2024-08-01")


def test_livecodebench_private_tests_may_be_plain(tmp_path):
    plain = rows_of(tmp_path, "livecodebench_v6", ONE["livecodebench_v6"] | {"private_test_cases": json.dumps(ADD)})
    assert json.loads(plain[0]["reference"])["entry_point"] == "Solution().shift"


@pytest.mark.parametrize("tests", ["nonsense", packed([{"input": 1}]), packed("text"), packed([]) + "!", "[1]"])
def test_livecodebench_tests_that_cannot_be_read(tmp_path, tests):
    with pytest.raises(UserError, match="abc300_a: its tests cannot be read"):
        rows_of(tmp_path, "livecodebench_v5", LCB | {"private_test_cases": tests})


def test_humaneval_plus_reads_inputs_out_of_the_hubs_program(tmp_path):
    hub = {key: HUMANEVAL_PLUS[key] for key in ("task_id", "prompt", "entry_point", "canonical_solution")}
    program = "import numpy as np\n\ndef check(candidate):\n    inputs = [[4.0], [2.0], [0.0]]\n    results = [2.0, 1.4, 0.0]\n"
    made = rows_of(tmp_path, "humaneval_plus", hub | {"test": program})
    assert made == rows_of(tmp_path, "humaneval_plus", HUMANEVAL_PLUS)
    for broken in ("def check(candidate): pass", "inputs = open('x')", "inputs = []", "inputs = (", "inputs = [1]"):
        with pytest.raises(UserError, match=r"HumanEval/1: (the test program|there are no inputs)"):
            rows_of(tmp_path, "humaneval_plus", hub | {"test": broken})


def test_livebench_leaves_out_other_tasks_and_removed_problems(tmp_path):
    rows = [
        LIVEBENCH | {"task": "olympiad", "ground_truth": "1,2"},
        LIVEBENCH | {"task": "AMPS_Hard", "ground_truth": "1", "livebench_removal_date": "2024-07-26"},
        LIVEBENCH | {"task": "math_comp", "ground_truth": "B"},
        LIVEBENCH | {"task": "math_comp", "ground_truth": "073"},
    ]
    made = rows_of(tmp_path, "livebench_math", *rows)
    assert [json.loads(row["reference"])["task"] for row in made] == ["math_comp_choice", "math_comp_integer"]
    with pytest.raises(UserError, match="2 turns"):
        rows_of(tmp_path, "livebench_math", rows[2] | {"turns": ["a", "b"]})


def test_livebench_arguments_that_a_table_left_empty_are_not_given(tmp_path):
    row = rows_of(tmp_path, "livebench_instruction_following", ONE["livebench_instruction_following"])[0]
    assert json.loads(row["reference"])["kwargs"] == [{"keywords": ["sea"]}]


@pytest.fixture
def offline(monkeypatch):
    import datasets.config
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("name", sorted(places()))
def test_without_a_hub_there_is_one_clear_line(offline, name):
    with pytest.raises(UserError) as caught:
        load(Benchmark(name=name))
    text = str(caught.value)
    assert text.startswith(f"benchmark {name}: the data set {places()[name].id} at revision {places()[name].revision}")
    assert "key 'path'" in text
    assert "\n" not in text


def test_the_hub_is_asked_for_the_pinned_commit_or_the_configured_one(monkeypatch):
    import datasets

    asked = []

    def load_dataset(path, **options):
        asked.append((path, options.get("revision"), options.get("data_files")))
        return datasets.IterableDataset.from_generator(lambda: iter([ONE["gsm8k"], ONE["gsm8k"]]))

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert len(load(Benchmark(name="gsm8k"))) == 2
    load(Benchmark(name="gsm8k", revision="b" * 40))
    with pytest.raises(UserError):  # the row is no LiveCodeBench row
        load(Benchmark(name="livecodebench_v6"))
    pinned = places()
    assert [one[:2] for one in asked[:2]] == [("openai/gsm8k", pinned["gsm8k"].revision), ("openai/gsm8k", "b" * 40)]
    assert asked[2][0] == "json"
    commit = pinned["livecodebench_v6"].revision
    assert asked[2][2][-1] == f"hf://datasets/livecodebench/code_generation_lite@{commit}/test6.jsonl"


def test_pins_say_what_is_read_from_the_hub():
    made = pins([Benchmark(name="gsm8k"), Benchmark(name="ifeval", path="x.jsonl"), Benchmark(name="humaneval")])
    assert list(made) == ["gsm8k"]
    assert made["gsm8k"]["revision"] == places()["gsm8k"].revision
    assert pins([Benchmark(name="gsm8k", revision="b" * 40)])["gsm8k"]["revision"] == "b" * 40
    assert json.loads(json.dumps(made)) == made
    assert all(len(place.revision) == 40 for place in places().values())


def test_a_revision_where_nothing_comes_from_the_hub_is_refused(tmp_path):
    with pytest.raises(UserError, match="remove the key 'revision'"):
        rows_of(tmp_path, "gsm8k", ONE["gsm8k"], revision="b" * 40)
    with pytest.raises(UserError, match="remove the key 'revision'"):
        load(Benchmark(name="humaneval", revision="b" * 40))
