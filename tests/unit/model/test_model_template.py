"""The chat template: ChatML, thinking dropped from history, tools in the Hermes form."""

import json

import pytest

from openqwq.generate.checkpoint import load_tokenizer

TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
USER = {"role": "user", "content": "2 + 2?"}
THOUGHT = {"role": "assistant", "content": "<think>\nhm\n</think>\n\n4"}


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return load_tokenizer(tiny_model)


def render(tokenizer, messages, **settings):
    return tokenizer.apply_chat_template(messages, tokenize=False, **settings)


def test_one_turn(tokenizer):
    assert render(tokenizer, [USER], add_generation_prompt=True) == "<|im_start|>user\n2 + 2?<|im_end|>\n<|im_start|>assistant\n"


def test_the_prompt_is_a_prefix_of_prompt_and_completion(tokenizer):
    prompt = render(tokenizer, [USER], tools=[TOOL], add_generation_prompt=True)
    assert render(tokenizer, [USER, THOUGHT], tools=[TOOL]) == prompt + THOUGHT["content"] + "<|im_end|>\n"


def test_thinking_is_kept_in_the_last_turn_and_dropped_from_history(tokenizer):
    text = render(tokenizer, [USER, THOUGHT, USER, THOUGHT])
    assert text.count("<think>") == 1
    assert "<|im_start|>assistant\n4<|im_end|>" in text


def test_tools_calls_and_answers(tokenizer):
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "add", "arguments": {"a": 1}}}]}
    text = render(
        tokenizer, [{"role": "system", "content": "Be brief."}, USER, call, {"role": "tool", "content": "3"}], tools=[TOOL]
    )
    assert text.startswith("<|im_start|>system\nBe brief.\n\nYou can call these functions:\n<tools>\n")
    assert json.loads(text.split("<tools>\n")[1].split("\n</tools>")[0]) == TOOL
    assert json.loads(text.split("<tool_call>\n")[2].split("\n</tool_call>")[0]) == {"name": "add", "arguments": {"a": 1}}
    assert "<|im_start|>user\n<tool_response>\n3\n</tool_response><|im_end|>" in text


def test_only_assistant_turns_are_learnt_from(tokenizer):
    out = tokenizer.apply_chat_template([USER, THOUGHT], return_dict=True, return_assistant_tokens_mask=True)
    learnt = [i for i, m in zip(out["input_ids"], out["assistant_masks"], strict=True) if m]
    assert tokenizer.decode(learnt) == THOUGHT["content"] + "<|im_end|>"


def test_answers_to_several_calls_stand_in_one_turn(tokenizer):
    answers = [{"role": "tool", "content": "3"}, {"role": "tool", "content": "4"}]
    calls = {"role": "assistant", "content": "<think>\nboth\n</think>\n\n<tool_call>…</tool_call>"}
    text = render(tokenizer, [USER, calls, *answers, THOUGHT, USER, calls, answers[0]], add_generation_prompt=True)
    both = "<|im_start|>user\n<tool_response>\n3\n</tool_response>\n<tool_response>\n4\n</tool_response><|im_end|>\n"
    assert both in text
    assert text.endswith("<|im_end|>\n<|im_start|>user\n<tool_response>\n3\n</tool_response><|im_end|>\n<|im_start|>assistant\n")
    assert text.count("<think>") == 1  # thinking goes before the user's last turn; a tool's answer is none


def test_a_conversation_with_tools_grows_at_its_end(tokenizer):
    call = {"role": "assistant", "content": "<think>\nhm\n</think>\n\n<tool_call>\n{}\n</tool_call>"}
    turns = [USER, call, {"role": "tool", "content": "3"}, call, {"role": "tool", "content": "4"}, THOUGHT]
    whole = render(tokenizer, turns, tools=[TOOL])
    for end in (1, 3, 5):
        assert whole.startswith(render(tokenizer, turns[:end], tools=[TOOL], add_generation_prompt=True))


def test_a_turn_is_read_as_it_was_rendered(tokenizer):
    call = {"type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": "x"}}}
    prompt = render(tokenizer, [USER], tools=[TOOL], add_generation_prompt=True)
    said = "<think>\nhm\n</think>\n\nI add."
    text = render(tokenizer, [USER, {"role": "assistant", "content": said, "tool_calls": [call, call]}], tools=[TOOL])
    parsed = tokenizer.parse_response(text.removeprefix(prompt), prefix=prompt)
    assert parsed["tool_calls"] == [call, call]
    assert (parsed["reasoning_content"].strip(), parsed["content"].strip()) == ("hm", "I add.")
