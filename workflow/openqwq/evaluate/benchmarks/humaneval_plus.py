"""HumanEval+, the 164 functions of HumanEval with many more inputs (EvalPlus, arXiv 2305.01210), from its release or the hub.

    {"task_id": "HumanEval/0", "prompt": "from typing import List\n\n\ndef has_close_elements(…)…", "canonical_solution": "    …",
     "entry_point": "has_close_elements", "base_input": [[[1.0, 2.0], 0.3], …], "plus_input": […], "atol": 0, "contract": "…"}
    {"task_id": …, "prompt": …, "canonical_solution": …, "entry_point": …, "test": "…def check(candidate):\n    inputs = [[…]]…"}

The hub's rows have the inputs inside a test program that wants numpy and whose test of HumanEval/32 fails for every program; only
the inputs are taken from it.
"""

import ast
from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.evalplus import CLOSE, SECONDS, check_program
from openqwq.evaluate.benchmarks.humaneval import ASK, before
from openqwq.evaluate.benchmarks.row import problem
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = {"humaneval_plus": Place("evalplus/humanevalplus", "aa0d916268b1c17e84e881e9bd460508dd2fd308", split="test")}
# A polynomial has several zeros, and any will do (evalplus/eval/__init__.py, v0.3.1).
ORACLES = {"find_zero": f"{CLOSE} or abs(SOLUTION['poly'](*arguments, out)) <= 1e-4"}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """One problem a task, asked as HumanEval is, with base and plus inputs in one `check`."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        task = field(raw, "task_id", str, f"benchmark {benchmark.name}, row {index}")
        where = f"benchmark {benchmark.name}, {task}"
        prompt, entry = field(raw, "prompt", str, where), field(raw, "entry_point", str, where)
        solution = prompt + field(raw, "canonical_solution", str, where)
        tests = check_program(
            entry, solution, _inputs(raw, where), atol=float(raw.get("atol") or 0), oracle=ORACLES.get(entry, CLOSE)
        )
        made.append(
            problem(
                source=benchmark.name,
                domain="code",
                prompt=ASK.format(prompt.strip()),
                verifier="code",
                reference={
                    "language": "python",
                    "style": "check",
                    "entry_point": entry,
                    "setup": before(prompt, entry, where),
                    "tests": tests,
                    "time_limit_s": SECONDS,
                },
                metadata={"task_id": task, "licence": "Apache-2.0", "solution": solution},
            )
        )
    return made


def _inputs(raw: dict[str, Any], where: str) -> list[list[Any]]:
    """Argument lists: of the release's two columns, or the literal in the hub's test program."""
    if "base_input" in raw:
        inputs = [*field(raw, "base_input", list, where), *(field(raw, "plus_input", (list, dict), where))]
    else:
        try:
            assigned = [node for node in ast.walk(ast.parse(field(raw, "test", str, where))) if isinstance(node, ast.Assign)]
            inputs = next(ast.literal_eval(node.value) for node in assigned if ast.unparse(node.targets[0]) == "inputs")
        except (SyntaxError, ValueError, StopIteration, RecursionError, MemoryError) as error:
            message = f"{where}: the test program has no literal list of inputs ({error}). Fetch the rows again."
            raise UserError(message) from error
    if not inputs or not all(isinstance(arguments, list | tuple) for arguments in inputs):
        raise UserError(f"{where}: there are no inputs. Fetch the rows again.")
    return [list(arguments) for arguments in inputs]
