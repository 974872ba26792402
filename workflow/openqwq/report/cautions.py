"""What a reader should know before believing the numbers; shown first."""

from typing import Any

from openqwq.report import words
from openqwq.report.provenance import Manifests, stale
from openqwq.report.runfolder import Rows

TRUNCATED = 0.1  # share of completions cut at the limit above which a score mostly measures the limit
NAMED = 4  # artifacts listed by name in one caution
FILLED = 0.95  # share of a step's configured completions that should be trained on
DEAD = 0.7  # mean share of groups without variance above which most generation taught nothing

PLAN, PLANNED = "evaluate/gate_plan.json", "evaluate/general"  # what is written down first, and what it is about

Caution = dict[str, str]  # level (serious, note), text, and the training stage that it is about, if one


def cautions(
    gate: dict[str, Any] | None,
    scores: Rows,
    manifests: Manifests,
    metrics: dict[str, Rows],
    accuracy: dict[str, Any] | None,
) -> list[Caution]:
    """Serious ones first. `metrics` holds the curves of each training stage; `accuracy` is the reward model's."""
    made = [*_gate(gate), *_scores(scores), *_training(metrics), *_reward_model(accuracy), *_made_from(manifests)]
    return sorted(made, key=lambda c: c["level"] != "serious")


def _gate(gate: dict[str, Any] | None) -> list[Caution]:
    if gate is None or gate.get("verdict") == "pass":
        return []
    margin = words.points(gate["margin"]).lstrip("+")
    texts = {
        "fail": f"The gate failed: general training lost more than the margin of {margin} points.",
        "not enough samples": f"The gate is undecided: too few problems to tell a loss of {margin} points from none.",
        "not measured": "The gate was not measured: "
        + "; ".join(sorted({b["why"] for b in gate["benchmarks"] if "why" in b}))
        + ".",
    }
    return [_serious(texts[gate["verdict"]])]


def _scores(scores: Rows) -> list[Caution]:
    made = []
    rows = [row for row in scores if (row["metric"], row["subset"]) == ("avg@k", "all")]
    for stage in dict.fromkeys(row["stage"] for row in rows):
        mine = [row for row in rows if row["stage"] == stage]
        cut = sorted((row for row in mine if row["truncated"] > TRUNCATED), key=lambda row: -row["truncated"])
        if cut:
            shares = ", ".join(f"{row['benchmark']} {words.percent(row['truncated'], 0)}" for row in cut)
            made.append(_note(f"{words.stage(stage)}: many completions ended at the token limit ({shares})."))
        lost = [row for row in mine if row["unscorable"] > 0]
        if lost:
            shares = ", ".join(f"{row['benchmark']} {words.percent(row['unscorable'])}" for row in lost)
            made.append(_serious(f"{words.stage(stage)}: completions that could not be judged are left out ({shares})."))
    return made


def _training(metrics: dict[str, Rows]) -> list[Caution]:
    made = []
    for stage, rows in metrics.items():
        dead = [row["value"] for row in rows if row["name"] == "zero_variance_share" and row["value"] is not None]
        if dead and sum(dead) / len(dead) > DEAD:
            share = words.percent(sum(dead) / len(dead), 0)
            made.append(
                _note(f"{words.stage(stage)}: {share} of the groups had no variance in their rewards and taught nothing.")
                | {"stage": stage}
            )
        filled = [row["value"] for row in rows if row["name"] == "live_share" and row["value"] is not None]
        if short := sum(share < FILLED for share in filled):
            made.append(
                _note(
                    f"{words.stage(stage)}: {short} of {len(filled)} steps trained on less than {words.percent(FILLED, 0)} of "
                    "the configured completions: live groups were too few within the bound on generation, or completions masked."
                )
                | {"stage": stage}
            )
    return made


def _reward_model(accuracy: dict[str, Any] | None) -> list[Caution]:
    if not accuracy or accuracy.get("low") is None:
        return []
    made = []
    length = accuracy.get("baselines", {}).get("length")
    if accuracy["low"] <= 0.5:
        made.append(_serious("The reward model is not shown to tell chosen from rejected: its accuracy interval reaches 50 %."))
    elif length and accuracy["low"] <= length["value"]:
        made.append(
            _serious(
                f"The reward model is not shown to know more than length: preferring the {length['rule']} completion is right on "
                f"{words.percent(length['value'])} of its held-out pairs, and its own interval begins at "
                f"{words.percent(accuracy['low'])}."
            )
        )
    control = accuracy.get("control")
    if control and control["low"] > 0.5:
        made.append(
            _serious(
                f"The control, trained on shuffled labels, ranks {words.percent(control['value'])} of the held-out pairs right: "
                "these pairs are easy to tell by something that needs no labels, or held-out pairs were trained on."
            )
        )
    return [caution | {"stage": "reward_model"} for caution in made]


def _made_from(manifests: Manifests) -> list[Caution]:
    made = []
    plan, planned = (str(manifests.get(name, {}).get("finished", "")) for name in (PLAN, PLANNED))
    if plan and planned and plan > planned:
        made.append(_serious("The gate's plan was written after the results that it is about, so it foresees nothing."))
    dirty = [name for name, m in manifests.items() if m.get("code", {}).get("dirty")]
    if dirty:
        made.append(_note(f"Made with uncommitted changes in the code: {_some(dirty)}."))
    unknown = [name for name, m in manifests.items() if m.get("code", {}).get("commit") is None]
    if unknown:
        made.append(_note(f"Made outside a git checkout, so the code version is not known: {_some(unknown)}."))
    commits = {m["code"]["commit"] for m in manifests.values() if m.get("code", {}).get("commit")}
    if len(commits) > 1:
        made.append(_note(f"Made by {len(commits)} different commits of the code; see provenance."))
    ways = drawn_with(manifests)
    if len(ways) > 1:
        made.append(
            _serious(f"The checkpoints were not sampled in the same way ({' and '.join(ways)}): their scores are not comparable.")
        )
    replaced: dict[str, list[str]] = {}
    for name, path in stale(manifests):
        replaced.setdefault(name, []).append(path)
    for name, paths in replaced.items():
        made.append(_serious(f"{name} was made from another state of {', '.join(paths)} than stands in this run."))
    return made


def drawn_with(manifests: Manifests) -> list[str]:
    """The ways in which checkpoints were sampled, each as engine and type of number."""
    ways = {
        (how.get("engine"), how.get("generation_dtype"))
        for m in manifests.values()
        if str(m.get("stage", "")).startswith("evaluate-")
        for how in m.get("facts", {}).get("drawn_with", [m.get("execution", {})])  # shards tell how they were drawn
    }
    return sorted(" in ".join(str(part) for part in way) for way in ways)


def _some(names: list[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _serious(text: str) -> Caution:
    return {"level": "serious", "text": text}


def _note(text: str) -> Caution:
    return {"level": "note", "text": text}
