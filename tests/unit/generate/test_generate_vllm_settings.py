"""What of `execution.vllm` reaches the engine, and what is refused because it would not."""

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from openqwq.config import Execution
from openqwq.config.vllm import VllmConfig
from openqwq.errors import UserError
from openqwq.generate.vllm_start import engine_settings, options, require_fitting
from openqwq.generate.weights import weight_files, write_weights


def test_every_key_reaches_the_engine():
    config = VllmConfig(tensor_parallel_size=2, kv_cache_gb=1.5, max_model_len=2048, enforce_eager=True, sleep=False)
    settings = engine_settings(48, "bfloat16", config, gpu=True, processes=1)
    expected = {
        "dtype": "bfloat16",
        "max_num_seqs": 48,
        "tensor_parallel_size": 2,
        "kv_cache_memory_bytes": int(1.5 * 2**30),
        "max_model_len": 2048,
        "enforce_eager": True,
        "enable_sleep_mode": False,
        "distributed_executor_backend": None,
        "logprobs_mode": "processed_logprobs",
    }
    assert expected.items() <= settings.items()
    share = engine_settings(48, "bfloat16", VllmConfig(gpu_memory_utilization=0.7), gpu=True, processes=1)
    assert (share["gpu_memory_utilization"], share["kv_cache_memory_bytes"]) == (0.7, None)


def test_one_of_two_bounds_on_memory_would_be_ignored():
    with pytest.raises(ValidationError, match="give one of them"):
        VllmConfig(gpu_memory_utilization=0.7, kv_cache_gb=1.5)


def test_the_engine_sleeps_where_it_shares_a_gpu():
    def sleeps(gpu, **changes):
        return engine_settings(1, "bfloat16", VllmConfig(**changes), gpu, 1)["enable_sleep_mode"]

    assert sleeps(True)
    assert not sleeps(False)
    assert not sleeps(True, mode="server")
    assert not sleeps(True, sleep=False)


def test_keys_and_values_have_a_size_where_there_is_no_gpu_to_fill():
    sizes = [engine_settings(1, "float32", VllmConfig(), gpu, 1)["kv_cache_memory_bytes"] for gpu in (True, False)]
    assert sizes == [None, 4 * 2**30]


def test_several_processes_are_the_engines_workers():
    settings = engine_settings(1, "bfloat16", VllmConfig(tensor_parallel_size=2), True, 4)
    assert settings["distributed_executor_backend"] == "external_launcher"
    with pytest.raises(UserError, match="4 processes do not make engines of 3"):
        engine_settings(1, "bfloat16", VllmConfig(tensor_parallel_size=3), True, 4)
    with pytest.raises(UserError, match="a server goes with one training process"):
        engine_settings(1, "bfloat16", VllmConfig(mode="server"), True, 2)


def test_the_server_gets_the_same_as_options():
    given = options({"dtype": "float32", "enforce_eager": True, "enable_sleep_mode": False, "max_model_len": None})
    assert given == ["--dtype", "float32", "--enforce-eager"]


@pytest.mark.parametrize("setting", [{"sleep": True}, {"gpu_memory_utilization": 0.6}, {"mode": "server", "devices": "0,1"}])
def test_what_a_machine_without_gpu_would_ignore_is_refused(setting):
    require_fitting(VllmConfig(**setting), gpu=True)
    with pytest.raises(UserError, match="there is no GPU here"):
        require_fitting(VllmConfig(**setting), gpu=False)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"devices": "1"}, "devices belongs to mode server"),
        ({"start_seconds": 5}, "start_seconds belongs to mode server"),
        ({"mode": "server", "sleep": True}, "sleep belongs to mode colocate"),
        ({"gpu_memory_utilization": 1.2}, "gpu_memory_utilization"),
    ],
)
def test_settings_that_contradict_one_another(values, named):
    with pytest.raises(ValueError, match=named):
        VllmConfig.model_validate(values)


def test_settings_of_an_engine_that_is_not_used_are_an_error():
    Execution.model_validate({"engine": "vllm", "vllm": {"kv_cache_gb": 1.0}})
    Execution.model_validate({"engine": "transformers", "vllm": VllmConfig().model_dump()})
    with pytest.raises(ValueError, match="no effect with engine transformers"):
        Execution.model_validate({"vllm": {"kv_cache_gb": 1.0}})


def test_weights_are_written_in_bounded_files_and_go_with_the_block(tmp_path):
    embedding = torch.randn(64, 8)
    tensors = {"embed": embedding, "layer": torch.randn(8, 8).T, "head": embedding}
    write_weights(tensors.items(), tmp_path, "bfloat16", file_bytes=1024)
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["model-00000.safetensors", "model-00001.safetensors"]
    read = {name: tensor for path in files for name, tensor in load_file(path).items()}
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensor.bfloat16()) for name, tensor in tensors.items())
    with weight_files(tensors.items(), "float32") as folder:
        assert torch.equal(load_file(folder / "model-00000.safetensors")["head"], embedding)
    assert not folder.exists()
