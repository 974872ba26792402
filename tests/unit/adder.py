"""A small environment for tests: a sum that only its tool can tell."""

import json
from typing import Any, ClassVar

from openqwq.agents.environment import ToolError, not_a_tool, task_of, tool_schemas
from openqwq.verify import Verdict, correct, incorrect


class Adder:
    """Knows two numbers by the names a and b."""

    name: ClassVar[str] = "adder"

    def __init__(self, tool_seconds: float = 10.0) -> None:
        self.tool_seconds = tool_seconds
        self.closed = False

    def reset(self, **problem: Any) -> None:
        task = task_of(problem, a=int, b=int)
        self.numbers = {"a": task["a"], "b": task["b"]}

    def look(self, name: str) -> int:
        """Tells a number.

        Args:
            name: a or b.

        Returns:
            The number.
        """
        if name not in self.numbers:
            raise ToolError("there are a and b")
        return self.numbers[name]

    @not_a_tool
    def score(self, answer: str) -> Verdict:
        return correct() if str(sum(self.numbers.values())) in answer else incorrect("not the sum")

    @not_a_tool
    def close(self) -> None:
        self.closed = True


def adder_row(index: int, **task: Any) -> dict[str, Any]:
    """A problem of it, as a `PROBLEM` row."""
    return {
        "id": f"adder{index:03d}",
        "source": "own",
        "domain": "agent",
        "messages": [{"role": "user", "content": f"What is a + b? Task {index}."}],
        "tools": json.dumps(tool_schemas(Adder)),
        "verifier": "environment",
        "reference": json.dumps({"environment": "adder", "task": {"a": 10 + index, "b": 5} | task}),
        "metadata": "{}",
    }
