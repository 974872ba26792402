"""One launch of two processes: gradients, shared sampling, and the sharded path, by accelerate's own FSDP2 code, on CPU."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from conftest import ENVIRONMENT, ROOT
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from worker import gradients, one_step, supervised

from openqwq.train import sharded
from openqwq.train.saves import SEAL

TIED = {
    "vocab_size": 31,  # no multiple of two
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "tie_word_embeddings": True,
}


def rollouts():
    """Live groups of uneven size and length, two completions masked: 16 of 20 places are taken."""
    draw = torch.Generator().manual_seed(5)

    def row(prompt, length):
        ids = torch.randint(5, 60, (length,), generator=draw).tolist()
        logprobs = (-4 + torch.randn(length, generator=draw)).tolist()  # of a sampler that is not quite the trainer
        return {"prompt": prompt, "ids": ids, "logprobs": logprobs, "advantage": float(torch.randn(1, generator=draw))}

    groups = [[row(prompt, 3 + 5 * g + n) for n in range(4)] for g, prompt in enumerate(["ab", "a long prompt here", "c", "de?"])]
    groups[1][2]["advantage"] = groups[3][0]["advantage"] = None
    return groups


@pytest.fixture(scope="module")
def folder(tmp_path_factory, model):
    """Where two processes have been at work."""
    folder = tmp_path_factory.mktemp("worker")
    shutil.copytree(model, folder / "model")
    (folder / "rollouts.json").write_text(json.dumps(rollouts()))
    (folder / "tied.json").write_text(json.dumps(TIED))
    start, optimizer = tied()
    one_step(start, optimizer)
    sharded.save(folder / "from_one", start, optimizer)
    launch = [
        "accelerate.commands.launch",
        "--config_file",
        str(ROOT / "config/accelerate/cpu_2.yaml"),
        "--main_process_port",
        "0",
    ]
    command = [sys.executable, "-m", *launch, str(ROOT / "tests/distributed/worker.py"), str(folder)]
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200)
    assert done.returncode == 0, done.stdout[-6000:]
    return folder


def tied():
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**TIED))
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2)


def relative(ours, theirs):
    """Largest difference of a gradient from the reference, over the reference's norm."""
    assert ours.keys() == theirs.keys()
    return max(float((ours[name] - value).norm() / value.norm()) for name, value in theirs.items())


@pytest.mark.parametrize("file", ["gradients", "gradients_fsdp"])
def test_gradients_on_stored_rollouts_are_those_of_one_process(folder, tmp_path, file):
    alone = gradients(folder, tmp_path)
    assert min(value.norm() for value in alone.values()) > 1e-4
    assert relative(load_file(folder / f"{file}.safetensors"), alone) < 1e-5


def test_samples_and_scores_come_back_in_order_from_all(folder):
    findings = json.loads((folder / "findings.json").read_text())
    drawn, scores, one, told = findings["shared_1"]
    assert drawn == [["a/0/7/0", "a/1/7/0"], ["b/0/7/1", "b/1/7/1"], ["c/0/7/0", "c/1/7/0"]]
    assert (scores, one, told) == ([1.0, 2.0, 3.0], "only/0/7/0", [6, 6])
    drawn, scores, one, _ = findings["shared_2"]
    assert drawn == [["a/0/7/0", "a/1/7/0"], ["b/0/7/0", "b/1/7/0"], ["c/0/7/0", "c/1/7/0"]]
    assert findings["from_main"] == 0


def test_a_save_goes_from_one_process_to_two_and_back(folder):
    alone, optimizer = tied()
    one_step(alone, optimizer)
    one_step(alone, optimizer)
    back, theirs = tied()
    sharded.load(folder / "from_two", back, theirs)
    for (name, ours), other in zip(alone.named_parameters(), back.parameters(), strict=True):
        assert torch.allclose(ours, other, atol=1e-6), name
        for key in ("exp_avg", "exp_avg_sq", "step"):
            assert torch.allclose(optimizer.state[ours][key], theirs.state[other][key], atol=1e-6), (name, key)
    one_step(alone, optimizer), one_step(back, theirs)
    assert torch.allclose(alone.lm_head.weight, back.lm_head.weight, atol=1e-6)


def test_the_export_is_one_checkpoint_that_ties_what_was_tied(folder):
    alone, optimizer = tied()
    one_step(alone, optimizer)
    one_step(alone, optimizer)
    assert "lm_head.weight" not in load_file(folder / "exported" / "model.safetensors")
    exported = AutoModelForCausalLM.from_pretrained(folder / "exported", dtype=torch.float32).state_dict()
    streamed = load_file(folder / "streamed.safetensors")  # what the sampler is given
    for name, value in alone.state_dict().items():
        assert torch.allclose(exported[name], value, atol=1e-6), name
        assert torch.allclose(streamed[name], value, atol=1e-6), name


def test_sharded_training_is_that_of_one_process_and_resumes(folder, tmp_path):
    alone = supervised(folder, tmp_path / "alone", 4, fsdp=False).model.state_dict()
    for name in ("sft_fsdp", "sft_again"):
        exported = AutoModelForCausalLM.from_pretrained(folder / name / "export", dtype=torch.float32)
        for key, value in exported.state_dict().items():
            assert torch.allclose(alone[key], value, atol=1e-5), (name, key)
    save = folder / "sft_fsdp" / "checkpoint-2"
    assert sorted(p.name for p in save.glob("shards/*.distcp")) == ["__0_0.distcp", "__1_0.distcp"]
    assert not (save / "model.safetensors").exists()
    seal = json.loads((save / SEAL).read_text())
    assert {"shards/.metadata", "shards/__1_0.distcp", "rng_state_1.pth"} <= set(seal["files"])


def test_a_sharded_save_is_gone_on_with_by_one_process(folder, tmp_path):
    alone = supervised(folder, tmp_path / "alone", 4, fsdp=False).model.state_dict()
    on = supervised(folder, tmp_path / "on", 4, resume=folder / "sft_fsdp" / "checkpoint-2", fsdp=False).model.state_dict()
    for key, value in on.items():
        assert torch.allclose(alone[key], value, atol=1e-5), key
