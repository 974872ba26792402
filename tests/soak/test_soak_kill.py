"""SIGKILL at random moments: the stage goes on, and ends with the bytes of the run that nothing disturbed.

`OPENQWQ_KILLS` is the number of kills of each stage (`make soak`: 10).
"""

import os
import random
import time

import pytest
from soak_stage import STEPS, StageRun

KILLS = int(os.environ.get("OPENQWQ_KILLS", "2"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("command", STEPS)
def test_killed_at_random_moments_it_ends_with_the_same_bytes(inputs, whole, tmp_path, command, capsys):
    chance = random.Random(f"{command}/{KILLS}")
    started = time.monotonic()
    first = StageRun(command, inputs, tmp_path / "run 0")
    assert first.finish() == 0, first.said()
    duration = time.monotonic() - started
    kills, runs, moments, torn = 0, 1, [], 0
    while kills < KILLS:
        # The moments of one cycle are spread over the whole duration, and come in any order.
        run = StageRun(command, inputs, tmp_path / f"run {runs}")
        runs += 1
        # Two kills a run: the second hits an attempt that resumed.
        for _ in range(min(2, KILLS - kills)):
            moment = chance.uniform(0.05, 0.98) * duration
            if not run.killed_after(moment):
                break
            kills += 1
            moments.append(f"{moment:.2f} s, step {run.step()}")
            torn += any(not (save / "openqwq-save.json").exists() for save in run.saves())
        assert run.finish() == 0, run.said()
        assert run.made() == whole[command]
        assert not run.saves(), "a published stage keeps no saves"
    with capsys.disabled():
        print(
            f"\n{command}: {kills} kills in {runs - 1} runs of {duration:.1f} s at {'; '.join(moments)}; {torn} left a torn save"
        )


def test_the_comparison_sees_a_difference(inputs, whole, tmp_path):
    other = StageRun("sft", inputs, tmp_path / "other")
    assert other.finish("--seed", "2") == 0, other.said()
    made = other.made()
    assert set(made) == set(whole["sft"])
    differing = {name for name in made if made[name] != whole["sft"][name]}
    assert {"checkpoint/model.safetensors", "metrics.parquet"} <= differing
