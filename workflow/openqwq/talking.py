"""`openqwq chat` and `openqwq serve`: a model folder in the terminal, and over HTTP."""

import argparse
from pathlib import Path
from typing import Any

from openqwq.errors import UserError


def add(commands: Any) -> None:
    """The commands' options."""
    about = "Chat with a model in the terminal, or through a pipe: each line is a question."
    chat = commands.add_parser("chat", help="Chat with a model.", description=about)
    chat.add_argument("folder", type=Path, metavar="DIR", help="a released folder, or a stage's folder")
    chat.add_argument("--system", metavar="TEXT", help="the system message")
    chat.add_argument("--tools", choices=["python"], help="let it run Python programs, in the sandbox")
    chat.add_argument(
        "--thinking", choices=["dim", "fold"], default="dim", help="show it dimmed, or only its length (default: dim)"
    )
    chat.add_argument("--max-tokens", type=int, default=2048, metavar="N", help="of one answer (default: 2048)")
    chat.add_argument("--dtype", choices=["float32", "bfloat16"], help="of the weights (default: bfloat16 on a GPU)")
    chat.add_argument("--seed", type=int, help="for the same answers again")
    chat.set_defaults(command=_chat)
    about = "Serve a model over HTTP as OpenAI's API has it, with vLLM or transformers."
    serve = commands.add_parser("serve", help="Serve a model over HTTP.", description=about)
    serve.add_argument("folder", type=Path, metavar="DIR", help="a released folder, or a stage's folder")
    serve.add_argument(
        "--engine", choices=["auto", "vllm", "transformers"], default="auto", help="auto: vLLM where it is installed"
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8000, help="(default: 8000)")
    serve.add_argument("--name", help="the model's name in requests to vLLM (default: the folder's)")
    serve.add_argument("--allow-remote", action="store_true", help="--host may be an address that other machines reach")
    serve.set_defaults(command=_serve)


def _chat(options: argparse.Namespace) -> None:
    import sys

    from openqwq.generate.checkpoint import require_checkpoint
    from openqwq.given import checkpoint_of

    if options.max_tokens < 1:
        raise UserError("chat: --max-tokens is a number from 1 on.")
    folder = checkpoint_of(options.folder)
    require_checkpoint(folder)  # said before torch is loaded
    from openqwq.talk import chat
    from openqwq.talk.conversation import Conversation, opened
    from openqwq.talk.model import TalkingModel
    from openqwq.talk.screen import Screen, colourful

    tool = opened(options.tools)
    model = TalkingModel.load(folder, options.dtype, options.max_tokens)
    if options.seed is not None:
        import torch

        torch.manual_seed(options.seed)
    screen = Screen(colour=colourful(sys.stdout), fold=options.thinking == "fold")
    chat.run(Conversation(model, screen, options.system, tool))


def _serve(options: argparse.Namespace) -> None:
    from openqwq.given import checkpoint_of
    from openqwq.talk import serve

    serve.run(checkpoint_of(options.folder), options.engine, options.host, options.port, options.name, options.allow_remote)
