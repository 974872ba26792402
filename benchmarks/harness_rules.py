"""The scoring rules of EleutherAI's lm-evaluation-harness 0.4.13 (MIT) for `gsm8k` and `humaneval`, restated from its task files.

gsm8k (lm_eval/tasks/gsm8k/gsm8k.yaml, version 3): `strict-match` takes the first number after `####`, `flexible-extract` the last
thing that looks like a number anywhere; both are compared with the gold as lower-case text without commas, dollar signs,
all that stands before `#### `, and a final full stop.

humaneval (lm_eval/tasks/humaneval/humaneval.yaml, version 1): the model continues the bare prompt; the continuation ends at the
first stop string; prompt + continuation + test + `check(entry_point)` is executed, and passes when nothing is raised within 3 s
(the metric code_eval of the package evaluate). Here it is executed in our sandbox instead of in a bare process.

humaneval_instruct (humaneval_instruct.yaml beside it): the prompt is a message, the answer is begun for the model with a code
block that the function head opens, and the continuation ends at the first fence too.
"""

import re
import secrets
from typing import Any

from openqwq.sandbox import Limits, Sandbox, run_program

STRICT = re.compile(r"#### (\-?[0-9\.\,]+)")
FLEXIBLE = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")
IGNORED = (",", r"\$", r"(?s).*#### ", r"\.$")
UNTIL = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
FENCE = "```"  # where the code block of `humaneval_instruct` ends
SECONDS = 3.0
INVALID = "[invalid]"


def strict(text: str) -> str:
    """What `strict-match` reads as the answer."""
    found = STRICT.findall(text)
    return str(found[0]).strip() if found else INVALID


def flexible(text: str) -> str:
    """What `flexible-extract` reads as the answer."""
    found = FLEXIBLE.findall(text)
    return next(part for part in found[-1] if part).strip() if found else INVALID


def same(answer: str, gold: str) -> bool:
    """`exact_match` with the task's settings."""
    return _bare(answer) == _bare(gold)


def _bare(text: str) -> str:
    for pattern in IGNORED:
        text = re.sub(pattern, "", text)
    return text.lower()


def instruct(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The message of `humaneval_instruct`."""
    ask = "Write a solution to the following problem and make sure that it passes the tests:\n```"
    return [{"role": "user", "content": ask + row["prompt"]}]


def begun(row: dict[str, Any]) -> str:
    """How the answer to it begins."""
    return f"Here is the completed function:\n```python\n{row['prompt']}\n"


def until(text: str, *more: str) -> str:
    """The continuation up to the first stop string, of the task's or of `more`."""
    ends = [at for stop in (*UNTIL, *more) if (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def passes(sandbox: Sandbox, row: dict[str, Any], continuation: str) -> tuple[bool, str]:
    """Whether the program runs through, and the last line of what it complained of."""
    mark = secrets.token_hex(8)  # printed at the end: a program that leaves early has not passed
    code = f"{row['prompt']}{continuation}\n{row['test']}\ncheck({row['entry_point']})\nprint('{mark}')\n"
    ran = run_program(sandbox, code, b"", Limits(), SECONDS)
    said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
    passed = ran.end == "exit" and ran.status == 0 and ran.stdout.decode("utf-8", "replace").rstrip().endswith(mark)
    return passed, "" if passed else ran.end if ran.end != "exit" else (said[-1] if said else f"status {ran.status}")
