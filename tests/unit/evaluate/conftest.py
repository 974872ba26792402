"""Problems, a sampler that needs no model, and a stage in a temporary folder."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openqwq.config.train import Sampling
from openqwq.config.vllm import VllmConfig
from openqwq.generate import Sample
from openqwq.generate.prompts import one_each
from openqwq.stage import Stage


def make_problem(index: int, answer: str = "4", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"p{index:03d}",
        "source": "own",
        "domain": "math",
        "messages": [{"role": "user", "content": f"question {index}"}],
        "tools": None,
        "verifier": "math",
        "reference": json.dumps({"answer": answer}),
        "metadata": "{}",
    } | changes


class FakeSampler:
    """Answers with `reply(prompt, sample)`; remembers what it was asked."""

    def __init__(self, reply: Callable[[str, int], str]) -> None:
        self.reply = reply
        self.calls: list[tuple[list[str], int | list[int], Sampling, int | list[int]]] = []

    def render(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str:
        return f"<user>{messages[-1]['content']}" + (f"<tools>{len(tools)}" if tools else "")

    def sample(self, prompts, samples, sampling, seed, progress=None) -> list[list[Sample]]:
        self.calls.append((list(prompts), samples, sampling, seed))
        counts = one_each(samples, prompts, "numbers of samples")
        drawn = []
        for number, prompt in enumerate(prompts, start=1):
            texts = [self.reply(prompt, s) for s in range(counts[number - 1])]
            drawn.append([Sample(t, list(range(len(t) or 1)), "length" if t.endswith("…") else "stop") for t in texts])
            if progress:
                progress(sum(counts[:number]), sum(counts))
        return drawn


@pytest.fixture
def problem_row() -> Callable[..., dict[str, Any]]:
    """Makes a math problem as a `PROBLEM` row."""
    return make_problem


@pytest.fixture
def opener():
    """Makes an `opener` around a reply function; `opener.sampler` is the sampler, `opener.opened` how often it was opened."""

    def make(reply: Callable[[str, int], str]):
        sampler = FakeSampler(reply)

        @contextmanager
        def open_it(engine: str, checkpoint: Path, batch: int, dtype: str, vllm: VllmConfig) -> Iterator[FakeSampler]:
            open_it.opened += 1
            yield sampler

        open_it.sampler, open_it.opened = sampler, 0
        return open_it

    return make


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage("evaluate", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = Path(os.environ.get("OPENQWQ_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no public data at {folder}; set OPENQWQ_DATA")
    return folder
