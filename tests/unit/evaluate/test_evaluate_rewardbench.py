"""RewardBench: pairs of the published shape, the figures against a count by hand, and the command on a tiny reward model."""

import json

import pytest

from openqwq import cli
from openqwq.artifacts.files import read_table, write_json
from openqwq.artifacts.schemas import SCORED_PAIR
from openqwq.config.evaluate import Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.rewardbench import SECTIONS, SUBSETS, rows
from openqwq.evaluate.reward_accuracy import accuracy, table

ONE = {
    "id": 30,
    "subset": "alpacaeval-easy",
    "prompt": "How do I wash a car?",
    "chosen": "With water and soap.",
    "rejected": "No.",
    "chosen_model": "x",
    "rejected_model": "y",
}


def file_of(tmp_path, *raw):
    path = tmp_path / "filtered.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in raw), encoding="utf-8")
    return str(path)


def pair(subset, chosen, rejected):
    return {"metadata": json.dumps({"subset": subset}), "chosen_score": chosen, "rejected_score": rejected}


def test_a_pair_of_the_published_shape(tmp_path):
    made = rows(Benchmark(name="rewardbench", path=file_of(tmp_path, ONE, ONE | {"subset": "math-prm", "rejected": "Never."})))
    assert made[0]["messages"] == [{"role": "user", "content": "How do I wash a car?"}]
    assert made[0]["chosen"] == [{"role": "assistant", "content": "With water and soap."}]
    assert len({row["id"] for row in made}) == 2  # one prompt, two pairs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subset": "new"}, "'new' is none of RewardBench's"),
        ({"chosen": None}, "'chosen' is NoneType"),
        ({"prompt": []}, "'prompt' is list"),
    ],
)
def test_a_pair_of_another_shape(tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        rows(Benchmark(name="rewardbench", path=file_of(tmp_path, ONE | change)))


def test_an_empty_file(tmp_path):
    with pytest.raises(UserError, match="has no rows"):
        rows(Benchmark(name="rewardbench", path=file_of(tmp_path)))


def test_the_subsets_are_the_published_ones():
    assert len(SUBSETS) == 23
    assert sum(w for section in SECTIONS.values() for name, w in section.items() if name != "math-prm") + 447 == 2985


def test_the_figures_are_those_counted_by_hand():
    pairs = [
        *(pair("alpacaeval-easy", 1.0, 0.0) for _ in range(3)),
        pair("alpacaeval-easy", 0.0, 1.0),  # .75, weight 100
        pair("mt-bench-easy", 0.5, 0.5),  # a tie: .5, weight 28
        pair("math-prm", 2.0, 1.0),  # 1, weight 984
        pair("hep-go", 0.0, 1.0),  # 0, weight 164
    ]
    made = accuracy(pairs, 1)
    assert made["subsets"]["alpacaeval-easy"]["value"] == 0.75
    assert made["subsets"]["mt-bench-easy"]["value"] == 0.5
    assert made["sections"] == pytest.approx({"Chat": (75 + 14) / 128, "Reasoning": 984 / 1148})
    assert made["overall"] == pytest.approx(((75 + 14) / 128 + 984 / 1148) / 2)
    assert "alpacaeval-easy         75.0" in table(made)


def test_the_command_scores_both_sides(tmp_path, tiny_model, capsys, monkeypatch):
    from openqwq.generate.checkpoint import load_tokenizer
    from openqwq.train.reward_model import with_score_head
    from openqwq.train.scorer import STATISTICS

    monkeypatch.delenv("OPENQWQ_STATE", raising=False)
    tokenizer = load_tokenizer(tiny_model)
    model = tmp_path / "reward_model" / "checkpoint"
    with_score_head(tiny_model, 1, tokenizer).save_pretrained(model)
    tokenizer.save_pretrained(model)
    write_json(model / STATISTICS, {"mean": 0.0, "deviation": 1.0})
    raw = [
        ONE | {"id": number, "prompt": f"Question {number}?", "subset": "math-prm" if number % 2 else "hep-go"}
        for number in range(6)
    ]
    arguments = ["rewardbench", "--model", str(model.parent), "--path", file_of(tmp_path, *raw), "--out", str(tmp_path / "made")]
    assert cli.main(arguments) == 0
    pairs = read_table(tmp_path / "made" / "pairs.parquet", SCORED_PAIR).to_pylist()
    figures = json.loads((tmp_path / "made" / "accuracy.json").read_text(encoding="utf-8"))
    assert len({row["chosen_score"] for row in pairs}) > 1
    won = [row["chosen_score"] > row["rejected_score"] for row in pairs if "math-prm" in row["metadata"]]
    assert figures["subsets"]["math-prm"]["value"] == sum(won) / 3
    assert "overall" in capsys.readouterr().out
    assert cli.main([*arguments[:-1], str(tmp_path / "part"), "--limit", "2"]) == 0
    assert len(read_table(tmp_path / "part" / "pairs.parquet", SCORED_PAIR)) == 2


def test_a_model_that_is_none_is_told_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("OPENQWQ_STATE", raising=False)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert (
        cli.main(["rewardbench", "--model", str(empty), "--path", file_of(tmp_path, ONE), "--out", str(tmp_path / "made")]) == 2
    )
    assert "no config.json" in capsys.readouterr().err
