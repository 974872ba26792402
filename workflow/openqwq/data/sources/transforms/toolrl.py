"""`toolrl_…`: the traces of ToolRL (arXiv 2504.13958), which write tools, dialogue and calls into three texts.

    instruction   … 1. Name: get_rates\\nDescription: Rates\\nParameters: {"day": {"description", "type", "default"}}\\n2. Name: …
    input         **Dialogue Records History**\\n<user> … </user>, then <think>, <tool_call>, <obs>, <response> of earlier turns
    output        <think> … </think>\\n<tool_call>\\n{"name", "parameters"}, one a line\\n</tool_call>\\n<response> … </response>

A call that none of its row's tools knows is a slip in the set (for one, a call in which JSON was taken apart at its commas): the
row is set aside and counted as `a call that no tool knows`.
"""

import json
import re
from typing import Any

from openqwq.data.rows import Message, thought
from openqwq.data.sources.transforms import json_types
from openqwq.data.sources.unreadable import Unreadable

Schema = dict[str, Any]
UNKNOWN_CALL = "a call that no tool knows"
_LIST = "you can use the following tools:"
_END = "**Steps for Each Turn**"
_TOOL = re.compile(r"\d+\. Name: ([^\n]+)\nDescription: (.*?)\nParameters: (?=\{)", re.DOTALL)
_HISTORY = re.compile(r"\s*\*\*Dialogue Records History\*\*")
_USER = re.compile(r"<user>(.*?)</user>", re.DOTALL)
_SEEN = re.compile(r"<obs>(.*?)</obs>", re.DOTALL)
_REPLY = re.compile(
    r"\s*<think>(?P<thinking>.*?)</think>\s*(?:<tool_call>(?P<calls>.*?)</tool_call>\s*)?(?:<response>(?P<answer>.*?)</response>)?",
    re.DOTALL,
)
_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder()


def toolrl_tools(value: Any) -> list[Schema]:
    """The tools of an instruction as chat templates take them. Raises `Unreadable`, also for two of one name."""
    _, found, rest = _as_text(value).partition(_LIST)
    listed, ended, _ = rest.partition(_END)
    if not found or not ended:
        raise Unreadable(f"no list of tools between {_LIST!r} and {_END!r}")
    tools: list[Schema] = []
    at = _passed(listed, 0)
    while at < len(listed):
        head = _TOOL.match(listed, at)
        if head is None:
            raise Unreadable(f"not a tool with Name, Description and Parameters: {listed[at : at + 80]!r}")
        parameters, at = _json(listed, head.end())
        tools.append(_schema(head[1].strip(), head[2].strip(), parameters))
    names = [tool["function"]["name"] for tool in tools]
    if not names or len(set(names)) < len(names):
        raise Unreadable("two tools of one name" if names else "an empty list of tools")
    return tools


def toolrl_messages(value: Any) -> list[Message]:
    """The dialogue so far: turns of the user, of the assistant (calls in Hermes form) and of tools. Raises `Unreadable`."""
    text = _as_text(value)
    head = _HISTORY.match(text)
    if head is None:
        raise Unreadable("the input does not begin with the records of the dialogue")
    turns: list[Message] = []
    at = _passed(text, head.end())
    while at < len(text):
        if match := _USER.match(text, at):
            turns.append({"role": "user", "content": match[1].strip()})
        elif (match := _SEEN.match(text, at)) and turns and turns[-1]["role"] == "assistant":
            turns.append({"role": "tool", "content": match[1].strip()})
        elif match := _REPLY.match(text, at):
            turns.append({"role": "assistant", "content": _hermes(match)})
        else:
            raise Unreadable(f"not a turn of the dialogue: {text[at : at + 80]!r}")
        at = _passed(text, match.end())
    return turns


def toolrl_completion(value: Any) -> str:
    """The output as a completion: thinking, then the answer and its calls in Hermes form. Raises `Unreadable`."""
    return _hermes(_output(value))


def toolrl_calls(values: list[Any]) -> list[dict[str, Any]]:
    """The calls of `[instruction, output]`, empty for an answer without one. Raises `Unreadable` for one that no tool knows."""
    if len(values) != 2:
        raise Unreadable(f"calls are read from an instruction and an output, here are {len(values)} columns")
    known = {tool["function"]["name"]: tool["function"]["parameters"]["properties"] for tool in toolrl_tools(values[0])}
    calls = _calls(_output(values[1])["calls"])
    for call in calls:
        if call["name"] not in known:
            raise Unreadable(f"no tool is named {call['name'][:80]!r}", kind=UNKNOWN_CALL)
        strange = [name for name in call["arguments"] if name not in known[call["name"]]]
        if strange:
            raise Unreadable(f"{call['name']!r} has no parameter {strange[0][:80]!r}", kind=UNKNOWN_CALL)
    return calls


def _output(value: Any) -> re.Match[str]:
    text = _as_text(value).rstrip()
    match = _REPLY.match(text)
    if match is None or match.end() < len(text):
        raise Unreadable(f"not thinking with calls or a response behind it: {text[-80:]!r}")
    return match


def _hermes(reply: re.Match[str]) -> str:
    """A turn of the assistant: its thinking, what it says, its calls."""
    answer = [] if reply["answer"] is None else [reply["answer"].strip()]
    calls = [f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>" for call in _calls(reply["calls"])]
    if not any([*answer, *calls]):
        raise Unreadable("neither a call nor a response after the thinking")
    return thought(reply["thinking"].strip(), "\n".join([*answer, *calls]))


def _calls(text: str | None) -> list[dict[str, Any]]:
    """The JSON objects of a block, one behind the other."""
    calls = []
    at = 0 if text is None else _passed(text, 0)
    while text is not None and at < len(text):
        call, at = _json(text, at)
        if not isinstance(call.get("name"), str) or not isinstance(call.get("parameters"), dict) or len(call) != 2:
            raise Unreadable(f"a call has a name and parameters, this one {', '.join(call) or 'nothing'}")
        calls.append({"name": call["name"], "arguments": call["parameters"]})
    return calls


def _schema(name: str, description: str, parameters: dict[str, Any]) -> Schema:
    """A function whose parameters have a description, a type as people or Python write it, and a default, `""` for none.

    Which parameters have to be given is not said in the set, so nothing is `required`.
    """
    properties: Schema = {}
    for parameter, given in parameters.items():
        if not isinstance(given, dict):
            raise Unreadable(f"the parameter {parameter[:80]!r} of {name[:80]!r} is not described by an object")
        default = given.get("default", "")
        properties[parameter] = {
            **json_types.schema(str(given.get("type", ""))),
            "description": str(given.get("description", "")),
            **({} if default == "" else {"default": default}),
        }
    made = {"name": name, "description": description, "parameters": {"type": "object", "properties": properties}}
    return {"type": "function", "function": made}


def _json(text: str, at: int) -> tuple[dict[str, Any], int]:
    """The JSON object that stands at a place of a text, and where the next thing begins."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({error}): {text[at : at + 80]!r}") from error
    if not isinstance(value, dict):
        raise Unreadable(f"a JSON object is expected, this is {type(value).__name__}")
    return value, _passed(text, end)


def _passed(text: str, at: int) -> int:
    """Where the next thing begins: spaces are passed over."""
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"ToolRL's columns are text, this is {type(value).__name__}")
    return value
