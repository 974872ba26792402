"""What the house says of itself: links, locks, tasks, and a reason for every dependency."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "config/README.md"]
DIFFER_IN_GPU = {"numpy", "cuda-bindings"}


def locked(name):
    """Package and version of each entry of a lock."""
    text = (ROOT / "envs" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^([a-z0-9.\-]+)==(\S+)", text))


def wanted(name):
    text = (ROOT / "envs" / f"{name}.in").read_text(encoding="utf-8")
    return set(re.findall(r"(?m)^([A-Za-z0-9][A-Za-z0-9.\-]*)", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        assert not path or (page.parent / path).exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.+)$", (page.parent / path).read_text(encoding="utf-8") if path else text)
            assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}, f"{page.name}: {target}"


@pytest.mark.parametrize("name", ["cpu", "gpu", "vllm-cpu", "data", "dev", "docs"])
def test_every_dependency_has_its_reason(name):
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for package in wanted(name):
        assert f"| {package} | " in page or f"**{package}**" in page, package


@pytest.mark.parametrize("name", ["cpu", "torch", "torch-cpu", "cuda", "data", "dev", "docs", "gpu", "vllm-cpu"])
def test_every_locked_file_has_a_hash(name):
    text = (ROOT / "envs" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
    assert entries
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]


def test_locks_hold_what_is_wanted_and_agree():
    cpu, gpu, dev = locked("cpu") | locked("torch"), locked("gpu"), locked("dev")
    assert {p.lower() for p in wanted("cpu")} <= set(cpu)
    assert {p.lower() for p in wanted("dev")} <= set(dev)
    assert gpu["vllm"] == "0.31.0"
    engine = locked("vllm-cpu")
    assert engine["vllm-cpu"] == gpu["vllm"]
    assert {p for p in cpu if engine.get(p) != cpu[p]} == {"torch", "numpy", "setuptools"}  # the last pinned by vllm-cpu
    assert not {p for p in dev if engine.get(p, dev[p]) != dev[p]}, "the tools must not replace what the engine asks for"
    assert not {"torchvision", "torchaudio", "torchcodec"} & set(engine)
    both = cpu | locked("cuda")
    assert {p for p in both if gpu.get(p) != both[p]} == DIFFER_IN_GPU
    assert not {"torch", "numpy"} & set(dev), "the tools must not replace what the environment brought"
    assert locked("torch-cpu") == {"torch": locked("torch")["torch"] + "+cpu"}


def test_pixi_calls_make_with_its_own_python():
    manifest = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
    assert manifest["workspace"]["channels"] == ["conda-forge"]
    assert manifest["dependencies"]["python"] == "3.11.*"
    assert "bubblewrap" in manifest["dependencies"]
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    tasks = dict(manifest["tasks"])
    for feature in manifest["feature"].values():
        tasks |= feature["tasks"]
    for name, task in tasks.items():
        words = task["cmd"].split()
        assert words[0] == "make"
        assert words[1] in targets, name
        assert "PYTHON=$CONDA_PREFIX/bin/python" in words
    for environment, features in manifest["environments"].items():
        assert set(features) <= set(manifest["feature"])
        assert f"ENV={environment}" in manifest["feature"][environment]["tasks"]["env"]["cmd"]


def test_make_alone_lists_the_targets_and_an_unknown_environment_is_refused():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)
    assert listed.returncode == 0
    assert all(f"make {target} " in listed.stdout for target in ("demo", "test", "lint", "lock", "config-reference"))
    refused = subprocess.run(["make", "ENV=tpu", "env"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "give cpu or gpu" in refused.stderr


def test_the_demo_and_the_gpu_environment_as_make_would_run_them():
    demo = subprocess.run(["make", "-n", "demo", "ARGS=reason"], cwd=ROOT, capture_output=True, text=True).stdout
    assert '".venv/bin/python" workflow/launch.py reason' in demo
    gpu = subprocess.run(["make", "-n", "env", "ENV=gpu"], cwd=ROOT, capture_output=True, text=True).stdout
    assert "--gpu" in gpu
    assert '".venv-gpu"' in gpu


def test_continuous_integration_runs_what_developers_run():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["all"]["steps"][-1]["run"] == "bash .ci/run"
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert [line.strip() for line in script.splitlines() if line.strip().startswith("step make")] == [
        "step make env-dev",
        "step make lint",
        "step make docs",
        "step make test ARGS=--durations=25",
        """step make test-slurm ARGS="-k 'not resume'\"""",
    ]


def test_shell_scripts_parse():
    for script in [*(ROOT / "envs").glob("*.sh"), ROOT / ".ci/run"]:
        assert subprocess.run(["bash", "-n", str(script)]).returncode == 0, script
        assert script.stat().st_mode & 0o111, f"{script} is not executable"


def test_nothing_big_is_committed():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        assert not path.is_file() or path.stat().st_size < 2**20, name
