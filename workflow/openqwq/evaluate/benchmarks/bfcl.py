"""BFCL v4's single-turn categories in Python (gorilla.cs.berkeley.edu), from the data of the PyPI package bfcl-eval.

    {"id": "simple_python_0", "question": [[{"role": "user", "content": "Find the area of a triangle …"}]],
     "function": [{"name": "calculate_triangle_area", "parameters": {"type": "dict", "properties": {…}}}]}
    {"id": "simple_python_0", "ground_truth": [{"calculate_triangle_area": {"base": [10], "height": [5], "unit": ["units", ""]}}]}

Each argument lists the values accepted; an empty string among them means that the argument may be left out. `simple` offers one
tool and wants one call, `multiple` offers several, `parallel` wants several calls of one, `parallel_multiple` of several; in
`irrelevance`, which has no file of answers, no tool fits, and right is who calls none.
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.row import problem
from openqwq.evaluate.benchmarks.source import field, from_package

PACKAGE = ("bfcl_eval", "bfcl-eval")
CATEGORIES = {
    "bfcl_simple": "simple_python",
    "bfcl_multiple": "multiple",
    "bfcl_parallel": "parallel",
    "bfcl_parallel_multiple": "parallel_multiple",
    "bfcl_irrelevance": "irrelevance",
}
# BFCL names Python types; chat templates and JSON schema have other words. "any" is JSON schema's absent type.
TYPES = {"dict": "object", "float": "number", "tuple": "array"}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """Prompts as published, the tools as JSON schema, the accepted calls as reference."""
    file = f"BFCL_v4_{CATEGORIES[benchmark.name]}.json"
    golds = None
    if benchmark.name != "bfcl_irrelevance":
        golds = {str(gold.get("id")): gold for gold in from_package(benchmark, *PACKAGE, f"data/possible_answer/{file}")}
    made = []
    for raw in from_package(benchmark, *PACKAGE, f"data/{file}"):
        name = field(raw, "id", str, f"benchmark {benchmark.name}")
        where = f"benchmark {benchmark.name}, {name}"
        turns = field(raw, "question", list, where)
        made.append(
            problem(
                source=benchmark.name,
                domain="tool",
                prompt=turns[0][0]["content"],
                tools=[{"type": "function", "function": as_json_schema(f)} for f in field(raw, "function", list, where)],
                verifier="tool_call",
                reference={"calls": [] if golds is None else _calls(golds, name, where)},
                metadata={"task_id": name, "licence": "Apache-2.0"},
            )
        )
    return made


def _calls(golds: dict[str, dict[str, Any]], name: str, where: str) -> list[dict[str, Any]]:
    if name not in golds:
        raise UserError(f"{where}: no possible answer for it. Reinstall the package bfcl-eval.")
    return [
        {"name": function, "arguments": arguments}
        for call in field(golds[name], "ground_truth", list, where)
        for function, arguments in call.items()
    ]


def as_json_schema(function: dict[str, Any]) -> dict[str, Any]:
    """A BFCL function description with its types named as JSON schema names them."""
    return function | {"parameters": _schema(function["parameters"])}


def _schema(node: dict[str, Any]) -> dict[str, Any]:
    made = dict(node)
    kind = made.pop("type", "any")
    if kind != "any":
        made = {"type": TYPES.get(kind, kind)} | made
    if isinstance(node.get("properties"), dict):
        made["properties"] = {key: _schema(value) for key, value in node["properties"].items()}
    if isinstance(node.get("items"), dict):
        made["items"] = _schema(node["items"])
    return made
