"""Environment `bfcl`: a conversation of BFCL's multi-turn part. Its simulators keep the state, its own checker scores.

Task: an entry of the benchmark (`id`, `initial_config`, `involved_classes`), the user's later words `users`, the schemas `added`
of tools that come with them (by their number, `{"2": […]}`), and `golds`, the calls that are right, of each of the user's turns.

The simulators are code of others on arguments of the model, and not all of it ends (a square root of any number of digits). So
they run in the sandbox, in a process that lives for one call and carries out all calls so far: nothing is left of one that is
killed, and episodes share nothing.
"""

import json
import math
from pathlib import Path
from typing import Any, ClassVar

from openqwq import sandbox
from openqwq.agents.bfcl import package
from openqwq.agents.environment import TOOL_SECONDS, BadTask, ToolError, not_a_tool, task_of
from openqwq.sandbox import Limits, SandboxBroken, run_program
from openqwq.verify import Verdict, correct, incorrect
from openqwq.verify.code import sandboxes

PROGRAM = Path(package.__file__).with_name("inside.py")
OUTPUT_BYTES = 1 << 20
CHECKING = 3  # times as long as a call may be: the calls, which all took part in one that ended in time, and the golds


class Bfcl:
    """A call may take `tool_seconds` of wall time, those before it included."""

    name: ClassVar[str] = "bfcl"
    keeps_time: ClassVar[bool] = True

    def __init__(self, tool_seconds: float = TOOL_SECONDS) -> None:
        self._seconds = tool_seconds
        self._task: dict[str, Any] = {}
        self._offered: list[dict[str, Any]] = []
        self._turns: list[list[list[str]]] = [[]]  # calls by turn of the user, then by step
        self._over = False

    def reset(self, **problem: Any) -> None:
        """Takes the entry. Raises `UserError` where code cannot be isolated or bfcl-eval is not installed."""
        sandbox.require()
        shape = {"id": str, "initial_config": dict, "involved_classes": list, "users": list, "added": dict, "golds": list}
        task = task_of(problem, **shape)
        if not set(task["involved_classes"]) <= set(package.SIMULATORS) or len(task["golds"]) != len(task["users"]) + 1:
            raise BadTask("involved_classes are BFCL's simulators, and golds one list more than users has texts")
        package.archive(tuple(task["involved_classes"]))
        self._task, self._turns, self._over = task, [[]], False
        self._offered = json.loads(problem["tools"] or "[]")

    @not_a_tool
    def offered(self) -> list[dict[str, Any]]:
        """The schemas of the tools that there are now."""
        return self._offered

    @not_a_tool
    def call(self, name: str, arguments: dict[str, Any]) -> str:
        """The simulators' answer, as BFCL shows it. A call that is stopped has not been made."""
        step = [f"{name}({','.join(f'{key}={value!r}' for key, value in arguments.items())})"]
        turns = [*self._turns[:-1], [*self._turns[-1], step]]
        answers = self._run({"turns": turns}, self._seconds)
        self._turns = turns
        return str(answers[0])

    @not_a_tool
    def reply(self, _answer: str) -> str | None:
        """What the user says next."""
        at = len(self._turns)
        if at > len(self._task["users"]):
            self._over = True
            return None
        self._turns.append([])
        self._offered = [*self._offered, *self._task["added"].get(str(at), [])]
        return str(self._task["users"][at - 1])

    @not_a_tool
    def score(self, _answer: str) -> Verdict:
        """After each of the user's turns the state must be that of the golds, and what their calls answer must have been seen."""
        if not self._over:
            return incorrect("the conversation was not brought to its end")
        try:
            found = self._run({"turns": self._turns, "golds": self._task["golds"]}, CHECKING * self._seconds)
        except ToolError as error:
            return incorrect(f"limit: {error}")
        return correct(found["why"] or "as the golds") if found["valid"] else incorrect(f"{found['why']}: {found['more']}"[:300])

    @not_a_tool
    def close(self) -> None:
        """Nothing: the sandbox is the thread's."""

    def _run(self, more: dict[str, Any], seconds: float) -> Any:
        """Runs the program. Raises `ToolError` where it is stopped, `SandboxBroken` where the sandbox is to blame."""
        entry = {key: self._task[key] for key in ("id", "initial_config", "involved_classes")}
        told = json.dumps(entry | more).encode()
        given = b"%d\n%s%s" % (len(told), told, package.archive(tuple(entry["involved_classes"])))
        limits = Limits(cpu_seconds=math.ceil(seconds) + 1, output_bytes=OUTPUT_BYTES)
        try:
            ran = run_program(sandboxes.sandbox(), PROGRAM.read_text(encoding="utf-8"), given, limits, seconds)
        except SandboxBroken:
            sandboxes.discard()
            raise
        if ran.end == "timeout":
            raise ToolError(f"the call was stopped after {seconds:g} s. Ask for less.")
        if ran.end == "output":
            raise ToolError(f"the answer has more than {OUTPUT_BYTES} bytes. Ask for less.")
        if ran.status != 0:
            said = ran.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise ToolError(f"the call was stopped: it ran out of memory or crashed ({said[:200]}). Ask for less.")
        return json.loads(ran.stdout)
