"""Every program of the attack corpus: none is judged correct, none outlives its call, nothing changes on the host."""

import json
import os
import time
from pathlib import Path

import pytest
import yaml

from openqwq.verify import Item, verify_one
from openqwq.verify.code.sandboxes import discard

ATTACKS = yaml.safe_load((Path(__file__).parent / "attacks.yaml").read_text(encoding="utf-8"))
SECONDS = 0.5
CALL = {"style": "call", "entry_point": "double", "tests": [{"args": [21], "expected": 42}, {"args": [-3], "expected": -6}]}
CHECK = {
    "style": "check",
    "entry_point": "double",
    "tests": "def check(candidate):\n    assert candidate(21) == 42\n    assert candidate(-3) == -6",
}
STDIO = {"style": "stdio", "tests": [{"input": "21\n", "output": "42\n"}, {"input": "-3\n", "output": "-6\n"}]}
REFERENCES = {"call": CALL, "check": CHECK, "stdio": STDIO}
CASES = [
    pytest.param(style, attack["code"], id=f"{attack['kind']}-{attack['name']}-{style}")
    for attack in ATTACKS
    for style in (("call", "check") if attack["style"] == "all" else (attack["style"],))
]


def judge(style: str, code: str):
    reference = REFERENCES[style] | {"time_limit_s": SECONDS, "memory_mb": 256}
    return verify_one(Item("attack", "code", json.dumps(reference), f"```python\n{code}\n```"))


def descendants() -> set[int]:
    """Processes below this one, by PID."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat, command = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"resource_tracker" not in command:  # multiprocessing's, started by other tests
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found, level = set(), {os.getpid()}
    while level := {pid for pid, parent in parents.items() if parent in level}:
        found |= level
    return found


def host_state() -> dict[str, object]:
    """Processes below this one, files where a program may have written, and open descriptors, sockets apart."""
    processes = descendants()
    links = []
    for pid in {os.getpid(), *processes}:
        for entry in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                links.append(os.readlink(entry))
            except OSError:  # closed meanwhile: the descriptor of this very listing
                continue
    sockets = sum(link.startswith("socket:") for link in links)
    return {
        "processes": processes,
        "sockets": sockets,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "shared memory": set(os.listdir("/dev/shm")),
        "root": set(os.listdir("/")),
        "home": set(os.listdir(Path.home())),
    }


def test_corpus_is_large_and_has_distinct_names():
    assert len(ATTACKS) >= 100
    assert len({attack["name"] for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("style", ["call", "check", "stdio"])
def test_the_problem_can_be_solved(style):
    code = "print(2 * int(input()))" if style == "stdio" else "def double(n):\n    return 2 * n"
    assert judge(style, code).outcome == "correct"


@pytest.mark.parametrize(("style", "code"), CASES)
def test_attack_is_incorrect_in_time(style, code):
    started = time.monotonic()
    verdict = judge(style, code)
    assert verdict.outcome == "incorrect", verdict
    assert time.monotonic() - started < 5 * SECONDS + 5


def test_nothing_outlives_the_corpus():
    """Each attack once more, in the sandbox that is warm, with the host counted before and after."""
    judge("call", "def double(n):\n    return 2 * n")
    before, temporary = host_state(), set(os.listdir("/tmp"))
    for attack in ATTACKS:
        if attack["kind"] != "time":
            judge("call" if attack["style"] == "all" else attack["style"], attack["code"])
    assert host_state() == before, "the same zygote is alive and nothing else"
    assert {name for name in set(os.listdir("/tmp")) - temporary if "pwned" in name or name.isdigit()} == set()


def test_closing_the_sandbox_leaves_no_process():
    discard()
    others = descendants()  # such as the resource tracker of multiprocessing
    judge("call", "def double(n):\n    return 2 * n")
    assert descendants() - others
    discard()
    assert not descendants() - others
