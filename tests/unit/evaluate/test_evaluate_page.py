"""The lines of pandas on the page about statistics give the published scores."""

import random
import re
from pathlib import Path

import pytest

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import PROBLEM, SCORE
from openqwq.config import Execution
from openqwq.config.evaluate import EvaluateConfig
from openqwq.evaluate.run import run
from openqwq.evaluate.work import Evaluation

PAGE = Path(__file__).resolve().parents[3] / "docs" / "statistics.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
FILE = "results/demo/evaluate/reason/math.parquet"


@pytest.fixture
def published(stage, tmp_path, problem_row, opener):
    """Thirty problems of which some are solved now and then, with wrong answers that agree; all can be judged."""
    write_table(tmp_path / "tables" / "math.parquet", [problem_row(i) for i in range(30)], PROBLEM)

    def reply(prompt, sample):
        answer = random.Random(f"{prompt}/{sample}").choice(["4", "4.0", "5", "\\frac{10}{2}", "6", None])
        return "no idea" if answer is None else f"\\boxed{{{answer}}}"

    what = Evaluation(
        EvaluateConfig(held_out_samples=4, bootstrap=100), [], "reason", {"model": tmp_path, "benchmarks": tmp_path / "tables"}
    )
    with stage.running():
        run(stage, what, tmp_path / "out", Execution(), opener=opener(reply))
    return tmp_path / "out"


@pytest.mark.parametrize(("block", "k"), list(zip(BLOCKS, (4, 2, 4), strict=True)), ids=["avg", "pass", "maj"])
def test_five_lines_of_pandas_make_the_score_again(published, block, k, capsys):
    assert len(block.strip().splitlines()) == 5
    assert block.count(FILE) == 1
    exec(block.replace(FILE, str(published / "math.parquet")), {})
    metric, value = capsys.readouterr().out.split()
    rows = read_table(published / "scores.parquet", SCORE).to_pylist()
    score = next(r["value"] for r in rows if (r["metric"], r["k"], r["subset"]) == (metric, k, "all"))
    assert 0.05 < score < 0.95
    assert float(value) == pytest.approx(score)
