"""The peer: TRL's GRPOTrainer as it comes, on CPU, under bfloat16 autocast where the processor has it, without gradient
checkpointing."""

from typing import Any

import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from benchmarks.rl_clock import Clock, Ticks, Timed
from benchmarks.rl_problems import problems, rewards
from benchmarks.rl_task import Task
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.precision import of_machine
from openqwq.train.tokens import prompt_text
from openqwq.verify import VerifierPool


class Stock(Timed, GRPOTrainer):
    """Only watched: `useful` counts completions of groups whose rewards differ."""

    useful = 0
    made = 0

    def _generate(self, prompts: list[Any]) -> Any:
        with self.clock.span("generation"):
            return super()._generate(prompts)

    def _calculate_rewards(self, *positional: Any, **options: Any) -> torch.Tensor:
        with self.clock.span("verification"):
            values: torch.Tensor = super()._calculate_rewards(*positional, **options)
        groups = values[:, 0].view(-1, self.num_generations)
        live = groups.amax(1) - groups.amin(1) > 1e-9
        self.useful += int(live.sum()) * self.num_generations
        self.made += groups.numel()
        return values


class StockOnStored(Stock):
    """The same step, on completions that were made before."""

    stored: list[dict[str, Any]]

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, torch.Tensor]:  # noqa: ARG002
        """As TRL pads them: all prompts to the longest on the left, all completions to the longest on the right."""
        padding = self._tokenizer.pad_token_id
        prompts = [self._tokenizer(row["prompt"], add_special_tokens=False)["input_ids"] for row in self.stored]
        completions = [row["token_ids"] for row in self.stored]
        left, right = max(map(len, prompts)), max(map(len, completions))
        return {
            "prompt_ids": torch.tensor([[padding] * (left - len(p)) + p for p in prompts]),
            "prompt_mask": torch.tensor([[0] * (left - len(p)) + [1] * len(p) for p in prompts]),
            "completion_ids": torch.tensor([c + [padding] * (right - len(c)) for c in completions]),
            "completion_mask": torch.tensor([[1] * len(c) + [0] * (right - len(c)) for c in completions]),
            "advantages": torch.tensor([row["advantage"] for row in self.stored]),
            "num_items_in_batch": torch.tensor(sum(map(len, completions))),
        }


def build(task: Task, clock: Clock, verifiers: VerifierPool, ticks: Ticks, kind: type[Stock] = Stock) -> Stock:
    """The trainer for the task's checkpoint, problems and hyperparameters."""
    tokenizer = load_tokenizer(task.folder)
    rows = [{"prompt": prompt_text(tokenizer, row), "reference": row["reference"]} for row in problems("train")]

    def judged(completions: list[str], reference: list[str], **_: Any) -> list[float | None]:
        return rewards(completions, reference, verifiers)

    completions = task.groups * task.group_size
    arguments = GRPOConfig(
        output_dir=task.scratch,
        max_steps=task.most_steps,
        learning_rate=task.learning_rate,
        lr_scheduler_type="constant",
        max_grad_norm=1.0,
        per_device_train_batch_size=task.stock_micro_batch,
        gradient_accumulation_steps=completions // task.stock_micro_batch,
        num_generations=task.group_size,
        generation_batch_size=completions,
        max_completion_length=task.max_tokens,
        temperature=task.temperature,
        epsilon_high=0.28,
        beta=0.0,
        loss_type="dapo",
        bf16=of_machine() == "bfloat16",
        use_cpu=True,
        gradient_checkpointing=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_steps=1000,
        seed=task.seed,
    )
    trainer = kind(
        model=load_model(task.folder, "float32"),
        reward_funcs=[judged],
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[ticks],
    )
    trainer.watch(clock)
    return trainer
