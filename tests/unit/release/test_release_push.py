"""Pushing: one commit or nothing, one line when something is missing, and never a token."""

import inspect
import os
import signal
import subprocess
import sys
from unittest.mock import create_autospec

import pytest
from release_helpers import TOKEN

from openqwq.errors import UserError
from openqwq.release import push

MODELSCOPE = """
import json, os
from pathlib import Path
LOG = Path(os.environ["LOG"])
class HubApi:
    def _log(self, *what):
        LOG.open("a").write(json.dumps(what) + "\\n")
    def __init__(self, token): self._log("opened", token == os.environ["MODELSCOPE_API_TOKEN"])
    def login(self, token): raise AssertionError("it writes the token to the disk")
    def repo_exists(self, repo_id, repo_type, re_raise=False):
        if os.environ.get("DOWN") and re_raise: raise RuntimeError("no network")
        return os.environ.get("THERE") == "1"
    def create_model(self, model_id, visibility):
        self._log("create", model_id, visibility)
        self._stop("create")
    def delete_model(self, model_id):
        self._log("delete", model_id)
        if os.environ.get("KEEPS"): raise RuntimeError("403, no right")
    def _stop(self, where):
        number, _, at = os.environ.get("STOP", "").partition(" ")
        if at == where: os.kill(os.getpid(), int(number))
    def upload_folder(self, repo_id, folder_path, commit_message, repo_type, use_cache=True, disable_tqdm=False):
        if use_cache: (Path(folder_path) / ".ms_upload_cache").write_text("")
        self._log("upload", sorted(p.name for p in Path(folder_path).iterdir()))
        self._stop("upload")
        if os.environ.get("FAIL"): raise RuntimeError("lost the line with " + os.environ["MODELSCOPE_API_TOKEN"])
"""


def one_line(done):
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("openqwq: ")
    assert TOKEN not in done.stdout + done.stderr
    return lines[0]


def test_all_files_arrive_in_one_commit(release, hub):
    done = release("--push", "hub:org/name", "--private", HF_ENDPOINT=hub.url, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert len(hub.commits) == 1
    assert {"README.md", "LICENSE", "NOTICE", "model.safetensors", "chat_template.jinja", "openqwq/config.yaml"} <= set(
        hub.commits[0]
    )
    assert f"pushed to {hub.url}/org/name" in done.stdout
    assert TOKEN not in done.stdout + done.stderr


def test_shards_and_tokenizer_of_an_earlier_release_go_in_the_same_commit(release, hub):
    hub.exists = True
    hub.files = [
        "model.safetensors",
        "model-00001-of-00002.safetensors",
        "model.safetensors.index.json",
        "merges.txt",
        "notes.md",
    ]
    done = release("--push", "hub:org/name", HF_ENDPOINT=hub.url, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert len(hub.commits) == 1
    assert hub.deleted == ["model-00001-of-00002.safetensors", "model.safetensors.index.json", "merges.txt"]


@pytest.mark.parametrize("step", ["/preupload/", "/commit/"])
def test_a_failure_half_way_leaves_nothing(release, hub, step):
    hub.refuse = step
    done = release("--push", "hub:org/name", HF_ENDPOINT=hub.url, HF_TOKEN=TOKEN)
    assert done.returncode == 2
    assert "could not be uploaded" in one_line(done)
    assert not hub.commits
    assert not hub.exists, "the repository that was made for it is gone again"


def test_a_repository_that_was_there_before_stays_when_the_push_fails(release, hub):
    hub.exists, hub.refuse = True, "/commit/"
    assert release("--push", "hub:org/name", HF_ENDPOINT=hub.url, HF_TOKEN=TOKEN).returncode == 2
    assert hub.exists
    assert ("DELETE", "/api/repos/delete") not in hub.calls


def test_a_private_release_does_not_go_into_a_public_repository(release, hub):
    hub.exists = True
    done = release("--push", "hub:org/name", "--private", HF_ENDPOINT=hub.url, HF_TOKEN=TOKEN)
    assert done.returncode == 2
    assert "is there already, and is public" in one_line(done)
    assert not hub.commits


def test_a_token_at_the_cut_of_a_long_message_and_an_interrupt_are_told_in_one_line():
    for told, token in ((f"{'x' * 290} {TOKEN} lost", TOKEN), (f"x\ny {TOKEN}", TOKEN)):
        with pytest.raises(UserError) as caught, push._told("hub", "org/name", token, (OSError,)):
            error = OSError(told)
            error.add_note(f"look\nthere, {token}")
            raise error
        assert TOKEN[:8] not in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "Beside that, look there, …." in str(caught.value)
    told, undone = push._told("modelscope", "org/name", TOKEN, (OSError,)), push._undone(True, _interrupted, (OSError,))
    with pytest.raises(KeyboardInterrupt, match=r"interrupted\. Beside that, .*remove it by hand"), told, undone:
        raise KeyboardInterrupt


def _interrupted():
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["hub:org/n\u00e4me", "hub:org", "s3:org/name", "hub:org/name/more"])
def test_what_is_no_name_of_a_hub_is_refused_at_once(name):
    with pytest.raises(UserError, match="give hub:org/name"):
        push.target(name)


def test_what_is_cleaned_is_a_token_and_no_name():
    said = push.clean(f"hf_transfer is missing; {TOKEN}, ms-{'a1' * 18}, Bearer abc", TOKEN)
    assert said == "hf_transfer is missing; …, …, …"


def test_without_a_token_nothing_is_written_or_asked(release, hub, tmp_path):
    done = release("--push", "hub:org/name", HF_ENDPOINT=hub.url)
    assert done.returncode == 2
    assert "there is no token" in one_line(done)
    assert not hub.calls
    assert not (tmp_path / "out").exists()


def test_without_a_network_one_line(release):
    done = release("--push", "hub:org/name", HF_ENDPOINT="http://127.0.0.1:9", HF_TOKEN=TOKEN)
    assert done.returncode == 2
    assert "could not be uploaded" in one_line(done)
    done = release("--push", "hub:org/name", HF_HUB_OFFLINE="1", HF_TOKEN=TOKEN)
    assert done.returncode == 2
    one_line(done)


def test_a_dry_run_lists_and_does_nothing(release, hub, tmp_path):
    done = release("--push", "hub:org/name", "--dry-run", HF_ENDPOINT=hub.url, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    for name in ("model.safetensors", "README.md", "LICENSE", "in all", "nothing sent to hub:org/name"):
        assert name in done.stdout
    assert not hub.calls
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("where", ["org/name", "hub:name", "hub:../name", "github:org/name", "hub:org/name/x", "hub:org/-x y"])
def test_a_place_that_is_none(release, where):
    done = release("--push", where)
    assert done.returncode == 2
    assert "give hub:org/name or modelscope:org/name" in one_line(done)


@pytest.fixture
def modelscope(tmp_path):
    """A client that records what it is asked, with the signatures of modelscope 1.x."""
    folder = tmp_path / "site" / "modelscope" / "hub"
    folder.mkdir(parents=True)
    for path in (folder.parent / "__init__.py", folder / "__init__.py"):
        path.write_text("")
    (folder / "api.py").write_text(MODELSCOPE)
    path = f"{tmp_path / 'site'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return {"PYTHONPATH": path, "LOG": str(tmp_path / "log"), "MODELSCOPE_API_TOKEN": TOKEN}


def test_modelscope(release, modelscope, tmp_path):
    done = release("--push", "modelscope:org/name", **modelscope)
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "log").read_text()
    assert '["opened", true]\n["create", "org/name", 5]\n["upload"' in log
    assert "README.md" in log
    assert ".ms_upload_cache" not in log
    assert TOKEN not in done.stdout + done.stderr


def test_modelscope_fails_half_way(release, modelscope, tmp_path):
    done = release("--push", "modelscope:org/name", FAIL="1", **modelscope)
    assert done.returncode == 2
    assert "lost the line with …" in one_line(done)
    assert (tmp_path / "log").read_text().splitlines()[-1] == '["delete", "org/name"]'


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_modelscope_is_stopped_half_way(release, modelscope, tmp_path, number):
    done = release("--push", "modelscope:org/name", STOP=f"{int(number)} upload", **modelscope)
    assert done.returncode == 130
    assert "org/name was interrupted. Nothing was left behind there. The same command begins anew." in one_line(done)
    assert (tmp_path / "log").read_text().splitlines()[-1] == '["delete", "org/name"]'


@pytest.mark.parametrize(
    ("at", "keeps", "left"), [("create", "", "an empty repository of that name may"), ("upload", "1", "is empty or unfinished")]
)
def test_a_stop_that_may_leave_something_says_what(release, modelscope, at, keeps, left):
    done = release("--push", "modelscope:org/name", STOP=f"15 {at}", KEEPS=keeps, **modelscope)
    assert done.returncode == 130
    said = one_line(done)
    assert "Beside that, " in said
    assert left in said
    assert said.endswith("Look before you start again.")


def test_a_stop_while_the_hub_answers_says_that_the_release_may_be_there(run, hub, tmp_path, monkeypatch):
    """The request has arrived; who is stopped before the answer cannot know."""
    for name, value in (("HF_ENDPOINT", hub.url), ("HF_TOKEN", TOKEN), ("HOME", str(tmp_path))):
        monkeypatch.setenv(name, value)
    hub.exists, hub.stop = True, "/commit/"
    words = [sys.executable, "-m", "openqwq.cli", "release", str(run), "--out", str(tmp_path / "out"), "--push", "hub:org/name"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert hub.reached.wait(60)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    hub.go_on.set()
    assert process.returncode == 130, told
    assert "the release stands there whole: look" in told


def test_modelscope_overwrites_nothing(release, modelscope, tmp_path):
    done = release("--push", "modelscope:org/name", THERE="1", **modelscope)
    assert done.returncode == 2
    assert "is there already" in one_line(done)
    assert "upload" not in (tmp_path / "log").read_text()


def test_modelscope_that_cannot_be_asked_is_left_alone(release, modelscope, tmp_path):
    done = release("--push", "modelscope:org/name", DOWN="1", **modelscope)
    assert done.returncode == 2
    assert "no network" in one_line(done)
    assert "create" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("private", [True, False])
def test_the_calls_are_those_of_modelscopes_own_client(monkeypatch, tmp_path, private):
    """Not in the lock, because nothing else needs it; `pip install modelscope` into a scratch environment runs this."""
    api = pytest.importorskip("modelscope.hub.api", reason="modelscope is no part of the locked environment")
    below = pytest.importorskip("modelscope_hub.api")  # to which the client hands on whatever keywords it is given
    client = create_autospec(api.HubApi)
    client.return_value.repo_exists.return_value = False
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", TOKEN)
    monkeypatch.setattr(push, "_modelscope", lambda: client)
    push.push("modelscope", "org/name", tmp_path, private)
    for name, handed_on in (("create_model", below.HubApi.create_repo), ("upload_folder", below.HubApi.upload_folder)):
        called = dict(getattr(client.return_value, name).call_args.kwargs)
        called["repo_id"] = called.pop("model_id", called.get("repo_id"))
        assert set(called) <= set(inspect.signature(handed_on).parameters), "none of them falls into **extra"
        inspect.signature(handed_on).bind(None, **{"repo_type": "model", **called})


def test_modelscope_absent(release):
    done = release("--push", "modelscope:org/name", MODELSCOPE_API_TOKEN=TOKEN)
    assert done.returncode == 2
    assert "pip install modelscope" in one_line(done)
