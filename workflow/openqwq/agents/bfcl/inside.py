"""The program that runs in the sandbox, once for every call: a conversation's calls so far, from the beginning.

stdin: the length of a JSON object on a line, the object, and the archive of `package.py`. The object has the entry's `id`,
`initial_config` and `involved_classes`, the model's `turns` (of the user) of steps of calls as Python expressions, and either
`golds`, to be checked against, or not. stdout: the answers to the last step, or what BFCL's checker says, as JSON.
"""

import json
import os
import sys
from typing import Any


def main() -> None:
    size = int(sys.stdin.buffer.readline())
    asked = json.loads(sys.stdin.buffer.read(size))
    place = "/tmp/bfcl.zip"  # noqa: S108  of the sandbox, which the call does not outlive
    with open(place, "wb") as file:
        file.write(sys.stdin.buffer.read())
    sys.path.insert(0, place)
    out, sys.stdout = os.dup(1), sys.stderr  # what a simulator prints is no answer
    made = checked(asked) if "golds" in asked else answered(asked)
    with os.fdopen(out, "w", encoding="utf-8") as stream:
        json.dump(made, stream)


def answered(asked: dict[str, Any]) -> list[str]:
    from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils import execute_multi_turn_func_call

    answers: list[str] = []
    for turn in asked["turns"]:
        for step in turn:
            answers, _ = execute_multi_turn_func_call(
                step,
                asked["initial_config"],
                asked["involved_classes"],
                "model",
                asked["id"],
                long_context="long_context" in asked["id"],
            )
    return answers


def checked(asked: dict[str, Any]) -> dict[str, Any]:
    from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker import multi_turn_checker

    found = multi_turn_checker(asked["turns"], asked["golds"], asked, asked["id"].rsplit("_", 1)[0], "model")
    return {"valid": bool(found["valid"]), "why": str(found.get("error_type", "")), "more": str(found.get("error_message", ""))}


main()
