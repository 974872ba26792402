"""Where the seconds of an optimizer step go, measured alike in both trainers."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from transformers import TrainerCallback

PARTS = ("weights to the sampler", "generation", "verification", "log-probs", "backward", "optimizer")


class Clock:
    """Seconds of each optimizer step, and of its parts by name, summed over all steps."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.parts: dict[str, float] = defaultdict(float)
        self.began = 0.0

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Adds the block's seconds to the part."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.parts[name] += time.perf_counter() - began

    def table(self) -> dict[str, float]:
        """Seconds a step by part; what no part claims is overhead."""
        count = len(self.steps)
        known = {name: self.parts[name] / count for name in PARTS}
        return known | {"overhead": sum(self.steps) / count - sum(known.values())}


class Ticks(TrainerCallback):
    """Drives a clock; `after(steps)` is called after each step outside of its time and says whether to stop."""

    def __init__(self, clock: Clock, after: Callable[[int], bool]) -> None:
        self.clock, self.after = clock, after

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.clock.began = time.perf_counter()

    def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
        self.update = self.clock.span("optimizer")
        self.update.__enter__()

    def on_optimizer_step(self, *_: Any, **__: Any) -> None:
        self.update.__exit__(None, None, None)

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        self.clock.steps.append(time.perf_counter() - self.clock.began)
        control.should_training_stop = self.after(state.global_step)


class Timed:
    """Mixed into a GRPO trainer: times its forward passes over completions and its backward passes."""

    clock: Clock

    def watch(self, clock: Clock) -> None:
        """Measures from now on."""
        self.clock = clock
        backward = self.accelerator.backward  # type: ignore[attr-defined]

        def timed(*positional: Any, **options: Any) -> None:
            with clock.span("backward"):
                backward(*positional, **options)

        self.accelerator.backward = timed  # type: ignore[attr-defined]

    def _get_per_token_logps_and_entropies(self, *positional: Any, **options: Any) -> Any:
        with self.clock.span("log-probs"):
            return super()._get_per_token_logps_and_entropies(*positional, **options)  # type: ignore[misc]
