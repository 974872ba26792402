"""MBPP, small Python functions (arXiv 2108.07732); of its test split (ids 11 to 510) all but one.

{"task_id": 11, "text": "Write a python function to remove first and last occurrence …", "code": "def remove_Occ(s,ch): …",
 "test_list": ["assert remove_Occ(\"hello\",\"l\") == \"heo\"", …], "test_setup_code": ""}
"""

import ast
import warnings
from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.row import problem
from openqwq.evaluate.benchmarks.source import field, from_path

TEST_IDS = range(11, 511)
# Its test builds objects of a class that the solution defines; a program is judged from outside, by plain values alone.
NOT_JUDGED = {367}
SECONDS = 30  # for all tests of a task: the published solution of 123 needs 4 to 10 seconds of a core
ASK = "{}\nYour code should pass these tests:\n\n```python\n{}\n```\n\nReply with the whole program in one ```python code block."


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The asserts become one `check(candidate)`; as in the paper the model sees them."""
    made = []
    for index, raw in enumerate(from_path(benchmark)):
        task = field(raw, "task_id", int, f"benchmark {benchmark.name}, row {index}")
        where = f"benchmark {benchmark.name}, task {task}"
        if task not in TEST_IDS or task in NOT_JUDGED:
            continue
        solution = field(raw, "code", str, where).replace("\r\n", "\n")
        asserts = [line.replace("\r\n", "\n").strip() for line in field(raw, "test_list", list, where)]
        entry = tested(asserts, solution, where)
        body = "".join(f"    {line}\n" for line in asserts)
        made.append(
            problem(
                source=benchmark.name,
                domain="code",
                prompt=ASK.format(field(raw, "text", str, where), "\n".join(asserts)),
                verifier="code",
                reference={
                    "language": "python",
                    "style": "check",
                    "entry_point": entry,
                    "time_limit_s": SECONDS,
                    "setup": field(raw, "test_setup_code", str, where).replace("\r\n", "\n"),
                    "tests": f"def check(candidate):\n    {entry} = candidate\n{body}",
                },
                metadata={"task_id": task, "licence": "CC-BY-4.0", "solution": solution},
            )
        )
    return made


def tested(asserts: list[str], solution: str, where: str) -> str:
    """The name of the function that the asserts call and the solution defines."""
    try:
        with warnings.catch_warnings():  # some solutions write regular expressions without r""
            warnings.simplefilter("ignore")
            defined = {node.name for node in ast.parse(solution).body if isinstance(node, ast.FunctionDef)}
        calls = [node.func for node in ast.walk(ast.parse("\n".join(asserts))) if isinstance(node, ast.Call)]
    except SyntaxError as error:
        raise UserError(f"{where}: the code or its tests are not Python ({error}). Fetch the original file.") from error
    for function in calls:
        if isinstance(function, ast.Name) and function.id in defined:
            return function.id
    raise UserError(f"{where}: no test calls a function that the solution defines. Fetch the original file.")
