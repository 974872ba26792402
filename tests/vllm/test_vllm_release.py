"""A released folder in vLLM: it loads, and `openqwq serve` answers OpenAI's client with thinking and tool calls apart."""

import subprocess
import sys
import time
import urllib.request

import pytest

from openqwq.generate import open_sampler
from openqwq.release import files, weights


@pytest.fixture(scope="module")
def released(even, tmp_path_factory):
    """Random weights, as `openqwq release` writes them."""
    folder = tmp_path_factory.mktemp("released")
    files.write(even, folder, "float32", {"temperature": 0.6, "top_p": 0.95, "top_k": 40})
    weights.write(weights.plan(even, "float32", 200_000), "float32", folder)
    return folder


def test_it_loads_and_says_what_the_checkpoint_says(released, even, small):
    from openqwq.config.train import Sampling

    said = []
    for folder in (released, even):
        with open_sampler("vllm", folder, 4, "float32", small) as sampler:
            prompt = sampler.render([{"role": "user", "content": "1+1"}], None)
            said.append(sampler.sample([prompt], 1, Sampling(temperature=0.0, max_tokens=24), 1)[0][0].token_ids)
    assert said[0] == said[1]


def test_the_server_starts_with_the_parsers(released):
    port = 18733
    words = [sys.executable, "-m", "openqwq.cli", "serve", str(released), "--port", str(port), "--name", "tiny"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                assert server.poll() is None, server.stdout.read()[-3000:]
                time.sleep(0.5)
        from openai import OpenAI

        with OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none") as client:
            tool = {"type": "function", "function": {"name": "mul", "parameters": {"type": "object", "properties": {}}}}
            made = client.chat.completions.create(
                model="tiny", messages=[{"role": "user", "content": "6*7?"}], tools=[tool], max_tokens=16
            )
            assert made.choices[0].finish_reason in ("length", "stop", "tool_calls")
    finally:
        server.terminate()
        server.wait(60)
