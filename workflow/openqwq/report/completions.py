"""Completions to read: the same problems for every stage, chosen by place and not by outcome."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from openqwq.artifacts.schemas import CUT, ROLLOUT, SAMPLE
from openqwq.report.runfolder import RunFolder
from openqwq.verify.answer import split_thinking

LONGEST = 6000  # characters of one text on the page; the whole one is in the parquet file
MOST_TURNS = 40  # of one conversation on the page
# Signs that turn the order of what follows: a text could show something else than a verifier has read. Shown as escapes.
TURNING = {sign: f"\\u{sign:04x}" for sign in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
TURN = re.compile(r"<\|im_start\|>(\w+)\n(.*?)(?:<\|im_end\|>\n?|\Z)", re.DOTALL)
COLUMNS = ["problem_id", "domain", "sample", "prompt", "text", "tokens", "finish_reason", "verifier", "reference"]
COLUMNS += ["verdict", "score", "reason", "turns"]
OPENING = "<|im_start|>assistant\n"  # of our template, with which a prompt ends
FIRST = pc.field("sample") == 0


@dataclass(frozen=True, slots=True)
class Text:
    """A text as shown, and how many characters of it were left out."""

    shown: str
    left_out: int = 0


def problems(sources: dict[str, tuple[RunFolder, str]], benchmarks: list[str], count: int) -> list[dict[str, Any]]:
    """`count` problems of each benchmark, evenly spaced over its order, with the first sample of each source.

    `sources` are checkpoints, by the name that they have on the page: a run and its stage. Problems that all of them were asked
    are preferred.
    """
    cards = []
    for benchmark in benchmarks:
        drawn = {
            name: run.rows(f"evaluate/{stage}/{benchmark}.parquet", SAMPLE, COLUMNS, FIRST)
            for name, (run, stage) in sources.items()
        }
        firsts = {name: {row["problem_id"]: row for row in rows} for name, rows in drawn.items() if rows}
        asked = list(next(iter(firsts.values()), {}))
        ids = [problem for problem in asked if all(problem in rows for rows in firsts.values())] or asked
        chosen = ids if len(ids) <= count else [ids[i * len(ids) // count] for i in range(count)]
        for problem in chosen:
            answers = {name: rows[problem] for name, rows in firsts.items() if problem in rows}
            cards.append(_card(benchmark, problem, answers))
    return cards


def browser(cards: list[dict[str, Any]], labels: dict[str, str]) -> dict[str, Any]:
    """What the page's sample browser reads as JSON: `stages` (name and label), `problems`. Every text is a string as shown."""
    return {"stages": list(labels.items()), "problems": _plain(cards)}


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return value.shown
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def rollouts(run: RunFolder, stage: str, count: int) -> list[dict[str, Any]]:
    """The first `count` rollouts of the first and of the last step, each of another problem."""
    files = run.names(f"{stage}/rollouts/*.parquet")
    cards = []
    for file in dict.fromkeys([files[0], files[-1]] if files else []):
        rows = run.rows(file, ROLLOUT, [*COLUMNS, "rewards", "step", "reward"]) or []
        seen = {row["problem_id"]: row for row in reversed(rows)}
        for row in [row for row in rows if seen[row["problem_id"]] is row][:count]:
            card = _card(stage, row["problem_id"], {stage: row})
            rewards = [(name, value) for name, value in row["rewards"] or [] if value is not None]
            cards.append(card | {"step": row["step"], "reward": row["reward"], "rewards": rewards})
    return cards


def _card(benchmark: str, problem: str, answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    row = next(iter(answers.values()))
    return {
        "benchmark": benchmark,
        "domain": row["domain"],
        "problem": problem,
        "turns": turns(row["prompt"]),
        "verifier": row["verifier"],
        "reference": cut(readable(row["reference"])),
        "answers": [{"stage": stage} | _answer(row) for stage, row in answers.items()],
    }


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    said, text = conversation(row)
    thinking, answer = split_thinking(text)
    if thinking is None and not answer.strip() and text.strip():  # never came to an end: all of it is thinking
        thinking = text
    return {
        "said": _few([(role, cut(body)) for role, body in said]),
        "thinking": cut(thinking.strip()) if thinking and thinking.strip() else None,
        "answer": cut(answer.strip()),
        "verdict": row["verdict"] or "not judged",
        "score": row["score"],
        "reason": cut(row["reason"] or ""),
        "tokens": row["tokens"],
        "truncated": row["finish_reason"] in CUT,
    }


def conversation(row: dict[str, Any]) -> tuple[list[tuple[str, str]], str]:
    """What model and tools said in an episode before the last turn, with roles; and that turn, or the whole completion."""
    if not row["turns"]:
        return [], row["text"]
    said = [(role, body.strip()) for role, body in TURN.findall(OPENING + row["text"])]
    if len(said) < 2 or said[-1][0] != "assistant":  # another template
        return [], row["text"]
    return [("tools" if role == "user" else role, body) for role, body in said[:-1]], said[-1][1]


def turns(prompt: str) -> list[tuple[str, Text]]:
    """(role, text) of each turn of a ChatML prompt; another template's prompt is one turn."""
    found = [(role, body.strip()) for role, body in TURN.findall(prompt)]
    said = [(role, cut(body)) for role, body in found if body]
    return _few(said) if found else [("prompt", cut(prompt))]


def _few(said: list[tuple[str, Text]]) -> list[tuple[str, Text]]:
    """The first and the last turns of a conversation that is too long for the page."""
    left_out = len(said) - MOST_TURNS
    if left_out <= 0:
        return said
    half = MOST_TURNS // 2
    return [*said[:half], ("…", Text(f"[… {left_out} turns …]")), *said[-half:]]


def readable(reference: str | None) -> str:
    """A reference's JSON with strings of code and tests shown on their own lines."""
    if reference is None:
        return "none: judged by the reward model alone"
    try:
        value = json.loads(reference)
    except (ValueError, RecursionError):  # no JSON, or numbers or brackets beyond what Python reads
        return reference
    if not isinstance(value, dict):
        return reference
    lines = []
    for key, item in value.items():
        text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        lines.append(f"{key}:\n{text.strip()}" if "\n" in text.strip() else f"{key}: {text.strip()}")
    return "\n".join(lines)


def cut(text: str) -> Text:
    """The text as shown: of one that is too long for the page the beginning and the end; signs that would turn it as escapes."""
    if len(text) <= LONGEST:
        return Text(text.translate(TURNING))
    half = LONGEST // 2
    left_out = len(text) - 2 * half
    return Text(f"{text[:half]}\n[… {left_out} characters …]\n{text[-half:]}".translate(TURNING), left_out)
