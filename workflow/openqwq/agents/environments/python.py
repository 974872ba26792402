"""Environment `python`: programs in the sandbox, for mathematics that is too long by head. Scored by the final number.

Task: `{"answer": "…"}`. Every call is a process of its own: nothing is kept between two calls, and nothing survives one.
"""

import math
from typing import Any, ClassVar

from openqwq import sandbox
from openqwq.agents.answers import judged, require_gold
from openqwq.agents.environment import TOOL_SECONDS, ToolError, not_a_tool, task_of
from openqwq.sandbox import Limits, Ran, SandboxBroken, run_program
from openqwq.verify import Verdict
from openqwq.verify.code import sandboxes

OUTPUT_BYTES = 1 << 20
ERROR_CHARACTERS = 600  # of the end of a traceback


class Python:
    """A program may take `tool_seconds` of wall time."""

    name: ClassVar[str] = "python"
    keeps_time: ClassVar[bool] = True

    def __init__(self, tool_seconds: float = TOOL_SECONDS) -> None:
        self._seconds = tool_seconds
        self._limits = Limits(cpu_seconds=math.ceil(tool_seconds) + 1, output_bytes=OUTPUT_BYTES)
        self._gold = ""

    def reset(self, **problem: Any) -> None:
        """Takes the gold. Raises `UserError` where code cannot be isolated."""
        sandbox.require()
        self._gold = task_of(problem, answer=str)["answer"]
        require_gold(self._gold)

    def run_python(self, code: str) -> str:
        """Run a Python 3 program and see what it prints. Each call starts anew: variables are not kept.

        Args:
            code: The whole program. It has the standard library, no network and no files; print what you want to see.
        """
        ran = self._run(code)
        printed = ran.stdout.decode("utf-8", "replace").rstrip()
        if ran.end == "timeout":
            raise ToolError(f"the program was stopped after {self._seconds:g} s. Find a faster way.")
        if ran.end == "output":
            raise ToolError(f"the program printed more than {OUTPUT_BYTES} bytes and was stopped. Print less.")
        if ran.status != 0:
            said = ran.stderr.decode("utf-8", "replace").strip()[-ERROR_CHARACTERS:]
            raise ToolError(f"the program ended with {_ending(ran.status)}.\n{said}\n{printed}".rstrip())
        return printed or "(no output: print what you want to see)"

    @not_a_tool
    def score(self, answer: str) -> Verdict:
        """By the number in the last turn's box."""
        return judged(self._gold, answer)

    @not_a_tool
    def close(self) -> None:
        """Nothing: the sandbox is the thread's."""

    def _run(self, code: str) -> Ran:
        """A sandbox that breaks is replaced, and the program, which left nothing behind, is run again.

        One that breaks two of them while a program that does nothing runs is to blame itself, or breaking would be a way to be
        masked. Raises `SandboxBroken` where that does not run either.
        """
        for _ in range(2):
            try:
                return run_program(sandboxes.sandbox(), code, b"", self._limits, self._seconds)
            except SandboxBroken:
                sandboxes.discard()
        try:
            run_program(sandboxes.sandbox(), "", b"", self._limits, self._seconds)
        except SandboxBroken:
            sandboxes.discard()
            raise
        raise ToolError("the program broke the sandbox that it ran in, twice. Write another.")


def _ending(status: int) -> str:
    return f"status {status}" if status > 0 else f"signal {-status} (it ran out of memory or time, or crashed)"
