"""TRL's GRPOTrainer with rollouts of our own making.

Two methods are overridden: `_prepare_inputs` takes our rollouts, `_get_per_token_logps_and_entropies` reads the prompt of a
group once. TRL's loss, optimizer loop and saving stay. Deviations from the stock trainer:

- Only live groups are trained on, and unscorable completions not at all. Their advantage would be 0, so without a KL term the
  gradient is that of the stock trainer on the same groups, at a fraction of the work. The token-level loss (DAPO) is
  normalised by the tokens trained on.
- Completions of a group stay together and share their prompt's computation (`shared_prompt.py`), where the attention takes a
  mask; groups are sorted by length into micro-batches, so little padding is computed. The loss is a sum over tokens with
  one normaliser for the whole step, so the split does not change it, nor does the number of processes.
- Completions come from a copy of the weights in the sampler's dtype (bfloat16 by default) and are trained on without a
  correction for the difference; with `execution.generation_dtype: float32` and `autocast: none` there is none. One optimizer
  step is taken a batch of rollouts, so the ratio to the old policy is 1 and the clipping bounds do not bind.
"""

from collections.abc import Callable
from typing import Any

import torch
from trl import GRPOTrainer

from openqwq.train.deal import deal
from openqwq.train.rollouts import Group, Rollout
from openqwq.train.sharded_trainer import ShardedPolicies
from openqwq.train.shared_prompt import MAX_TOKENS, pack, unpack
from openqwq.train.uneven import uneven_gather

Batch = dict[str, torch.Tensor]


class RolloutGrpoTrainer(ShardedPolicies, GRPOTrainer):
    """`make(step, model)` returns the live groups of an optimizer step, sampled from the model as it stands."""

    def __init__(self, *, make: Callable[[int, Any], list[Group]], **keywords: Any) -> None:
        super().__init__(reward_funcs=[_rewards_come_with_the_rollouts], **keywords)
        self.make = make
        self.batches: list[Batch] = []

    def _prepare_inputs(self, generation_batch: Any) -> Batch:  # noqa: ARG002  the loader's rows only count the steps
        index = self._step % self.args.steps_per_generation
        if index == 0:
            groups = self.make(self.state.global_step + 1, self.accelerator.unwrap_model(self.model))
            trained = [[rollout for rollout in group if rollout.advantage is not None] for group in groups]
            capacity = self.args.per_device_train_batch_size * self.args.steps_per_generation
            hands = deal(trained, self.accelerator.num_processes, capacity)
            self.batches = self._split(hands[self.accelerator.process_index])
        return self.batches[index]

    def _split(self, rollouts: list[Rollout]) -> list[Batch]:
        """As many micro-batches as the optimizer step accumulates; those beyond the rollouts are empty."""
        size = self.args.per_device_train_batch_size
        tokens = torch.tensor(float(sum(len(r.sample.token_ids) for r in rollouts)), device=self.accelerator.device)
        total = self.accelerator.gather(tokens).sum()
        # The largest first: memory fails early.
        sizes: dict[str, int] = {}
        for rollout in rollouts:
            sizes[rollout.prompt] = sizes.get(rollout.prompt, len(rollout.prompt)) + len(rollout.sample.token_ids)
        ordered = sorted(rollouts, key=lambda r: (-sizes[r.prompt], r.prompt, r.number))
        chunks = [ordered[i : i + size] for i in range(0, len(ordered), size)]
        batches = [self._tensors(chunk) | {"num_items_in_batch": total} for chunk in chunks]
        empty = self._empty() | {"num_items_in_batch": total}
        return batches + [empty] * (self.args.steps_per_generation - len(batches))

    def _tensors(self, rollouts: list[Rollout]) -> Batch:
        """Prompts padded on the left and completions on the right, (B, P) and (B, C), with masks and advantages (B,)."""
        device, padding = self.accelerator.device, self._tokenizer.pad_token_id
        prompts = [self._tokenizer(r.prompt, add_special_tokens=False)["input_ids"] for r in rollouts]
        completions = [r.sample.token_ids for r in rollouts]
        left, right = max(map(len, prompts)), max(map(len, completions))
        batch = {
            "prompt_ids": torch.tensor([[padding] * (left - len(p)) + p for p in prompts], device=device),
            "prompt_mask": torch.tensor([[0] * (left - len(p)) + [1] * len(p) for p in prompts], device=device),
            "completion_ids": torch.tensor([c + [padding] * (right - len(c)) for c in completions], device=device),
            "completion_mask": torch.tensor([[1] * len(c) + [0] * (right - len(c)) for c in completions], device=device),
            "advantages": torch.tensor([r.advantage for r in rollouts], dtype=torch.float32, device=device),
        }
        if self.beta:
            batch["ref_per_token_logps"] = self._reference(batch)
        return batch

    def _empty(self) -> Batch:
        """One row whose completion the mask hides: a gradient of zeros, next to no work."""
        device = self.accelerator.device
        tokens = torch.full((1, 3), self._tokenizer.pad_token_id, device=device)
        batch = {
            "prompt_ids": tokens[:, :2],
            "prompt_mask": torch.ones_like(tokens[:, :2]),
            "completion_ids": tokens[:, 2:],
            "completion_mask": torch.zeros_like(tokens[:, 2:]),
            "advantages": torch.zeros(1, device=device),
        }
        return batch | ({"ref_per_token_logps": torch.zeros((1, 1), device=device)} if self.beta else {})

    def _compute_loss(self, model: Any, inputs: Batch) -> torch.Tensor:
        with uneven_gather(self.accelerator):
            return super()._compute_loss(model, inputs)

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, logits_to_keep: int, **options: Any
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """Log-probabilities and entropies (B, C) of the completions; a prompt that rows share is computed once."""
        given = attention_mask.bool()
        left = input_ids.size(1) - logits_to_keep
        prompts = [ids[seen].tolist() for ids, seen in zip(input_ids[:, :left], given[:, :left], strict=True)]
        completions = [ids[seen].tolist() for ids, seen in zip(input_ids[:, left:], given[:, left:], strict=True)]
        longest = max(len(p) + len(c) for p, c in zip(prompts, completions, strict=True))
        config = self.accelerator.unwrap_model(model).config
        if config._attn_implementation != "sdpa" or 2 * longest > MAX_TOKENS or options.get("compute_aux_loss"):
            return super()._get_per_token_logps_and_entropies(model, input_ids, attention_mask, logits_to_keep, **options)
        packed = pack(prompts, completions, self._tokenizer.pad_token_id, input_ids.device)
        with self.accelerator.autocast():
            outputs = model(
                input_ids=packed.ids,
                attention_mask=packed.mask,
                position_ids=packed.positions,
                labels=packed.labels,
                fused_lm_head=True,
            )
        entropies = unpack(outputs.entropy, packed, logits_to_keep) if options.get("compute_entropy") else None
        return unpack(outputs.log_probs, packed, logits_to_keep), entropies, None

    def _reference(self, batch: Batch) -> torch.Tensor:
        """Log-probabilities (B, C) of the completions under the stage's first policy."""
        with torch.no_grad():
            logps, _, _ = self._get_per_token_logps_and_entropies(
                self.ref_model,
                torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1),
                torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1),
                batch["completion_ids"].size(1),
            )
        return logps


def _rewards_come_with_the_rollouts(**_: Any) -> list[float]:
    """TRL asks for a reward function; ours are computed where the rollouts are made."""
    raise RuntimeError("rewards are computed with the rollouts; TRL's own path must not be taken")
