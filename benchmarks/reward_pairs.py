"""The reward model on public preference pairs: `python -m benchmarks.reward_pairs --data DIR [--limit N]`.

`DIR` holds dpo_en_demo.json, 300 pairs of hiyouga/LLaMA-Factory (Apache-2.0). One half of them trains a reward model from the
demo's base model with the demo's settings (config/demo.yaml), without pairs from verdicts; the other half, of other prompts,
measures it, longer pairs than `--max-length` included. Beside the accuracy stand its interval, the rule that looks at length
alone, and the same training on shuffled labels. All through the commands that a run's rules call; what was interrupted goes on.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks.row import Row
from openqwq.artifacts.files import write_json
from openqwq.environment import code_version, environment

ROOT = Path(__file__).resolve().parents[1]
FILE = "dpo_en_demo.json"
PAIRS = 300


def main() -> int:
    """Trains, measures, prints a table and writes it as JSON; returns the exit code."""
    options = argparse.ArgumentParser(
        prog="benchmarks.reward_pairs", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--data", type=Path, default=os.environ.get("OPENQWQ_DATA"), help="default: $OPENQWQ_DATA")
    options.add_argument("--limit", type=int, default=PAIRS, help="pairs, for a quick try; half of them train")
    options.add_argument("--max-length", type=int, help="tokens of the longest pair that trains; default: the demo's")
    options.add_argument("--epochs", type=int, help="default: the demo's")
    options.add_argument("--control-steps", type=int, help="of the training on shuffled labels; default: the demo's")
    options.add_argument("--out", type=Path, default=Path("results/bench/reward_pairs"))
    given = options.parse_args()
    if not given.data or not (given.data / FILE).is_file():
        options.error(f"--data: a folder with {FILE}")
    demo = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
    asked = {"max_length": given.max_length, "epochs": given.epochs, "control_steps": given.control_steps}
    changes = {key: value for key, value in asked.items() if value is not None}
    reward_model = {key: value for key, value in demo["reward_model"].items() if key != "verdict_pairs"} | changes
    began = time.monotonic()
    model, curated, trained = given.out / "base_model", given.out / f"curate-{given.limit}", given.out / f"trained-{given.limit}"
    if not model.is_dir():
        stage("import-model", demo["base_model"], model)
    if not curated.is_dir():
        stage("curate", pairs(given.data / FILE, given.limit, given.out), curated)
    shutil.rmtree(trained, ignore_errors=True)  # of other settings; what was interrupted is in the state
    execution = json.dumps({"generation_batch": 8, "saving": {"reward_model": 4}})
    inputs = ("--model", str(model), "--curated", str(curated), "--execution", execution)
    stage("reward-model", reward_model, trained, *inputs)
    figures = json.loads((trained / "accuracy.json").read_text(encoding="utf-8"))
    made = rows(figures)
    for row in made:
        print(row.line())
    told = {"code": code_version(), "environment": environment(), "config": reward_model, "seconds": time.monotonic() - began}
    write_json(given.out / "figures.json", told | {"rows": [vars(row) for row in made], "accuracy": figures})
    print(f"{time.monotonic() - began:.0f} s, written to {given.out / 'figures.json'}")
    return 0


def pairs(source: Path, limit: int, folder: Path) -> dict[str, Any]:
    """Curation's part of a configuration: half of the first `limit` pairs held out. A run needs some problems, too."""
    folder.mkdir(parents=True, exist_ok=True)
    first = folder / f"pairs-{limit}.json"
    first.write_text(json.dumps(json.loads(source.read_text(encoding="utf-8"))[:limit]), encoding="utf-8")
    fields = {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"}
    file = {"type": "file", "path": str(first.resolve()), "licence": "Apache-2.0", "domain": "chat", "fields": fields}
    problems = {"name": "problems", "type": "builtin", "role": "problems", "generator": "instructions", "size": 8}
    held_out = {"preferences": limit // 2}
    return {
        "curate": {"sources": [{"name": "dpo", "role": "preferences", **file}, problems], "held_out": held_out},
        "benchmarks": [],
    }


def stage(name: str, config: dict[str, Any], out: Path, *inputs: str) -> None:
    """Runs a stage's command."""
    command = [sys.executable, "-m", "openqwq.cli", name, "--config", json.dumps(config), "--out", str(out)]
    done = subprocess.run([*command, "--state", str(out.parent / "state"), *inputs], check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def rows(figures: dict[str, Any]) -> list[Row]:
    """The table: our accuracy, its interval and what stands beside it."""
    length, control = figures["baselines"]["length"], figures["control"]
    n = figures["n"]
    made = [
        Row("held-out accuracy", "share", n, figures["value"], length["value"], f"the {length['rule']} one"),
        Row("  95 % interval from", "share", n, figures["low"], length["low"], "the same"),
        Row("  95 % interval to", "share", n, figures["high"], length["high"], "the same"),
        Row("calibration error", "share", n, figures["calibration"]["error"], None, "–"),
    ]
    for part in figures["by_length"]:
        made.append(Row(f"accuracy, chosen side {part['chosen']}", "share", part["n"], part["value"], None, "–"))
    if control is not None:
        interval = f"{control['low']:.3f} to {control['high']:.3f}"
        made.append(Row(f"shuffled labels, {control['steps']} steps", "share", control["n"], control["value"], None, interval))
    return made


if __name__ == "__main__":
    sys.exit(main())
