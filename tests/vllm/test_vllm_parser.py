"""Our reasoning parser among vLLM's own parts, beside its tool parser: marks of one token and of several, whole and in pieces."""

import json
from pathlib import Path

import pytest

CALL = '<tool_call>\n{"name": "mul", "arguments": {"a": 6, "b": 7}}\n</tool_call>'
TOOL = {"type": "function", "function": {"name": "mul", "parameters": {"type": "object", "properties": {}}}}
TURNS = {
    "thinking, then an answer": ("<think>\nadd\n</think>\n\n42", "\nadd\n", "42", 0),
    "thinking, then a call": (f"<think>\nadd\n</think>\n\n{CALL}", "\nadd\n", "", 1),
    "a call at once": (CALL, "", "", 1),
    "an answer at once": ("It is 42.", "", "It is 42.", 0),
    "words, then two calls": (f"Well.\n{CALL}\n{CALL}", "", "Well.", 2),
    "thinking that was cut": ("<think>\non and on", "\non and on", "", 0),
    "a mark that was cut": ("<thi", "", "<thi", 0),
}


@pytest.fixture(scope="module", params=["one token", "several tokens"])
def tokenizer(request):
    """The tests' tokenizer of characters, with the marks in its vocabulary or without."""
    from openqwq.model.import_model import TEMPLATE
    from openqwq.model.sources import character_tokenizer

    made = character_tokenizer(1024)
    made.chat_template = TEMPLATE.read_text(encoding="utf-8")
    return made if request.param == "one token" else spelt(made)


def spelt(tokenizer):
    """Without the marks, which are then spelt in characters, as in the tokenizers of SmolLM2 and Qwen2.5."""
    from transformers import PreTrainedTokenizerFast

    core = json.loads(tokenizer.backend_tokenizer.to_str())
    core["added_tokens"] = [token for token in core["added_tokens"] if "think" not in token["content"]]
    core["model"]["vocab"] = {text: number for text, number in core["model"]["vocab"].items() if "think" not in text}
    from tokenizers import Tokenizer

    made = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(core)), eos_token="<|im_end|>")
    made.chat_template = tokenizer.chat_template
    assert len(made("<think>")["input_ids"]) == 7
    return made


@pytest.fixture(scope="module")
def parser_class():
    """As `vllm serve` puts it together, the plugin loaded from its file."""
    from vllm.parser.parser_manager import ParserManager
    from vllm.reasoning import ReasoningParserManager

    import openqwq.talk

    ReasoningParserManager.import_reasoning_parser(str(Path(openqwq.talk.__file__).with_name("vllm_parser.py")))
    return ParserManager.get_parser("hermes", "openqwq", enable_auto_tools=True)


@pytest.fixture
def asking():
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest

    return ChatCompletionRequest(messages=[{"role": "user", "content": "6*7?"}], tools=[TOOL], tool_choice="auto")


def prompt_of(tokenizer):
    text = tokenizer.apply_chat_template([{"role": "user", "content": "6*7?"}], tokenize=False, add_generation_prompt=True)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("turn", TURNS)
def test_a_whole_turn(parser_class, tokenizer, asking, turn):
    text, thought, said, calls = TURNS[turn]
    parser = parser_class(tokenizer, asking.tools)
    assert not parser.is_reasoning_end(prompt_of(tokenizer))
    reasoning, content, made = parser.parse(text, asking, enable_auto_tools=True)
    assert (reasoning or "", (content or "").strip()) == (thought, said)
    assert [json.loads(call.arguments) for call in made or []] == [{"a": 6, "b": 7}] * calls


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("turn", TURNS)
def test_a_turn_in_pieces(parser_class, tokenizer, asking, turn, size):
    text, thought, said, calls = TURNS[turn]
    parser, ids = parser_class(tokenizer, asking.tools), tokenizer(text, add_special_tokens=False)["input_ids"]
    reasoning, content, arguments = "", "", {}
    for at in range(0, len(ids), size):
        new, finished = ids[at : at + size], at + size >= len(ids)
        delta = parser.parse_delta(tokenizer.decode(new), new, asking, prompt_of(tokenizer), finished=finished)
        if delta is not None:
            reasoning, content = reasoning + (delta.reasoning or ""), content + (delta.content or "")
            for call in delta.tool_calls:
                arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    assert (reasoning, content.strip()) == (thought, said)
    assert [json.loads(one) for one in arguments.values()] == [{"a": 6, "b": 7}] * calls


def test_without_tools_the_answer_comes_too(tokenizer, asking):
    from vllm.parser.parser_manager import ParserManager

    parser = ParserManager.get_parser(None, "openqwq")(tokenizer, None)
    ids = tokenizer("<think>a</think>\n\n<b>", add_special_tokens=False)["input_ids"]
    deltas = [parser.parse_delta(tokenizer.decode([one]), [one], asking, [], finished=one == ids[-1]) for one in ids]
    assert "".join(delta.reasoning or "" for delta in deltas if delta) == "a"
    assert "".join(delta.content or "" for delta in deltas if delta) == "<b>"


def test_thinking_is_counted(parser_class, tokenizer):
    parser = parser_class(tokenizer, None)

    def count(text):
        return parser_class(tokenizer, None).count_reasoning_tokens(tokenizer(text, add_special_tokens=False)["input_ids"])

    marks = len(tokenizer("<think></think>", add_special_tokens=False)["input_ids"])
    assert [count(text) for text in ("42", "<think>abc</think>42", "<think>abc", "")] == [0, marks + 3, marks // 2 + 3, 0]
    assert parser.count_reasoning_tokens([]) == 0


def test_a_template_that_opens_the_thinking_itself(parser_class, tokenizer, asking):
    """As QwQ's does; and Qwen3's, which closes it at once where a request turns it off."""
    import copy

    opening = copy.deepcopy(tokenizer)
    opening.chat_template = "{{ '<think>\n' if enable_thinking is not defined else '<think>\n\n</think>\n\n' }}"
    assert parser_class(opening, None).parse("add</think>\n42", asking)[:2] == ("add", "42")
    assert parser_class(opening, None).parse("on and on", asking)[:2] == ("on and on", None)
    off = parser_class(opening, None, chat_template_kwargs={"enable_thinking": False})
    assert off.is_reasoning_end(tokenizer("<think>\n\n</think>\n\n")["input_ids"])
    assert off.parse("42", asking)[:2] == (None, "42")


def test_the_engine_knows_by_tokens_alone_when_a_grammar_begins(parser_class, tokenizer):
    reader = parser_class(tokenizer, None).reasoning_parser
    prompt, said = prompt_of(tokenizer), tokenizer("<think>ab</think>{", add_special_tokens=False)["input_ids"]
    ended = [reader.is_reasoning_end_streaming(prompt + said[: at + 1], [said[at]]) for at in range(len(said))]
    assert ended.index(True) == len(said) - 2, "with the token that closes the mark"
