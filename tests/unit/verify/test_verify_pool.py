"""The pool: order, hard kills and whose fault they are, threads, and that nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from openqwq.errors import UserError
from openqwq.verify import Item, VerifierPool

PLUGIN = """
import os, sys, time
from openqwq.verify.verdict import correct, incorrect

def judge(reference, completion, watch):
    if completion == "hang gold":
        watch.phase("gold"); time.sleep(60)
    if completion == "hang completion":
        watch.phase("completion"); time.sleep(60)
    if completion == "hang nowhere":
        time.sleep(60)
    if completion == "hang in C":
        watch.phase("completion"); 3 ** (10 ** 10)
    if completion == "die":
        os._exit(9)
    if completion == "die once" and not os.path.exists(reference["mark"]):
        open(reference["mark"], "w").close(); os._exit(9)
    if completion.endswith("over the completion"):
        watch.phase("completion")
        if completion.startswith("die"):
            os._exit(9)
        if completion.startswith("raise") or not os.path.exists(reference["mark"]):
            open(reference.get("mark", "/dev/null"), "w").close()
            raise OverflowError("too large")
        if completion.startswith("recover"):
            watch.phase("loading")
            raise OSError("elsewhere")
    if completion == "memory":
        bytearray(1 << 40)
    if completion == "raise":
        raise RuntimeError("a fault of ours")
    return correct(str(os.getpid())) if completion == "good" else incorrect("bad")
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """A verifier with every kind of trouble, registered in the workers by a sitecustomize-like start-up hook."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "troubled.py").write_text(PLUGIN)
    (folder / "sitecustomize.py").write_text(
        "import sys\nif sys.orig_argv[1:3] == ['-m', 'openqwq.verify.worker']:\n"
        "    from openqwq.verify.registry import REGISTRY\n    import troubled\n    REGISTRY['troubled'] = troubled.judge\n"
    )
    from openqwq.verify import REGISTRY

    previous = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(folder)
    REGISTRY["troubled"] = lambda *_: pytest.fail("judged in the parent")
    yield folder
    del REGISTRY["troubled"]
    if previous is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = previous


def troubled(completion: str, **reference) -> Item:
    return Item(completion, "troubled", json.dumps(reference), completion)


def workers_of(pid: int) -> list[int]:
    """Living verifier workers below a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"openqwq.verify.worker" in command and parent == pid:
            found.append(int(folder.name))
    return found


def test_verdicts_come_in_the_order_of_the_items_with_progress():
    items = [Item(str(n), "math", json.dumps({"answer": str(n)}), rf"\boxed{{{n - n % 3 + 1}}}") for n in range(40)]
    seen = []
    with VerifierPool(workers=2) as pool:
        judged = pool.judge(items, lambda done, total: seen.append((done, total)))
    assert [one.verdict.outcome for one in judged] == ["correct" if n % 3 == 1 else "incorrect" for n in range(40)]
    assert seen == [(n + 1, 40) for n in range(40)]
    assert all(one.seconds > 0 for one in judged)


def test_submitted_items_are_judged_meanwhile_and_each_answer_finds_its_question(plugin):
    with VerifierPool(workers=1, seconds=1.0) as pool:
        slow = pool.submit([troubled("hang completion")])  # the one worker is busy until this item's time is over
        first, second = (pool.submit([Item(answer, "math", json.dumps({"answer": answer}), r"\boxed{1}")] * 3) for answer in "12")
        assert [one.verdict.outcome for one in second.result()] == ["incorrect"] * 3
        assert [one.verdict.outcome for one in first.result()] == ["correct"] * 3
        assert slow.result()[0].verdict.reason.startswith("limit: judging the completion")
        assert pool.submit([]).result() == []
        with pytest.raises(UserError, match="'maths' does not exist"):
            pool.submit([Item("1", "maths", "{}", "")])


@pytest.mark.parametrize(
    ("completion", "outcome", "reason"),
    [
        ("hang gold", "unscorable", "limit: the reference"),
        ("hang completion", "incorrect", "limit: judging the completion"),
        ("hang in C", "incorrect", "limit: judging the completion"),
        ("hang nowhere", "unscorable", "infrastructure: the worker did not answer"),
        ("die", "unscorable", "infrastructure: the worker ended with exit code 9"),
        ("memory", "unscorable", "infrastructure: the worker ran out of memory"),
        ("raise", "unscorable", "infrastructure: RuntimeError: a fault of ours"),
    ],
)
def test_trouble_is_charged_to_whoever_caused_it_and_the_pool_goes_on(plugin, completion, outcome, reason):
    with VerifierPool(workers=1, seconds=1.0) as pool:
        first, second = pool.judge([troubled(completion), troubled("good")])
        assert (first.verdict.outcome, first.verdict.reason[: len(reason)]) == (outcome, reason)
        assert (first.verdict.score is None) == (outcome == "unscorable")
        assert second.verdict.outcome == "correct"
        assert len(workers_of(os.getpid())) == 1
    assert workers_of(os.getpid()) == []


def test_a_worker_that_dies_once_is_forgiven(plugin, tmp_path):
    with VerifierPool(workers=1) as pool:
        assert pool.judge([troubled("die once", mark=str(tmp_path / "mark")), troubled("bad")])[0].verdict.outcome == "incorrect"
        assert pool.judge([troubled("good")])[0].verdict.outcome == "correct"


@pytest.mark.parametrize(
    ("completion", "outcome", "reason"),
    [
        (
            "die over the completion",
            "incorrect",
            "limit: judging the completion failed twice (the worker ended with exit code 9)",
        ),
        ("raise over the completion", "incorrect", "limit: judging the completion failed twice (OverflowError: too large)"),
        ("once over the completion", "incorrect", "bad"),
        ("recover over the completion", "unscorable", "infrastructure: OSError: elsewhere"),
    ],
)
def test_failing_twice_over_the_completion_is_its_fault(plugin, tmp_path, completion, outcome, reason):
    with VerifierPool(workers=1) as pool:
        judged = pool.judge([troubled(completion, mark=str(tmp_path / "mark"))])[0].verdict
    assert (judged.outcome, judged.reason) == (outcome, reason)


def test_a_worker_killed_from_outside_between_items_does_not_matter(plugin):
    with VerifierPool(workers=1) as pool:
        victim = int(pool.judge([troubled("good")])[0].verdict.reason)
        os.kill(victim, signal.SIGKILL)
        judged = pool.judge([troubled("good")])[0].verdict
    assert judged.outcome == "correct"
    assert int(judged.reason) != victim


def test_works_off_the_main_thread_and_from_several_at_once():
    items = [Item(str(n), "math", json.dumps({"answer": f"x+{n}"}), rf"\boxed{{{n}+x}}") for n in range(5)]
    outcomes = []
    with VerifierPool(workers=2) as pool:
        threads = [
            threading.Thread(target=lambda: outcomes.extend(one.verdict.outcome for one in pool.judge(items))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == ["correct"] * 15


def test_a_pool_entered_in_a_thread_that_ends_still_works():
    pools = []
    thread = threading.Thread(target=lambda: pools.append(VerifierPool(workers=1).__enter__()))
    thread.start()
    thread.join()
    time.sleep(0.2)
    judged = pools[0].judge([Item("1", "math", '{"answer": "1"}', r"\boxed{1}")])
    pools[0].__exit__(None, None, None)
    assert judged[0].verdict.outcome == "correct"


def test_code_in_the_pool_and_nothing_left_after_it():
    reference = json.dumps({"style": "stdio", "tests": [{"input": "", "output": "1"}]})
    before = all_below(os.getpid())
    with VerifierPool(workers=2, seconds=2.0) as pool:
        codes = ["print(1)", "print(2)", "while True: pass", "print(1)"]
        judged = pool.judge([Item(str(n), "code", reference, f"```\n{code}\n```") for n, code in enumerate(codes)])
        below = [pid for pid in all_below(os.getpid()) if pid not in before]
        assert len(below) >= 6  # two workers, each with bubblewrap, its inner process and a zygote
    assert [pid for pid in below if os.path.exists(f"/proc/{pid}")] == [], "not even a zombie"
    assert [one.verdict.outcome for one in judged] == ["correct", "incorrect", "incorrect", "correct"]
    assert judged[2].verdict.reason.startswith("timeout")


def test_workers_and_sandboxes_die_with_a_parent_killed_outright(tmp_path):
    code = (
        "import json\nfrom openqwq.verify import Item, VerifierPool\n"
        "r = json.dumps({'style': 'stdio', 'tests': [{'input': '', 'output': '1'}]})\n"
        "with VerifierPool(2, 600) as pool:\n"
        "    pool.judge([Item(str(n), 'code', r, '```\\nprint(1)\\n```') for n in range(4)])\n"
        "    print('ready', flush=True)\n"
        "    pool.judge([Item(str(n), 'code', r, '```\\nwhile True: pass\\n```') for n in range(4)])\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout.readline() == b"ready\n"
    time.sleep(0.3)
    below = all_below(parent.pid)
    assert len(below) >= 6  # two workers, each with bubblewrap, its inner process and a zygote
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}") for pid in below) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in below if os.path.exists(f"/proc/{pid}")] == []


def all_below(root: int) -> set[int]:
    """All processes below one."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: set[int] = set()
    level = {root}
    while level := {pid for pid, parent in parents.items() if parent in level}:
        found |= level
    return found


@pytest.mark.parametrize(("workers", "seconds"), [(0, 1.0), (1, 0.0)])
def test_a_pool_that_is_none(workers, seconds):
    with pytest.raises(UserError, match="make no pool"):
        VerifierPool(workers=workers, seconds=seconds)


def test_unknown_verifiers_are_refused_before_anything_is_judged():
    with VerifierPool(workers=1) as pool, pytest.raises(UserError, match="'maths' does not exist"):
        pool.judge([Item("1", "maths", "{}", "")])


def test_a_pool_outside_its_block_is_a_mistake():
    with pytest.raises(RuntimeError):
        VerifierPool().judge([])


def test_no_file_descriptors_are_lost(plugin):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with VerifierPool(workers=1, seconds=0.3) as pool:
            pool.judge([troubled("hang gold"), troubled("die"), troubled("good")])
    assert len(os.listdir("/proc/self/fd")) == before
