"""Broken input, a full disk, kill -9: a clear error or a row set aside, and never a table that a later stage could take."""

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from data_helpers import curated

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import PROBLEM, REJECTED
from openqwq.errors import UserError

FIELDS = {"prompt": "q", "answer": "a"}


def line(number, **more):
    return json.dumps({"q": f"What is {number} + {number}?", "a": str(2 * number), **more}).encode() + b"\n"


def config(path, **values):
    usual = {"type": "file", "name": "mine", "role": "problems", "domain": "math", "verifier": "math", "path": str(path)}
    return {"sources": [usual | {"fields": FIELDS}], "check_gold": False} | values


def prompts(folder):
    return [row["messages"][0]["content"] for row in read_table(folder / "problems" / "train.parquet", PROBLEM).to_pylist()]


def test_a_truncated_gzip_publishes_nothing(tmp_path):
    whole = gzip.compress(b"".join(line(n) for n in range(5000)))
    (tmp_path / "d.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="damaged or truncated gzip"):
        curated(tmp_path, config(tmp_path / "d.jsonl.gz"), shards=2)
    assert not (tmp_path / "curate").exists()
    assert not list((tmp_path / "state").glob("*/shards/[0-9]*"))


def test_odd_rows_cost_themselves_alone(tmp_path):
    huge = "long " * 10_000_000
    rows = [line(1), b'{"q": "\xff", "a": "1"}\n', json.dumps({"q": huge, "a": "1"}).encode() + b"\n"]
    rows += ['{"q": "What is 2\u20282 + 3?", "a": "25"}\n'.encode(), line(4, id="same"), line(5, id="same"), line(4)]
    (tmp_path / "d.jsonl").write_bytes(b"".join(rows))
    folder = curated(tmp_path, config(tmp_path / "d.jsonl", max_malformed=0.5), shards=2)
    assert prompts(folder) == ["What is 1 + 1?", "What is 2\u20282 + 3?", "What is 4 + 4?", "What is 5 + 5?"]
    set_aside = read_table(folder / "rejected.parquet", REJECTED).to_pylist()
    assert [row["step"] for row in set_aside] == ["read", "length", "deduplicate"]
    assert "not UTF-8" in set_aside[0]["reason"]
    assert max(len(row["row"]) for row in set_aside) <= 20_000


def command(tmp_path, source, shards=1, phase=()):
    values = json.dumps({"curate": config(source), "benchmarks": []})
    execution = json.dumps({"shards": shards})
    where = ["--state", str(tmp_path / "state"), "--out", str(tmp_path / "curate"), "--execution", execution]
    return [sys.executable, "-m", "openqwq.cli", "curate", "--config", values, *where, *phase]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("full", ["state", "out"])
def test_a_full_disk_is_said_and_publishes_nothing(tmp_path, small_disk, full):
    (tmp_path / "d.jsonl").write_bytes(b"".join(line(n, x=os.urandom(8).hex()) for n in range(30_000)))
    words = command(tmp_path, tmp_path / "d.jsonl")
    at = words.index(f"--{full}") + 1
    words[at] = str(small_disk / "there")
    if full == "out":
        (small_disk / "filler").write_bytes(b"x" * 2_900_000)
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "Make room on that disk" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not Path(words[words.index("--out") + 1]).exists()


@pytest.mark.parametrize(("option", "bytes_"), [("--out", None), ("--state", None), (None, 0), (None, 60)])
def test_what_cannot_be_written_is_one_line(tmp_path, option, bytes_):
    (tmp_path / "d.jsonl").write_bytes(b"".join(line(n) for n in range(20)))
    words = command(tmp_path, tmp_path / "d.jsonl")
    if option:  # a file stands where a folder is to be
        words[words.index(option) + 1] = str(tmp_path / "d.jsonl" / "below")

    def limited():
        if bytes_ is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))

    done = subprocess.run(words, capture_output=True, text=True, timeout=100, preexec_fn=limited)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "Make room on that disk" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "curate").exists()


@pytest.mark.parametrize("there", ["*/shards/.0-of-1*/problems.parquet", "*/gather/index.duckdb", "*/gather/found.parquet"])
def test_after_a_kill_nothing_is_published_and_the_next_attempt_gives_the_same_bytes(tmp_path, there):
    source = tmp_path / "d.jsonl"
    source.write_bytes(b"".join(line(n) for n in range(20_000)))
    process = subprocess.Popen(command(tmp_path, source), stderr=subprocess.DEVNULL)
    while not list((tmp_path / "state").glob(there)):
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "curate").exists()
    assert subprocess.run(command(tmp_path, source), capture_output=True, timeout=200).returncode == 0
    tables = {p.relative_to(tmp_path / "curate"): p.read_bytes() for p in (tmp_path / "curate").rglob("*.parquet")}
    (tmp_path / "other").mkdir()
    assert subprocess.run(command(tmp_path / "other", source), capture_output=True, timeout=200).returncode == 0
    for name, content in tables.items():
        assert name.name == "funnel.parquet" or (tmp_path / "other" / "curate" / name).read_bytes() == content
    assert len(list(tmp_path.glob(".curate*"))) == 0


def test_gathering_refuses_shards_that_are_missing_or_of_another_source(tmp_path):
    source = tmp_path / "d.jsonl"
    source.write_bytes(b"".join(line(n) for n in range(20)))
    for index in range(2):
        words = command(tmp_path, source, phase=["--shard", f"{index}/2"])
        words[words.index("--out") + 1] = str(tmp_path / f"{index}-of-2")
        assert subprocess.run(words, timeout=100).returncode == 0

    def gather(*folders):
        words = command(tmp_path, source, phase=["--gather", *map(str, folders)])
        return subprocess.run(words, capture_output=True, text=True, timeout=100)

    folders = [tmp_path / "0-of-2", tmp_path / "1-of-2"]
    assert "0-of-N to (N-1)-of-N" in gather(folders[0]).stderr
    table = folders[1] / "problems.parquet"
    whole = table.read_bytes()
    for torn in (whole[: len(whole) // 2], (folders[0] / "problems.parquet").read_bytes()):
        table.write_bytes(torn)
        assert "this shard is not what was made (problems.parquet has changed)" in gather(*folders).stderr
    table.write_bytes(whole)
    assert gather(*folders).returncode == 0
    assert len(prompts(tmp_path / "curate")) == 20
    source.write_bytes(line(7))
    time.sleep(0.01)
    assert "made from another configuration, seed or source" in gather(*folders).stderr
