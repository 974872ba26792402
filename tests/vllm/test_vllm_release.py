"""A released folder in vLLM: it loads, and `openqwq serve` answers OpenAI's client with thinking and tool calls apart."""

import json
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from openqwq.generate import open_sampler
from openqwq.release import files, weights

TOOL = {"type": "function", "function": {"name": "mul", "description": "", "parameters": {"type": "object", "properties": {}}}}
CALL = '<tool_call>\n{"name": "mul", "arguments": {"a": 6, "b": 7}}\n</tool_call>'
SAID = {  # question: turn, and what it is taken apart into
    "Think and call.": (f"<think>\nI compute.\n</think>\n\n{CALL}", "\nI compute.\n", "", [{"a": 6, "b": 7}]),
    "Call at once.": (CALL, None, "", [{"a": 6, "b": 7}]),
    "Think and say.": ("<think>\nEasy.\n</think>\n\nIt is 42.", "\nEasy.\n", "It is 42.", []),
    "Say at once.": ("Hello.", None, "Hello.", []),
}


@pytest.fixture(scope="module")
def released(even, tmp_path_factory):
    """Random weights, as `openqwq release` writes them."""
    folder = tmp_path_factory.mktemp("released")
    files.write(even, folder, "float32", {"temperature": 0.6, "top_p": 0.95, "top_k": 40})
    weights.write(weights.plan(even, "float32", 200_000), "float32", folder)
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_loads_and_says_what_the_checkpoint_says(released, even, small):
    from openqwq.config.train import Sampling

    said = []
    for folder in (released, even):
        with open_sampler("vllm", folder, 4, "float32", small) as sampler:
            prompt = sampler.render([{"role": "user", "content": "1+1"}], None)
            said.append(sampler.sample([prompt], 1, Sampling(temperature=0.0, max_tokens=24), 1)[0][0].token_ids)
    assert said[0] == said[1]


@pytest.fixture(scope="module")
def client(by_heart):
    """OpenAI's client of `openqwq serve`, with a model that spells <think> in several tokens."""
    from openai import OpenAI

    folder, port = by_heart({question: turn for question, (turn, *_) in SAID.items()}, [TOOL], spelt=True), free_port()
    words = [sys.executable, "-m", "openqwq.cli", "serve", str(folder), "--port", str(port), "--name", "tiny"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                assert server.poll() is None, server.stdout.read()[-3000:]
                time.sleep(0.5)
        with OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none") as opened:
            yield opened
    finally:
        server.terminate()
        server.wait(60)


@pytest.mark.parametrize("question", SAID)
def test_the_server_tells_thinking_answer_and_call_apart(client, question):
    _, thought, said, calls = SAID[question]
    messages = [{"role": "user", "content": question}]
    made = client.chat.completions.create(model="tiny", messages=messages, tools=[TOOL], temperature=0)
    message = made.choices[0].message
    assert message.model_extra.get("reasoning") == thought
    assert (message.content or "").strip() == said
    assert [json.loads(call.function.arguments) for call in message.tool_calls or []] == calls
    assert made.choices[0].finish_reason == ("tool_calls" if calls else "stop")
    counted = made.usage.completion_tokens_details.reasoning_tokens
    assert (counted == 0) if thought is None else (len(thought) < counted < made.usage.completion_tokens)


@pytest.mark.parametrize("question", SAID)
def test_and_so_it_does_in_a_stream(client, question):
    _, thought, said, calls = SAID[question]
    reasoning, content, arguments = "", "", {}
    messages = [{"role": "user", "content": question}]
    for piece in client.chat.completions.create(model="tiny", messages=messages, tools=[TOOL], temperature=0, stream=True):
        for choice in piece.choices:
            reasoning += (choice.delta.model_extra or {}).get("reasoning") or ""
            content += choice.delta.content or ""
            for call in choice.delta.tool_calls or []:
                arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    assert (reasoning or None, content.strip()) == (thought, said)
    assert [json.loads(one) for one in arguments.values()] == calls
