"""The server's client and its guard, with a small HTTP server in the place of vLLM."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from openqwq.errors import StageFailure
from openqwq.generate.vllm_server import Server

# Answers like a server that starts another process, as vLLM does; /fail refuses, /die ends it.
PROGRAM = """
import json, os, socketserver, subprocess, sys
from http.server import BaseHTTPRequestHandler

class Handler(BaseHTTPRequestHandler):
    def address_string(self): return "local"
    def do_GET(self): self.answer(200, "")
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/die":
            print("out of memory", flush=True)
            os._exit(3)
        self.answer(500 if self.path == "/fail" else 200, json.dumps({"echo": body, "worker": worker.pid}))
    def answer(self, status, text):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

worker = subprocess.Popen(["sleep", "300"])
socketserver.ThreadingUnixStreamServer(sys.argv[sys.argv.index("--uds") + 1], Handler).serve_forever()
"""


@pytest.fixture
def server(tmp_path):
    started = Server([sys.executable, "-c", PROGRAM], dict(os.environ), tmp_path)
    yield started
    started.close()


def gone(process: int) -> bool:
    """Whether the process ends within some seconds; a zombie, which only its parent can remove, has ended."""
    for _ in range(100):
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.1)
    return False


def test_it_answers_and_ends_with_all_that_it_started(server):
    server.wait(30)
    answer = server.post("/echo", {"n": 1})
    assert answer["echo"] == {"n": 1}
    server.close()
    assert gone(answer["worker"])
    assert gone(server.guard.pid)


def test_a_refusal_and_a_death_are_failures_of_the_stage(server):
    server.wait(30)
    with pytest.raises(StageFailure, match="refused /fail with status 500"):
        server.post("/fail", {})
    with pytest.raises(StageFailure, match=r"does not answer any more .* Its last lines: .*out of memory"):
        server.post("/die", {})


def test_one_that_does_not_come_up(tmp_path):
    ended = Server([sys.executable, "-c", "print('no such model'); raise SystemExit(1)"], dict(os.environ), tmp_path)
    with pytest.raises(StageFailure, match=r"ended while it loaded the model.*no such model"):
        ended.wait(30)
    ended.close()
    mute = Server(["sleep", "300"], dict(os.environ), tmp_path)
    with pytest.raises(StageFailure, match="did not answer within"):
        mute.wait(1)
    mute.close()


def test_it_ends_when_the_stage_is_killed(tmp_path):
    stage = f"""
import os, sys, time
from pathlib import Path
from openqwq.generate.vllm_server import Server
server = Server([sys.executable, "-c", {PROGRAM!r}], dict(os.environ), Path({str(tmp_path)!r}))
server.wait(30)
print(server.post("/echo", {{}})["worker"], server.guard.pid, flush=True)
time.sleep(300)
"""
    with subprocess.Popen([sys.executable, "-c", stage], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        worker, guard = map(int, process.stdout.readline().split())
        process.send_signal(signal.SIGKILL)
    assert gone(worker)
    assert gone(guard)
