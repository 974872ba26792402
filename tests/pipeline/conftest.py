"""The whole DAG on config/tiny.yaml, once for all tests, in a working directory of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


# One thread: for a model this small a second one costs more than it brings.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | {
    "PATH": "/usr/bin:/bin:/usr/sbin",
    "OMP_NUM_THREADS": "1",
}


class Workspace:
    """A working directory in which Snakemake runs our Snakefile with the tiny configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "results" / "tiny"

    def command(self, *arguments: str, config: Path = ROOT / "config" / "tiny.yaml") -> list[str]:
        where = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.folder), "--configfile", str(config)]
        return [str(BIN / "snakemake"), *where, "--cores", "2", *arguments]

    def snakemake(self, *arguments: str, **settings) -> subprocess.CompletedProcess[str]:
        """Runs Snakemake to its end; the output holds both streams. The environment is not activated."""
        return subprocess.run(
            self.command(*arguments, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            env=ENVIRONMENT,
        )


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Workspace:
    """A finished run of the tiny configuration."""
    workspace = Workspace(tmp_path_factory.mktemp("tiny workspace"))  # a path with a space
    done = workspace.snakemake("all")
    assert done.returncode == 0, done.stdout[-4000:]
    (workspace.folder / "output.txt").write_text(done.stdout)
    return workspace


def planned(output):
    """How many jobs of each rule a dry run tells of."""
    table = output.split("job ", 1)[1].split("\n\n")[0] if "job " in output else ""
    return {m[1]: int(m[2]) for m in re.finditer(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
