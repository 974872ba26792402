"""One copy of the weights over two workers; and the engines of a stage that runs in two processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_vllm_update import follow
from vllm_reference import prompts_of

from openqwq.config.train import Sampling
from openqwq.errors import StageFailure
from openqwq.generate import open_sampler

GREEDY = Sampling(temperature=0.0, max_tokens=12)
# A stage's process: joins the others, samples, takes over weights scaled by 1.01, samples again.
PROGRAM = """
import json, sys
from pathlib import Path
import torch.distributed as dist
from openqwq.config.train import Sampling
from openqwq.config.vllm import VllmConfig
from openqwq.generate import open_sampler
from openqwq.generate.checkpoint import load_model
from vllm_reference import prompts_of

checkpoint, size, out = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
dist.init_process_group("gloo")
config = VllmConfig(kv_cache_gb=0.25, max_model_len=512, enforce_eager=True, tensor_parallel_size=size)
warm = Sampling(temperature=1.0, max_tokens=12)
drawn = []
with open_sampler("vllm", checkpoint, 16, "float32", config) as sampler:
    prompts = prompts_of(sampler)
    drawn.append(sampler.sample(prompts, 2, warm, 1))
    sampler.update((name, tensor * 1.01) for name, tensor in load_model(checkpoint, "float32").state_dict().items())
    drawn.append(sampler.sample(prompts, 2, warm, 1))
rank = dist.get_rank()
dist.barrier()  # the group of the stage's processes outlives the engine
(out / f"{rank}.json").write_text(json.dumps([[[s.token_ids for s in row] for row in rows] for rows in drawn]))
dist.destroy_process_group()
"""


@pytest.fixture(scope="module")
def pair(even, small):
    with open_sampler("vllm", even, 32, "float32", small.model_copy(update={"tensor_parallel_size": 2})) as opened:
        yield opened


def test_two_workers_draw_what_one_draws(pair, even):
    prompts = prompts_of(pair)
    with open_sampler("transformers", even, 8, "float32") as other:
        theirs = [row[0].token_ids for row in other.sample(prompts, 1, GREEDY, 1)]
    assert [row[0].token_ids for row in pair.sample(prompts, 1, GREEDY, 1)] == theirs


def test_new_weights_and_back_over_two_workers(pair, even):
    follow(pair, even, noise=2.0)


def test_a_dead_worker_ends_the_stage(pair):
    workers = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "VLLM::Worker"], capture_output=True, text=True
    ).stdout.split()
    assert len(workers) == 2
    os.kill(int(workers[1]), signal.SIGKILL)
    with pytest.raises(StageFailure, match="vLLM failed while sampling"):
        pair.sample(prompts_of(pair), 1, GREEDY, 1)


@pytest.mark.parametrize("size", [1, 2])
def test_the_engines_of_two_processes(even, tmp_path, size):
    program = tmp_path / "stage.py"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", program, even, size]
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*map(str, command), str(tmp_path)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text(encoding="utf-8")) for rank in (0, 1))
    assert first == second  # the same prompts and seed: alone or together they draw the same
    before, after = first
    assert before != after
