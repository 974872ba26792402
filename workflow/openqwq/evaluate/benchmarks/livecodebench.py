"""LiveCodeBench's code generation, releases 5 and 6 (arXiv 2403.07974): contest problems by date, in the lighter set of tests.

    {"question_title": "A. Short Sort", "question_content": "There are three cards with letters …", "platform": "codeforces",
     "question_id": "1873_A", "contest_date": "2023-08-21T00:00:00", "starter_code": "", "difficulty": "easy",
     "public_test_cases": "[{\"input\": \"6\\nabc\\n…\", \"output\": \"YES\\n…\", \"testtype\": \"stdin\"}]",
     "private_test_cases": "eJxrYJ…", "metadata": "{}"}                  # LeetCode: {"func_name": "…"}, "testtype": "functional"

`after` and `before` choose a window of dates; QwQ's is 2024-08-01 to 2025-02-01. The files of release 5 are 4.3 GB: tests are
megabytes a problem, so they stay compressed in the references, and a whole release wants much memory.
"""

import json
from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.data.sources.transforms.tests import code_tests
from openqwq.data.sources.unreadable import Unreadable
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.packed import Unpackable, unpack
from openqwq.evaluate.benchmarks.row import problem
from openqwq.evaluate.benchmarks.source import field, from_hub
from openqwq.verify.code.packed import pack

_FILES = ("test.jsonl", "test2.jsonl", "test3.jsonl", "test4.jsonl", "test5.jsonl", "test6.jsonl")
_REPOSITORY = ("livecodebench/code_generation_lite", "0fe84c3912ea0c4d4a78037083943e8f0c4dd505")
HUB = {"livecodebench_v5": Place(*_REPOSITORY, files=_FILES[:5]), "livecodebench_v6": Place(*_REPOSITORY, files=_FILES)}
SECONDS = 6  # a test, as published
# LeetCode's solutions use these names without importing them.
SETUP = "from typing import *\nfrom collections import *\nfrom itertools import *\nfrom functools import *\nfrom heapq import *\n"
SETUP += "from bisect import *\nimport math\nimport re\nimport string\nfrom math import *\n"
ASK_PROGRAM = (
    "{}\n\nWrite a Python program that reads from standard input and writes to standard output. "
    "Reply with the whole program in one ```python code block."
)
ASK_METHOD = "{}\n\nUse this starter code:\n\n```python\n{}\n```\n\nReply with the whole program in one ```python code block."


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """Public and private tests together, as published; the prompt shows neither, the statement has its own examples."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        name = field(raw, "question_id", str, f"benchmark {benchmark.name}, row {index}")
        where = f"benchmark {benchmark.name}, {name}"
        date = str(raw.get("contest_date"))[:10]
        if (benchmark.after and date < benchmark.after) or (benchmark.before and date >= benchmark.before):
            continue
        content, starter = field(raw, "question_content", str, where), field(raw, "starter_code", str, where)
        made.append(
            problem(
                source=benchmark.name,
                domain="code",
                prompt=ASK_METHOD.format(content, starter.rstrip()) if starter.strip() else ASK_PROGRAM.format(content),
                verifier="code",
                reference=_reference(raw, where),
                metadata={"question_id": name, "date": date, "difficulty": raw.get("difficulty"), "licence": "CC"},
            )
        )
    return made


def _reference(raw: dict[str, Any], where: str) -> dict[str, Any]:
    private = field(raw, "private_test_cases", str, where)
    try:
        # Problems of early releases hold their private tests as JSON.
        hidden = json.loads(private if private.lstrip().startswith("[") else unpack(private))
        tests = [*json.loads(field(raw, "public_test_cases", str, where)), *hidden]
        metadata = json.loads(field(raw, "metadata", str, where) or "{}")
        reference = code_tests([{**test, "metadata": metadata} for test in tests])
    except (Unpackable, Unreadable, ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{where}: its tests cannot be read ({error}). Fetch the file again.") from error
    setup = {"setup": SETUP} if reference["style"] == "call" else {}
    return {**reference, **setup, "time_limit_s": SECONDS, "tests": pack(reference["tests"])}
