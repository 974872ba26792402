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
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from openqwq import ranks
from openqwq.config import Execution
from openqwq.environment import ROOT
from openqwq.errors import StageFailure, UserError
from openqwq.stopping import LOOK, SIGNALS, Stopping

PATIENCE = 900  # seconds between the first node's start and the last one's
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
        """From Slurm's variables inside a step of several nodes; one node elsewhere.

        Raises `UserError` where some of them are missing or make no sense.
        """
        count = _number("SLURM_STEP_NUM_NODES", "1")
        if count <= 1:
            return cls()
        job, number = _number("SLURM_JOB_ID"), _number("SLURM_NODEID")
        names = _scontrol("hostnames", os.environ.get("SLURM_STEP_NODELIST", "")).split()
        if number >= count or len(names) != count:
            raise UserError(_odd(f"node {number} of {count}, on {' '.join(names) or 'no node'}"))
        return cls(count, number, _address(names[0]), 20_000 + job % 20_000)  # two jobs that share a node differ


def _number(variable: str, default: str = "") -> int:
    text = os.environ.get(variable) or default
    if not text.isdecimal():
        raise UserError(_odd(f"{variable} is {text!r}"))
    return int(text)


def _odd(what: str) -> str:
    return (
        f"the environment says that this command is part of a Slurm step of several nodes, but not which ({what}). Start it "
        "through srun, once a node, as the rules do, or unset SLURM_STEP_NUM_NODES to train on this node alone."
    )


def _address(node: str) -> str:
    """Where a node is reached: by its name, or where that is no host's by the address that Slurm uses."""
    try:
        socket.getaddrinfo(node, None)
    except socket.gaierror:
        found = re.search(r"\bNodeAddr=(\S+)", _scontrol("node", node))
        return found.group(1) if found else node
    return node


def _scontrol(*what: str) -> str:
    try:
        return subprocess.run(["scontrol", "show", *what], capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(
            f"`scontrol show {' '.join(what)}` was asked for the nodes of this Slurm step, and failed ({error}). Put Slurm's "
            "programs on the PATH of the nodes, in a container too, and start again."
        ) from error


def wanted(execution: Execution) -> bool:
    """Whether this command is to be carried out by several processes and is not yet one of them.

    Raises `UserError` for a launch file that one process would ignore.
    """
    several = execution.processes > 1 or Nodes.here().count > 1
    if execution.launch_file and not several and not ranks.launched():
        raise UserError(
            "execution.launch_file: one process trains here, and nothing is launched, so the file would have no effect. Give "
            "execution.processes of 2 or more, or leave it out."
        )
    return several and not ranks.launched()


def launch(arguments: list[str], execution: Execution, stopping: Stopping) -> None:
    """Runs `openqwq` with these arguments in all processes. Ends this process with the exit code of the first that failed.

    From here on requests to stop are passed on to the processes; one that came before ends this one (`stopping`).
    """
    import torch
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    nodes = Nodes.here()
    parsed = launch_command_parser().parse_args(
        [*_options(execution, nodes, torch.cuda.is_available()), "--module", "openqwq.cli", *arguments]
    )
    # A signal that asks to save and stop is for the processes, however long that takes; the launcher would give them 30 s.
    parsed.signals_to_handle = "SIGINT,SIGHUP,SIGQUIT"
    requests = Requests()
    for number in SIGNALS:
        signal.signal(number, requests.receive)
    stopping.check()  # one that a library swallowed while it was loaded
    threads = os.environ.get("OMP_NUM_THREADS", "1").split(",")[0]  # OpenMP takes a number for each level
    os.environ["OMP_NUM_THREADS"] = str(max(1, int(threads) // execution.processes))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "workflow"), os.environ.get("PYTHONPATH")]))
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)  # it tells of each end in its own words
    try:
        with requests.passed_on():
            launch_command(parsed)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if -failure.exitcode in requests.received:  # it was not listening yet, so there was nothing to save
            name = signal.Signals(-failure.exitcode).name
            raise stopping.stopped(f"stopped by {name} before the processes had begun") from error
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
    if nodes.count > 1:  # the first node hosts; the others wait for it, however long its programs take to load
        options["rdzv_conf"] = f"is_host={int(nodes.number == 0)},read_timeout={PATIENCE},join_timeout={PATIENCE}"
    return [text for name, value in options.items() for text in (f"--{name}", str(value))]


class Requests:
    """Signals that ask to stop, handed to the processes, which are this one's children and in sessions of their own.

    One that comes before they are there reaches them once they are: each is told of each once.
    """

    def __init__(self) -> None:
        self.received: list[int] = []
        self.told: set[tuple[int, int]] = set()  # process and signal

    def receive(self, number: int, _frame: FrameType | None) -> None:
        if number not in self.received:
            self.received.append(number)

    @contextmanager
    def passed_on(self) -> Iterator[None]:
        """Passes signals on while the block runs."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=[over], daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, over: threading.Event) -> None:
        import psutil  # type: ignore[import-untyped]

        own = psutil.Process()
        while not over.wait(LOOK):
            for number in list(self.received):
                for child in own.children():
                    with suppress(psutil.NoSuchProcess):
                        # One that is forked and not yet the program has our handler, and would take the signal with it.
                        if (child.pid, number) not in self.told and ranks.LOCAL in child.environ():
                            child.send_signal(number)
                            self.told.add((child.pid, number))
