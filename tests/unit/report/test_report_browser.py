"""The page in a real browser: charts are drawn under the page's own content policy, and nothing of a model's runs."""

import html
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import SAMPLE
from openqwq.report.build import run
from openqwq.stage import Stage

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]
EVIL = "</pre><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no chromium here; apt-get install chromium")]


@pytest.fixture
def report(run_folder: Path, run_config, tmp_path) -> Path:
    """A report in which every completion of the base model is hostile."""
    path = run_folder / "evaluate" / "base" / "math.parquet"
    rows = read_table(path, SAMPLE).to_pylist()
    write_table(path, [row | {"text": EVIL} for row in rows], SAMPLE)
    stage = Stage("report", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, run_folder, run_config, run_folder / "report.html")
    return run_folder / "report.html"


def opened(page: Path, tmp_path: Path) -> tuple[str, list[str]]:
    """The page's HTML after its scripts ran, and what they wrote to the console."""
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", *QUIET, f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--enable-logging=stderr", "--virtual-time-budget=8000", "--window-size=1200,2000", "--dump-dom"]
    done = subprocess.run([*command, f"file://{page}"], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_every_chart_is_drawn_and_hostile_text_stays_text(report, tmp_path):
    shown, console = opened(report, tmp_path)
    assert shown.count('class="marks"') == report.read_text(encoding="utf-8").count('class="vega"') > 20
    assert "could not be drawn" not in shown.split("<script")[0]
    assert "<title>demo · open-qwq</title>" in shown
    assert "72 completions of 18 problems" in shown
    assert console == []


def test_a_script_that_is_not_ours_does_not_run(report, tmp_path):
    """Were escaping to fail, the page's policy would still hold."""
    text = report.read_text(encoding="utf-8")
    report.write_text(text.replace("</main>", f"{EVIL}</main>"), encoding="utf-8")
    shown, console = opened(report, tmp_path)
    assert "<title>demo · open-qwq</title>" in shown
    assert len([line for line in console if "Content Security Policy" in line]) >= 2


def test_filters_theme_and_links_work(report, tmp_path):
    """Driven by a script that the test puts into a copy of the page whose policy is taken away."""
    drive = """<script>
      const form = document.getElementById("filters"), found = () => document.getElementById("found").textContent, said = [];
      const set = (name, value) => { form.elements[name].value = value; form.dispatchEvent(new Event("input")); };
      set("stage", "base"); said.push(found());
      set("verdict", "correct"); said.push(document.querySelectorAll(".problem .answer:not([hidden])").length);
      set("stage", ""); set("verdict", ""); set("benchmark", "math"); said.push(found());
      set("text", "no such text"); said.push(found());
      document.getElementById("theme").click(); said.push(document.documentElement.dataset.theme);
      document.getElementById("theme").click(); said.push(document.documentElement.dataset.theme);
      location.hash = "artifact-reason"; dispatchEvent(new Event("hashchange"));
      said.push(document.getElementById("artifact-reason").open);
      document.title = JSON.stringify(said);
    </script></body>"""
    text = report.read_text(encoding="utf-8").replace("Content-Security-Policy", "x-none")
    before, _, after = text.rpartition("</body>")  # the chart library has one in a string
    report.write_text(f"{before}{drive}{after}", encoding="utf-8")
    shown, console = opened(report, tmp_path)
    said = json.loads(html.unescape(shown.split("<title>")[1].split("</title>")[0]))
    correct = shown.count('data-stage="base" data-verdict="correct"')
    nothing = "0 completions of 0 problems"
    assert said == ["18 completions of 18 problems", correct, "12 completions of 3 problems", nothing, "light", "dark", True]
    assert shown.count('class="marks"') == text.count('class="vega"') > 20
    assert console == []
