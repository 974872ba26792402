"""Pushing: one commit or nothing, one line when something is missing, and never a token."""

import os

import pytest
from release_helpers import TOKEN

MODELSCOPE = """
import json, os
from pathlib import Path
LOG = Path(os.environ["LOG"])
class HubApi:
    def _log(self, *what):
        LOG.open("a").write(json.dumps(what) + "\\n")
    def login(self, token): self._log("login", token == os.environ["MODELSCOPE_API_TOKEN"])
    def repo_exists(self, repo_id, repo_type): return os.environ.get("THERE") == "1"
    def create_model(self, model_id, visibility): self._log("create", model_id, visibility)
    def delete_model(self, model_id): self._log("delete", model_id)
    def upload_folder(self, repo_id, folder_path, commit_message, repo_type):
        self._log("upload", sorted(p.name for p in Path(folder_path).iterdir()))
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
    assert '["login", true]\n["create", "org/name", 5]\n["upload"' in log
    assert "README.md" in log
    assert TOKEN not in done.stdout + done.stderr


def test_modelscope_fails_half_way(release, modelscope, tmp_path):
    done = release("--push", "modelscope:org/name", FAIL="1", **modelscope)
    assert done.returncode == 2
    assert "lost the line with …" in one_line(done)
    assert (tmp_path / "log").read_text().splitlines()[-1] == '["delete", "org/name"]'


def test_modelscope_overwrites_nothing(release, modelscope, tmp_path):
    done = release("--push", "modelscope:org/name", THERE="1", **modelscope)
    assert done.returncode == 2
    assert "is there already" in one_line(done)
    assert "upload" not in (tmp_path / "log").read_text()


def test_modelscope_absent(release):
    done = release("--push", "modelscope:org/name", MODELSCOPE_API_TOKEN=TOKEN)
    assert done.returncode == 2
    assert "pip install modelscope" in one_line(done)
