"""The page in a real browser: under its own content policy, on wide and narrow screens, by keyboard, with hostile text.

`make test-browser` keeps what these tests saw in results/screenshots (OPENQWQ_SCREENSHOTS).
"""

import json
import os
from pathlib import Path

import pytest
from browser import CHROMIUM, PATIENCE, PHONE, WIDE, Seen, drawn, until, visit
from playwright.sync_api import Browser, Page, sync_playwright

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
MARKED = """[...document.querySelectorAll("#problems .problem")].map((problem) => [...problem.querySelectorAll(".answer")].map(
  (answer) => [answer.dataset.verdict, [...answer.querySelectorAll("mark")].map((mark) => mark.textContent).join(" ")]))"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt-get install chromium")]


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture
def seen() -> Seen:
    return Seen()


def opened(chromium: Browser, seen: Seen, **screen):
    context = chromium.new_context(**screen)
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    seen.watch(page)
    yield page
    context.close()


@pytest.fixture
def page(chromium: Browser, seen: Seen):
    yield from opened(chromium, seen, viewport=WIDE, color_scheme="light")


@pytest.fixture
def phone(chromium: Browser, seen: Seen):
    yield from opened(chromium, seen, viewport=PHONE, is_mobile=True, has_touch=True, color_scheme="light")


@pytest.fixture
def report(run_folder: Path, run_config, tmp_path) -> Path:
    """A report in which every completion of the base model is hostile."""
    path = run_folder / "evaluate" / "base" / "math.parquet"
    write_table(path, [row | {"text": EVIL, "reason": EVIL} for row in read_table(path, SAMPLE).to_pylist()], SAMPLE)
    stage = Stage("report", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, run_folder, run_config, run_folder / "report.html")
    return run_folder / "report.html"


def keep(page: Page, name: str, at: str = "main") -> None:
    """A picture of the page with the element `at` on top."""
    if where := os.environ.get("OPENQWQ_SCREENSHOTS"):
        page.evaluate(f"document.querySelector({json.dumps(at)}).scrollIntoView()")
        page.screenshot(path=Path(where) / f"{name}.png")


def choose(page: Page, **values: str | bool) -> str:
    """Sets filters as a person does; returns what is then said to be found."""
    form = page.locator("#filters")
    for name, value in values.items():
        element = form.locator(f"[name={name}]")
        if isinstance(value, bool):
            element.set_checked(value)
        elif name == "text":
            element.fill(value)
        else:
            element.select_option(value)
    return page.locator("#found").inner_text()


def test_every_section_and_chart_is_drawn_and_nothing_is_fetched(page, seen, report):
    visit(page, report)
    shown = page.evaluate(f"{SECTIONS}.filter((id) => document.getElementById(id)?.getBoundingClientRect().height > 40)")
    assert shown == SECTIONS
    assert page.evaluate("document.querySelectorAll('.vega').length") > 20
    assert page.evaluate(FOUND) == "72 completions of 18 problems"
    assert seen.requests == [f"file://{report}"]
    assert seen.console == []
    keep(page, "first-screen")
    for name in ("data", "reason", "evaluation", "completions", "provenance"):
        keep(page, name, f"#{name}")


def test_hostile_text_is_shown_and_does_nothing(page, seen, report):
    visit(page, report)
    assert choose(page, stage="base", benchmark="math") == "3 completions of 3 problems"
    assert page.evaluate("document.querySelector('#problems .answer > .text').textContent") == EVIL
    assert page.evaluate("document.querySelectorAll('#problems :is(img, script, svg, a, iframe)').length") == 0
    assert page.evaluate("document.title") == "demo · open-qwq"
    assert page.evaluate(
        "[...document.getElementById('filters').elements.reason.options].some((o) => o.textContent.includes('<script>'))"
    )
    assert seen.console == []


def test_a_script_that_is_not_ours_does_not_run(page, seen, report):
    """Were escaping to fail, the page's policy would still hold."""
    text = report.read_text(encoding="utf-8")
    report.write_text(text.replace("</main>", f"{EVIL}</main>"), encoding="utf-8")
    visit(page, report)
    assert page.evaluate("document.title") == "demo · open-qwq"
    assert len([line for line in seen.console if "Content Security Policy" in line]) >= 2


def test_filters_leave_what_fits(page, report):
    visit(page, report)
    assert choose(page, stage="base") == "18 completions of 18 problems"
    assert page.evaluate("document.querySelectorAll('#problems .problem').length") == 10  # the rest on demand
    page.locator("#more").click()
    assert page.evaluate("document.querySelectorAll('#problems .problem').length") == 18
    shown = choose(page, verdict="correct")
    verdicts = page.evaluate(
        "[...document.querySelectorAll('#problems .answer')].map((a) => a.dataset.stage + a.dataset.verdict)"
    )
    assert set(verdicts) == {"basecorrect"}
    assert shown.startswith(f"{len(verdicts)} completions")
    assert choose(page, stage="", verdict="", benchmark="code", reason="different value").endswith("of 3 problems")
    reasons = page.evaluate("[...document.querySelectorAll('#problems .judged')].map((line) => line.textContent)")
    assert reasons
    assert all(line.endswith("different value") for line in reasons)
    assert choose(page, reason="", benchmark="math") == "12 completions of 3 problems"
    assert choose(page, text="no such text") == "0 completions of 0 problems"
    assert choose(page, text="what is 17 + 3") == "4 completions of 1 problem"
    page.evaluate("document.getElementById('filters').reset()")
    until(page, f"{FOUND} === '72 completions of 18 problems'")


def test_a_change_of_the_filters_is_told_once(page, report):
    """What a screen reader hears is the count, and nothing before it."""
    visit(page, report)
    page.evaluate("""window.told = []; new MutationObserver((changes) => window.told.push(...changes.flatMap(
      (change) => [...change.addedNodes].map((node) => node.textContent)))).observe(
      document.getElementById("found"), { childList: true, subtree: true, characterData: true })""")
    said = choose(page, stage="base")
    until(page, "window.told.length > 0")
    assert page.evaluate("window.told") == [said]


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
    visit(page, run_folder / "report.html")
    assert choose(page, text="needle") == "1 completion of 1 problem"
    assert page.evaluate("document.querySelector('#problems .answer > .text').textContent") == "\\u202edone"


def test_two_checkpoints_stand_side_by_side_with_their_differences_marked(page, report):
    visit(page, report)
    assert choose(page, benchmark="code", left="base", right="general") == "6 completions of 3 problems"
    assert (
        page.evaluate("[...document.querySelectorAll('#problems .answer')].map((a) => a.dataset.stage)")
        == ["base", "general"] * 3
    )
    assert page.locator("#filters [name=stage]").is_disabled(), "the checkpoints are chosen beside it"
    keep(page, "side-by-side", "#filters")
    changed = choose(page, changed=True)
    assert changed in [f"{2 * n} completions of {n} problem{'s' * (n != 1)}" for n in (0, 1, 2, 3)]
    pairs = page.evaluate(MARKED)
    assert len(pairs) == int(changed.split()[-2])
    for (left, first), (right, second) in pairs:
        assert left != right
        assert first
        assert second


def test_a_score_opens_what_made_it(page, report):
    visit(page, report)
    page.locator(".scores tbody tr").first.locator("a.why").nth(3).click()
    panel = page.evaluate("document.querySelector('#behind[open]').innerText")
    for part in ("General on math: avg@1", "evaluate/general/math.parquet", "96", "5b47a1a0c95b", "fingerprint", "sha256"):
        assert part in panel
    assert page.evaluate("document.querySelector('#behind details pre').textContent").strip()
    keep(page, "behind-a-score")
    page.keyboard.press("Escape")
    until(page, "!document.getElementById('behind').open")


def test_keyboard_alone_reaches_score_and_filters(page, report):
    visit(page, report)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "why":
            break
    page.keyboard.press("Enter")
    until(page, "document.getElementById('behind').open")
    assert page.evaluate("document.getElementById('behind').contains(document.activeElement)")
    page.keyboard.press("Escape")
    until(page, "document.activeElement.className === 'why'")
    page.evaluate("document.getElementById('theme').focus()")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("document.querySelector('#problems .thinking summary').focus()")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#problems .thinking').open")


def test_dark_by_the_system_and_by_the_switch(page, seen, report):
    paper = "getComputedStyle(document.body).backgroundColor"
    visit(page, report)
    light = page.evaluate(paper)
    page.emulate_media(color_scheme="dark")
    until(page, f"{paper} !== {json.dumps(light)}")
    dark = page.evaluate(paper)
    drawn(page)
    for name in ("scores", "reason", "evaluation"):
        keep(page, f"dark-{name}", f"#{name}")
    page.locator("#theme").click()
    assert page.evaluate(paper) == light
    page.emulate_media(color_scheme="light")
    page.locator("#theme").click()
    assert page.evaluate(paper) == dark
    drawn(page)
    assert seen.console == []


def test_a_phone_shows_all_of_it_without_scrolling_sideways(phone, report):
    visit(phone, report)
    choose(phone, left="base", right="general")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    keep(phone, "phone")
    for name in ("data", "reason", "evaluation", "completions"):
        keep(phone, f"phone-{name}", f"#{name}")
    phone.locator("a.why").first.tap()
    assert phone.evaluate("document.getElementById('behind').getBoundingClientRect().right") <= 360


def test_two_runs_on_one_page(page, phone, seen, other_run, run_folder, tmp_path):
    from openqwq.report.compare import compare

    out = compare(str(run_folder), str(other_run), tmp_path / "both.html")
    visit(page, out)
    assert page.evaluate("document.querySelectorAll('#paired tbody tr').length") == 24
    assert choose(page, benchmark="math", left="A: reason", right="B: reason").startswith("8 completions of 4")
    page.evaluate("document.querySelector('a.why').click()")
    assert "A/evaluate/base/" in page.evaluate("document.querySelector('#behind[open]').innerText")
    page.keyboard.press("Escape")
    keep(page, "two-runs")
    keep(page, "two-runs-configuration", "#configuration")
    visit(phone, out)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    assert seen.requests == [f"file://{out}"] * 2
    assert seen.console == []
