"""Where training may be left: alone, anywhere in a step; with others, only where nobody has to save."""

from types import SimpleNamespace

import pytest
import torch
from transformers import TrainerControl, TrainerState

from openqwq.stopping import MARGIN, Stopped, Stopping
from openqwq.train.loop import StopInTime
from openqwq.train.saves import Durations


def stopper(stopping, processes=1, saved=4, resumable=5, **durations):
    trainer = SimpleNamespace(
        model=torch.nn.Linear(1000, 1000),
        durations=Durations(**durations),
        saved_step=saved,
        resumable_step=lambda: resumable,
        accelerator=SimpleNamespace(num_processes=processes),
    )
    return StopInTime(stopping, trainer)


STATE = TrainerState(global_step=5, max_steps=9)


@pytest.mark.parametrize(
    ("processes", "saved", "resumable", "leaves"),
    [
        (1, 4, 5, True),  # the state of step 5 can be saved
        (1, 5, 5, True),
        (2, 5, 5, True),
        (2, 4, 5, False),  # saving needs all
        (1, 4, 4, True),  # within a batch of rollouts: it is made again from its beginning
        (1, 2, 4, False),  # whose beginning is not on disk
    ],
)
def test_a_step_is_left_in_the_middle_only_where_nothing_is_lost_and_nobody_waits(processes, saved, resumable, leaves):
    stopping = Stopping()
    stopping.asked = "SIGTERM"
    with stopping.shielded():
        if leaves:
            with pytest.raises(Stopped):
                stopper(stopping, processes, saved, resumable).on_step_begin(None, STATE, None)
        else:
            one = stopper(stopping, processes, saved, resumable)
            one.on_step_begin(None, STATE, None)
            one.on_substep_end()


def end_of_step(stopping, state=STATE, **durations):
    control = TrainerControl()
    one = stopper(stopping, **durations)
    one.on_step_end(None, state, control)
    assert control.should_save is control.should_training_stop
    return control.should_training_stop


def test_at_the_end_of_a_step_it_saves_and_stops_when_asked():
    stopping = Stopping()
    assert not end_of_step(stopping)
    stopping.asked = "SIGUSR1"
    assert end_of_step(stopping)
    assert not end_of_step(stopping, TrainerState(global_step=9, max_steps=9)), "the last step ends by itself"


def test_a_request_that_comes_while_the_processes_agree_is_kept_for_the_next_step(monkeypatch):
    stopping = Stopping()

    def agree(values):
        stopping.asked = "SIGTERM"  # as a signal's handler does
        return values

    monkeypatch.setattr("openqwq.train.loop.gather_object", agree)
    assert not end_of_step(stopping)
    assert end_of_step(stopping)
    assert stopping.asked == "SIGTERM"


def test_the_deadline_counts_the_longest_step_and_save():
    import time

    in_time = time.time() + 200
    assert not end_of_step(Stopping(in_time), step=50.0, save=80.0)
    assert end_of_step(Stopping(in_time), step=110.0, save=80.0)
    assert end_of_step(Stopping(in_time), step=50.0, save=120.0)
    stopping = Stopping(in_time)
    end_of_step(stopping)
    assert stopping.margin == pytest.approx(MARGIN + 1.25 * 3 * 4 * 1_001_000 / 500e6), "a guess until a save was measured"
    assert end_of_step(Stopping(time.time() + 1)), stopping.asked
