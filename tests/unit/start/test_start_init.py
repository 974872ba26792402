"""`openqwq init`: what it writes is a configuration that the pipeline accepts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from openqwq.config import load_file
from openqwq.start.init import PRESETS

ROOT = Path(__file__).resolve().parents[3]


def openqwq(*arguments, cwd):
    words = [sys.executable, "-m", "openqwq.cli", *map(str, arguments)]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_becomes_a_configuration_with_comments(tmp_path, preset):
    done = openqwq("init", "mine", "--preset", preset, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "config" / "mine.yaml"
    made, begun = load_file(path), load_file(ROOT / "config" / f"{preset}.yaml")
    assert made.run == "mine"
    assert made.model_copy(update={"run": begun.run}) == begun
    assert path.read_text().count("#") > 5
    assert "--configfile config/mine.yaml" in done.stdout


@pytest.mark.slow
def test_snakemake_accepts_it(tmp_path):
    folder = tmp_path / "a path with a space"
    folder.mkdir()
    assert openqwq("init", "mine", "--preset", "tiny", cwd=folder).returncode == 0
    words = [Path(sys.executable).parent / "snakemake", "--snakefile", ROOT / "Snakefile", "--configfile", "config/mine.yaml"]
    environment = os.environ | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [*map(str, words), "--cores", "1", "-n"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "coldstart" in done.stdout


def test_it_overwrites_nothing(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "mine.yaml").write_text("precious")
    done = openqwq("init", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert (tmp_path / "config" / "mine.yaml").read_text() == "precious"


@pytest.mark.parametrize("name", ["Mine", "a b", "../x", "", ".hidden", "x" * 65])
def test_a_name_that_is_none(tmp_path, name):
    done = openqwq("init", name, cwd=tmp_path)
    assert done.returncode == 2
    assert "is no name for a run" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to(tmp_path):
    done = openqwq("init", "mine", "--out", "/proc/mine.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_out_says_where(tmp_path):
    assert openqwq("init", "mine", "--out", tmp_path / "x y.yaml", cwd=tmp_path).returncode == 0
    assert yaml.safe_load((tmp_path / "x y.yaml").read_text())["run"] == "mine"
