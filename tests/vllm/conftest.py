"""The real engine on the CPU (`make test-vllm`), with the demo's 135M model. Without vLLM every test is skipped."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from openqwq.config.model import PackageModel, RandomModel
from openqwq.config.vllm import VllmConfig
from openqwq.generate import open_sampler
from openqwq.stage import Stage

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from by_heart import by_heart as by_heart


def pytest_collection_modifyitems(items):
    if find_spec("vllm") is None:
        here = Path(__file__).parent
        skip = pytest.mark.skip(reason="vllm is not installed; `make test-vllm` runs these")
        for item in items:
            if here in item.path.parents:
                item.add_marker(skip)


# Before torch is imported: two threads, and a waiting one leaves its core to whoever else runs here.
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture(scope="session")
def small() -> VllmConfig:
    """Little memory, a quick start."""
    return VllmConfig(kv_cache_gb=0.5, max_model_len=1024, enforce_eager=True)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """SmolLM2-135M-Instruct in float32, with our chat template."""
    return imported(PackageModel(type="package"), tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def even(tmp_path_factory) -> Path:
    """Random weights whose four heads two devices can share; the model above has nine."""
    source = RandomModel(type="random", hidden_size=128, layers=2, heads=4, intermediate_size=256, max_length=1024)
    return imported(source, tmp_path_factory.mktemp("even"))


def imported(source, folder: Path) -> Path:
    from openqwq.model.import_model import run

    stage = Stage("import_model", config={}, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, source, folder / "base_model")
    return folder / "base_model"


@pytest.fixture(scope="module")
def sampler(checkpoint, small):
    """An engine in this process, in float32."""
    with open_sampler("vllm", checkpoint, 32, "float32", small) as opened:
        yield opened
