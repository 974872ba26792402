"""A random-weight model with room for tool schemas."""

from pathlib import Path

import pytest

from openqwq.config.model import RandomModel
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage


@pytest.fixture(scope="session")
def long_model(tmp_path_factory) -> Path:
    from openqwq.model.import_model import run

    folder = tmp_path_factory.mktemp("model")
    source = RandomModel(type="random", hidden_size=16, layers=1, heads=2, intermediate_size=32, max_length=16384)
    stage = Stage("import_model", config={}, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, source, folder / "base_model")
    return folder / "base_model"


@pytest.fixture(scope="session")
def tokenizer(long_model):
    return load_tokenizer(long_model)
