"""What the DAG itself costs: `python -m benchmarks.dag`. Run it on an idle machine.

Three figures, with the bounds that they are held against:

- parse: the Snakefile with config/qwq-32b.yaml, as every Slurm job does it (`--list-rules`), and Snakemake's own start beside it
- plan: `snakemake -n` of a run whose curation, and each checkpoint's evaluation, is in `--shards` parts
- nothing to do: a second start of a finished run, given by `--finished` with its configuration
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BOUNDS = {"parse": 2.0, "plan": 20.0, "nothing to do": 15.0}  # seconds


def main() -> int:
    """Prints a table; 1 where a bound is exceeded."""
    options = argparse.ArgumentParser(prog="benchmarks.dag", description="Seconds that the DAG itself costs.")
    options.add_argument("--shards", type=int, default=2000)
    options.add_argument("--repeats", type=int, default=3, help="of which the median counts")
    options.add_argument("--config", type=Path, default=ROOT / "config" / "tiny.yaml", help="of the run that is planned")
    options.add_argument("--finished", type=Path, metavar="CONFIG", help="a configuration whose run is finished")
    given = options.parse_args()
    if given.finished and (left := unfinished(given.finished)):
        options.error(f"--finished {given.finished}: that run is not finished, snakemake would make {left}. Finish it first.")
    seconds = {
        "snakemake alone": median(given.repeats, ["--version"]),
        "parse": median(given.repeats, ["--configfile", "config/qwq-32b.yaml", "--list-rules"]),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = sharded(given.config, given.shards, Path(folder))
        seconds["plan"] = median(given.repeats, ["--configfile", str(path), "--cores", "2", "-n", "all"])
    if given.finished:
        seconds["nothing to do"] = median(given.repeats, ["--configfile", str(given.finished), "--cores", "2", "all"])
    for name, value in seconds.items():
        bound = f"at most {BOUNDS[name]:g} s" if name in BOUNDS else ""
        print(f"{name:<18}{value:>8.2f} s  {bound}")
    return int(any(seconds[name] > bound for name, bound in BOUNDS.items() if name in seconds))


def unfinished(config: Path) -> str:
    """The rules that Snakemake would run for this configuration, in one line; empty for a finished run."""
    told = snakemake(["--configfile", str(config), "--cores", "2", "-n", "--quiet", "all"])
    return ", ".join(dict.fromkeys(re.findall(r"^(?:local)?rule (\w+):", told, re.MULTILINE)))


def sharded(config: Path, shards: int, folder: Path) -> Path:
    """The configuration as a run of its own below `folder`, with so many `shards` of curation and of each evaluation."""
    value = yaml.safe_load(config.read_text(encoding="utf-8"))
    value |= {"run": "dag", "results": str(folder / "results")}
    execution = value.setdefault("execution", {})
    execution |= {"shards": shards, "evaluate_shards": shards}
    path = folder / "dag.yaml"
    path.write_text(yaml.safe_dump(value), encoding="utf-8")
    return path


def median(repeats: int, arguments: list[str]) -> float:
    """Seconds of `snakemake` with these arguments."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        snakemake(arguments)
        taken.append(time.perf_counter() - began)
    return sorted(taken)[len(taken) // 2]


def snakemake(arguments: list[str]) -> str:
    """What it prints. Ends this program where it fails."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["snakemake", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"snakemake {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
