"""`openqwq doctor`: each check finds what is there and what is not, and says what to do."""

import json
from pathlib import Path

import pytest

from openqwq.cli import main
from openqwq.sandbox import availability
from openqwq.start import checks


@pytest.fixture(autouse=True)
def asked_anew():
    availability.bubblewrap.cache_clear()
    yield
    availability.bubblewrap.cache_clear()


def test_the_sandbox_is_really_tried(monkeypatch):
    assert checks.sandbox().state == "ok"
    availability.bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    found = checks.sandbox()
    assert found.state == "missing"
    assert "apt-get install bubblewrap" in found.remedy


def test_a_bubblewrap_that_may_make_no_namespaces(monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho no permission >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    found = checks.sandbox()
    assert found.state == "missing"
    assert "no permission" in found.found
    assert "unprivileged_userns_clone" in found.remedy


def test_versions_are_held_against_the_lock(monkeypatch, tmp_path):
    envs = tmp_path / "envs"
    envs.mkdir()
    for name in ("gpu", "vllm-cpu", "cpu", "torch", "data"):
        (envs / f"{name}.txt").write_text("")
    have = checks._version("pytest")
    (envs / "cpu.txt").write_text(f"# made\npytest=={have} \\\n    --hash=sha256:00\n")
    (envs / "gpu.txt").write_text((envs / "cpu.txt").read_text())
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    assert checks.lock().state == "ok"
    for name in ("cpu", "gpu", "vllm-cpu"):
        (envs / f"{name}.txt").write_text("pytest==0.0.1 \\\n    --hash=sha256:00\nnot-there==1.0 \\\n")
    found = checks.lock()
    assert found.state == "missing"
    assert f"pytest {have} instead of 0.0.1" in found.found
    assert "not-there not installed" in found.found
    assert "make env" in found.remedy
    (envs / "data.txt").unlink()
    assert "not whole" in checks.lock().remedy


def test_little_room(monkeypatch):
    assert checks.disk().state == "ok"
    monkeypatch.setattr(checks, "DISK_GB", 1e9)
    assert checks.disk().state == "missing"


@pytest.mark.parametrize(
    ("program", "script", "check", "state", "found"),
    [
        ("nvidia-smi", "echo 'NVIDIA H100, 81559 MiB'", checks.gpu, "ok", "H100"),
        ("nvidia-smi", "exit 9", checks.gpu, "absent", "none"),
        ("sinfo", "echo 4", checks.slurm, "ok", "4 nodes"),
        ("sinfo", "exit 1", checks.slurm, "absent", "does not answer"),
    ],
)
def test_programs_of_the_machine(monkeypatch, tmp_path, program, script, check, state, found):
    for name in (program, "sbatch"):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    seen = check()
    assert seen.state == state
    assert found in seen.found
    assert bool(seen.remedy) == (state != "ok")


def test_no_cluster(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checks.slurm().state == "absent"


GOOD, BAD = checks.Finding("one", "ok", "there"), checks.Finding("two", "missing", "gone", "Bring it.")
ABSENT = checks.Finding("three", "absent", "none", "Only for some.")


@pytest.mark.parametrize(("found", "code"), [([GOOD, ABSENT], 0), ([GOOD, BAD, ABSENT], 1)])
def test_the_exit_code_says_whether_the_demo_runs(monkeypatch, capsys, found, code):
    monkeypatch.setattr(checks, "ALL", [lambda one=one: one for one in found])
    assert main(["doctor"]) == code
    said = capsys.readouterr()
    assert all(one.found in said.out and one.remedy in said.out for one in found)
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert ("two" in said.err) == (code == 1)
    assert main(["doctor", "--json"]) == code
    report = json.loads(capsys.readouterr().out)
    assert report["demo"] == (code == 0)
    assert [one["name"] for one in report["checks"]] == [one.name for one in found]


def test_it_loads_nothing_heavy():
    import subprocess
    import sys

    code = "import sys\nfrom openqwq.start import checks\n[c() for c in checks.ALL]\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "False"
