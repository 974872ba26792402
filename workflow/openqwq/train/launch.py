"""Starts a training stage's command in several processes, through `accelerate launch`.

The command starts itself once a process: on one node `execution.processes` of them, on several nodes (one command a node, as
`srun` starts it) as many on each. This process only watches: when one ends badly, all end, and its exit code becomes ours.
"""

import logging
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from openqwq import ranks
from openqwq.config import Execution
from openqwq.environment import ROOT
from openqwq.errors import StageFailure, UserError

LAUNCH_FILES = ROOT / "config" / "accelerate"


@dataclass(frozen=True)
class Nodes:
    """The nodes that run this command together."""

    count: int = 1
    number: int = 0  # of this one
    first: str = "127.0.0.1"  # where all meet
    port: int = 0  # 0: a free one

    @classmethod
    def here(cls) -> "Nodes":
        """From Slurm's variables inside a step of several nodes; one node elsewhere."""
        count = int(os.environ.get("SLURM_STEP_NUM_NODES", "1"))
        if count == 1:
            return cls()
        names = _scontrol("hostnames", os.environ["SLURM_STEP_NODELIST"]).split()
        port = 20_000 + int(os.environ["SLURM_JOB_ID"]) % 20_000  # two jobs that share a node differ
        return cls(count, int(os.environ["SLURM_NODEID"]), _address(names[0]), port)


def _address(node: str) -> str:
    """Where a node is reached: by its name, or where that is no host's by the address that Slurm uses."""
    try:
        socket.getaddrinfo(node, None)
    except socket.gaierror:
        found = re.search(r"\bNodeAddr=(\S+)", _scontrol("node", node))
        return found.group(1) if found else node
    return node


def _scontrol(*what: str) -> str:
    return subprocess.run(["scontrol", "show", *what], capture_output=True, text=True, check=True, timeout=60).stdout


def wanted(execution: Execution) -> bool:
    """Whether this command is to be carried out by several processes and is not yet one of them."""
    return not ranks.launched() and (execution.processes > 1 or Nodes.here().count > 1)


def launch(arguments: list[str], execution: Execution) -> None:
    """Runs `openqwq` with these arguments in all processes. Ends this process with the exit code of the first that failed."""
    import torch
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    nodes = Nodes.here()
    parsed = launch_command_parser().parse_args(
        [*_options(execution, nodes, torch.cuda.is_available()), "--module", "openqwq.cli", *arguments]
    )
    # A signal that asks to save and stop is for the processes, however long that takes; the launcher would give them 30 s.
    parsed.signals_to_handle = "SIGINT,SIGHUP,SIGQUIT"
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, _pass_on)
    os.environ["OMP_NUM_THREADS"] = str(max(1, int(os.environ.get("OMP_NUM_THREADS", "1")) // execution.processes))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "workflow"), os.environ.get("PYTHONPATH")]))
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)  # it tells of each end in its own words
    try:
        launch_command(parsed)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.exitcode < 0:
            name = signal.Signals(-failure.exitcode).name
            raise StageFailure(
                f"process {rank} of {execution.processes * nodes.count} was ended by {name}"
                f"{' (memory may have run out)' if name == 'SIGKILL' else ''}, so all were. What was saved is kept; start the "
                "stage again to go on."
            ) from error
        sys.exit(failure.exitcode)  # it has said why


def _options(execution: Execution, nodes: Nodes, gpus: bool) -> list[str]:
    """Of `accelerate launch`: the launch file, and what this run knows better than it."""
    default = "cpu_2.yaml" if not gpus else "one_node_8gpu.yaml" if nodes.count == 1 else "four_nodes_8gpu.yaml"
    file = Path(execution.launch_file) if execution.launch_file else LAUNCH_FILES / default
    if not file.is_file():
        raise UserError(f"execution.launch_file: {file} does not exist. Give one of {LAUNCH_FILES}, or a file of your own.")
    options = {
        "config_file": file,
        "num_processes": execution.processes * nodes.count,
        "num_machines": nodes.count,
        "machine_rank": nodes.number,
        "main_process_ip": nodes.first,
        "main_process_port": nodes.port,
        "rdzv_backend": "static" if nodes.count == 1 else "c10d",
    }
    return [text for name, value in options.items() for text in (f"--{name}", str(value))]


def _pass_on(number: int, _frame: FrameType | None) -> None:
    """Hands a signal to the processes, which are this one's children and in sessions of their own."""
    import psutil  # type: ignore[import-untyped]

    for child in psutil.Process().children():
        try:
            child.send_signal(number)
        except psutil.NoSuchProcess:
            continue
