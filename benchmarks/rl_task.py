"""What one process of `benchmarks.rl_step` is asked to do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """`kind` is `store` (make live groups), `stored` (steps on them) or `train`; `who` is `stock` or `ours`."""

    kind: str
    who: str
    checkpoint: str
    scratch: str  # a folder of the process's own
    groups_file: str  # of the stored groups
    seed: int = 1
    steps: int = 6
    cap: float = 0.0  # seconds of training; above 0, `train` goes on past `steps` until the score has risen by `rise`
    rise: float = 0.1
    every: int = 2  # steps between two scores
    samples: int = 4  # a held-out problem
    learning_rate: float = 3e-5
    temperature: float = 0.7  # the demo's
    groups: int = 8
    group_size: int = 8
    max_tokens: int = 64
    stock_micro_batch: int = 8
    most_steps: int = 2000

    @property
    def folder(self) -> Path:
        """Of the checkpoint."""
        return Path(self.checkpoint)
