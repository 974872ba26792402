"""The reward model on pairs from verdicts: `python -m benchmarks.verdict_pairs [--run results/demo] [--problems N]`.

A run's cold-start model answers training problems several times; a correct and an incorrect completion of one problem make a
pair (docs/reward.md). The pairs of some problems, with the run's preference pairs, train a reward model from the cold-start
checkpoint with the settings of config/demo.yaml; those of the others measure it. More problems than the run itself profiles,
so that the interval says something. All through the commands that a run's rules call; what was interrupted goes on.
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks.reward_pairs import ROOT, stage
from benchmarks.row import Row
from openqwq.artifacts.files import read_table, write_json
from openqwq.artifacts.schemas import PAIR
from openqwq.environment import code_version, environment
from openqwq.train.pair_accuracy import balanced, share, win


def main() -> int:
    """Profiles, trains, measures, prints a table and writes it as JSON; returns the exit code."""
    options = argparse.ArgumentParser(
        prog="benchmarks.verdict_pairs", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--run", type=Path, default=Path("results/demo"), help="of config/demo.yaml, with its cold start")
    options.add_argument("--problems", type=int, default=240, help="of mathematics; a quarter as many functions beside them")
    options.add_argument("--samples", type=int, default=8, help="completions of each problem")
    options.add_argument("--held-out", type=float, default=0.5, help="share of the problems whose pairs measure")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path, default=Path("results/bench/verdict_pairs"))
    given = options.parse_args()
    if not (given.run / "coldstart" / "checkpoint").is_dir():
        options.error(f"--run: {given.run} has no cold start; make it with `snakemake coldstart`")
    demo = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
    began = time.monotonic()
    counts = {"math": given.problems, "code": max(1, given.problems // 4)}
    profile = demo["profile"] | {"samples": given.samples, "problems": counts}
    pairs = demo["reward_model"]["verdict_pairs"] | {"held_out": given.held_out}
    reward_model = demo["reward_model"] | {"verdict_pairs": pairs}
    profiled, trained = given.out / "profile", given.out / "reward_model"
    for folder in (profiled, trained):
        shutil.rmtree(folder, ignore_errors=True)  # of other settings; what was interrupted is in the state
    execution = json.dumps({key: value for key, value in demo["execution"].items() if key != "saving"})
    inputs = ("--model", str(given.run / "coldstart"), "--curated", str(given.run / "curate"))
    common = (*inputs, "--execution", execution, "--seed", str(given.seed))
    stage("profile", profile, profiled, *common)
    stage("reward-model", reward_model, trained, *common, "--profile", str(profiled))
    figures = json.loads((trained / "accuracy.json").read_text(encoding="utf-8"))
    made = rows(figures) + together(trained / "pairs.parquet", figures["baselines"]["length"]["rule"])
    for row in made:
        print(row.line())
    told = {"code": code_version(), "environment": environment(), "profile": profile, "reward_model": reward_model}
    write_json(given.out / "figures.json", told | {"rows": [vars(row) for row in made], "accuracy": figures})
    print(f"{time.monotonic() - began:.0f} s, written to {given.out / 'figures.json'}")
    return 0


def rows(figures: dict[str, Any]) -> list[Row]:
    """Our accuracy by source with its interval, and what the rule that looks at length alone gets there."""
    rule = f"the {figures['baselines']['length']['rule']} one"
    made = []
    for part in [*figures["by_source"], figures | {"source": "all", "length": figures["baselines"]["length"]["value"]}]:
        made.append(Row(f"held-out accuracy, {part['source']}", "share", part["n"], part["value"], part["length"], rule))
        made.append(Row("  95 % interval", "share", part["prompts"], part["low"], None, f"to {part['high']:.3f}"))
    if control := figures["control"]:
        interval = f"{control['low']:.3f} to {control['high']:.3f}"
        made.append(Row(f"shuffled labels, {control['steps']} steps", "share", control["n"], control["value"], None, interval))
    return made


def together(pairs: Path, rule: str) -> list[Row]:
    """The same of all held-out pairs from verdicts, whatever their domain, and of those that are left of each domain
    where as many chosen sides are longer as shorter."""
    kept = [row for row in read_table(pairs, PAIR).to_pylist() if row["split"] == "held_out" and row["chosen_sample"] is not None]
    sources: dict[str, list[dict[str, Any]]] = {}
    for row in kept:
        sources.setdefault(row["source"], []).append(row)
    even = [own[at] for own in sources.values() for at in balanced([_longer_by(row) for row in own])]
    made, sign = [], 1 if rule == "longer" else -1
    for what, rows in (("all verdicts", kept), ("balanced lengths", even)):
        if not rows:
            continue
        prompts = [row["id"] for row in rows]
        ours = share([win(row["chosen_score"] - row["rejected_score"]) for row in rows], prompts)
        length = share([win(sign * _longer_by(row)) for row in rows], prompts)
        interval = f"to {ours['high']:.3f}; by length {length['low']:.3f} to {length['high']:.3f}"
        made += [
            Row(f"held-out accuracy, {what}", "share", ours["n"], ours["value"], length["value"], f"the {rule} one"),
            Row("  95 % interval", "share", ours["prompts"], ours["low"], None, interval),
        ]
    return made


def _longer_by(row: dict[str, Any]) -> int:
    """Tokens by which the chosen side is the longer one."""
    return int(row["chosen_tokens"] - row["rejected_tokens"])


if __name__ == "__main__":
    sys.exit(main())
