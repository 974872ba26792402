"""Who is at work on a state folder. One process at a time, also where two nodes of a cluster see the same folder.

The lock is a file in the folder. Its owner holds an flock on it, and has written into it who it is. The flock ends with the
process, but on shared file systems it may not reach other nodes; so a start that gets it looks whether the one written there
was on another machine, and asks Slurm whether that one's job still runs.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from openqwq import slurm
from openqwq.errors import UserError

LOCK = "lock"
MOMENT = 1.0  # seconds in which `openqwq status` has looked, and a process that was just killed has let go
ENDING = 120.0  # seconds that a job which Slurm is ending may take: its stage saves first


@dataclass(frozen=True)
class Owner:
    """A process that holds, or held, a state folder."""

    pid: int
    host: str
    boot: str  # of the running system: two containers of one machine have it in common, a restarted machine has another
    job: str = ""  # Slurm's number, if any

    @classmethod
    def here(cls) -> "Owner":
        """This process."""
        return cls(os.getpid(), socket.gethostname(), _boot(), slurm.this_job())

    @classmethod
    def written(cls, lock: IO[str]) -> "Owner | None":
        """Who is written in the lock; None where nobody is, or only half."""
        lock.seek(0)
        try:
            return cls(**json.loads(lock.read()))
        except (ValueError, TypeError):  # no JSON, no text
            return None

    def at_work(self) -> bool | None:
        """Whether it lives, asked by one who has got its flock; None where that cannot be seen from here."""
        if self.boot == _boot() or (self.job and self.job == slurm.this_job()):
            return False  # here the flock tells; and its own job is not started twice at a time
        state = slurm.state_of(self.job) if self.job else None
        return None if state is None else state in slurm.AT_WORK

    def __str__(self) -> str:
        if not self.pid:
            return "another process"
        return f"process {self.pid} on {self.host}{f' (Slurm job {self.job})' if self.job else ''}"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the folder's lock for the block. Raises `UserError` where another holds it, or may hold it."""
    path = folder / LOCK
    with open(path, "a+", encoding="utf-8") as lock:
        begun = time.monotonic()
        while (owner := _taken(lock)) is not None:
            waited = time.monotonic() - begun
            if waited > MOMENT and (waited > ENDING or not _is_ending(owner)):
                raise UserError(_refusal(folder, owner, _is_free(lock)))
            time.sleep(0.1 if waited < MOMENT else 2)
        if not os.path.exists(path) or not os.path.samestat(os.fstat(lock.fileno()), os.stat(path)):
            raise UserError(f"{folder}: removed by `openqwq clean` at this moment. Start again.")
        _write(lock, json.dumps(asdict(Owner.here())))
        try:
            yield
        finally:
            _write(lock, "")


@contextmanager
def looked_at(folder: Path) -> Iterator[Owner | None]:
    """Who is at work on the folder, or may be. Where nobody is, None, and nobody begins while the block runs."""
    with open(folder / LOCK, "a+", encoding="utf-8") as lock:
        yield _taken(lock)


def _taken(lock: IO[str]) -> Owner | None:
    """Tries to take the lock; who has it, or may have it, where that is another."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Owner.written(lock) or Owner(0, "", "")
    owner = Owner.written(lock)
    if owner is None or owner.at_work() is False:
        return None
    fcntl.flock(lock, fcntl.LOCK_UN)
    return owner


def _is_ending(owner: Owner) -> bool:
    """Whether Slurm is ending the owner's job, has ended it, or has started it again while a lost node's part still lives."""
    if not owner.job or owner.job == slurm.this_job():
        return bool(owner.job)
    return slurm.state_of(owner.job) not in (None, *(slurm.AT_WORK - {"COMPLETING"}))


def _refusal(folder: Path, owner: Owner, unseen: bool) -> str:
    begin = f"{folder}: {owner}"
    if unseen and owner.at_work() is None:
        return (
            f"{begin} may be at work on this state, which cannot be seen from here. Make sure that it has ended, remove "
            f"{folder / LOCK}, then start again."
        )
    end = f", or end it (scancel {owner.job})" if owner.job else f", or end it (kill {owner.pid})" if owner.pid else ""
    return (
        f"{begin} is at work on this state, and two would train the same twice. Wait until it has ended{end}; then start "
        "again, and what it has made is taken up."
    )


def _is_free(lock: IO[str]) -> bool:
    """Whether the flock is free, whoever is written in the file."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True


def _write(lock: IO[str], text: str) -> None:
    lock.seek(0)
    lock.truncate()
    lock.write(text)
    lock.flush()


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
