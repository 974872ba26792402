"""A release on its way to a hub, through the hub's own client. Nothing half pushed, and no token in any message."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openqwq.errors import UserError, scrub
from openqwq.release.files import COPIED

MESSAGE = "Release by open-qwq"
# Of an earlier release, with other shards or another tokenizer: loaded, they would mix with these.
OLD = ["*.safetensors", "*.safetensors.index.json", *COPIED]
_TOKEN = re.compile(r"\b(hf|ms)[-_][\w.-]{20,}|[Bb]earer\s+\S+")


def target(text: str) -> tuple[str, str]:
    """(`hub` or `modelscope`, `org/name`). Raises `UserError` for anything else."""
    match = re.fullmatch(r"(hub|modelscope):([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)", text, re.ASCII)
    if match is None:
        raise UserError(f"--push {text[:80]}: give hub:org/name or modelscope:org/name.")
    return match[1], match[2]


def require(where: str) -> None:
    """Raises `UserError` where the hub's client or its token is missing: said before anything is written."""
    if where == "modelscope":
        _modelscope()
    _token(where)


def push(where: str, name: str, folder: Path, private: bool) -> str:
    """Uploads the folder; returns the model's address. Raises `UserError` with one line, the hub then being as it was.

    Ctrl-C and SIGTERM end it in the same way, with a `KeyboardInterrupt` whose text says what is left. Only the main thread may
    call this.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return {"hub": _to_hub, "modelscope": _to_modelscope}[where](name, folder, private)
    finally:
        signal.signal(signal.SIGTERM, before)


def _token(where: str) -> str:
    if where == "hub":
        from huggingface_hub import get_token

        token, how = get_token(), "log in with `hf auth login`, or set HF_TOKEN"
    else:
        token, how = (
            os.environ.get("MODELSCOPE_API_TOKEN", "").strip(),
            "set MODELSCOPE_API_TOKEN to the one from your account's page",
        )
    if not token:
        raise UserError(f"--push {where}: there is no token for it on this machine. {how[0].upper()}{how[1:]}, then start again.")
    return token


def _to_hub(name: str, folder: Path, private: bool) -> str:
    """One commit holds all files: the hub shows the release whole, or not at all."""
    from httpx import HTTPError, InvalidURL
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    from huggingface_hub.utils import disable_progress_bars

    token = _token("hub")
    disable_progress_bars()
    api = HfApi(token=token, library_name="open-qwq")
    errors = (HfHubHTTPError, OfflineModeIsEnabled, HTTPError, InvalidURL, OSError, ValueError, RuntimeError)
    with _told("hub", name, token, errors):
        made = not api.repo_exists(name)
        if private and not made and not api.model_info(name).private:
            raise UserError(f"--push hub: {name} is there already, and is public. Leave --private away, or name a new one.")
        if made:
            # A refusal made nothing; where no answer came, something may be there. It might be somebody else's: not removed.
            with _noted("an empty repository of that name may have been made: look, and remove it", but=HfHubHTTPError):
                api.create_repo(name, private=private)
        with _undone(made, lambda: api.delete_repo(name), errors):
            there = "" if made else "if the answer alone was lost, the release stands there whole: look"
            with _noted(there, but=HfHubHTTPError):
                api.upload_folder(repo_id=name, folder_path=str(folder), commit_message=MESSAGE, delete_patterns=OLD)
    return f"{api.endpoint}/{name}"


def _to_modelscope(name: str, folder: Path, private: bool) -> str:
    """Its client may upload in several commits, so only a new repository is filled. Where that fails it is removed again, or
    named: the service does not let every program remove one."""
    token, client = _token("modelscope"), _modelscope()
    errors = (Exception,)  # its errors have no common class, and each must end in one line without a token
    with _told("modelscope", name, token, errors):
        api = client(token=token)  # its login() would write the token to the disk
        if api.repo_exists(repo_id=name, repo_type="model", re_raise=True):  # else a lost line would be a no
            raise UserError(
                f"--push modelscope: {name} is there already, and its client could leave it half overwritten. Name a new one."
            )
        with _noted("an empty repository of that name may have been made: look, and remove it"):
            api.create_model(model_id=name, visibility=1 if private else 5)
        with _undone(True, lambda: api.delete_model(model_id=name), errors):
            # Its cache of what has been sent would lie in the release.
            more = {"repo_type": "model", "use_cache": False, "disable_tqdm": True}
            api.upload_folder(repo_id=name, folder_path=str(folder), commit_message=MESSAGE, **more)
    return f"https://modelscope.cn/models/{name}"


def _modelscope() -> Any:
    try:
        from modelscope.hub.api import HubApi  # type: ignore[import-not-found]
    except ImportError as error:
        raise UserError(
            "--push modelscope: its client is not installed, and is no part of the locked environment. Install it beside: "
            "pip install modelscope."
        ) from error
    return HubApi


@contextmanager
def _noted(note: str, but: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """Whatever ends the block goes on with a note of what may be left; not where it is a `but`, or the note is empty."""
    try:
        yield
    except BaseException as failure:
        if note and not isinstance(failure, but):
            failure.add_note(note)
        raise


@contextmanager
def _undone(made: bool, undo: Callable[[], Any], errors: tuple[type[BaseException], ...]) -> Iterator[None]:
    """Removes the repository again that was made for an upload that failed, Ctrl-C included."""
    ended: tuple[type[BaseException], ...] = (KeyboardInterrupt, *errors)
    try:
        yield
    except BaseException as failure:
        if made:
            try:
                undo()
            except ended as error:
                failure.add_note(
                    f"the repository that was made for it is empty or unfinished: remove it by hand ({_said(error)})"
                )
        raise


@contextmanager
def _told(where: str, name: str, token: str, errors: tuple[type[BaseException], ...]) -> Iterator[None]:
    ended: tuple[type[BaseException], ...] = (KeyboardInterrupt, *errors)
    try:
        yield
    except UserError:
        raise
    except ended as error:
        told = [_said(error), *getattr(error, "__notes__", [])]
        said, *notes = (" ".join(clean(text, token).split())[:300] for text in told)  # a token is cut out before the text is
        left = f"Beside that, {'; '.join(notes)}." if notes else "Nothing was left behind there."
        if isinstance(error, KeyboardInterrupt):
            again = "Look before you start again" if notes else "The same command begins anew"
            raise KeyboardInterrupt(f"--push {where}: {name} was interrupted. {left} {again}.") from None
        raise UserError(
            f"--push {where}: {name} could not be uploaded ({said}). {left} Check network, name and the token's rights, then "
            "start again."
        ) from None


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__


def clean(text: str, token: str) -> str:
    """The text without the token, or anything that looks like one."""
    return _TOKEN.sub("…", scrub(text.replace(token, "…")))
