"""`openqwq serve-reward`: for RL stages whose processes have no memory left for the reward model."""

import argparse
from pathlib import Path
from typing import Any

from openqwq.errors import UserError


def add(commands: Any) -> None:
    """The command's options."""
    about = "Answer requests for the scores of a reward model, until a signal ends it."
    serve = commands.add_parser("serve-reward", help="Score with a reward model for RL stages that ask.", description=about)
    serve.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="a run's folder reward_model")
    serve.add_argument("--port", type=int, help="listen on this port; 0 takes a free one and says which")
    serve.add_argument("--socket", type=Path, metavar="PATH", help="listen on a socket in the file system, for this user alone")
    serve.add_argument("--host", default="127.0.0.1", help="address of --port (default: 127.0.0.1)")
    serve.add_argument("--allow-remote", action="store_true", help="--host may be an address that other machines reach")
    serve.add_argument("--batch", type=int, default=64, help="sequences computed together (default: 64)")
    serve.add_argument("--queue", type=int, default=8192, help="completions that may wait; more are told to come again")
    serve.add_argument("--dtype", choices=["auto", "float32", "bfloat16"], default="auto", help="of the weights (default: auto)")
    serve.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> None:
    from openqwq.given import checkpoint_of
    from openqwq.train import service

    if options.batch < 1 or options.queue < 1:
        raise UserError("serve-reward: --batch and --queue are numbers from 1 on.")
    bound, address = service.listen(options.host, options.port, options.socket, options.allow_remote)
    service.serve(checkpoint_of(options.checkpoint), bound, address, options.batch, options.dtype, options.queue)
