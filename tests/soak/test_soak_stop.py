"""Signals and deadlines: saved, exit code 75, and the next attempt ends with the bytes of the undisturbed run."""

import signal
import time

import pytest
from soak_stage import CONFIGS, STEPS, StageRun, signal_group

STOPPED = 75
FEW_SAVES = {"saving": {"coldstart": 1000, "reward_model": 1000, "general": 1000, "keep": 2}}


@pytest.mark.parametrize(
    ("command", "reached", "number", "name"),
    [
        ("sft", 2, signal.SIGTERM, "SIGTERM"),
        ("reward-model", 2, signal.SIGUSR1, "SIGUSR1"),  # within its control
        ("reward-model", CONFIGS["reward-model"]["control_steps"] + 1, signal.SIGUSR1, "SIGUSR1"),  # behind it
        ("grpo", 2, signal.SIGTERM, "SIGTERM"),
    ],
)
def test_a_signal_saves_the_last_finished_step_and_the_retry_goes_on_from_it(
    inputs, whole, tmp_path, command, reached, number, name
):
    run = StageRun(command, inputs, tmp_path / "run", **FEW_SAVES)
    process = run.start()
    run.wait_for(lambda: run.step() >= reached, process)
    signal_group(process, number)
    process.join(60)
    assert process.exitcode == STOPPED, run.said()
    last = run.said().strip().splitlines()[-1]
    assert f"stopped by {name} after step " in last
    step = int(last.split("after step ")[1].split()[0])
    part = "control" if f" of {CONFIGS[command].get('control_steps')}" in last else ""
    assert [save.name for save in run.saves(part)] == [f"checkpoint-{step}"], "nothing had been saved before the signal"
    assert "Traceback" not in run.said()
    assert run.finish() == 0, run.said()
    assert f"resuming from step {step}, " in run.said()
    assert run.made() == whole[command]


def test_within_a_batch_of_rollouts_that_serves_two_steps_it_stops_at_the_batchs_end(inputs, tmp_path):
    two = {"updates": 2}
    whole = StageRun("grpo", inputs, tmp_path / "whole", two)
    assert whole.finish() == 0, whole.said()
    run = StageRun("grpo", inputs, tmp_path / "run", two, **FEW_SAVES)
    process = run.start()
    run.wait_for(lambda: run.step() >= 3, process)
    signal_group(process, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == STOPPED, run.said()
    assert "stopped by SIGTERM after step 4 of 6" in run.said()
    assert run.finish() == 0, run.said()
    assert "resuming from step 4, " in run.said()
    assert run.made() == whole.made()


def test_a_signal_before_the_first_step_ends_the_stage_at_once(inputs, whole, tmp_path):
    run = StageRun("grpo", inputs, tmp_path / "run")
    process = run.start()
    run.wait_for(lambda: "training on" in run.said(), process)
    begun = time.monotonic()
    signal_group(process, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == STOPPED, run.said()
    assert time.monotonic() - begun < 20
    assert run.finish() == 0, run.said()
    assert run.made() == whole["grpo"]


def test_a_deadline_is_met_and_the_work_goes_on_after_it(inputs, tmp_path):
    longer = {"epochs": 25}
    whole = StageRun("sft", inputs, tmp_path / "whole", longer, **FEW_SAVES)
    assert whole.finish() == 0, whole.said()
    run = StageRun("sft", inputs, tmp_path / "run", longer, **FEW_SAVES)
    for seconds in (4.5, 5, 6, 8, 12, 20, 40):
        begun = time.monotonic()
        code = run.finish("--deadline", f"+{seconds}")
        if code == 0:
            break
        assert code == STOPPED, run.said()
        assert time.monotonic() - begun < seconds, run.said()
    assert code == 0, run.said()
    assert "stopped by the deadline after step " in run.said()
    assert run.made() == whole.made()


def test_a_deadline_that_is_no_time_is_the_users_error(inputs, tmp_path):
    run = StageRun("sft", inputs, tmp_path / "run")
    assert run.finish("--deadline", "soon") == 2
    assert "'soon' is no point in time" in run.said()


def test_a_run_that_ends_with_fewer_steps_is_a_failure(inputs, tmp_path, monkeypatch, capsys):
    from transformers import TrainerCallback

    from openqwq.cli import main
    from openqwq.train import sft

    class Quit(TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            control.should_training_stop = state.global_step == 5

    class Quits(sft.ColdStartTrainer):
        def __init__(self, **keywords):
            super().__init__(**keywords)
            self.add_callback(Quit())

    monkeypatch.setattr(sft, "ColdStartTrainer", Quits)
    run = StageRun("sft", inputs, tmp_path / "run")
    assert main(run.arguments) == 1
    assert f"training ended at step 5 of {STEPS['sft']}, though nobody asked it to" in capsys.readouterr().err
    assert not run.out.exists()
