"""Figures of an optimizer step that the forward passes yield, as means over its tokens, not over its micro-batches."""

from typing import Any

import torch
from accelerate.utils import gather_object


class StepFigures:
    """Sums over micro-batches; `collect` makes means of them, over all processes, and begins anew."""

    def __init__(self) -> None:
        self.sums: dict[str, torch.Tensor] = {}
        self.lowest: torch.Tensor | None = None
        self.highest: torch.Tensor | None = None

    def add(self, name: str, values: torch.Tensor, mask: torch.Tensor) -> None:
        """A figure of each token, (B, C), where `mask` is not 0."""
        shown = mask.bool()
        self._add(name, torch.stack([values.detach()[shown].double().sum(), shown.sum().double()]))

    def add_ratios(self, ratios: torch.Tensor, cap: float | None, mask: torch.Tensor) -> None:
        """The trainer's probability over the sampler's of each token: mean, ends, and the share that `cap` cuts."""
        self.add("mismatch_ratio/mean", ratios, mask)
        if cap is not None:
            self.add("mismatch_truncated", (ratios > cap).float(), mask)
        shown = ratios.detach()[mask.bool()]
        if shown.numel():
            self.lowest = shown.min() if self.lowest is None else torch.minimum(self.lowest, shown.min())
            self.highest = shown.max() if self.highest is None else torch.maximum(self.highest, shown.max())

    def add_positions(self, computed: int, used: int, device: torch.device) -> None:
        """Positions of a forward pass, and those of them that hold a token."""
        self._add("padding_share", torch.tensor([computed - used, computed], dtype=torch.float64, device=device))

    def collect(self, accelerator: Any) -> dict[str, float]:
        """The step's figures by name; every process has to call it."""
        names = sorted(set(gather_object(list(self.sums))))  # a process without a completion lacks some
        none = torch.zeros(2, dtype=torch.float64, device=accelerator.device)
        means = {name: accelerator.reduce(self.sums.get(name, none), reduction="sum") for name in names}
        figures = {name: float(total / count) for name, (total, count) in means.items() if count > 0}
        if "mismatch_ratio/mean" in means:
            nothing = torch.tensor(float("nan"), device=accelerator.device)
            ends = torch.stack([nothing if end is None else end.float() for end in (self.lowest, self.highest)])
            gathered = accelerator.gather(ends).view(-1, 2)
            known = gathered[~gathered.isnan().any(dim=1)]
            if len(known):
                figures |= {"mismatch_ratio/min": float(known[:, 0].min()), "mismatch_ratio/max": float(known[:, 1].max())}
        self.__init__()  # type: ignore[misc]
        return figures

    def _add(self, name: str, pair: torch.Tensor) -> None:
        self.sums[name] = self.sums[name] + pair if name in self.sums else pair
