"""The check of the harness beside lm-eval's rules: the rules read what they should, and every disagreement is told."""

import json
import shutil

import pytest
from benchmarks import evaluation, harness_rules
from benchmarks.evaluation import as_markdown, drawn, human_eval, judge_gsm8k, judge_humaneval

from openqwq.config.evaluate import Benchmark
from openqwq.evaluate.benchmarks import load


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        ("So 4 + 5 = 9.\n#### 9", "9", "9"),
        ("#### 1,200\n#### 7", "1,200", "7"),
        ("The answer is $1,250.", "[invalid]", "$1,250."),
        ("none", "[invalid]", "[invalid]"),
        ("-3 or\n#### -5.", "-5.", "-5."),
    ],
)
def test_the_rules_of_gsm8k_read_what_lm_eval_reads(text, strict, flexible):
    assert (harness_rules.strict(text), harness_rules.flexible(text)) == (strict, flexible)


@pytest.mark.parametrize(
    ("answer", "gold", "same"), [("$1,250.", "1250", True), ("9", "long\n#### 9", True), ("9.0", "9", False)]
)
def test_answers_are_the_same_by_text(answer, gold, same):
    assert harness_rules.same(answer, gold) is same


def gsm8k(gold: str) -> dict:
    return {"id": gold, "verifier": "math", "reference": json.dumps({"answer": gold})}


def test_disagreements_on_gsm8k_say_what_each_has_read():
    texts = ["#### 9\n\\boxed{9}", "it is 12", "\\boxed{3} of 4"]
    found = judge_gsm8k([gsm8k("9"), gsm8k("12"), gsm8k("3")], texts)
    assert (found["ours"], found["strict"], found["flexible"]) == (2 / 3, 1 / 3, 2 / 3)
    assert [(line["problem"], line["ours"], line["theirs"]) for line in found["disagreements"]] == [
        (1, False, {"strict": False, "flexible": True}),
        (2, True, {"strict": False, "flexible": False}),
    ]
    page = "\n".join(as_markdown("gsm8k", found))
    assert "disagreements: 2" in page
    assert page.count("\n| 1 | 12 |") == 1


def test_both_rules_judge_the_same_programs_of_human_eval():
    """A right program, a wrong one, one that ends at a stop string, one with a fence in it, and one that leaves early."""
    raw, rows = human_eval()[:5], load(Benchmark(name="humaneval"))[:5]
    texts = [one["canonical_solution"] for one in raw]
    texts[1] = "    return []\n"
    texts[2] += "\ndef more():\n    raise ValueError\nmore(\n"
    texts[3] = '    """\n```\nfence\n```\n    """\n' + texts[3]
    texts[4] = "    import os\n    os._exit(0)\n"
    found = judge_humaneval(rows, raw, texts)
    assert (found["n"], found["ours"], found["theirs"], found["disagreements"]) == (5, 0.6, 0.6, [])


def test_an_answer_that_was_begun_ends_with_its_code_block():
    raw, rows = human_eval()[:2], load(Benchmark(name="humaneval"))[:2]
    texts = [one["canonical_solution"] + "```\nThis function is right.\n" for one in raw]
    assert judge_humaneval(rows, raw, texts, harness_rules.FENCE)["theirs"] == 1.0
    assert judge_humaneval(rows, raw, texts)["theirs"] == 0.0
    assert raw[0]["prompt"] in harness_rules.instruct(raw[0])[0]["content"]
    assert harness_rules.begun(raw[0]).endswith(f"```python\n{raw[0]['prompt']}\n")


def test_completions_of_another_model_are_not_taken_for_its_own(tmp_path, tiny_model, monkeypatch):
    asked = []
    model = shutil.copytree(tiny_model, tmp_path / "model")

    def greedy(_sampler, name, prompts):
        asked.append((name, len(prompts)))
        return ["x"] * len(prompts)

    monkeypatch.setattr(evaluation, "greedy", greedy)
    row = {"messages": [{"role": "user", "content": "1 + 1?"}], "prompt": "def f():"}

    def go(rows):
        return drawn(model, tmp_path, ["gsm8k", "humaneval"], rows, rows, rows, [])

    assert go([row]) == {"gsm8k": ["x"], "humaneval": ["x"]}
    assert go([row]) == {"gsm8k": ["x"], "humaneval": ["x"]}
    assert asked == [("gsm8k", 1), ("humaneval", 1)]
    other = json.loads((model / "manifest.json").read_text(encoding="utf-8")) | {"content": "0" * 64}
    (model / "manifest.json").write_text(json.dumps(other), encoding="utf-8")
    (tmp_path / "humaneval.json").write_text('["of an older form"]', encoding="utf-8")
    go([row])
    assert asked[2:] == [("gsm8k", 1), ("humaneval", 1)]
