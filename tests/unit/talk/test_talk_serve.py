"""Serving: the command that fits a template, what is refused before it starts, and OpenAI's API on loopback."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from openqwq.errors import UserError
from openqwq.talk import serve

QUESTION = "6*7?"
TURN = '<think>\nI compute.\n</think>\n\n<tool_call>\n{"name": "mul", "arguments": {"a": 6, "b": 7}}\n</tool_call>'
TOOL = {"type": "function", "function": {"name": "mul", "description": "", "parameters": {"type": "object", "properties": {}}}}


def test_the_parsers_fit_the_template(tiny_model, tmp_path):
    assert serve.parsers(tiny_model) == ("openqwq", "hermes")
    folder = tmp_path / "other"
    shutil.copytree(tiny_model, folder)
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    assert serve.parsers(folder) == (None, None)
    (folder / "chat_template.jinja").write_text("{{ messages }} <tool_call> <function=")
    assert serve.parsers(folder) == (None, "qwen3_coder")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(UserError, match="no chat template"):
        serve.parsers(folder)


def test_vllm_is_called_with_them(tiny_model, monkeypatch):
    monkeypatch.setattr(serve, "_program", lambda _name: "/bin/vllm")
    words = serve.command(tiny_model, "auto", "127.0.0.1", 8000, "tiny")
    assert words[:3] == ["/bin/vllm", "serve", str(tiny_model)]
    for pair in (["--reasoning-parser", "openqwq"], ["--tool-call-parser", "hermes"], ["--served-model-name", "tiny"]):
        at = words.index(pair[0])
        assert words[at : at + 2] == pair
    assert "--enable-auto-tool-choice" in words
    plugin = Path(words[words.index("--reasoning-parser-plugin") + 1])
    assert plugin.is_absolute()
    assert 'NAME = "openqwq"' in plugin.read_text(encoding="utf-8")


def test_the_build_for_cpus_does_not_ask_for_the_machines_whole_memory(tiny_model, monkeypatch):
    monkeypatch.setattr(serve, "find_spec", lambda _name: True)
    monkeypatch.setattr(serve, "distributions", lambda name: [])
    words = serve.command(tiny_model, "vllm", "127.0.0.1", 8000, None)
    at = words.index("--kv-cache-memory-bytes")
    assert words[at + 1] == str(4 * 2**30)
    assert words[at + 2 : at + 4] == ["--model", str(tiny_model)]


def test_a_vllm_of_another_environment_finds_the_parser(tiny_model, tmp_path):
    if serve._program("vllm"):
        pytest.skip("vLLM is installed here, and goes before others")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "vllm").write_text("#!/bin/sh\necho $PYTHONPATH\n")
    (tmp_path / "bin" / "vllm").chmod(0o755)
    words = [sys.executable, "-m", "openqwq.cli", "serve", str(tiny_model), "--port", str(free_port())]
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": f"/elsewhere:{serve.PACKAGES}"}
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.stdout.startswith(f"{serve.PACKAGES}:/elsewhere"), done.stderr


def openqwq(*arguments):
    words = [sys.executable, "-m", "openqwq.cli", "serve", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_what_is_refused(tiny_model, tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        for arguments, said in [
            ([tmp_path / "nowhere"], "no such model folder"),
            ([tiny_model, "--host", "0.0.0.0"], "--allow-remote"),
            ([tiny_model, "--port", "99999"], "is none"),
            ([tiny_model, "--engine", "transformers", "--name", "x"], "--name is for vLLM"),
            *([([tiny_model, "--port", taken], "cannot be listened on")] if find_spec("openai") else []),
            *([([tiny_model, "--engine", "vllm"], "vLLM is not installed")] if serve._program("vllm") is None else []),
        ]:
            done = openqwq(*arguments)
            assert done.returncode == 2, said
            assert said in done.stderr
            assert len(done.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def calling(by_heart):
    """A model that has learnt one thing by heart: to answer QUESTION with TURN."""
    return by_heart({QUESTION: TURN}, [TOOL])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def address(calling):
    if find_spec("openai") is None:
        pytest.skip("openai is not installed; `make env` brings it")
    port = free_port()
    words = [sys.executable, "-m", "openqwq.cli", "serve", str(calling), "--engine", "transformers", "--port", str(port)]
    server = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"HF_TOKEN": ""}
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1)
            break
        except OSError:
            assert server.poll() is None, server.stdout.read()
            time.sleep(0.2)
    yield url
    server.terminate()
    server.wait(20)


def test_openais_client_gets_thinking_and_a_tool_call(address, calling):
    from openai import OpenAI

    with OpenAI(base_url=f"{address}/v1", api_key="none") as client:
        messages = [{"role": "user", "content": QUESTION}]
        made = client.chat.completions.create(model=str(calling.resolve()), messages=messages, tools=[TOOL], max_tokens=200)
        message = made.choices[0].message
        assert made.choices[0].finish_reason == "tool_calls"
        assert message.tool_calls[0].function.name == "mul"
        assert json.loads(message.tool_calls[0].function.arguments) == {"a": 6, "b": 7}
        assert "tool_call" not in (message.content or "")
        assert "I compute." in message.model_extra["reasoning_content"]
        assert "I compute." not in (message.content or "")
        pieces = client.chat.completions.create(
            model=str(calling.resolve()), messages=messages, tools=[TOOL], max_tokens=200, stream=True
        )
        calls = [call for piece in pieces for choice in piece.choices for call in choice.delta.tool_calls or []]
        assert [call.function.name for call in calls if call.function.name] == ["mul"]


def test_the_wire_refuses_what_it_cannot_read(address):
    request = urllib.request.Request(f"{address}/v1/chat/completions", b"{}", {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=20)
    assert 400 <= caught.value.code < 600
