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
    steps: int
    cap: float  # seconds of training; above 0, `train` goes on past `steps` until the score has risen by `rise`
    every: int  # steps between two scores
    samples: int  # a held-out problem
    learning_rate: float
    stock_micro_batch: int
    seed: int = 1
    rise: float = 0.1
    temperature: float = 0.7  # the demo's
    groups: int = 8
    group_size: int = 8
    max_tokens: int = 64
    most_steps: int = 2000

    @property
    def folder(self) -> Path:
        """Of the checkpoint."""
        return Path(self.checkpoint)
