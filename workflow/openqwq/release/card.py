"""The model card: README.md, every figure of it from the run's own manifests and tables."""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

import yaml

from openqwq.artifacts.schemas import SCORE
from openqwq.config.evaluate import drawn_by
from openqwq.config.train import Sampling
from openqwq.release.licences import Used
from openqwq.release.source import Source
from openqwq.report import funnel, training
from openqwq.report.cautions import cautions
from openqwq.report.runfolder import Rows

STEPS = (
    ("coldstart", "supervised training on traces"),
    ("reason", "GRPO on verified rollouts"),
    ("general", "GRPO with reward model, rules and tools"),
)
ORDER = ("base", "coldstart", "reason", "general")
# Of the licences on the hub's list, those that a model is likely to be under here.
ON_THE_HUB = {
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "odc-by", "mpl-2.0", "gpl-3.0",
    "lgpl-3.0", "agpl-3.0", "unlicense", "isc", "zlib", "openrail", "llama3", "llama3.1", "llama3.2", "llama3.3", "gemma",
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What the card needs beside the run."""

    name: str
    pushed: str | None  # where it goes: hub:org/name or modelscope:org/name
    licence: str
    dtype: str
    parameters: int
    data: list[Used]
    origins: dict[str, str]


def text(source: Source, facts: Facts) -> str:
    """The whole card, head included."""
    scores = source.run.rows("evaluate/scores.parquet", SCORE) or []
    parts = [
        _head(source, facts, scores), _what(source, facts), _use(facts), _recipe(source), _data(source, facts),
        _scores(source, scores), _gate(source), _contamination(source), _limits(source, scores), _again(source),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _head(source: Source, facts: Facts, scores: Rows) -> str:
    base, sources = source.base, source.config["curate"]["sources"]
    trained = {one.source for one in facts.data}
    head: dict[str, Any] = {
        **_licence(facts.licence),
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["open-qwq", "reasoning", "grpo"],
    }
    if base["type"] == "hub":
        head |= {"base_model": base["id"], "base_model_relation": "finetune"}
    if hub := sorted({one["id"] for one in sources if one["type"] == "hub" and one["name"] in trained}):
        head["datasets"] = hub
    results = [
        {
            "task": {"type": "text-generation"},
            "dataset": {"name": row["benchmark"], "type": row["benchmark"]},
            "metrics": [{"type": f"avg@{row['k']}", "value": round(row["value"], 4)}],
        }
        for row in _headline(scores)
        if row["stage"] == source.stage and row["value"] is not None
    ]
    if results:
        head["model-index"] = [{"name": facts.name, "results": results}]
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---"


def _licence(licence: str) -> dict[str, str]:
    """The hub refuses a card whose licence is not on its list; others are named beside."""
    if licence in ON_THE_HUB:
        return {"license": licence}
    name = re.sub(r"[^a-z0-9.]+", "-", licence.lower()).strip("-")
    return {"license": "other", "license_name": name or "other", "license_link": "LICENSE"}


def _what(source: Source, facts: Facts) -> str:
    return (
        f"# {facts.name}\n\n{source.base_name}, taught to reason by open-qwq: the stage "
        f"`{source.stage}` of the run `{source.config['run']}`. {facts.parameters / 1e6:,.4g}M parameters in {facts.dtype}. "
        "It thinks between `<think>` and `</think>`, then answers; tools are called in the Hermes form."
    )


def _use(facts: Facts) -> str:
    where, _, target = (facts.pushed or "").partition(":")
    library = "modelscope" if where == "modelscope" else "transformers"  # its classes look for names on its own hub
    name = f"name = {target!r}" if target else 'name = "."  # the folder in which this card stands'
    return (
        f"## Use\n\n```python\nfrom {library} import AutoModelForCausalLM, AutoTokenizer\n\n"
        f"{name}\ntokenizer = AutoTokenizer.from_pretrained(name)\n"
        "model = AutoModelForCausalLM.from_pretrained(name)\n"
        'messages = [{"role": "user", "content": "What is 17 + 25?"}]\n'
        'prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)\n'
        "print(tokenizer.decode(model.generate(**prompt, max_new_tokens=1024)[0]))\n```\n\n"
        "`generation_config.json` holds the sampling of the evaluation; the scores below say where theirs differs. Leave the "
        "thinking of earlier turns out of the history, as the chat template does."
    )


def _recipe(source: Source) -> str:
    rows = []
    for stage, what in STEPS[: [name for name, _ in STEPS].index(source.stage) + 1]:
        config = source.config[stage]
        optimizer = config.get("optimizer", {})
        if "group_size" in config:
            size = f"{config['steps']} steps of {config['groups']} × {config['group_size']} completions"
            size += f", loss {config['loss']}, KL {config['kl']:g}"
            if config.get("interpolation", 1) < 1:  # which runs made by an earlier version do not record
                size += f", published {config['interpolation']:g} of the way from its first weights to its last"
        else:
            size = f"{config['epochs']} epochs, batch {config['batch_size']}, {config['max_length']} tokens"
        rows.append(f"| {stage} | {what} | {size} | {optimizer.get('learning_rate', 0):g} |")
    return "## Recipe\n\n| stage | what | size | learning rate |\n|---|---|---|---|\n" + "\n".join(rows)


def _data(source: Source, facts: Facts) -> str:
    lines = ["## Data\n\n| source | role | licence | read | kept | for training | from |\n|---|---|---|---:|---:|---:|---|"]
    funnels = {(one["role"], part["name"]): part for one in funnel.funnels(source.run) for part in one["sources"]}
    for one in facts.data:
        seen = funnels.get((one.role, one.source), {})
        counts = f"{seen.get('rows_in', '–')} | {seen.get('rows_out', '–')} | {one.rows}"
        lines.append(f"| {one.source} | {one.role} | {_cell(one.licence)} | {counts} | {facts.origins[one.source]} |")
    lines.append("\nWhat was dropped on the way, by step:\n\n| role | step | dropped |\n|---|---|---:|")
    for role in funnel.funnels(source.run):
        lines += [f"| {role['role']} | {step['name']} | {step['dropped']} |" for step in role["steps"] if step["dropped"]]
    return "\n".join(lines)


def _scores(source: Source, scores: Rows) -> str:
    rows = _headline(scores)
    if not rows:
        return "## Scores\n\nThis run was not evaluated."
    common, own = drawn_by(source.config)
    stages = [stage for stage in ORDER if any(row["stage"] == stage for row in rows)]
    head = (
        "| benchmark | problems | k | max tokens | "
        + " | ".join(f"**{one}**" if one == source.stage else one for one in stages)
        + " |"
    )
    lines = [head, "|---|---:|---:|---:|" + "---|" * len(stages)]
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows):
        mine = {row["stage"]: row for row in rows if row["benchmark"] == benchmark}
        one = mine.get(source.stage) or next(iter(mine.values()))
        cells = [_score(mine.get(stage), one["k"]) for stage in stages]
        most = own.get(benchmark, common).max_tokens
        lines.append(f"| {benchmark} | {one['n']} | {one['k']} | {most} | " + " | ".join(cells) + " |")
    shown = {row["benchmark"] for row in rows}
    apart = {name: _drawn(how) for name, how in own.items() if name in shown and _drawn(how) != _drawn(common)}
    alike = [_drawn(common)] if shown - apart.keys() else []
    drawn = "; ".join([*alike, *(f"{name} with {how}" for name, how in apart.items())])
    return (
        "## Scores\n\nMean accuracy over k samples a problem (avg@k) in percent, with 95 % intervals (bootstrap over problems). "
        f"Sampled as follows: {drawn}; with the chat template of this model and the verifiers "
        "of open-qwq. They cannot be compared with scores under other settings.\n\n" + "\n".join(lines)
    )


def _drawn(sampling: Sampling) -> str:
    return f"temperature {sampling.temperature:g}, top_p {sampling.top_p:g}, top_k {sampling.top_k}"


def _gate(source: Source) -> str:
    measured, final = source.run.json("evaluate/gate.json"), source.final
    if measured is None:
        return "## Regression gate\n\nNot measured."
    margin = f"{100 * measured['margin']:g} points to `{measured['before']}`"
    lines = [f"## Regression gate\n\n`{measured['after']}` may lose at most {margin}. Verdict: **{measured['verdict']}**."]
    if final:
        taken = "" if final["stage"] == source.stage else f" **This release holds another stage, {source.stage}.**"
        lines.append(f"The run's final model is `{final['stage']}`, because {final['why']}.{taken}")
    for row in measured["benchmarks"]:
        if "lower" in row:
            lower, upper = 100 * row["lower"], 100 * row["upper"]
            lines.append(f"- {row['benchmark']}: {row['verdict']}; the change lies within {lower:+.1f} … {upper:+.1f} points")
        else:
            lines.append(f"- {row['benchmark']}: {row['verdict']} ({row.get('why', 'no figures')})")
    return "\n".join(lines)


def _contamination(source: Source) -> str:
    found = funnel.contamination(source.run)
    intro = "## Contamination\n\nTraining rows that touch a benchmark's problems are dropped"
    if not found:
        return f"{intro}; none was found. Paraphrases escape such rules, and what the base model had seen is not known."
    rows = "\n".join(f"| {one['benchmark']} | {one['rule']} | {one['rows']} |" for one in found)
    return (
        f"{intro}:\n\n| benchmark | rule | rows |\n|---|---|---:|\n{rows}\n\nParaphrases escape such rules, "
        "and what the base model had seen is not known."
    )


def _limits(source: Source, scores: Rows) -> str:
    run = source.run
    known = cautions(
        run.json("evaluate/gate.json"), scores, run.manifests(), training.metrics(run), run.json("reward_model/accuracy.json")
    )
    lines = [f"- {one['text']}" for one in known]
    lines.append("- It was not trained or tested for safety: what it writes may be wrong or harmful, its thinking included.")
    lines.append("- Code that it writes is untrusted: run it in isolation only.")
    return "## Known limits\n\n" + "\n".join(lines)


def _again(source: Source) -> str:
    manifest = source.run.manifests()[source.stage]
    code, environment = manifest.get("code", {}), manifest.get("environment", {})
    packages = environment.get("packages", {})
    versions = ", ".join(f"{name} {packages[name]}" for name in ("torch", "transformers", "trl") if name in packages)
    gpu = source.config["execution"]["engine"] == "vllm"
    setting_up = "make env ENV=gpu && source .venv-gpu/bin/activate" if gpu else "make env && source .venv/bin/activate"
    dirty = " with uncommitted changes" if code.get("dirty") else ""
    return (
        "## How to make it again\n\n`openqwq/config.yaml` in this repository is the run's whole configuration "
        "(of local files the names alone), `openqwq/lineage.json` the fingerprint, commit and inputs of every artifact.\n\n"
        f"| | |\n|---|---|\n| commit | `{code.get('commit') or 'not known'}`{dirty} |\n"
        f"| locked environment (SHA-256 of envs/*.txt) | `{environment.get('lock')}` |\n"
        f"| packages | Python {environment.get('python')}, {versions} |\n"
        f"| seed | {manifest.get('seed')} |\n| fingerprint of `{source.stage}` | `{manifest.get('fingerprint')}` |\n\n"
        "In a clone of open-qwq, `DIR` being this repository's folder:\n\n"
        f"```\ngit checkout {code.get('commit') or 'COMMIT'}\n{setting_up}\n"
        "snakemake --cores all --configfile DIR/openqwq/config.yaml all\n```"
    )


def _headline(scores: Rows) -> Rows:
    return [row for row in scores if (row["metric"], row["subset"]) == ("avg@k", "all")]


def _score(row: dict[str, Any] | None, k: int) -> str:
    """The score with its interval; where it is of another number of samples than `k`, it says so."""
    if row is None or row["value"] is None:
        return "–"
    other = "" if row["k"] == k else f" (k {row['k']})"
    return f"{100 * row['value']:.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]{other}"


def _cell(value: str) -> str:
    """Others' text in a table of Markdown, in which it makes no cell, no link and no element."""
    return re.sub(r"([\[\]`*_])", r"\\\1", escape(" ".join(value.replace("|", "/").split()), quote=False))
