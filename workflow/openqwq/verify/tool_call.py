"""The verifier `tool_call`: are the calls in a completion the expected ones?

Reference: `{"calls": [{"name": …, "arguments": {…}}]}`; no calls means that the model has to abstain. An optional key
`"arguments_form"` says how an argument's value in the reference is read:

- `"accepted"`: a list of accepted values, `""` among them meaning that the argument may be left out (the possible
  answers of the Berkeley Function-Calling Leaderboard, where nested objects hold lists of accepted values too);
- `"plain"`: the one accepted value;
- left out: `"accepted"` where every argument of every call is a list that is not empty, else `"plain"`. A call all of
  whose arguments are plain lists must therefore say `"plain"`.

Completion: after the thinking, Hermes blocks `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, in any order.
Values are compared by type as BFCL does: an integer will do for a float but not the reverse, true is not 1, text is
compared without regard to case, spaces and the marks `,./-_'"`, unless they make another number: a sign or a decimal point.
"""

import json
import re
from typing import Any

from openqwq.verify.answer import split_thinking
from openqwq.verify.item import Watch
from openqwq.verify.verdict import Verdict, correct, incorrect, unscorable

MAX_CALLS = 64
MAX_BLOCK = 100_000  # characters of one call
_BLOCK = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)
_DISGUISED = re.compile(
    r'</?\s*tool_?call|\{\s*"(?:name|function)"\s*:\s*"[^"]*"\s*,\s*"(?:arguments|parameters)"', re.IGNORECASE
)
# The marks that BFCL ignores, but for those that make another number or formula: a sign, a decimal point, a power.
_IGNORED = re.compile(r"[ ,_'\"]|(?<!\d)\.|\.(?!\d)|/|(?<=\w)-|-(?!\d)")


class BadCall(Exception):
    """A call that the model wrote wrongly; the message says how."""


def judge(reference: Any, completion: str, watch: Watch) -> Verdict:
    """Judges one completion; the calls may come in any order, each expected one exactly once."""
    expected, accepted_form, problem = _expected(reference)
    if problem:
        return unscorable(f"reference: {problem}")
    watch.phase("completion")
    try:
        calls = read_calls(completion)
    except BadCall as error:
        return incorrect(f"malformed: {error}")
    if not expected:
        return incorrect(f"{len(calls)} calls where none was due") if calls else _abstention(completion)
    if not calls:
        return incorrect("no answer: no tool call after the thinking")
    if len(calls) != len(expected):
        return incorrect(f"{len(calls)} calls, expected {len(expected)}")
    fits = [[_mismatch(want, call, accepted_form) is None for call in calls] for want in expected]
    if _perfect_matching(fits):
        return correct()
    if len(expected) == 1:
        return incorrect(_mismatch(expected[0], calls[0], accepted_form) or "")
    return incorrect("the calls are not the expected ones")


def _abstention(completion: str) -> Verdict:
    """No call was due and none was made in the agreed form: unless it is cut off, or a call in another form."""
    thinking, answer = split_thinking(completion)
    if thinking is not None and "</think>" not in completion:
        return incorrect("no answer: the thinking does not end")
    if disguised(answer):
        return incorrect("malformed: a call in another form where none was due")
    return correct("no call, as was due")


def disguised(answer: str) -> bool:
    """Whether a text without calls in the agreed form has something like one in another."""
    return _DISGUISED.search(answer) is not None


def read_calls(completion: str) -> list[dict[str, Any]]:
    """The calls after the thinking, each with a text `name` and an object `arguments`. Raises `BadCall`."""
    _, answer = split_thinking(completion)
    blocks = _BLOCK.findall(answer)
    if answer.count("<tool_call>") != len(blocks) or answer.count("</tool_call>") != len(blocks):
        raise BadCall("a <tool_call> tag without its partner")
    if len(blocks) > MAX_CALLS:
        raise BadCall(f"limit: {len(blocks)} calls, at most {MAX_CALLS}")
    calls = []
    for block in blocks:
        if len(block) > MAX_BLOCK:
            raise BadCall(f"limit: a call of {len(block)} characters, at most {MAX_BLOCK}")
        try:
            call = json.loads(block, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            raise BadCall(f"not JSON ({error})") from error
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise BadCall('a call needs "name"')
        if not isinstance(call.get("arguments", {}), dict):
            raise BadCall('"arguments" is not an object')
        calls.append({"name": call["name"], "arguments": call.get("arguments", {})})
    return calls


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a key given twice would be two candidates for one value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _expected(reference: Any) -> tuple[list[dict[str, Any]], bool, str | None]:
    """The expected calls, whether their arguments are lists of accepted values, and what is wrong with them if anything."""
    calls = reference.get("calls") if isinstance(reference, dict) else None
    if not isinstance(calls, list):
        return [], False, 'no list under "calls"'
    for call in calls:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str) or not isinstance(call.get("arguments"), dict):
            return [], False, 'a call needs a text "name" and an object "arguments"'
    values = [value for call in calls for value in call["arguments"].values()]
    lists = all(isinstance(value, list) and value for value in values)
    form = reference.get("arguments_form", "accepted" if lists else "plain")
    if form not in ("accepted", "plain"):
        return [], False, f'"arguments_form" is {form!r}, expected "accepted" or "plain"'
    if form == "accepted" and not lists:
        return [], False, "an argument without a list of accepted values"
    return calls, form == "accepted", None


def _mismatch(want: dict[str, Any], call: dict[str, Any], accepted_form: bool) -> str | None:
    """Why a call is not the expected one, or None where it is."""
    if call["name"] != want["name"]:
        return f"called {call['name'][:80]!r}, expected {want['name']!r}"
    return _object_mismatch(want["arguments"], call["arguments"], accepted_form)


def _object_mismatch(want: dict[str, Any], given: dict[str, Any], accepted_form: bool) -> str | None:
    for name in given:
        if name not in want:
            return f"argument {name[:80]!r} is unknown"
    for name, value in want.items():
        if name not in given:
            if accepted_form and "" in value:
                continue
            return f"argument {name!r} is missing"
        fits = any(_accepted(one, given[name]) for one in value) if accepted_form else _same(value, given[name])
        if not fits:
            return f"argument {name!r} has a wrong value"
    return None


def _accepted(want: Any, given: Any) -> bool:
    """One accepted value of BFCL's form, in which the values inside an object are again lists of accepted ones."""
    if isinstance(want, dict) and isinstance(given, dict) and all(isinstance(v, list) for v in want.values()):
        return _object_mismatch(want, given, accepted_form=True) is None
    if isinstance(want, list) and isinstance(given, list):
        return len(want) == len(given) and all(_accepted(w, g) for w, g in zip(want, given, strict=True))
    return _same(want, given)


def _same(want: Any, given: Any) -> bool:
    """Equality of JSON values by type."""
    if isinstance(want, bool) or isinstance(given, bool) or want is None or given is None:
        return want is given
    if isinstance(want, str):
        return isinstance(given, str) and _standard(want) == _standard(given)
    if isinstance(want, float):
        return isinstance(given, int | float) and want == given
    if isinstance(want, int):
        return isinstance(given, int) and want == given
    if isinstance(want, list):
        return isinstance(given, list) and len(want) == len(given) and all(_same(w, g) for w, g in zip(want, given, strict=True))
    if not isinstance(given, dict) or want.keys() != given.keys():
        return False
    return all(_same(value, given[key]) for key, value in want.items())


def _standard(text: str) -> str:
    return _IGNORED.sub("", text.replace("**", "^")).lower()


def _perfect_matching(fits: list[list[bool]]) -> bool:
    """Whether every row can have a column of its own (Kuhn's augmenting paths)."""
    owner: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for column, fit in enumerate(fits[row]):
            if fit and column not in seen:
                seen.add(column)
                if column not in owner or place(owner[column], seen):
                    owner[column] = row
                    return True
        return False

    return all(place(row, set()) for row in range(len(fits)))
