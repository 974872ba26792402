"""A tiny model that knows its turns by heart, for the suites that serve one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def by_heart(tmp_path_factory) -> Callable[..., Path]:
    """`by_heart({question: turn}, tools)` is a released folder whose tiny model has learnt these turns by heart, greedy.

    `spelt` takes <think> and </think> out of its vocabulary: they are spelt in several tokens, as in SmolLM2 and Qwen2.5.
    """

    def make(turns: dict[str, str], tools: list[dict], spelt: bool = False) -> Path:
        from openqwq.config.model import RandomModel
        from openqwq.generate.checkpoint import load_model, load_tokenizer
        from openqwq.model.import_model import run
        from openqwq.release import files
        from openqwq.stage import Stage

        folder = tmp_path_factory.mktemp("by heart")
        stage = Stage("import_model", config={}, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
        source = RandomModel(type="random", hidden_size=64, layers=2, heads=2, intermediate_size=128, max_length=1024)
        with stage.running():
            run(stage, source, folder / "base")
        if spelt:
            spell(folder / "base" / "tokenizer.json")
        model = load_model(folder / "base", "float32", "cpu")
        learn(model, load_tokenizer(folder / "base"), turns, tools)
        model.save_pretrained(folder / "base")
        shutil.copytree(folder / "base", folder / "released")
        files.write(folder / "base", folder / "released", "float32", {"temperature": 0.0, "top_p": 1.0, "top_k": 0})
        return folder / "released"

    return make


def spell(path: Path) -> None:
    core = json.loads(path.read_text())
    core["added_tokens"] = [token for token in core["added_tokens"] if "think" not in token["content"]]
    core["model"]["vocab"] = {token: number for token, number in core["model"]["vocab"].items() if "think" not in token}
    path.write_text(json.dumps(core))


def learn(model, tokenizer, turns: dict[str, str], tools: list[dict]) -> None:
    import torch

    from openqwq.generate.template import render

    rows = []
    for question, turn in turns.items():
        prompt = tokenizer(render(tokenizer, [{"role": "user", "content": question}], tools), add_special_tokens=False)[
            "input_ids"
        ]
        said = tokenizer(turn + "<|im_end|>", add_special_tokens=False)["input_ids"]
        rows.append((torch.tensor([prompt + said]), torch.tensor([[-100] * len(prompt) + said])))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(1000):
        worst = 0.0
        for ids, labels in rows:
            loss = model(input_ids=ids, labels=labels).loss
            loss.backward()
            worst = max(worst, loss.item())
        optimizer.step()
        optimizer.zero_grad()
        if worst < 0.005:
            return
    raise AssertionError(f"not learnt by heart: a loss of {worst}")
