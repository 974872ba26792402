"""Which checkpoint the run ends with, once the gate has spoken. Whoever releases or publishes a model takes this one."""

import json
from pathlib import Path
from typing import Any

from openqwq.config.evaluate import Gate
from openqwq.errors import StageFailure, UserError
from openqwq.stage import Stage


def run(stage: Stage, config: Gate, gate: Path, out: Path) -> None:
    """Publishes `out`: the final stage and why. Raises `StageFailure` where the gate failed and `on_fail` is `stop`.

    Nothing is measured here, so another `on_fail` decides anew without sampling or training anything again.
    """
    try:
        measured = json.loads(gate.read_text(encoding="utf-8"))
        made = decide(measured, config)
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{gate}: not what the stage evaluate writes ({error!r}). Remove it and run the stage again.") from error
    if made["stage"] is None:
        raise StageFailure(
            f"the gate failed: {made['why']}. evaluate.gate.on_fail is stop, so the run ends here; scores and {gate} are kept. "
            "Look at the report (`snakemake report`), then change the stage general, or set on_fail to rollback (reason becomes "
            "the final model) or warn, and start again: neither of them trains or samples anything again."
        )
    stage.publish_json(out, made)
    stage.progress.say(f"final model: {made['stage']}, because {made['why']}")
    if measured["verdict"] == "fail" and config.on_fail == "warn":
        stage.progress.say("CAUTION: the gate failed, and general is taken all the same, because evaluate.gate.on_fail is warn")


def decide(gate: dict[str, Any], config: Gate) -> dict[str, Any]:
    """`stage` (general, reason, or None where the run stops), `why`, `verdict` and `on_fail`.

    Only a loss that is shown is held against general: where the gate could not tell, it stays, and `why` says so.
    """
    before, after, verdict = str(gate["before"]), str(gate["after"]), str(gate["verdict"])
    failed = [row["benchmark"] for row in gate["benchmarks"] if row["verdict"] == "fail"]
    points = f"{100 * gate['margin']:g} points"
    lost = f"{after} lost more than {points} to {before} on {' and '.join(failed)}"
    why = {
        "pass": f"{after} is shown to lose no more than {points} to {before}",
        "fail": lost,
        "not enough samples": f"no loss of more than {points} to {before} is shown, nor that there is none: too few problems",
        "not measured": f"the gate could not compare {after} with {before}",
    }[verdict]
    final: str | None = after
    if verdict == "fail":
        final = {"stop": None, "warn": after, "rollback": before}[config.on_fail]
    return {"stage": final, "why": why, "verdict": verdict, "on_fail": config.on_fail}
