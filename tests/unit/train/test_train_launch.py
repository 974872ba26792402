"""Starting several processes: launch files that accelerate reads, what the run knows better, nodes, GPUs."""

import os
import stat
import subprocess
import sys

import pytest
import yaml
from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import DistributedType

from openqwq import ranks
from openqwq.config import Execution
from openqwq.environment import ROOT
from openqwq.errors import UserError
from openqwq.train.launch import LAUNCH_FILES, Nodes, _options, wanted

FILES = sorted(LAUNCH_FILES.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_accelerate_reads_the_launch_files(file):
    config = load_config_from_file(str(file))
    assert isinstance(config, ClusterConfig)
    assert set(yaml.safe_load(file.read_text())) <= {*ClusterConfig.__dataclass_fields__, "fsdp_config"}
    gpus = file.stem != "cpu_2"
    assert config.distributed_type == (DistributedType.FSDP if gpus else DistributedType.MULTI_GPU)
    known = {action.dest for action in launch_command_parser()._actions}
    assert set(config.fsdp_config) <= known, "an option that the launcher does not know would be ignored"
    if gpus:
        assert config.fsdp_config["fsdp_version"] == 2
        assert config.num_processes == 8 * config.num_machines


def test_three_files_are_there():
    assert [file.stem for file in FILES] == ["cpu_2", "four_nodes_8gpu", "one_node_8gpu"]


@pytest.mark.parametrize(
    ("nodes", "gpus", "file", "processes"),
    [
        (Nodes(), False, "cpu_2", 3),
        (Nodes(), True, "one_node_8gpu", 3),
        (Nodes(4, 2, "gpu1", 23456), True, "four_nodes_8gpu", 12),
    ],
)
def test_the_run_knows_better_than_the_file(nodes, gpus, file, processes):
    options = _options(Execution(processes=3), nodes, gpus)
    parsed, _, _ = _validate_launch_command(launch_command_parser().parse_args([*options, "--module", "openqwq.cli", "sft"]))
    assert parsed.config_file == str(LAUNCH_FILES / f"{file}.yaml")
    assert (parsed.num_processes, parsed.num_machines, parsed.machine_rank) == (processes, nodes.count, nodes.number)
    assert (parsed.main_process_ip, parsed.main_process_port) == (nodes.first, nodes.port)
    assert parsed.use_fsdp == gpus
    assert parsed.multi_gpu != gpus
    assert parsed.mixed_precision == ("bf16" if gpus else "no")
    if nodes.count > 1:
        assert (parsed.rdzv_backend, parsed.same_network) == ("c10d", False)
        assert parsed.rdzv_conf.startswith("is_host=0,")
        assert "is_host=1," in _options(Execution(processes=3), Nodes(4, 0, "gpu1", 23456), gpus)[-1]


def test_a_launch_file_of_ones_own_is_taken_or_missed_aloud(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text((LAUNCH_FILES / "cpu_2.yaml").read_text())
    assert str(own) in _options(Execution(processes=2, launch_file=str(own)), Nodes(), False)
    with pytest.raises(UserError, match=r"execution.launch_file: .*none.yaml does not exist"):
        _options(Execution(processes=2, launch_file=str(tmp_path / "none.yaml")), Nodes(), False)


def test_nodes_come_from_the_slurm_step(tmp_path, monkeypatch):
    assert Nodes.here() == Nodes()
    tool = tmp_path / "scontrol"
    hostnames = '[ "$*" = "show hostnames gpu[1-2]" ] && printf "gpu1.invalid\\ngpu2.invalid\\n"'
    node = '[ "$*" = "show node gpu1.invalid" ] && printf "NodeName=gpu1.invalid\\n   NodeAddr=192.0.2.7 State=IDLE\\n"'
    tool.write_text(f"#!/bin/sh\n{hostnames}\n{node}\nexit 0\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, value in {"STEP_NUM_NODES": "2", "STEP_NODELIST": "gpu[1-2]", "JOB_ID": "40007", "NODEID": "1"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert Nodes.here() == Nodes(2, 1, "192.0.2.7", 20007)
    assert wanted(Execution())


def test_one_process_starts_none_and_a_started_one_no_more(monkeypatch):
    assert not wanted(Execution())
    assert wanted(Execution(processes=2))
    monkeypatch.setenv("RANK", "1")  # as cluster software sets it for a whole node
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert (ranks.rank(), ranks.count(), ranks.main()) == (0, 1, True)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert (ranks.rank(), ranks.count(), ranks.main()) == (1, 2, False)
    assert not wanted(Execution(processes=2))


def test_the_32b_run_says_how_many_processes():
    from openqwq.config import load_file

    run = load_file(ROOT / "config" / "qwq-32b.yaml")
    everywhere = run.execution.processes * 4  # four nodes
    assert everywhere == 32
    for stage in (run.coldstart, run.reward_model):
        assert stage.batch_size % (stage.micro_batch_size * everywhere) == 0
    for stage in (run.reason, run.general):
        assert stage.groups * stage.group_size // stage.updates % everywhere == 0


def test_a_launch_file_that_one_process_would_ignore_is_refused(monkeypatch):
    file = str(FILES[0])
    assert wanted(Execution(processes=2, launch_file=file))
    with pytest.raises(UserError, match=r"execution\.launch_file: one process trains here"):
        wanted(Execution(launch_file=file))
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert not wanted(Execution(processes=2, launch_file=file))


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"STEP_NUM_NODES": "two"}, "SLURM_STEP_NUM_NODES is 'two'"),
        ({"STEP_NUM_NODES": "2", "STEP_NODELIST": "gpu[1-2]", "JOB_ID": "7"}, "SLURM_NODEID is ''"),
        ({"STEP_NUM_NODES": "2", "STEP_NODELIST": "gpu[1-2]", "JOB_ID": "7", "NODEID": "2"}, "node 2 of 2, on gpu1 gpu2"),
        ({"STEP_NUM_NODES": "3", "STEP_NODELIST": "gpu[1-2]", "JOB_ID": "7", "NODEID": "0"}, "node 0 of 3, on gpu1 gpu2"),
    ],
)
def test_variables_of_slurm_that_make_no_sense_are_named(tmp_path, monkeypatch, variables, said):
    (tmp_path / "scontrol").write_text("#!/bin/sh\nprintf 'gpu1\\ngpu2\\n'\n")
    (tmp_path / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, value in variables.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    with pytest.raises(UserError, match=rf"{said}\).*unset SLURM_STEP_NUM_NODES"):
        Nodes.here()


def test_an_empty_variable_is_one_node_and_a_missing_scontrol_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_STEP_NUM_NODES", "")
    assert Nodes.here() == Nodes()
    for name, value in {"STEP_NUM_NODES": "2", "STEP_NODELIST": "gpu[1-2]", "JOB_ID": "7", "NODEID": "0"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"scontrol show hostnames gpu\[1-2\].*PATH of the nodes"):
        Nodes.here()


EARLY = """
import os, signal, sys, time
from openqwq.train.launch import Requests

requests = Requests()
signal.signal(signal.SIGTERM, requests.receive)
signal.raise_signal(signal.SIGTERM)
with requests.passed_on():
    child = os.fork()
    if child == 0:
        time.sleep(1)
        program = [sys.executable, "-c", "import time; time.sleep(20)"]
        os.execve(sys.executable, program, os.environ | {"LOCAL_RANK": "0"})
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_request_to_stop_waits_until_a_forked_process_is_the_program():
    """Before, it has the launcher's own handler, and what it takes there the program would never hear of."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    done = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, timeout=60, env=environment)
    assert done.stdout == "-15\n", done.stderr
