"""Playing episodes: all that are alive take a turn together, then their tools are called side by side."""

from collections.abc import Callable, Sequence
from typing import Any

from openqwq.agents.episode import AgentLimits, Episode
from openqwq.agents.hands import hands
from openqwq.agents.seat import Seat
from openqwq.config.train import Sampling
from openqwq.generate import Sampler


def play(
    problems: Sequence[dict[str, Any]],
    samples: int,
    sampler: Sampler,
    tokenizer: Any,
    sampling: Sampling,
    seed: int,
    limits: AgentLimits,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[Episode]]:
    """`samples` episodes of each problem, in order. `progress(done, total)` counts episodes that are over.

    `sampling.max_tokens` bounds one turn. The noise of a turn depends on seed, problem, number and turn alone.
    Raises `UserError` for a prompt that leaves no room for a turn, an unknown environment, and a missing sandbox.
    """
    tables = [
        [Seat(problem, number, tokenizer, limits, sampling.max_tokens) for number in range(samples)] for problem in problems
    ]
    seats = [seat for table in tables for seat in table]

    def tell() -> None:
        if progress:
            progress(sum(seat.over for seat in seats), len(seats))

    try:
        for seat in seats:
            seat.begin(sampler)
        with hands(len(seats)) as pool:
            tell()
            while live := [seat for seat in seats if not seat.over]:
                drawn = sampler.sample([tuple(seat.context) for seat in live], 1, sampling, [seat.seed(seed) for seat in live])
                for seat, (sample,) in zip(live, drawn, strict=True):
                    seat.write(sample)
                list(pool.map(Seat.act, live))
                for seat in live:
                    seat.read(sampler)
                tell()
    finally:
        for seat in seats:
            seat.close()
    return [[seat.episode for seat in table] for table in tables]
