"""`openqwq release`: a run's model as a folder for others."""

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """The command's options."""
    about = "Write a run's model as a Hugging Face folder with licences and model card, and push it to a hub."
    release = commands.add_parser("release", help="Release a run's model for others to load.", description=about)
    release.add_argument("run", metavar="RUN", help="a run's name or folder")
    release.add_argument("--stage", metavar="STAGE", help="coldstart, reason or general (default: the run's final model)")
    release.add_argument("--out", type=Path, required=True, metavar="DIR")
    release.add_argument("--name", help="the model's name on its card (default: that of the push, or of the run)")
    release.add_argument("--dtype", choices=["float32", "bfloat16"], help="of the weights (default: as trained)")
    release.add_argument("--base-licence", metavar="SPDX", help="of the base model, where it is not known here")
    release.add_argument("--licence-file", type=Path, metavar="PATH", help="its text, where it is not Apache-2.0")
    help_ = "release although sources declare no licence; the card names them"
    release.add_argument("--accept-undeclared", action="store_true", help=help_)
    release.add_argument("--push", metavar="WHERE", help="hub:org/name or modelscope:org/name")
    release.add_argument("--private", action="store_true", help="with --push: a repository that others do not see")
    release.add_argument("--dry-run", action="store_true", help="list what would be written and sent, do neither")
    release.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> None:
    from openqwq.errors import UserError
    from openqwq.release import build, command
    from openqwq.status import run_folder

    if options.private and not options.push:
        raise UserError("release: --private says how a pushed repository is made; give --push with it.")
    wishes = build.Wishes(
        stage=options.stage,
        name=options.name or (options.push or "").partition(":")[2] or None,
        pushed=options.push,
        dtype=options.dtype,
        base_licence=options.base_licence,
        licence_file=options.licence_file,
        accept_undeclared=options.accept_undeclared,
    )
    command.run(run_folder(options.run), options.out, wishes, options.push, options.private, options.dry_run)
