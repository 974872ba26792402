"""A newcomer on a strange machine: an empty home, a read-only checkout, a space in the path, 80 columns, no colour, no root.

Each command works, or ends with one clear line.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


@pytest.fixture
def newcomer(tmp_path):
    """Runs a command as user 1000 without capabilities; only a folder with a space in its path can be written to."""
    place, home = tmp_path / "my first run", tmp_path / "my first run" / "home"
    home.mkdir(parents=True)

    def go(*words, **environment):
        given = {
            "HOME": home, "PATH": f"{BIN}:/usr/bin:/bin", "PYTHONPATH": ROOT / "workflow", "COLUMNS": "80", "NO_COLOR": "1",
            "TMPDIR": home, "LANG": "C", **environment,
        }  # fmt: skip
        jail = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--clearenv"]
        jail += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", place, place, "--chdir", place]
        for key, value in given.items():
            jail += ["--setenv", key, value]
        return subprocess.run([str(w) for w in (*jail, *words)], capture_output=True, text=True, timeout=120, check=False)

    go.place = place
    return go


def openqwq(newcomer, *words, **environment):
    return newcomer(sys.executable, "-m", "openqwq.cli", *words, **environment)


def one_line(done):
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("openqwq: ")
    return lines[0]


def narrow(text):
    return [line for line in text.splitlines() if len(line) > 80 and str(ROOT) not in line] == []


@pytest.mark.parametrize(
    "words", [["--help"], ["release", "--help"], ["chat", "--help"], ["init", "--help"], ["data", "show", "--help"]]
)
def test_help(newcomer, words):
    done = openqwq(newcomer, *words)
    assert done.returncode == 0, done.stderr
    assert narrow(done.stdout)
    assert "\x1b" not in done.stdout


def test_a_configuration_of_ones_own_is_planned_and_accepted(newcomer):
    made = openqwq(newcomer, "init", "mine", "--preset", "tiny")
    assert made.returncode == 0, made.stderr
    assert narrow(made.stdout)
    assert openqwq(newcomer, "plan", "config/mine.yaml").returncode == 0
    done = newcomer(
        BIN / "snakemake", "--snakefile", ROOT / "Snakefile", "--configfile", "config/mine.yaml", "--cores", "1", "-n"
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "\x1b" not in done.stdout + done.stderr


def test_the_doctor_comes_and_runs_the_sandbox(newcomer):
    done = openqwq(newcomer, "doctor")
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert "a program ran in isolation" in done.stdout
    assert narrow(done.stdout)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status", "demo"], "no such run"),
        (["release", "demo", "--out", "x"], "no such run"),
        (["chat", "nowhere"], "no such model folder"),
        (["serve", "nowhere"], "no such model folder"),
        (["plan", "nowhere.yaml"], "no such file"),
        (["init", "mine", "--out", ROOT / "config" / "mine.yaml"], "Read-only file system"),
        (["lineage", "nowhere"], "no such file or folder"),
    ],
)
def test_what_is_not_there_is_one_line(newcomer, words, said):
    done = openqwq(newcomer, *words)
    assert done.returncode == 2
    assert said in one_line(done)


def test_make_demo_in_a_checkout_that_may_not_be_written_to_says_how_to_go_on(newcomer):
    done = newcomer(sys.executable, ROOT / "workflow" / "launch.py", "-n")
    assert done.returncode == 2
    said = one_line(done)
    assert "Read-only file system" in said
    assert "--directory FOLDER" in said


def test_a_home_that_is_not_there(newcomer):
    done = openqwq(newcomer, "init", "mine", HOME="/nonexistent")
    assert done.returncode == 0, done.stderr
