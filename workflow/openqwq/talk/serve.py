"""`openqwq serve`: which server, with which parsers, for the chat template of a model folder."""

import os
import shutil
import socket
import sys
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from openqwq.errors import UserError
from openqwq.generate.checkpoint import require_checkpoint
from openqwq.generate.vllm_start import CPU_CACHE_GB
from openqwq.progress import tell
from openqwq.talk.thinking import CLOSE

PACKAGES = Path(__file__).parents[2]  # where this package lies
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


PLUGIN = Path(__file__).with_name("vllm_parser.py")  # its reasoning parser, which registers itself as "openqwq"


class Parsers(NamedTuple):
    """vLLM's names of what reads thinking and tool calls out of a completion, None where the template has no such thing."""

    reasoning: str | None
    tools: str | None


def parsers(folder: Path) -> Parsers:
    """Those that fit the folder's chat template. Raises `UserError` for a folder without one."""
    path = folder / "chat_template.jinja"
    if not path.is_file():
        raise UserError(
            f"{folder}: no chat template (chat_template.jinja). Release the model (`openqwq release`), or import it first."
        )
    template = path.read_text(encoding="utf-8", errors="replace")
    tools = ("qwen3_coder" if "<function=" in template else "hermes") if "<tool_call>" in template else None
    return Parsers("openqwq" if CLOSE in template else None, tools)


def command(folder: Path, engine: str, host: str, port: int, name: str | None) -> list[str]:
    """The server's command. `engine` is auto, vllm or transformers. Raises `UserError` where it is absent, or takes no name."""
    require_checkpoint(folder)
    found = parsers(folder)
    vllm = _vllm()
    if engine == "vllm" and vllm is None:
        raise UserError(
            "serve: vLLM is not installed here. Use `make env ENV=gpu` (or `make env-vllm` on a CPU), or --engine transformers."
        )
    where = ["--host", host, "--port", str(port)]
    if vllm and engine != "transformers":
        words = [*vllm, str(folder), *where, "--served-model-name", name or folder.resolve().name]
        words += ["--reasoning-parser-plugin", str(PLUGIN), "--reasoning-parser", found.reasoning] if found.reasoning else []
        words += ["--enable-auto-tool-choice", "--tool-call-parser", found.tools] if found.tools else []
        return words
    if name:
        raise UserError("serve: --name is for vLLM; `transformers serve` knows a model by its folder alone. Leave it away.")
    missing = [module for module in ("openai", "fastapi", "uvicorn") if find_spec(module) is None]
    if missing:
        raise UserError(f"serve: `transformers serve` needs {', '.join(missing)}, which is not installed. Run `make env` again.")
    # It reads thinking and calls by the response template in the folder's tokenizer_config.json.
    return [sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder.resolve()), *where]


def run(folder: Path, engine: str, host: str, port: int, name: str | None, allow_remote: bool) -> None:
    """Becomes the server: signals reach it, and its exit code is the command's. Raises `UserError` before that."""
    if host not in LOOPBACK and not allow_remote:
        raise UserError(
            f"serve: {host} may be reached by others, and the server asks nobody who they are. Add --allow-remote if meant."
        )
    words = command(folder, engine, host, port, name)
    _require_free(host, port)
    # A local folder is served: nothing is to be asked of a hub, not even whether there are newer versions.
    os.environ |= {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # A vLLM of another environment loads our parser, too.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGES), os.environ.get("PYTHONPATH")]))
    place = f"[{host}]" if ":" in host else host
    program = "transformers serve" if "transformers.cli.transformers" in words else "vLLM"
    tell(f"openqwq: http://{place}:{port}/v1, by {program}; Ctrl-C ends it")
    os.execv(words[0], words)  # noqa: S606  no shell, and a program of our own environment


def _vllm() -> list[str] | None:
    """How vLLM's server is started, up to the model's folder; None where there is none.

    `vllm serve` asks for a distribution named vllm, and the build for CPUs has another name: there, what the command runs. That
    build also asks for 92 % of the machine's memory, and refuses to start where other programs have some of it.
    """
    if find_spec("vllm") and not list(distributions(name="vllm")):
        cache = ["--kv-cache-memory-bytes", str(int(CPU_CACHE_GB * 2**30))]
        return [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *cache, "--model"]
    program = _program("vllm")
    return [program, "serve"] if program else None


def _program(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return str(beside) if os.access(beside, os.X_OK) else shutil.which(name)


def _require_free(host: str, port: int) -> None:
    if not 1 <= port <= 65535:
        raise UserError(f"serve: --port {port} is none. Give one from 1 to 65535.")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise UserError(
            f"serve: {host}:{port} cannot be listened on ({error.strerror or error}). Give another --port."
        ) from error
