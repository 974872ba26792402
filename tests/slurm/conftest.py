"""A real Slurm of two nodes on this machine (`make test-slurm`), and runs of the real Snakefile through `sbatch`.

Where the cluster cannot be had, every test is skipped, with the reason that cluster.sh gives.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SCRIPT = Path(__file__).with_name("cluster.sh")
# The environment is not activated, on no node: rules find its programs themselves.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | {"PATH": "/usr/sbin:/usr/bin:/bin"}


def cluster(what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SCRIPT), what], capture_output=True, text=True, timeout=180)


def pytest_collection_modifyitems(items):
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    if not here:
        return
    reason = "they bring a Slurm cluster up on this machine; `make test-slurm` runs them"
    if os.environ.get("OPENQWQ_SLURM"):
        checked = cluster("check")
        reason = checked.stderr.strip() if checked.returncode else ""
    for item in here:
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def slurm():
    """The cluster, for all tests."""
    up = cluster("up")
    assert up.returncode == 0, up.stderr
    yield
    cluster("down")


def tool(*command: str) -> str:
    """What a Slurm tool says."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def until(condition, what: str, seconds: float = 120):
    """Waits for a condition, and returns its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{seconds} s without: {what}"
        time.sleep(0.2)
    return value


class Site:
    """A working folder on the cluster, with profiles/slurm adapted to it as a user would: the lines marked SITE, and sizes.

    `nodes` is on how many nodes a rule runs whose profile asks for several.
    """

    def __init__(self, folder: Path, config: dict, nodes: dict[str, int]) -> None:
        self.folder, self.run = folder, folder / "results" / config["run"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        self.nodes = nodes

    def profile(self, runtime: int | str = 30, retries: int = 2) -> Path:
        values = yaml.safe_load((ROOT / "profiles/slurm/profile.v9+.yaml").read_text())
        values |= {"configfile": str(self.folder / "config.yaml"), "jobs": 2, "retries": retries}
        values |= {"slurm-status-command": "squeue", "slurm-init-seconds-before-status-checks": 5}
        size = {"slurm_partition": "both", "mem_mb": 2500, "runtime": runtime}
        values["default-resources"] = size
        values["set-threads"] = dict.fromkeys(values["set-threads"], 1)
        for rule, resources in values["set-resources"].items():
            several = {"nodes": self.nodes.get(rule, 1), "tasks": self.nodes.get(rule, 1)} if "mpi" in resources else {}
            if several.get("nodes") == 1:  # as the profile says of one node
                several = {}
                for name in ("mpi", "nodes", "tasks", "tasks_per_gpu"):
                    del resources[name]
            values["set-resources"][rule] = resources | several | size
        path = self.folder / "site"
        path.mkdir(exist_ok=True)
        (path / "profile.v9+.yaml").write_text(yaml.safe_dump(values))
        return path

    def start(self, *targets: str, **settings) -> subprocess.Popen[str]:
        """Starts Snakemake in a session of its own; what it says goes to output.txt."""
        command = [str(BIN / "snakemake"), "--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.folder)]
        command += ["--profile", str(self.profile(**settings)), *targets]
        with open(self.folder / "output.txt", "a") as output:
            return subprocess.Popen(
                command, env=ENVIRONMENT, stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True
            )

    def snakemake(self, *targets: str, code: int = 0, **settings) -> str:
        """Runs Snakemake to its end; returns what it said."""
        process = self.start(*targets, **settings)
        return self.finish(process, code)

    def finish(self, process: subprocess.Popen[str], code: int = 0) -> str:
        process.wait(timeout=900)
        said = (self.folder / "output.txt").read_text()
        assert process.returncode == code, said[-6000:] + self.logs()
        return said

    def logs(self) -> str:
        files = sorted((self.run / "logs" / "attempts").glob("*"), key=lambda path: path.stat().st_mtime)
        return "\n".join(f"\n--- {path.name}\n{path.read_text()[-1500:]}" for path in files[-3:])

    def attempts(self, rule: str) -> list[str]:
        """The logs of a rule's attempts, in their order."""
        files = (self.run / "logs" / "attempts").glob(f"{rule}.*.log")
        return [path.read_text() for path in sorted(files, key=lambda path: int(path.name.split(".")[1]))]

    def job(self) -> str:
        """The number of the only job that runs."""
        running = tool("squeue", "--noheader", "--states=RUNNING", "--format=%i").split()
        return running[0] if len(running) == 1 else ""

    def saved(self, stage: str, step: int) -> bool:
        """Whether a save of this step or a later one is sealed."""
        seals = (self.run / ".state").glob(f"{stage}-*/saves/*/openqwq-save.json")
        return any(int(path.parent.name.split("-")[1]) >= step for path in seals)


@pytest.fixture
def quiet():
    """No job of an earlier test is left, and both nodes are there."""
    tool("scancel", "--user=root")
    until(lambda: not tool("squeue", "--noheader").strip(), "an empty queue")
    for node in ("gpu1", "gpu2"):
        if "DOWN" in tool("scontrol", "show", "node", node):
            tool("scontrol", "update", f"nodename={node}", "state=resume")
    until(lambda: set(tool("sinfo", "--noheader", "--Node", "--format=%T").split()) == {"idle"}, "idle nodes")


def copied(source: Site, folder: Path) -> Site:
    """The same folder elsewhere, with what Snakemake knows of it."""
    shutil.copytree(source.folder, folder, symlinks=True)
    return Site(folder, yaml.safe_load((source.folder / "config.yaml").read_text()), source.nodes)
