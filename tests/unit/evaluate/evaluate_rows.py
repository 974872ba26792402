"""One row of each benchmark in the shape that is published: written by us, after the documentation of the sets."""

import base64
import json
import pickle
import zlib
from typing import Any


def packed(tests: Any) -> str:
    """As LiveCodeBench packs private tests."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


LIVEBENCH = {"question_id": "a1", "livebench_release_date": "2024-11-25", "livebench_removal_date": "", "turns": ["Who lies?"]}
ECHO = [{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]
ADD = [{"input": "[1, 2]\n3", "output": "[4, 5]", "testtype": "functional"}]
LCB = {
    "question_title": "Add",
    "question_content": "Add two numbers.",
    "platform": "atcoder",
    "question_id": "abc300_a",
    "contest_id": "abc300",
    "contest_date": "2024-09-01T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": json.dumps(ECHO),
    "private_test_cases": packed([{"input": "5 -7\n", "output": "-2\n", "testtype": "stdin"}]),
    "metadata": "{}",
}
HUMANEVAL_PLUS = {
    "task_id": "HumanEval/1",
    "prompt": 'from math import sqrt\n\n\ndef root(x: float) -> float:\n    """The root."""\n',
    "entry_point": "root",
    "canonical_solution": "    return sqrt(x)\n",
    "contract": "",
    "base_input": [[4.0]],
    "plus_input": [[2.0], [0.0]],
    "atol": 0,
}
ONE = {
    "gsm8k": {"question": "How many?", "answer": "2 * 600 = <<2*600=1200>>1,200\n#### 1,200"},
    "math500": {"problem": "What is $\\frac12$?", "answer": "\\frac{1}{2}", "subject": "Algebra", "level": 1},
    "aime24": {"prompt": "Find it in \\boxed{}.", "answer": 204},
    "aime25": {"prompt": "Find it in \\boxed{}.", "answer": "70"},
    "amc23": {"id": 0, "question": "How far?", "answer": 27.0, "url": "https://example.org"},
    "ifeval": {"prompt": "No commas.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
    "mbpp": {
        "task_id": 12,
        "text": "Double it.",
        "code": "def helper(x):\r\n  return x\r\ndef twice(x):\r\n  return 2 * helper(x)",
        "test_list": ["assert twice(2) == 4", "assert set(twice(i) for i in [1]) == {2}"],
        "test_setup_code": "",
    },
    "mbpp_plus": {
        "task_id": "Mbpp/250",
        "prompt": '"""\nCount x in a tuple.\n"""\n',
        "entry_point": "count_X",
        "canonical_solution": "def count_X(tup, x):\n    return tup.count(x) + 0.0\n",
        "base_input": [[[1, 2, 1], 1]],
        "plus_input": [[[], 3]],
        "atol": 0,
    },
    "humaneval_plus": HUMANEVAL_PLUS,
    "livecodebench_v5": LCB,
    "livecodebench_v6": LCB
    | {
        "starter_code": "class Solution:\n    def shift(self, xs: List[int], by: int) -> List[int]:\n        ",
        "public_test_cases": json.dumps(ADD),
        "private_test_cases": packed([{"input": "[]\n1", "output": "[]", "testtype": "functional"}]),
        "metadata": json.dumps({"func_name": "shift"}),
    },
    "gpqa_diamond": {
        "Record ID": "rec0",
        "Question": "Which?",
        "Correct Answer": "this\n",
        "Incorrect Answer 1": "that",
        "Incorrect Answer 2": "those",
        "Incorrect Answer 3": "these",
        "High-level domain": "Physics",
    },
    "mmlu_pro": {
        "question_id": 70,
        "question": "Which?",
        "options": [f"option {number}" for number in range(10)],
        "answer": "I",
        "answer_index": 8,
        "category": "business",
    },
    "livebench_math": LIVEBENCH | {"category": "math", "task": "AMPS_Hard", "ground_truth": "\\frac{1}{2}"},
    "livebench_reasoning": LIVEBENCH | {"category": "reasoning", "task": "web_of_lies_v2", "ground_truth": "no, yes, yes"},
    "livebench_language": LIVEBENCH | {"category": "language", "task": "connections", "ground_truth": "a, b, c, d"},
    "livebench_data_analysis": LIVEBENCH | {"category": "data_analysis", "task": "cta", "ground_truth": "City"},
    "livebench_instruction_following": LIVEBENCH
    | {
        "category": "instruction_following",
        "task": "paraphrase",
        "instruction_id_list": ["keywords:existence"],
        "kwargs": [{"keywords": ["sea"], "num_words": None}],
    },
}
# A completion that each of these rows takes as right.
SOLVED = {
    "gsm8k": "\\boxed{1200}",
    "math500": "\\boxed{0.5}",
    "aime24": "\\boxed{204}",
    "aime25": "\\boxed{70}",
    "amc23": "\\boxed{27}",
    "ifeval": "None here.",
    "mbpp": "```python\ndef twice(x):\n    return x + x\n```",
    "mbpp_plus": "```python\ndef count_X(tup, x):\n    return sum(y == x for y in tup)\n```",
    "humaneval_plus": "```python\ndef root(x):\n    return x ** 0.5\n```",
    "livecodebench_v5": "```python\nprint(sum(map(int, input().split())))\n```",
    "livecodebench_v6": "```python\nclass Solution:\n    def shift(self, xs: List[int], by: int):\n"
    "        return [x + by for x in xs]\n```",
    "gpqa_diamond": "The answer is: this",
    "mmlu_pro": "\\boxed{I}",
    "livebench_math": "\\boxed{0.5}",
    "livebench_reasoning": "**no, yes, yes**",
    "livebench_language": "<solution>d, c, b, a</solution>",
    "livebench_data_analysis": "City",
    "livebench_instruction_following": "The sea.",
}
# One that looks like an answer and is none.
MISSED = {
    "humaneval_plus": "```python\ndef root(x):\n    return 2.0\n```",
    "livecodebench_v5": "```python\nprint(3)\n```",  # passes the public test alone
    "livecodebench_v6": "```python\nclass Solution:\n    def shift(self, xs, by):\n        return [4, 5]\n```",
    "mbpp": "```python\ndef twice(x):\n    return 4\n```",
    "mbpp_plus": "```python\ndef count_X(tup, x):\n    return 2\n```",
    "ifeval": "One, two.",
    "livebench_instruction_following": "The lake.",
}
