"""What a plan says of one stage."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """Bytes are those of a GPU, or of the machine where there is none. None: not known, and a note says why."""

    name: str
    parameters: float
    nodes: int
    gpus: int  # in all; 0 on a CPU
    tokens: float | None = None  # read and written, of all epochs or steps
    completions: float = 0.0  # drawn
    flops: float | None = None
    seconds: float | None = None
    in_turn: int = 1  # jobs one after another that the seconds are of, each of all the GPUs
    limit: str = ""  # what the time goes to
    memory: dict[str, dict[str, float]] = field(default_factory=dict)  # bytes by what takes them, of each phase
    room: float | None = None  # bytes that may be used
    problems: list[str] = field(default_factory=list)  # why it cannot run
    notes: list[str] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """Bytes at the worst moment."""
        return max((sum(parts.values()) for parts in self.memory.values()), default=0.0)

    @property
    def hours(self) -> float | None:
        return None if self.seconds is None else self.seconds / 3600

    @property
    def job_hours(self) -> float | None:
        """Of one job."""
        return None if self.hours is None else self.hours / self.in_turn

    @property
    def gpu_hours(self) -> float | None:
        return None if self.hours is None else self.hours * self.gpus
