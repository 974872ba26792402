"""A random-weight model of a few thousand parameters that all unit tests share."""

from pathlib import Path

import pytest
from by_heart import by_heart as by_heart

from openqwq.config.model import RandomModel
from openqwq.stage import Stage


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """A published base model with the character tokenizer and our chat template."""
    from openqwq.model.import_model import run

    folder = tmp_path_factory.mktemp("model")
    source = RandomModel(type="random", hidden_size=32, layers=2, heads=2, intermediate_size=64, max_length=512)
    stage = Stage("import_model", config={}, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, source, folder / "base_model")
    return folder / "base_model"
