"""A newcomer's clock: time to the first `--help`, to the first training step, and to the report.

    python -m benchmarks.first_hour [--config config/tiny.yaml]

Runs as a new user would find things: an empty home, no caches, a space in the working folder's path, 80 columns, no colour. The
environment itself is there already (docs/architecture.md has what `make env` takes). Results go into a temporary folder.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
KEPT = ("LANG", "OMP_NUM_THREADS", "OPENQWQ_DATA", "PYTHONPATH")  # of the caller's environment


def main() -> int:
    """Prints a line a milestone; returns the pipeline's exit code."""
    parser = argparse.ArgumentParser(description="Time to the first help, training step and report.")
    parser.add_argument("--config", type=Path, default=ROOT / "config" / "tiny.yaml", metavar="YAML")
    options = parser.parse_args()
    config = options.config.resolve()
    if not config.is_file():
        parser.error(f"{config}: no such file")
    run = yaml.safe_load(config.read_text(encoding="utf-8"))["run"]
    with tempfile.TemporaryDirectory(prefix="first hour ") as folder:
        home, work = Path(folder) / "home", Path(folder) / "a place to work"
        home.mkdir()
        work.mkdir()
        environment = {key: os.environ[key] for key in KEPT if key in os.environ}
        environment |= {"HOME": str(home), "PATH": f"{BIN}:/usr/bin:/bin:/usr/sbin", "COLUMNS": "80", "NO_COLOR": "1"}
        print(f"{'first --help':24}{_help(work, environment):8.2f} s", flush=True)
        return _pipeline(config, run, work, environment)


def _help(work: Path, environment: dict[str, str]) -> float:
    started = time.monotonic()
    subprocess.run([BIN / "openqwq", "--help"], cwd=work, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def _pipeline(config: Path, run: str, work: Path, environment: dict[str, str]) -> int:
    words = [BIN / "snakemake", "--snakefile", ROOT / "Snakefile", "--configfile", config, "--cores", "all", "all"]
    here, started, stepped = work / "results" / run, time.monotonic(), False
    with open(work / "log", "w", encoding="utf-8") as log:
        pipeline = subprocess.Popen(list(map(str, words)), cwd=work, env=environment, stdout=log, stderr=subprocess.STDOUT)
        while pipeline.poll() is None:
            if not stepped and any(map(_trained, here.glob(".state/coldstart-*/progress.json"))):
                stepped = True
                print(f"{'first training step':24}{time.monotonic() - started:8.1f} s", flush=True)
            time.sleep(0.1)
    if pipeline.returncode == 0:
        print(f"{'report, whole run':24}{time.monotonic() - started:8.1f} s")
    else:
        print("\n".join((work / "log").read_text(encoding="utf-8").splitlines()[-20:]), file=sys.stderr)
    return pipeline.returncode


def _trained(progress: Path) -> bool:
    try:
        return int(json.loads(progress.read_text(encoding="utf-8")).get("step", 0)) >= 1
    except (OSError, ValueError):
        return False  # replaced or removed while it was looked at


if __name__ == "__main__":
    sys.exit(main())
