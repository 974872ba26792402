"""The page in a real browser: under its own content policy, on wide and narrow screens, by keyboard, with hostile text.

`make test-browser` keeps what these tests saw in results/screenshots (OPENQWQ_SCREENSHOTS).
"""

import json
import os
from pathlib import Path

import pytest
from browser import CHROMIUM, Tab, tab

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import SAMPLE
from openqwq.report.build import run
from openqwq.stage import Stage

EVIL = (
    "</pre></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u2028"
    '<a href="data:text/html,<script>alert(1)</script>">here</a><svg onload="document.title=\'owned\'">'
)
SECTIONS = [
    "scores",
    "data",
    "coldstart",
    "profile",
    "reason",
    "reward_model",
    "general",
    "evaluation",
    "completions",
    "provenance",
]
FOUND = "document.getElementById('found').textContent"
SET = """((values) => { const form = document.getElementById("filters");
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "boolean") form.elements[name].checked = value; else form.elements[name].value = value;
    form.dispatchEvent(new Event("input"));
  } })"""

MARKED = """[...document.querySelectorAll("#problems .problem")].map((problem) => [...problem.querySelectorAll(".answer")].map(
  (answer) => [answer.dataset.verdict, [...answer.querySelectorAll("mark")].map((mark) => mark.textContent).join(" ")]))"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt-get install chromium")]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with tab(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(chromium: Tab) -> Tab:
    chromium.screen(1200)
    chromium.console.clear()
    chromium.requests.clear()
    return chromium


@pytest.fixture
def report(run_folder: Path, run_config, tmp_path) -> Path:
    """A report in which every completion of the base model is hostile."""
    path = run_folder / "evaluate" / "base" / "math.parquet"
    write_table(path, [row | {"text": EVIL, "reason": EVIL} for row in read_table(path, SAMPLE).to_pylist()], SAMPLE)
    stage = Stage("report", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, run_folder, run_config, run_folder / "report.html")
    return run_folder / "report.html"


def keep(page: Tab, name: str, at: str = "main") -> None:
    """A picture of the page with the element `at` on top."""
    if where := os.environ.get("OPENQWQ_SCREENSHOTS"):
        page.js(f"document.querySelector({json.dumps(at)}).scrollIntoView()")
        page.shot(Path(where) / f"{name}.png")


def choose(page: Tab, **values: str | bool) -> str:
    page.js(f"{SET}({json.dumps(values)})")
    return page.js(FOUND)


def test_every_section_and_chart_is_drawn_and_nothing_is_fetched(page, report):
    page.open(report)
    seen = page.js(f"{SECTIONS}.filter((id) => document.getElementById(id)?.getBoundingClientRect().height > 40)")
    assert seen == SECTIONS
    assert page.js("document.querySelectorAll('.vega').length") > 20
    assert page.js(FOUND) == "72 completions of 18 problems"
    assert page.requests == [f"file://{report}"]
    assert page.console == []
    keep(page, "first-screen")
    for name in ("data", "reason", "evaluation", "completions", "provenance"):
        keep(page, name, f"#{name}")


def test_hostile_text_is_shown_and_does_nothing(page, report):
    page.open(report)
    assert choose(page, stage="base", benchmark="math") == "3 completions of 3 problems"
    assert page.js("document.querySelector('#problems .answer > .text').textContent") == EVIL
    assert page.js("document.querySelectorAll('#problems :is(img, script, svg, a, iframe)').length") == 0
    assert page.js("document.title") == "demo · open-qwq"
    assert page.js(
        "[...document.getElementById('filters').elements.reason.options].some((o) => o.textContent.includes('<script>'))"
    )
    assert page.console == []


def test_a_script_that_is_not_ours_does_not_run(page, report):
    """Were escaping to fail, the page's policy would still hold."""
    text = report.read_text(encoding="utf-8")
    report.write_text(text.replace("</main>", f"{EVIL}</main>"), encoding="utf-8")
    page.open(report)
    assert page.js("document.title") == "demo · open-qwq"
    assert len([line for line in page.console if "Content Security Policy" in line]) >= 2


def test_filters_leave_what_fits(page, report):
    page.open(report)
    assert choose(page, stage="base") == "18 completions of 18 problems"
    assert page.js("document.querySelectorAll('#problems .problem').length") == 10  # the rest on demand
    page.js("document.getElementById('more').click()")
    assert page.js("document.querySelectorAll('#problems .problem').length") == 18
    shown = choose(page, verdict="correct")
    verdicts = page.js("[...document.querySelectorAll('#problems .answer')].map((a) => a.dataset.stage + a.dataset.verdict)")
    assert set(verdicts) == {"basecorrect"}
    assert shown.startswith(f"{len(verdicts)} completions")
    assert choose(page, stage="", verdict="", benchmark="code", reason="different value").endswith("of 3 problems")
    reasons = page.js("[...document.querySelectorAll('#problems .judged')].map((line) => line.textContent)")
    assert reasons
    assert all(line.endswith("different value") for line in reasons)
    assert choose(page, reason="", benchmark="math") == "12 completions of 3 problems"
    assert choose(page, text="no such text") == "0 completions of 0 problems"
    assert choose(page, text="what is 17 + 3") == "4 completions of 1 problem"
    page.js("document.getElementById('filters').reset()")
    page.until(f"{FOUND} === '72 completions of 18 problems'")


def test_a_change_of_the_filters_is_told_once(page, report):
    """What a screen reader hears is the count, and nothing before it."""
    page.open(report)
    page.js("""window.told = []; new MutationObserver((changes) => window.told.push(...changes.flatMap(
      (change) => [...change.addedNodes].map((node) => node.textContent)))).observe(
      document.getElementById("found"), { childList: true, subtree: true, characterData: true })""")
    said = choose(page, stage="base")
    page.until("window.told.length > 0")
    assert page.js("window.told") == [said]


def test_words_of_tools_are_searched_and_signs_that_turn_text_are_seen(page, run_folder, run_config, tmp_path):
    said = (
        "<tool_call>{}</tool_call><|im_end|>\n<|im_start|>user\nthe needle<|im_end|>\n<|im_start|>assistant\n"
        "<think>\nso\n</think>\n\n\u202edone<|im_end|>"
    )
    path = run_folder / "evaluate" / "general" / "tool.parquet"
    rows = read_table(path, SAMPLE).to_pylist()
    write_table(path, [rows[0] | {"text": said, "turns": 2, "verifier": "environment"}, *rows[1:]], SAMPLE)
    stage = Stage("report", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, run_folder, run_config, run_folder / "report.html")
    page.open(run_folder / "report.html")
    assert choose(page, text="needle") == "1 completion of 1 problem"
    assert page.js("document.querySelector('#problems .answer > .text').textContent") == "\\u202edone"


def test_two_checkpoints_stand_side_by_side_with_their_differences_marked(page, report):
    page.open(report)
    assert choose(page, benchmark="code", left="base", right="general") == "6 completions of 3 problems"
    assert page.js("[...document.querySelectorAll('#problems .answer')].map((a) => a.dataset.stage)") == ["base", "general"] * 3
    keep(page, "side-by-side", "#filters")
    changed = choose(page, changed=True)
    assert changed in [f"{2 * n} completions of {n} problem{'s' * (n != 1)}" for n in (0, 1, 2, 3)]
    pairs = page.js(MARKED)
    assert len(pairs) == int(changed.split()[-2])
    for (left, first), (right, second) in pairs:
        assert left != right
        assert first
        assert second


def test_a_score_opens_what_made_it(page, report):
    page.open(report)
    page.js("document.querySelectorAll('.scores tbody tr')[0].querySelectorAll('a.why')[3].click()")
    panel = page.js("document.querySelector('#behind[open]').innerText")
    for part in ("General on math: avg@1", "evaluate/general/math.parquet", "96", "5b47a1a0c95b", "fingerprint", "sha256"):
        assert part in panel
    assert page.js("document.querySelector('#behind details pre').textContent").strip()
    keep(page, "behind-a-score")
    page.press("Escape")
    page.until("!document.getElementById('behind').open")


def test_keyboard_alone_reaches_score_and_filters(page, report):
    page.open(report)
    for _ in range(40):
        page.press("Tab")
        if page.js("document.activeElement.className") == "why":
            break
    page.press("Enter")
    page.until("document.getElementById('behind').open")
    assert page.js("document.getElementById('behind').contains(document.activeElement)")
    page.press("Escape")
    page.until("document.activeElement.className === 'why'")
    page.js("document.getElementById('theme').focus()")
    page.press("Enter")
    assert page.js("document.documentElement.dataset.theme") == "light"
    page.js("document.querySelector('#problems .thinking summary').focus()")
    page.press("Enter")
    page.until("document.querySelector('#problems .thinking').open")


def test_dark_by_the_system_and_by_the_switch(page, report):
    paper = "getComputedStyle(document.body).backgroundColor"
    page.open(report)
    light = page.js(paper)
    page.screen(1200, scheme="dark")
    page.until(f"{paper} !== {json.dumps(light)}")
    dark = page.js(paper)
    page.drawn()
    for name in ("scores", "reason", "evaluation"):
        keep(page, f"dark-{name}", f"#{name}")
    page.js("document.getElementById('theme').click()")
    assert page.js(paper) == light
    page.screen(1200, scheme="light")
    page.js("document.getElementById('theme').click()")
    assert page.js(paper) == dark
    page.drawn()
    assert page.console == []


def test_a_phone_shows_all_of_it_without_scrolling_sideways(page, report):
    page.screen(360, 800)
    page.open(report)
    choose(page, left="base", right="general")
    assert page.js("document.documentElement.scrollWidth") <= 360
    keep(page, "phone")
    for name in ("data", "reason", "evaluation", "completions"):
        keep(page, f"phone-{name}", f"#{name}")
    page.js("document.querySelector('a.why').click()")
    assert page.js("document.getElementById('behind').getBoundingClientRect().right") <= 360


def test_two_runs_on_one_page(page, other_run, run_folder, tmp_path):
    from openqwq.report.compare import compare

    out = compare(str(run_folder), str(other_run), tmp_path / "both.html")
    page.open(out)
    assert page.js("document.querySelectorAll('#paired tbody tr').length") == 24
    assert choose(page, benchmark="math", left="A: reason", right="B: reason").startswith("8 completions of 4")
    page.js("document.querySelector('a.why').click()")
    assert "A/evaluate/base/" in page.js("document.querySelector('#behind[open]').innerText")
    page.press("Escape")
    keep(page, "two-runs")
    keep(page, "two-runs-configuration", "#configuration")
    page.screen(360, 800)
    page.until("document.documentElement.scrollWidth <= 360")
    assert page.requests == [f"file://{out}"]
    assert page.console == []
