"""TRL's GRPOTrainer with rollouts of our own making.

`training_step` takes our rollouts and runs an optimizer step's micro-batches, `_compute_loss` weighs advantages before it
hands them to TRL's, `_get_per_token_logps_and_entropies` reads the prompt of a group once and, on CPU, computes logits of
scored tokens alone (`vocabulary.py`). TRL's loss, its optimizer loop and saving stay.
Deviations from the stock trainer:

- Only live groups are trained on, and unscorable completions not at all. Their advantage would be 0, so without a KL term the
  gradient is that of the stock trainer on the same groups, at a fraction of the work.
- Every loss is a sum over tokens with one normaliser for the whole optimizer step (`losses/loss.py`), so micro-batches may
  be of any size and number (`micro_batches.py`), and neither the split nor the number of processes (`deal.py`) changes the
  gradient.
- Completions of a group stay together and share their prompt's computation (`shared_prompt.py`), where the attention takes
  a mask and has no window.
- A batch of rollouts serves `updates` optimizer steps, each on its share of the groups (the mini-batches of PPO and DAPO; TRL's
  `num_iterations` would use every group again instead). Ratios are to the policy at the beginning of the batch, computed by the
  trainer itself. With one update they are 1 and need no second forward pass. Saves lie between batches, so that
  no half-used batch has to be resumed.
- What the sampler's arithmetic differs by is corrected token by token, for every engine (`mismatch.py`).
- A temperature that changes over the steps is changed in the fused output head too, which TRL makes once.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from transformers import TrainerCallback
from trl import GRPOTrainer
from trl.trainer.utils import add_fused_lm_head

from openqwq.train import vocabulary
from openqwq.train.attention import shareable
from openqwq.train.batches import Batch, empty, tensors
from openqwq.train.deal import deal
from openqwq.train.losses import LOSSES, Loss
from openqwq.train.micro_batches import Budget, micro_batches
from openqwq.train.mismatch import ratios, sampler_logprobs
from openqwq.train.rollouts import Group
from openqwq.train.saves import SealedSaves
from openqwq.train.sharded_trainer import ShardedPolicies
from openqwq.train.shared_prompt import MAX_TOKENS, pack, spread, unpack
from openqwq.train.step_figures import StepFigures
from openqwq.train.uneven import uneven_gather


class RolloutGrpoTrainer(ShardedPolicies, SealedSaves, GRPOTrainer):
    """`make(step, model)` returns the live groups of a batch of rollouts, sampled from the model as it stands.

    `args` counts a batch in completions, not in micro-batches: gradient_accumulation_steps is 1, and steps_per_generation
    is the number of updates a batch serves. `budget` bounds a forward pass. `temperature(step)` is the sampler's, `mismatch_cap`
    bounds a token's weight (None: no correction). `figures` holds those of the last optimizer step.
    """

    temperature: float  # TRL's

    def __init__(
        self,
        *,
        make: Callable[[int, Any], list[Group]],
        loss: Loss = LOSSES["dapo"],
        budget: Budget | None = None,
        mismatch_cap: float | None = None,
        temperature: Callable[[int], float] | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__(reward_funcs=[_rewards_come_with_the_rollouts], **keywords)
        for one in (self.model, self.ref_model):
            if one is not None:
                vocabulary.add_token_figures(one)
        if self.args.gradient_accumulation_steps != 1:
            raise ValueError("micro-batches are made here; gradient_accumulation_steps has to be 1")
        self.make, self.policy_loss, self.mismatch_cap = make, loss, mismatch_cap
        self.budget, self.temperature_at = budget or Budget.of(None, None), temperature
        # Set here, for TRL warns of sequence-level ratios in a loss by tokens, which the loss's factor makes right.
        self.importance_sampling_level = loss.level
        self.updates: int = self.args.steps_per_generation
        self.waiting: list[list[Batch]] = []  # micro-batches of each update that is left
        self.step_figures, self.figures = StepFigures(), dict[str, float]()
        self._scored: tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None] | None = None

    def train(self, *positional: Any, **keywords: Any) -> Any:
        self.add_callback(_BetweenBatches(self.updates))  # after all others
        return super().train(*positional, **keywords)

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:  # noqa: ARG002
        """All forward and backward passes of an optimizer step; the loader's rows only count the steps. Returns the loss, ()."""
        if self.state.global_step % self.updates == 0:
            self._begin_batch(self.state.global_step + 1)
        batches = self.waiting.pop(0)
        loss = torch.zeros((), device=self.accelerator.device)
        for number, batch in enumerate(batches, 1):
            self.may_stop()
            # Processes exchange gradients once an optimizer step; sharded, each micro-batch, or each would hold all gradients.
            together = number == len(batches) or self.is_fsdp_enabled
            with nullcontext() if together else self.accelerator.no_sync(model):
                loss = loss + super().training_step(model, batch, None)
        self.figures = self.step_figures.collect(self.accelerator)
        return loss

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        return generation_batch

    def resumable_step(self) -> int:
        return int(self.state.global_step - self.state.global_step % self.updates)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        if self.state.global_step == self.resumable_step():  # one who stops within a batch goes on from its beginning
            super()._save_checkpoint(model, trial)

    def _begin_batch(self, step: int) -> None:
        groups = self.make(step, self.accelerator.unwrap_model(self.model))
        if self.temperature_at:
            self._set_temperature(self.temperature_at(step))
        shares = [deal(groups[number :: self.updates], self.accelerator.num_processes) for number in range(self.updates)]
        self.waiting = [self._split([share[self.accelerator.process_index]]) for share in shares]
        for batches in self.waiting[1:]:
            for batch in batches:
                batch["old_per_token_logps"] = self._logprobs(self.model, batch)

    def _split(self, groups: list[Group]) -> list[Batch]:
        """The micro-batches of an optimizer step on these groups, equally many in every process."""
        device, padding = self.accelerator.device, self._tokenizer.pad_token_id
        rollouts = [rollout for group in groups for rollout in group if rollout.advantage is not None]
        texts = {rollout.prompt for rollout in rollouts}
        prompts = {text: self._tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts}
        batches = []
        for chunk in micro_batches(rollouts, prompts, self.budget, self._shares_prompts()):
            logprobs = sampler_logprobs(chunk, self.mismatch_cap is not None)
            batches.append(tensors(chunk, prompts, logprobs, padding, device))
        mine = self.policy_loss.normaliser([r.length for r in rollouts], self.max_completion_length)
        facts = self.accelerator.gather(torch.tensor([[mine, float(len(batches))]], device=device))
        batches += [empty(padding, device) for _ in range(max(1, int(facts[:, 1].max())) - len(batches))]
        for batch in batches:
            # TRL divides it among the updates of a batch of rollouts; this is one update's.
            batch["num_items_in_batch"] = facts[:, 0].sum() * self.updates
            if self.beta:
                batch["ref_per_token_logps"] = self._logprobs(self.ref_model, batch)
        return batches

    def _compute_loss(self, model: Any, inputs: Batch) -> torch.Tensor:
        mask = inputs["completion_mask"] * inputs.get("tool_mask", 1)
        self._scored = forward = self._score(model, inputs, compute_entropy=True, compute_aux_loss=self.aux_loss_enabled)
        logps = forward[0].detach()
        factors = torch.tensor([self.policy_loss.factor(int(length)) for length in mask.sum(1)], device=mask.device)
        weights = factors.unsqueeze(1).expand_as(logps)
        sampled = inputs.get("sampling_per_token_logps")
        if sampled is not None:
            ratio = ratios(inputs.get("old_per_token_logps", logps), sampled)
            self.step_figures.add_ratios(ratio, self.mismatch_cap, mask)
            if self.mismatch_cap is not None:
                weights = weights * ratio.clamp(max=self.mismatch_cap)
        with uneven_gather(self.accelerator):
            loss = super()._compute_loss(model, inputs | {"advantages": inputs["advantages"].unsqueeze(1) * weights})
        assert forward[1] is not None
        self.step_figures.add("entropy", forward[1], mask)
        if self.beta:
            away = inputs["ref_per_token_logps"] - logps
            self.step_figures.add("kl", away.exp() - away - 1, mask)
        return loss

    def _score(self, model: Any, batch: Batch, **options: Any) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
        mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
        options["written"] = batch.get("tool_mask")
        return self._get_per_token_logps_and_entropies(model, ids, mask, batch["completion_ids"].size(1), **options)

    def _logprobs(self, model: Any, batch: Batch) -> torch.Tensor:
        """Log-probabilities (B, C) of the completions under a model that is not trained through them."""
        with torch.no_grad():
            return self._score(model, batch)[0]

    def _shares_prompts(self) -> bool:
        return shareable(self.accelerator.unwrap_model(self.model)) and not self.aux_loss_enabled

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, logits_to_keep: int, **options: Any
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """Log-probabilities and entropies (B, C) of the completions; a prompt that rows share is computed once.

        `written` (B, C) is 0 at tokens of which no figure is needed; what stands there then means nothing.
        TRL's loss asks for what `_compute_loss` has just computed, and gets the same tensors.
        """
        if self._scored is not None:
            forward, self._scored = self._scored, None
            return forward
        written = options.pop("written", None)
        given = attention_mask.bool()
        left = input_ids.size(1) - logits_to_keep
        prompts = [ids[seen].tolist() for ids, seen in zip(input_ids[:, :left], given[:, :left], strict=True)]
        completions = [ids[seen].tolist() for ids, seen in zip(input_ids[:, left:], given[:, left:], strict=True)]
        longest = max(len(p) + len(c) for p, c in zip(prompts, completions, strict=True))
        if not self._shares_prompts() or 2 * longest > MAX_TOKENS:
            self.step_figures.add_positions(input_ids.numel(), int(given.sum()), input_ids.device)
            return super()._get_per_token_logps_and_entropies(model, input_ids, attention_mask, logits_to_keep, **options)
        scored = None
        if written is not None:
            scored = [row[seen].bool().tolist() for row, seen in zip(written, given[:, left:], strict=True)]
        packed = pack(prompts, completions, self._tokenizer.pad_token_id, input_ids.device, scored)
        ends = {row: at + count for row, at, count in packed.spans}  # of each row, by its last completion
        self.step_figures.add_positions(packed.ids.numel(), sum(ends.values()), input_ids.device)
        only = vocabulary.fits(self.accelerator.unwrap_model(model), int((packed.labels != -100).sum()))
        head = (
            {"scored": packed.labels, "temperature": self.temperature}
            if only
            else {"labels": packed.labels, "fused_lm_head": True}
        )
        with self.accelerator.autocast():
            outputs = model(input_ids=packed.ids, attention_mask=packed.mask, position_ids=packed.positions, **head)
        lay = spread if only else unpack
        entropies = lay(outputs.entropy, packed, logits_to_keep) if options.get("compute_entropy") else None
        return lay(outputs.log_probs, packed, logits_to_keep), entropies, None

    def _set_temperature(self, temperature: float) -> None:
        if temperature == self.temperature:
            return
        self.temperature = temperature
        policy = self.accelerator.unwrap_model(self.model)
        for model, outputs in ((policy, ("log_probs", "entropy")), (self.ref_model, ("log_probs",))):
            if model is not None:
                add_fused_lm_head(model, temperature, self.args.cast_lm_head_to_fp32, outputs)


class _BetweenBatches(TrainerCallback):
    """Puts off a save and a stop until the batch of rollouts is used up; whoever wants one asks again at the next step."""

    def __init__(self, updates: int) -> None:
        self.updates = updates

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step % self.updates:
            control.should_save = control.should_training_stop = False


def _rewards_come_with_the_rollouts(**_: Any) -> list[float]:
    """TRL asks for a reward function; ours are computed where the rollouts are made."""
    raise RuntimeError("rewards are computed with the rollouts; TRL's own path must not be taken")
