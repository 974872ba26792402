"""The shuffled-label control: the same training on pairs whose sides are swapped by chance.

Such labels cannot be learnt, so its held-out accuracy should be a half, give or take: where few things tell the sides apart, a
model that has learnt nothing sides with one of them by chance, above a half or below. It runs before the real training, whose
model would otherwise have to share the memory, and in a folder of its own in the stage's state: a killed stage resumes it, or has
its figures already.
"""

import gc
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from openqwq import ranks
from openqwq.artifacts.files import write_json
from openqwq.stage import Stage
from openqwq.train import distributed
from openqwq.train.pair_accuracy import Figure, Scored, ranked
from openqwq.train.pairs import Encoded

NAME = "control"
Fit = Callable[[Stage, list[Encoded], int], Any]  # trains on pairs for so many steps; returns a RewardScorer


def control(stage: Stage, training: list[Encoded], held_out: list[Encoded], steps: int, fit: Fit) -> Figure:
    """The control's accuracy on the held-out pairs, with the number of its steps; all processes call it."""
    told = stage.state / f"{NAME}.json"
    known = distributed.from_main(lambda: json.loads(told.read_text(encoding="utf-8")) if told.is_file() else None)
    if known is not None:
        return dict(known)
    stage.progress.say(f"control: {steps} steps on shuffled labels")
    part = stage.part(NAME)
    scorer = fit(part, shuffled(training, stage.seed), steps)
    chosen = scorer.raw([(one.pair.prompt, one.pair.chosen) for one in held_out])
    rejected = scorer.raw([(one.pair.prompt, one.pair.rejected) for one in held_out])
    figure = ranked([Scored(*three) for three in zip(held_out, chosen, rejected, strict=True)]) | {"steps": steps}
    del scorer
    gc.collect()  # its model and optimizer stand in cycles, and the real one needs the memory
    distributed.barrier()
    if ranks.main():
        write_json(told, figure)
        shutil.rmtree(part.state)
    return figure


def shuffled(pairs: list[Encoded], seed: int) -> list[Encoded]:
    """The pairs, each with its sides swapped with a chance of a half."""
    generator = random.Random(f"{seed}/{NAME}")
    return [_swapped(one) if generator.random() < 0.5 else one for one in pairs]


def _swapped(one: Encoded) -> Encoded:
    pair = replace(one.pair, chosen=one.pair.rejected, rejected=one.pair.chosen)
    return replace(one, pair=pair, chosen=one.rejected, rejected=one.chosen)
