"""Computed tables of the docs, and the command."""

import subprocess
import sys

import pytest
from plan_helpers import ROOT

from openqwq.errors import UserError
from openqwq.plan import pages


def test_the_docs_tables_are_what_the_plan_computes():
    for path, content in pages.renewed(ROOT / "docs").items():
        assert path.read_text(encoding="utf-8") == content, f"{path.name}: run `make config-reference`"


def test_a_page_without_its_marks_is_an_error():
    with pytest.raises(UserError, match="does not have 2 parts"):
        pages.renew(f"a\n{pages.BEGIN}old\n{pages.END}b\n", "x\n", "y\n")
    assert pages.renew(f"a\n{pages.BEGIN}old\n{pages.END}b\n", "new\n") == f"a\n{pages.BEGIN}new\n{pages.END}b\n"


@pytest.mark.parametrize("measured", pages.measured_stages(), ids=lambda one: f"{one[0]}-{one[1]}")
def test_predicted_memory_of_the_demo_is_near_what_was_measured(measured):
    _, _, predicted, peak = measured
    assert predicted / peak == pytest.approx(1, abs=0.25)


def run(*arguments):
    command = [sys.executable, "-m", "openqwq.cli", "plan", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_command_prints_the_plan():
    done = run("config/qwq-32b.yaml")
    assert done.returncode == 0
    assert done.stdout.startswith("plan of qwq-32b: Qwen/Qwen2.5-32B")


def test_the_command_ends_with_2_for_what_cannot_fit_and_shows_the_table(tmp_path):
    text = (ROOT / "config" / "qwq-32b.yaml").read_text(encoding="utf-8").replace("reason: 4,", "reason: 1,")
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    done = run(str(path))
    assert done.returncode == 2
    assert "no" in next(line for line in done.stdout.splitlines() if line.startswith("reason")).split()
    assert "does not fit" in done.stderr
    assert "Traceback" not in done.stderr
    assert run(str(tmp_path / "none.yaml")).returncode == 2
