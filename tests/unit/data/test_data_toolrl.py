"""ToolRL's traces: three texts of its own shape into tools, turns, a completion and the calls it makes."""

import json

import pytest

from openqwq.config.curate import TraceFilters
from openqwq.data.filters import traces
from openqwq.data.rows import make_row
from openqwq.data.sources.transforms import REGISTRY, json_types
from openqwq.data.sources.unreadable import Unreadable
from openqwq.verify import VerifierPool

DAY = '{"description": "which", "type": "str, optional", "default": "today"}'
TOP = '{"description": "how many", "type": "int", "default": ""}'
RATES = f'1. Name: get_rates\nDescription: Rates of a day.\nIn euros.\nParameters: {{"day": {DAY}, "top": {TOP}}}'
BANKS = "2. Name: Find Bank\nDescription: \nParameters: {}"
STEPS = "\n\n**Steps for Each Turn**\n1. **Think:** Recall."
INSTRUCTION = f"Help.\n\n**Available Tools**\nIn your response, you can use the following tools:\n{RATES}\n{BANKS}{STEPS}"
CALL = '{"name": "get_rates", "parameters": {"day": "Monday", "top": 3}}'
BANK = '{"name": "Find Bank", "parameters": {}}'
OUTPUT = f"<think> Monday's <tool_call> is due. </think>\n<tool_call>\n{CALL}\n{BANK}\n</tool_call>"
SPOKEN = "<think> None fits, I see. </think>\n<response> I cannot sing. </response>"
HISTORY = (
    "**Dialogue Records History**\n<user> Rates <b>please</b> </user>\n\n"
    f"<think> Look. </think>\n<tool_call>\n{CALL}\n</tool_call>\n"
    "<obs> [1.07] </obs>\n\n<think> Say it. </think>\n<response> It is 1.07.\nMore? </response>\n\n<user> Sing! </user>"
)


def apply(name, value):
    return REGISTRY[f"toolrl_{name}"](value)


def test_tools_have_the_form_that_chat_templates_take():
    day = {"type": "string", "description": "which", "default": "today"}
    top = {"type": "integer", "description": "how many"}
    assert [tool["function"] for tool in apply("tools", INSTRUCTION)] == [
        {
            "name": "get_rates",
            "description": "Rates of a day.\nIn euros.",
            "parameters": {"type": "object", "properties": {"day": day, "top": top}},
        },
        {"name": "Find Bank", "description": "", "parameters": {"type": "object", "properties": {}}},
    ]


def test_the_dialogue_becomes_turns():
    turns = apply("messages", HISTORY)
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "assistant", "user"]
    assert turns[0]["content"] == "Rates <b>please</b>"
    called = '{"name": "get_rates", "arguments": {"day": "Monday", "top": 3}}'
    assert turns[1]["content"] == f"<think>\nLook.\n</think>\n\n<tool_call>\n{called}\n</tool_call>"
    assert turns[2]["content"] == "[1.07]"
    assert turns[3]["content"] == "<think>\nSay it.\n</think>\n\nIt is 1.07.\nMore?"


def test_the_output_becomes_a_completion_in_our_form():
    blocks = [
        f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'
        for name, arguments in (("get_rates", '{"day": "Monday", "top": 3}'), ("Find Bank", "{}"))
    ]
    assert apply("completion", OUTPUT) == "<think>\nMonday's <tool_call> is due.\n</think>\n\n" + "\n".join(blocks)
    assert apply("completion", SPOKEN) == "<think>\nNone fits, I see.\n</think>\n\nI cannot sing."
    both = f"<think> x </think>\n<tool_call>\n{BANK}\n</tool_call>\n<response> I look. </response>\n"
    assert apply("completion", both) == f"<think>\nx\n</think>\n\nI look.\n{blocks[1]}"


def test_calls_are_the_reference_and_an_answer_in_words_calls_nothing():
    assert apply("calls", [INSTRUCTION, OUTPUT]) == [
        {"name": "get_rates", "arguments": {"day": "Monday", "top": 3}},
        {"name": "Find Bank", "arguments": {}},
    ]
    assert apply("calls", [INSTRUCTION, SPOKEN]) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("tools", 5, "columns are text, this is int"),
        ("tools", "No tools.", "no list of tools"),
        ("tools", INSTRUCTION.partition("**Steps")[0], "no list of tools"),
        ("tools", INSTRUCTION.replace(f"{RATES}\n{BANKS}", ""), "an empty list of tools"),
        ("tools", INSTRUCTION.replace(BANKS, RATES), "two tools of one name"),
        ("tools", INSTRUCTION.replace("Parameters: {}", "Parameters: none"), "not a tool with Name"),
        ("tools", INSTRUCTION.replace("Parameters: {}", "Parameters: {"), "not JSON"),
        ("tools", INSTRUCTION.replace("Parameters: {}", 'Parameters: {"a": 1}'), "the parameter 'a' of 'Find Bank'"),
        ("messages", "<user> x </user>", "does not begin with the records"),
        ("messages", HISTORY + " and so on", "not a turn of the dialogue: 'and so on'"),
        ("messages", HISTORY.replace("<user> Sing! </user>", "<user> Sing!"), "not a turn of the dialogue: '<user> Sing!'"),
        ("messages", "**Dialogue Records History**\n<user> x </user><obs> 1 </obs>", "not a turn of the dialogue: '<obs>"),
        ("completion", "No thinking.", "not thinking with calls"),
        ("completion", "<think> x </think>", "neither a call nor a response"),
        ("completion", f"{SPOKEN} and so on", "not thinking with calls or a response behind it"),
        ("completion", "<think> a </think> b </think>\n<response> c </response>", "not thinking with calls"),
        ("completion", OUTPUT.replace("</tool_call>", ""), "not thinking with calls"),
        ("completion", OUTPUT.replace(BANK, "[1]"), "a JSON object is expected"),
        ("completion", OUTPUT.replace(BANK, BANK[:-2]), "not JSON"),
        ("completion", OUTPUT.replace('"parameters": {}', '"arguments": {}'), "a call has a name and parameters"),
        ("calls", [INSTRUCTION], "here are 1 columns"),
    ],
)
def test_another_shape_costs_the_row(name, value, says):
    with pytest.raises(Unreadable) as caught:
        apply(name, value)
    assert says in str(caught.value)


@pytest.mark.parametrize(("old", "new"), [('"top"', '"first"'), ("Find Bank", "Find Banks")])
def test_a_call_that_no_tool_knows_is_counted_as_such(old, new):
    with pytest.raises(Unreadable) as caught:
        apply("calls", [INSTRUCTION, OUTPUT.replace(old, new)])
    assert caught.value.kind == "a call that no tool knows"


@pytest.mark.parametrize(
    ("written", "schema"),
    [
        ("str, optional", {"type": "string"}),
        ("float", {"type": "number"}),
        ("bool", {"type": "boolean"}),
        ("Dict", {"type": "object"}),
        ("list", {"type": "array"}),
        ("List[List[float]]", {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}),
        ("List[Union[int, float]]", {"type": "array", "items": {"type": ["integer", "number"]}}),
        ("Tuple[float, str]", {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]}),
        ("Union[str, List[int]]", {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]}),
        ("Dict[str, int]", {"type": "object"}),
        ("Optional[int]", {"type": "integer"}),
        ("['string', 'null']", {"type": ["string", "null"]}),
        ("Callable[[float], float]", {}),
        ("['string', 'colour']", {}),
        ("any", {}),
        ("(" * 500, {}),
        ("", {}),
    ],
)
def test_types_as_people_write_them(written, schema):
    assert json_types.schema(written) == schema


def trace(output):
    reference = {"calls": apply("calls", [INSTRUCTION, output]), "arguments_form": "plain"}
    return make_row(
        "toolrl",
        "tool",
        apply("messages", HISTORY),
        verifier="tool_call",
        reference=reference,
        tools=apply("tools", INSTRUCTION),
        completion=apply("completion", output),
    )


def test_traces_verify_and_what_was_tampered_with_does_not():
    called, spoken = trace(OUTPUT), trace(SPOKEN)
    assert json.loads(spoken["reference"])["calls"] == []
    tampered = [
        {**called, "completion": called["completion"].replace('"top": 3', '"top": 4')},
        {**called, "completion": called["completion"].partition("\n<tool_call>\n{")[0]},
        {**spoken, "completion": called["completion"]},
        {**spoken, "completion": spoken["completion"].replace("</think>", "")},
    ]
    with VerifierPool(2) as pool:
        kept, dropped = traces.check([called, spoken, *tampered], TraceFilters(), pool)
    assert kept == [called, spoken]
    assert [row for row, _ in dropped] == tampered
    assert all(reason.startswith("wrong answer: ") for _, reason in dropped)
