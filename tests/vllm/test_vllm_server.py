"""The engine as a server that the stage starts: the same samples, new weights through files, and it ends with the stage."""

import os
import signal
import subprocess
import time

import pytest
from test_vllm_update import follow
from vllm_reference import prompts_of

from openqwq.config.train import Sampling
from openqwq.errors import StageFailure
from openqwq.generate import open_sampler

WARM = Sampling(temperature=1.0, max_tokens=24)


@pytest.fixture(scope="module")
def server(checkpoint, small):
    with open_sampler("vllm", checkpoint, 32, "float32", small.model_copy(update={"mode": "server"})) as opened:
        yield opened


def test_samples_are_those_of_the_engine_in_this_process(server, checkpoint, small):
    prompts = prompts_of(server)
    seen = []
    served = server.sample(prompts, 3, WARM, 1, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (18, 18)
    with open_sampler("vllm", checkpoint, 32, "float32", small) as sampler:
        own = sampler.sample(prompts, 3, WARM, 1)
    assert [[s.token_ids for s in row] for row in served] == [[s.token_ids for s in row] for row in own]
    ours, theirs = ([value for row in rows for sample in row for value in sample.logprobs] for rows in (own, served))
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < 1e-3


def test_new_weights_and_back(server, checkpoint):
    follow(server, checkpoint)
    assert not list(server.server.folder.glob("weights-*"))


def test_a_dead_server_ends_the_stage(checkpoint, small):
    with open_sampler("vllm", checkpoint, 8, "float32", small.model_copy(update={"mode": "server"})) as sampler:
        group, folder = sampler.server.guard.pid, sampler.server.folder
        assert len(alive(group)) >= 3  # the guard, the server, its engine
        os.killpg(group, signal.SIGKILL)
        with pytest.raises(StageFailure, match="does not answer any more"):
            sampler.sample(prompts_of(sampler), 1, WARM, 1)
    assert not folder.exists()
    deadline = time.monotonic() + 20  # a killed process with much memory takes a moment to end
    while alive(group):
        assert time.monotonic() < deadline, alive(group)
        time.sleep(0.2)


def alive(group):
    """The processes of a group that run; those that only wait to be reaped have ended."""
    listed = subprocess.run(["ps", "-o", "stat=,args=", "-g", str(group)], capture_output=True, text=True).stdout.splitlines()
    return [line for line in listed if not line.startswith("Z")]
