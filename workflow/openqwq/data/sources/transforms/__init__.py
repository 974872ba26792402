"""Named transforms: from a value as some public set writes it to the value that our row holds. One file a shape.

A transform takes what the mapping took (with `columns`, the list of their values) and returns our value. It is pure, and
raises `Unreadable` for a row that has another shape.
"""

from collections.abc import Callable
from typing import Any

from openqwq.data.sources.transforms import answers, calls, domains, ifeval, pairs, tests, toolrl, tools, turns

REGISTRY: dict[str, Callable[[Any], Any]] = {
    "one_answer": answers.one_answer,
    "code_tests": tests.code_tests,
    "ifeval_constraint": ifeval.ifeval_constraint,
    "bracketed_calls": calls.bracketed_calls,
    "tools_in_text": tools.tools_in_text,
    "before_reply": turns.before_reply,
    "preferred": pairs.preferred,
    "dispreferred": pairs.dispreferred,
    "preference_strength": pairs.preference_strength,
    "domain_name": domains.domain_name,
    "toolrl_tools": toolrl.toolrl_tools,
    "toolrl_messages": toolrl.toolrl_messages,
    "toolrl_completion": toolrl.toolrl_completion,
    "toolrl_calls": toolrl.toolrl_calls,
}
