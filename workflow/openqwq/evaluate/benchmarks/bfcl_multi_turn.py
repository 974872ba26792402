"""BFCL v4's conversations of several turns (gorilla.cs.berkeley.edu), from the PyPI package bfcl-eval.

    {"id": "multi_turn_base_0", "question": [[{"role": "user", "content": "Move 'final_report.pdf' …"}], [{…}]],
     "initial_config": {"GorillaFileSystem": {…}}, "involved_classes": ["TwitterAPI", "GorillaFileSystem"], "path": […]}
    {"id": "multi_turn_base_0", "ground_truth": [["cd(folder='document')", "mkdir(dir_name='temp')"], ["sort('a.pdf')"]]}

`base`; `miss_param`, where the user first leaves out what a call needs; `miss_func`, where a tool comes a turn late; and
`long_context`, where the simulators answer at length. Played by the environment `bfcl`. Every task offers all tools of its
simulators, as BFCL does (its key `excluded_function` has no effect there either).
"""

from typing import Any

from openqwq.agents.bfcl.package import SIMULATORS
from openqwq.config.evaluate import CONVERSATIONS, Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.bfcl import PACKAGE, as_json_schema
from openqwq.evaluate.benchmarks.row import problem
from openqwq.evaluate.benchmarks.source import field, from_package

CATEGORIES = {name: name.removeprefix("bfcl_") for name in CONVERSATIONS}
LATE = "I have updated some more functions you can choose from. What about now?"  # BFCL's words, where a tool comes late


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The first words of each conversation as prompt; all else in the reference."""
    file = f"BFCL_v4_{CATEGORIES[benchmark.name]}.json"
    golds = {str(gold.get("id")): gold for gold in from_package(benchmark, *PACKAGE, f"data/possible_answer/{file}")}
    tools = {name: _tools(benchmark, document) for name, document in SIMULATORS.items()}  # described under its name
    return [_row(benchmark.name, raw, golds, tools) for raw in from_package(benchmark, *PACKAGE, f"data/{file}")]


def _row(source: str, raw: dict[str, Any], golds: dict[str, Any], tools: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    name = field(raw, "id", str, f"benchmark {source}")
    where = f"benchmark {source}, {name}"
    classes = field(raw, "involved_classes", list, where)
    if name not in golds or not set(classes) <= set(tools):
        raise UserError(f"{where}: no possible answer for it, or a simulator that is not known. Reinstall the package bfcl-eval.")
    said = [turn[0]["content"] if turn else LATE for turn in field(raw, "question", list, where)]
    late = {turn: set(names) for turn, names in raw.get("missed_function", {}).items()}
    withheld = set().union(*late.values())
    offered = [tool for known in classes for tool in tools[known]]
    task = {
        "id": name,
        "initial_config": field(raw, "initial_config", dict, where),
        "involved_classes": classes,
        "users": said[1:],
        "added": {turn: [tool for tool in offered if tool["function"]["name"] in names] for turn, names in late.items()},
        "golds": field(golds[name], "ground_truth", list, where),
    }
    return problem(
        source=source,
        domain="agent",
        prompt=said[0],
        tools=[tool for tool in offered if tool["function"]["name"] not in withheld],
        verifier="environment",
        reference={"environment": "bfcl", "task": task},
        metadata={"task_id": name, "licence": "Apache-2.0"},
    )


def _tools(benchmark: Benchmark, document: str) -> list[dict[str, Any]]:
    """The tools of a simulator; what they return is not told beforehand."""
    described = from_package(benchmark, *PACKAGE, f"data/multi_turn_func_doc/{document}.json")
    wanted = ("name", "description", "parameters")
    return [{"type": "function", "function": as_json_schema({key: one[key] for key in wanted})} for one in described]
