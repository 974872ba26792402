"""Starts Snakemake in this checkout, coping with what a killed run left behind: `python workflow/launch.py [ARGUMENTS]`.

The arguments go to Snakemake after `--rerun-incomplete` and, unless they or a profile say otherwise, `--cores all`;
without a target Snakemake makes its first rule, `all`.

- One launch at a time: a file lock is held by this process and by its Snakemake for as long as either lives.
- A lock that a killed Snakemake left is removed once it is proven that no Snakemake and no stage of it is alive here.
- Snakemake runs in a process group of its own; SIGINT, SIGTERM and SIGHUP are passed on to all of it, so that the
  stages save before they end. The exit code is Snakemake's; 2 means that nothing was started.
"""

import fcntl
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parents[1]
STAGES = {
    *("import-model", "curate", "sft", "profile", "grpo", "reward-model", "sample-traces"),
    *("evaluate", "gate-plan", "final", "report", "release"),
}
DEFAULT_CONFIG = "config/demo.yaml"
PATIENCE = 10  # tries to take the launch lock, a fifth of a second apart


def main(arguments: list[str]) -> int:
    """Runs Snakemake with `arguments`; returns the exit code."""
    snakemake = Path(sys.executable).parent / "snakemake"
    if not snakemake.exists():
        stop(f"no snakemake beside {sys.executable}. Set the environment up with `make env`, then start through `make demo`.")
    check_configuration(arguments)
    # Rules call the environment's programs by name, also where nobody activated it.
    environment = os.environ | {"PATH": f"{snakemake.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    with _lock() as lock:
        hold(lock)
        clear_stale_lock(lock, snakemake, environment)
        lock.truncate(0)
        lock.write(f"{os.getpid()} {socket.gethostname()}\n")
        lock.flush()
        started = time.time()
        code = run([str(snakemake), "--rerun-incomplete", *_cores(arguments), *arguments], environment, lock)
    if code == 0 and not {"-n", "--dry-run", "--dryrun", "--lint", "--unlock"} & set(arguments):
        conclude(arguments, nothing_done(started))
    return code


def check_configuration(arguments: list[str]) -> None:
    """Stops at a configuration file that is missing or no YAML: Snakemake would say so with a traceback."""
    import yaml  # the environment has it, being here already

    path = _value(arguments, "--configfile", "--configfiles")
    if path is None:
        return
    try:
        value = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    except OSError as error:
        stop(f"{path}: {error.strerror}. Give an existing configuration, such as {DEFAULT_CONFIG}.")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        stop(f"{path}: not readable as YAML ({' '.join(str(error).split())}).")
    if not isinstance(value, dict):
        stop(f"{path}: a configuration is a mapping of keys, this is {type(value).__name__}.")


def hold(lock: IO[str]) -> None:
    """Takes the launch lock, or stops because another launch has it."""
    for attempt in range(PATIENCE):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:  # a process that was just killed lets go a moment later
            time.sleep(0.2 if attempt < PATIENCE - 1 else 0)
    lock.seek(0)
    owner = lock.read().strip() or "unknown"
    stop(f"another launch (pid and host: {owner}) is at work in {ROOT}. Wait for it or end it, then start again.")


def clear_stale_lock(lock: IO[str], snakemake: Path, environment: dict[str, str]) -> None:
    """Unlocks the folder if a killed Snakemake left it locked; stops if its owner, or a stage of it, may be alive."""
    stages = [p for p in _processes() if _is_stage(p[1])]
    if stages:
        listed = ", ".join(f"{' '.join(command[-2:])[:60]} (pid {pid})" for pid, command in stages)
        pids = " ".join(str(pid) for pid, _ in stages)
        stop(f"still at work here, left by a killed run: {listed}. Wait for it, or end it with `kill {pids}`; then start again.")
    if not any((ROOT / ".snakemake" / "locks").glob("*")):
        return
    alive = [pid for pid, command in _processes() if _is_snakemake(command)]
    if alive:
        stop(f"Snakemake (pid {alive[0]}) is at work in {ROOT}. Wait for it, or end it with `kill {alive[0]}`; then start again.")
    lock.seek(0)
    record = lock.read().split()
    if len(record) == 2 and record[1] != socket.gethostname():
        stop(
            f"{ROOT} was locked by a run on host {record[1]}, which cannot be seen from here. "
            f"Make sure that no Snakemake works there, then run `{snakemake} --unlock` and start again."
        )
    print("removing the lock that a killed run left ...", file=sys.stderr, flush=True)
    subprocess.run([str(snakemake), "--unlock", "--quiet", "all"], cwd=ROOT, env=environment, check=False, capture_output=True)


def run(command: list[str], environment: dict[str, str], lock: IO[str]) -> int:
    """Runs `command` in the checkout as a process group of its own, passing signals on; returns its exit code."""
    received: list[int] = []
    # Before the start: a signal that comes in between must not end this process and leave the group alone.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _frame: received.append(n))
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, pass_fds=[lock.fileno()], process_group=0
    )
    while True:
        while received:
            try:
                os.killpg(process.pid, received.pop(0))
            except ProcessLookupError:
                break
        try:
            code = process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
        return code if code >= 0 else 128 - code


def nothing_done(started: float) -> bool:
    """Whether the log that Snakemake began after `started` says that nothing was left to do."""
    logs = sorted((ROOT / ".snakemake" / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
    recent = [path for path in logs[-1:] if path.stat().st_mtime >= started - 1]
    return any("Nothing to be done" in path.read_text(encoding="utf-8", errors="replace") for path in recent)


def conclude(arguments: list[str], nothing: bool) -> None:
    """Says what stands and where the report is."""
    results, run_name = run_folder(arguments)
    report = Path(results) / run_name / "report.html"
    if not (ROOT / report).is_file():
        if nothing:
            print("nothing to do: what was asked for stands already", flush=True)
        return
    print(f"nothing to do: {run_name} is complete; see {report}" if nothing else f"done: see {report}", flush=True)


def run_folder(arguments: list[str]) -> tuple[str, str]:
    """The results folder and the name of the run that Snakemake was asked for."""
    path = _value(arguments, "--configfile", "--configfiles") or _from_profile(arguments, "configfile") or DEFAULT_CONFIG
    found = {"results": "results", "run": "demo"}
    try:
        text = (ROOT / path).read_text(encoding="utf-8")
    except OSError:
        text = ""
    for key in found:
        match = re.search(rf"^{key}:\s*[\"']?([^\s\"'#]+)", text, re.MULTILINE)
        given = [a.split("=", 1)[1] for a in arguments if a.startswith(f"{key}=")]  # --config run=NAME
        found[key] = given[-1] if given else match.group(1) if match else found[key]
    return found["results"], found["run"]


def stop(message: str) -> NoReturn:
    """One line, and exit code 2: nothing was started."""
    print(f"openqwq: {message}", file=sys.stderr)
    sys.exit(2)


def _lock() -> IO[str]:
    path = ROOT / ".snakemake" / "openqwq.lock"
    try:
        path.parent.mkdir(exist_ok=True)
        return open(path, "a+", encoding="utf-8")
    except OSError as error:
        stop(
            f"{path}: {error.strerror}. A checkout that may not be written to is used from a folder of your own: "
            f"snakemake --snakefile {ROOT}/Snakefile --directory FOLDER --configfile CONFIG --cores all"
        )


def _cores(arguments: list[str]) -> list[str]:
    given = any(re.match(r"--(cores|jobs|executor)(=|$)|-[cje]", a) for a in arguments)
    named = any(_from_profile(arguments, key) for key in ("cores", "jobs", "executor"))
    return [] if given or named else ["--cores", "all"]


def _value(arguments: list[str], *options: str) -> str | None:
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in options:
            return value if equals else next(iter(arguments[position + 1 :]), None)
    return None


def _from_profile(arguments: list[str], key: str) -> str | None:
    """The value of a top-level key in the profile that `--profile NAME` means, if both are there."""
    name = _value(arguments, "--profile")
    if name is None:
        return None
    for path in [*sorted((ROOT / name).glob("profile.v*.yaml")), ROOT / name / "config.yaml"]:
        if path.is_file():
            match = re.search(rf"^{key}:\s*[\"']?([^\s\"'#]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
            return match.group(1) if match else None
    return None


def _processes() -> list[tuple[int, list[str]]]:
    """Processes other than this one whose working directory is the checkout: (pid, command line)."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if os.readlink(entry / "cwd") == str(ROOT):
                command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                found.append((int(entry.name), [part for part in command if part]))
        except OSError:  # ended meanwhile, or another user's
            continue
    return found


def _is_snakemake(command: list[str]) -> bool:
    return any(Path(part).name == "snakemake" for part in command[:3])


def _is_stage(command: list[str]) -> bool:
    names = [Path(part).name for part in command]
    return any(a in ("openqwq", "openqwq.cli") and b in STAGES for a, b in itertools.pairwise(names[:5]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
