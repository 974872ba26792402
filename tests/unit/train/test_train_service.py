"""The reward model as a service: really started, filled, killed; and what its client makes of all that."""

import contextlib
import http.client
import json
import signal
import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import torch
from service_helpers import Service, publish
from transformers import AutoModelForSequenceClassification

from openqwq.artifacts.manifest import input_hash
from openqwq.cli import main
from openqwq.config import Execution
from openqwq.config.train import GrpoConfig
from openqwq.errors import StageFailure, UserError
from openqwq.stage import Stage
from openqwq.train.batcher import Batcher, Full
from openqwq.train.scorer import RewardScorer
from openqwq.train.scoring import open_scorer
from openqwq.train.service import listen
from openqwq.train.service_client import ServiceScorer

PAIRS = [(f"question {i}", "answer " * (1 + i % 7)) for i in range(40)]
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def model(tiny_model, tmp_path_factory):
    return publish(tiny_model, tmp_path_factory.mktemp("reward") / "reward_model")


@pytest.fixture(scope="module")
def digest(model):
    return input_hash(model / "checkpoint")


@pytest.fixture(scope="module")
def service(model):
    with Service(model, "--port", "0", "--queue", "64", "--batch", "8") as running:
        yield running


def post(service, body, path="/score"):
    host, port = service.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.getheader("Retry-After"), answer.read()


def test_the_service_scores_as_the_stage_itself_would(service, model, digest):
    own = RewardScorer.load(model / "checkpoint", 8, "float32", clip=2.0)
    asked = ServiceScorer(service.url, digest, clip=2.0)
    assert asked(PAIRS) == pytest.approx(own(PAIRS), abs=1e-6)
    assert len(set(asked(PAIRS))) > 10
    asked.pairs, asked.bytes = 7, 600  # limits of a request: the client cuts its requests to fit
    assert asked(PAIRS) == pytest.approx(own(PAIRS), abs=1e-5)
    assert asked([]) == []


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"{", 400, "JSON"),
        (b'{"pairs": []}', 400, "pairs"),
        (b'{"pairs": [["a"]]}', 400, "pairs"),
        (b'{"pairs": [["a", 1]]}', 400, "pairs"),
        (b'{"pairs": [["a", "b"]], "more": 1}', 400, "more"),
        (json.dumps({"pairs": [["a", "b"]] * 1025}).encode(), 400, "pairs"),
        (b'{"pairs": [["' + b"a" * 64_000_001 + b'", "b"]]}', 413, "64000000 bytes"),
    ],
)
def test_what_is_no_request_is_refused_and_the_service_goes_on(service, body, status, told):
    answer = post(service, body)
    assert answer[0] == status
    assert told in answer[2].decode()
    assert post(service, b'{"pairs": [["a", "b"]]}')[0] == 200
    assert post(service, b"{}", "/docs")[0] == 404


def test_a_full_queue_says_come_again_and_the_client_does(service, digest):
    long = [["question", "words and words " * 25]] * 60
    body = json.dumps({"pairs": long}).encode()
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: post(service, body), range(12)))
    statuses = [status for status, _, _ in answers]
    assert set(statuses) == {200, 503}
    assert {again for status, again, _ in answers if status == 503} == {"1"}
    with ThreadPoolExecutor(6) as threads:
        asked = list(threads.map(lambda _: ServiceScorer(service.url, digest)([(p, c) for p, c in long]), range(6)))
    assert all(scores == pytest.approx(asked[0], abs=1e-5) for scores in asked)


def test_a_service_that_stays_full_ends_the_stage_within_a_bound(service, digest):
    client = ServiceScorer(service.url, digest, busy=0.5)
    client._exchange = lambda *_: (503, {"Retry-After": "0"}, b"")
    began = time.monotonic()
    with pytest.raises(StageFailure, match=r"service at http://127\.0\.0\.1:\d+ had its queue full for"):
        client(PAIRS)
    assert time.monotonic() - began < 5


def test_another_model_is_refused_at_the_start(service):
    with pytest.raises(UserError, match=r"has another reward model .* than this run's \(abcabc"):
        ServiceScorer(service.url, "abcabc" * 10)


def test_a_service_killed_in_the_middle_ends_the_stage_with_the_remedy(model, digest, tmp_path):
    with Service(model, "--socket", str(tmp_path / "reward.sock"), "--batch", "1") as running:
        assert running.url == f"unix:{tmp_path / 'reward.sock'}"
        assert stat.S_IMODE((tmp_path / "reward.sock").stat().st_mode) == 0o600
        client = ServiceScorer(running.url, digest, dead=1.0)
        threading.Timer(0.3, running.process.kill).start()
        with pytest.raises(StageFailure, match=r"service at unix:\S+ does not answer .*Start `openqwq serve-reward`.*it resumes"):
            for _ in range(500):
                client([("q", "long " * 90)] * 20)
        assert running.process.wait(10) == -signal.SIGKILL
    with Service(model, "--socket", str(tmp_path / "reward.sock")) as again:  # the socket of the dead one is in nobody's way
        assert len(ServiceScorer(again.url, digest)(PAIRS)) == len(PAIRS)
        with pytest.raises(UserError, match="another process listens"):
            listen("127.0.0.1", None, tmp_path / "reward.sock", False)
        again.process.send_signal(signal.SIGTERM)
        again.process.wait(20)


def test_a_slow_service_ends_the_stage(digest):
    silent = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    with silent, pytest.raises(StageFailure, match=r"did not answer within 0 s"):
        ServiceScorer(url, digest, slow=0.3)


def test_a_model_whose_scores_are_no_numbers_fails_the_stage_and_the_service(tiny_model, tmp_path):
    broken = publish(tiny_model, tmp_path / "reward_model")
    model = AutoModelForSequenceClassification.from_pretrained(broken / "checkpoint")
    torch.nn.init.constant_(model.score.weight, float("nan"))
    model.save_pretrained(broken / "checkpoint")
    own = RewardScorer.load(broken / "checkpoint", 8, "float32")
    with pytest.raises(StageFailure, match="no finite number"):
        own(PAIRS)
    with pytest.raises(StageFailure, match="no finite number"):
        own.raw(PAIRS)
    with Service(broken, "--port", "0") as running:
        assert post(running, b'{"pairs": [["a", "b"]]}')[0] == 500
        with pytest.raises(StageFailure, match=r"status 500.*no finite number"):
            ServiceScorer(running.url, input_hash(broken / "checkpoint"))(PAIRS)


class Impostor(BaseHTTPRequestHandler):
    """Answers /health as a service does, and /score with `given`, `piece` bytes at a time."""

    health: ClassVar[bytes] = b'{"checkpoint": "c", "mean": 0, "deviation": 1, "pairs": 9, "bytes": 9000}'
    given: ClassVar[bytes] = b""
    piece: ClassVar[int] = 1000

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(0, len(body), self.piece):
            self.wfile.write(body[at : at + self.piece])
            self.wfile.flush()
            time.sleep(0.02 if self.piece == 1 else 0)

    def do_GET(self):
        self.answer(self.health)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.answer(self.given)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def impostor(**answers):
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Impostor,), answers))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b'{"checkpoint": "c", "scores": [1.0, NaN]}', "something else than finite scores"),
        (b'{"checkpoint": "c", "scores": [1.0, 1e999]}', "something else than finite scores"),
        (b'{"checkpoint": "c", "scores": [1.0, null]}', "something else than finite scores"),
        (b'{"checkpoint": "c", "scores": "ab"}', "something else than finite scores"),
        (b'{"checkpoint": "c"}', "something else than finite scores"),
        (b"[1.0, 2.0]", "something else than finite scores"),
        (b'{"checkpoint": "c", "scores": [1.0]}', "gave 1 scores for 2 completions"),
        (b'{"checkpoint": "d", "scores": [1.0, 2.0]}', "another reward model now"),
        (b"<html>", "something else than JSON"),
        (b" " * 5_000_000, "more than 4000000 bytes"),
    ],
)
def test_an_answer_that_is_none_ends_the_stage_with_the_remedy(given, told):
    with impostor(given=given) as url, pytest.raises(StageFailure, match=rf"{told}.*Start `openqwq serve-reward`"):
        ServiceScorer(url, "c")([("a", "b"), ("c", "d")])


def test_an_answer_byte_by_byte_is_bounded_too():
    began = time.monotonic()
    with impostor(given=b'{"checkpoint": "c", "scores": [1.0, 2.0]}' + b" " * 1000, piece=1) as url:
        scorer = ServiceScorer(url, "c", slow=15.0)
        scorer.slow = 0.5
        with pytest.raises(StageFailure, match="did not answer within"):
            scorer([("a", "b"), ("c", "d")])
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("health", [b"{}", b"[]", b'{"checkpoint": "c", "mean": 0, "deviation": 0, "pairs": 9, "bytes": 9000}'])
def test_something_else_that_answers_is_no_service(health):
    with impostor(health=health) as url, pytest.raises(UserError, match=r"is no reward model's service\. Start `openqwq serve"):
        ServiceScorer(url, "c")


def test_the_stage_asks_the_service_for_its_own_input(service, model, tmp_path):
    value = {"steps": 1, "optimizer": {"learning_rate": 1e-5}, "domains": {"chat": {"rewards": {"reward_model": 1.0}}}}
    config = GrpoConfig.model_validate_json(json.dumps(value))
    inputs = {"reward_model": model / "checkpoint"}
    stage = Stage("general", config=value, inputs=inputs, state_root=tmp_path, seed=1, recipe_version=1)
    asked = open_scorer(stage, model / "checkpoint", config, Execution(reward_service=service.url))
    own = open_scorer(stage, model / "checkpoint", config, Execution(generation_dtype="float32"))
    assert isinstance(asked, ServiceScorer)
    assert asked(PAIRS) == pytest.approx(own(PAIRS), abs=1e-5)
    assert open_scorer(stage, None, config, Execution()) is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "give either --port or --socket"),
        (["--port", "0", "--socket", "/tmp/x"], "give either --port or --socket"),
        (["--port", "0", "--host", "0.0.0.0"], "can be reached from other machines"),
        (["--port", "0", "--host", "no.such.host.invalid"], "is no address"),
        (["--port", "0", "--batch", "0"], "numbers from 1 on"),
        (["--socket", "/proc/nowhere/x"], "cannot be made"),
        (["--socket", __file__], "is no socket"),
    ],
)
def test_a_place_to_listen_that_will_not_do_is_a_mistake_of_one_paragraph(model, options, told, capsys):
    assert main(["serve-reward", str(model), *options]) == 2
    assert told in capsys.readouterr().err


def test_a_port_that_is_taken_and_a_folder_that_is_no_reward_model(tiny_model, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve-reward", str(tiny_model), "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot be had" in capsys.readouterr().err
    assert main(["serve-reward", str(tiny_model), "--port", "0"]) == 2
    assert "no score_statistics.json" in capsys.readouterr().err


def test_other_machines_are_let_in_only_when_told(tmp_path):
    bound, address = listen("0.0.0.0", 0, None, remote=True)
    bound.close()
    assert address.startswith("http://0.0.0.0:")


def test_requests_that_wait_together_are_scored_together_and_a_failure_is_told_to_all_who_asked():
    asked, hold = [], threading.Event()

    def score(pairs):
        hold.wait(10)
        asked.append(len(pairs))
        if any(completion == "bad" for _, completion in pairs):
            raise RuntimeError("out of memory")
        return [float(completion) for _, completion in pairs]

    batcher = Batcher(score, most=6, together=4)
    first = batcher.submit([("p", "1")])
    while batcher.waiting:  # taken up
        time.sleep(0.01)
    second, third, fourth = (batcher.submit([("p", text)] * 2) for text in ("2", "3", "4"))
    with pytest.raises(Full):
        batcher.submit([("p", "5")])
    third.cancel()
    hold.set()
    assert (first.result(10), second.result(10), fourth.result(10)) == ([1.0], [2.0, 2.0], [4.0, 4.0])
    assert asked == [1, 2, 2]
    with pytest.raises(RuntimeError, match="out of memory"):
        batcher.submit([("p", "bad")]).result(10)
    assert batcher.submit([("p", "7")] * 9).result(10) == [7.0] * 9  # more than the queue takes, but alone
