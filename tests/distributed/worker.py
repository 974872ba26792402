"""Carried out by each of two processes: `accelerate launch … worker.py FOLDER`. Writes its findings into FOLDER."""

import json
import sys
import time
from pathlib import Path

import torch
from accelerate import DistributedType
from accelerate.state import AcceleratorState
from datasets import Dataset
from safetensors.torch import save_file
from torch.distributed.tensor import DTensor
from transformers import LlamaConfig, LlamaForCausalLM, TrainerCallback
from trl import GRPOConfig, SFTConfig

from openqwq import ranks
from openqwq.config.train import Sampling
from openqwq.generate import Sample
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.generate.prompts import one_each
from openqwq.train import distributed, sharded
from openqwq.train.grpo_trainer import RolloutGrpoTrainer
from openqwq.train.micro_batches import Budget
from openqwq.train.rollouts import Rollout
from openqwq.train.sft import ColdStartTrainer
from openqwq.train.shared_sampling import SharedSampler


def stored_groups(folder: Path) -> list[list[Rollout]]:
    """Rollouts as the test stored them."""
    rows = json.loads((folder / "rollouts.json").read_text())
    return [
        [
            Rollout({"id": str(g)}, n, row["prompt"], Sample("", row["ids"], "stop", row["logprobs"]), advantage=row["advantage"])
            for n, row in enumerate(group)
        ]
        for g, group in enumerate(rows)
    ]


class KeepGradients(TrainerCallback):
    def on_pre_optimizer_step(self, args, state, control, model=None, **_):
        self.gradients = {
            name.removeprefix("module."): (p.grad.full_tensor() if isinstance(p.grad, DTensor) else p.grad).clone()
            for name, p in model.named_parameters()
        }


def gradients(folder: Path, out: Path) -> dict[str, torch.Tensor]:
    """Of one step on the stored rollouts, by the stage's own trainer, in as many processes as there are."""
    keep = KeepGradients()
    arguments = GRPOConfig(
        output_dir=str(out),
        max_steps=1,
        per_device_train_batch_size=20 // ranks.count(),
        gradient_accumulation_steps=1,
        num_generations=4,
        generation_batch_size=20,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
        loss_type="dapo",
        max_grad_norm=0,
        beta=0.05,  # the reference policy is sharded too
        disable_tqdm=True,
        ddp_find_unused_parameters=False,
    )
    trainer = RolloutGrpoTrainer(
        make=lambda step, model: stored_groups(folder),
        budget=Budget(completions=3),
        mismatch_cap=2.0,
        model=load_model(folder / "model", "float32"),
        args=arguments,
        train_dataset=Dataset.from_dict({"prompt": [""] * 5}),
        processing_class=load_tokenizer(folder / "model"),
        callbacks=[keep],
    )
    trainer.train()
    return keep.gradients


def supervised(folder: Path, out: Path, steps: int, resume: Path | None = None, fsdp: bool = True) -> ColdStartTrainer:
    """The cold start's trainer for `steps` steps of two rows a process, saving each."""
    draw = torch.Generator().manual_seed(3)
    rows = [torch.randint(5, 60, (12,), generator=draw).tolist() for _ in range(16)]
    data = Dataset.from_list([{"input_ids": row, "completion_mask": [0] * 4 + [1] * 8} for row in rows])
    arguments = SFTConfig(
        output_dir=str(out),
        max_steps=steps,
        per_device_train_batch_size=4 // ranks.count(),
        learning_rate=1e-3,
        lr_scheduler_type="constant",
        save_steps=1,
        use_cpu=True,
        bf16=False,
        max_length=None,
        gradient_checkpointing=False,
        report_to="none",
        disable_tqdm=True,
        train_sampling_strategy="sequential",
    )
    trainer = ColdStartTrainer(
        model=load_model(folder / "model", "float32"),
        args=arguments,
        train_dataset=data,
        processing_class=load_tokenizer(folder / "model"),
    )
    assert trainer.is_fsdp_enabled == fsdp
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    assert sharded.is_sharded(trainer.model) == fsdp
    return trainer


def take_fsdp_on_cpu() -> None:
    """Accelerate ignores FSDP on CPU at one place: what it decides there for GPUs is decided here. All after it is its own."""
    stock = AcceleratorState.__init__

    def decide(self, *arguments, fsdp_plugin=None, **keywords):
        stock(self, *arguments, fsdp_plugin=fsdp_plugin, **keywords)
        if fsdp_plugin is not None and self.distributed_type == DistributedType.MULTI_CPU:
            self._shared_state["distributed_type"] = self.distributed_type = DistributedType.FSDP
            self._shared_state["fsdp_plugin"] = self.fsdp_plugin = fsdp_plugin

    AcceleratorState.__init__ = decide


class Echo:
    """A sampler that says what it was asked, and by which process."""

    def sample(self, prompts, samples, sampling, seed, progress=None, on_prompt=None):
        counts = one_each(samples, prompts, "numbers of samples")
        if progress:
            progress(sum(counts), sum(counts))
        drawn = [
            [Sample(f"{p}/{n}/{seed}/{ranks.rank()}", [n], "stop") for n in range(count)]
            for p, count in zip(prompts, counts, strict=True)
        ]
        for index, one in enumerate(drawn):
            if on_prompt:
                on_prompt(index, one)
        return drawn


def share(findings: dict) -> None:
    """Sampling and scoring by all for the main process."""
    told = []

    def work():
        written = {}
        drawn = shared.sample(
            ["a", "b", "c"], 2, Sampling(), 7, lambda done, total: told.append((done, total)), written.__setitem__
        )
        assert written == dict(enumerate(drawn))
        scores = shared.score([("p", "x" * n) for n in range(1, 4)])
        one = shared.sample(["only"], 1, Sampling(), 7)
        each = shared.sample([[1], [2], [3]], 1, Sampling(), [4, 5, 6])
        asked = ["[4, 5, 6]"] * 3 if together == 2 else ["[4, 6]", "[5]", "[4, 6]"]
        assert [samples[0].text.split("/")[2] for samples in each] == asked
        ready = []
        uneven = shared.sample(["a", "b", "c"], [2, 1, 3], Sampling(), 7, lambda done, total: ready.append((done, total)))
        assert [len(samples) for samples in uneven] == [2, 1, 3]
        assert ready == [(6, 6)]
        return [[s.text for s in samples] for samples in drawn], scores, one[0][0].text

    for together in (1, 2):
        shared = SharedSampler(Echo(), lambda pairs: [float(len(c)) for _, c in pairs], together)
        result = shared.lead(work) if ranks.main() else shared.serve()
        everywhere = distributed.gather(result)
        if ranks.main():
            assert everywhere == [result] * 2
            findings[f"shared_{together}"] = [*result, told[-1]]


def reshard(folder: Path) -> None:
    """A tied model with Adam: what one process saved, two load in slices, train on, save, export."""
    model = sharded.shard(LlamaForCausalLM(LlamaConfig(**json.loads((folder / "tied.json").read_text()))))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    sharded.load(folder / "from_one", model, optimizer)
    assert model.model.layers[0].mlp.up_proj.weight.to_local().shape[0] == model.config.intermediate_size // 2
    one_step(model, optimizer)
    sharded.save(folder / "from_two", model, optimizer)
    weights = sharded.gather(model)
    streamed = dict(sharded.full_tensors(model))
    if ranks.main():
        model.save_pretrained(folder / "exported", state_dict=weights)
        save_file({name: tensor.contiguous().clone() for name, tensor in streamed.items()}, folder / "streamed.safetensors")
    else:
        assert weights == {}


def one_step(model, optimizer) -> None:
    """All processes see the same rows, so that the mean of their gradients is that of one process."""
    ids = torch.arange(24).reshape(2, 12) % 30
    optimizer.zero_grad()
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()


def main(folder: Path) -> None:
    findings: dict = {}
    distributed.join()
    findings["from_main"] = distributed.from_main(lambda: ranks.rank())
    share(findings)
    reshard(folder)
    plain = gradients(folder, folder / "grpo")
    distributed.barrier()
    take_fsdp_on_cpu()
    import os

    os.environ |= {
        "ACCELERATE_USE_FSDP": "true",
        "FSDP_VERSION": "2",
        "FSDP_RESHARD_AFTER_FORWARD": "true",
        "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
        "FSDP_STATE_DICT_TYPE": "SHARDED_STATE_DICT",
        "FSDP_CPU_RAM_EFFICIENT_LOADING": "true",
    }
    spread = gradients(folder, folder / "grpo_fsdp")
    whole = supervised(folder, folder / "sft_fsdp", 4)
    whole.save_model(str(folder / "sft_fsdp" / "export"))
    again = supervised(folder, folder / "sft_again", 4, resume=folder / "sft_fsdp" / "checkpoint-2")
    again.save_model(str(folder / "sft_again" / "export"))
    if ranks.main():
        save_file(plain, folder / "gradients.safetensors")
        save_file(spread, folder / "gradients_fsdp.safetensors")
        time.sleep(0.5)  # the others are at their end
        (folder / "findings.json").write_text(json.dumps(findings))
    distributed.leave()
    assert not torch.distributed.is_initialized()
    assert (folder / "findings.json").is_file()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
