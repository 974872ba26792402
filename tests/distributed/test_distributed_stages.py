"""Stages in two processes: the same training as in one, also when the number changes on the way; and no hang when one dies."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
import torch

from openqwq.artifacts.files import read_table
from openqwq.artifacts.lineage import check
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.stopping import STOPPED

STEPS = 54  # of the cold start: ten epochs of 43 rows in batches of 8


def close(ours, theirs, tolerance=1e-5):
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert torch.allclose(ours[name], tensor, atol=tolerance, rtol=0), (name, (ours[name] - tensor).abs().max())


def same_steps(ours, theirs, name, tolerance):
    one, two = theirs.curve(name), ours.curve(name)
    assert [step for step, _ in two] == [step for step, _ in one]
    assert max(abs(a - b) for (_, a), (_, b) in zip(one, two, strict=True)) < tolerance


LOOK = """
import atexit, os, sys
def look():
    if os.environ.get("WORLD_SIZE") == "2" and "torch.distributed" in sys.modules:
        print("at the end the group", "stands" if sys.modules["torch.distributed"].is_initialized() else "is gone")
atexit.register(look)
"""


def test_sft_in_two_processes_is_sft_in_one(runs, sft_alone, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(LOOK)
    two = runs("sft")
    said = two.finish(2, modules=tmp_path)
    assert said.count("at the end the group is gone") == 2, "gloo's threads would outlive the interpreter"
    assert said.count("training from step 0") == 1, "only one process speaks"
    same_steps(two, sft_alone, "loss", 1e-3)
    same_steps(two, sft_alone, "eval_loss", 1e-2)  # a mean of micro-batches' means, and these differ
    assert len(two.curve("loss")) == STEPS
    close(two.weights(), sft_alone.weights())
    load_tokenizer(two.out / "checkpoint"), load_model(two.out / "checkpoint", "float32")
    check(two.out)
    assert read_manifest(two.out)["facts"] == {"processes": 2}
    assert not two.state().joinpath("saves").exists()


def test_one_process_dies_and_all_end_then_one_goes_on_alone(runs, sft_alone, capfd):
    run = runs("sft")
    process = run.start(2)
    run.until(process, 2)
    ranks = [p for p in psutil.Process(process.pid).children() if "openqwq.cli" in " ".join(p.cmdline())]
    second = next(p for p in ranks if p.environ()["RANK"] == "1")
    second.send_signal(signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "process 1 of 2 was ended by SIGKILL" in said
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in ranks)
    assert not run.out.exists()
    run.here()
    assert "resuming from step " in capfd.readouterr().err
    same_steps(run, sft_alone, "loss", 1e-3)
    close(run.weights(), sft_alone.weights())


@pytest.mark.timeout(300)
def test_four_processes_that_were_stopped_end_with_the_bytes_of_four_that_were_not(runs):
    """With more than two, the order in which gradients are summed would show."""
    whole, run = runs("sft", micro_batch_size=2), runs("sft", micro_batch_size=2)
    whole.finish(4)
    process = run.start(4)
    run.until(process, 8)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == STOPPED, said
    assert "resuming from step " in run.finish(4)
    assert run.curve("loss") == whole.curve("loss")
    weights = "checkpoint/model.safetensors"
    assert (run.out / weights).read_bytes() == (whole.out / weights).read_bytes()


@pytest.mark.timeout(300)
def test_grpo_goes_from_two_processes_to_one_and_back(runs, grpo_alone):
    run = runs("grpo")
    process = run.start(2)
    run.until(process, 2)
    process.send_signal(signal.SIGTERM)  # as a scheduler does
    said, _ = process.communicate(timeout=60)
    assert process.returncode == STOPPED, said
    assert said.count("stopped by SIGTERM") == 1
    process = run.start(1)
    run.until(process, 6)
    process.kill()
    assert "resuming from step " in process.communicate()[0]
    said = run.finish(2)
    assert "resuming from step " in said
    same_steps(run, grpo_alone, "loss", 1e-4)
    same_steps(run, grpo_alone, "reward", 1e-6)
    same_steps(run, grpo_alone, "trained_tokens", 1e-6)
    close(run.weights(), grpo_alone.weights())
    check(run.out)
    for path in sorted((grpo_alone.out / "rollouts").glob("*.parquet")):
        one, two = (read_table(p, ROLLOUT).to_pylist() for p in (path, run.out / "rollouts" / path.name))
        assert [(r["problem_id"], r["text"], r["verdict"]) for r in one] == [
            (r["problem_id"], r["text"], r["verdict"]) for r in two
        ]


@pytest.mark.parametrize("later", [0.0, 1.5, 4.0])  # before the processes are there, while they start, when they have begun
def test_a_request_is_not_lost_however_early_it_comes(runs, later):
    run = runs("sft")
    process = run.start(2)
    deadline = time.monotonic() + 30
    while not listens(process.pid, signal.SIGTERM):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(later)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == STOPPED, said
    assert said.count("stopped by SIGTERM") == 1, said
    assert "Traceback" not in said


def listens(pid, number):
    """Whether a process has a handler for a signal."""
    caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def test_the_end_of_the_starting_process_ends_all(runs):
    run = runs("sft")
    process = run.start(2)
    run.until(process, 1)
    ranks = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(ranks, timeout=20)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_a_batch_that_cannot_be_divided_is_a_mistake_told_once(runs):
    said = runs("sft", micro_batch_size=8).finish(2, code=2)
    assert said.count("a batch of 8 cannot be divided among 2 processes with micro-batches of 8") == 1
    assert "Traceback" not in said
