"""`openqwq init`, `openqwq doctor`, `openqwq completion`: for whoever begins."""

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """The commands' options."""
    init = commands.add_parser("init", help="Write a configuration for a new run.", description="Begin a run of your own.")
    init.add_argument("name", metavar="NAME", help="of the run")
    init.add_argument("--preset", choices=["demo", "tiny", "qwq-32b"], default="demo", help="what it begins from (default: demo)")
    init.add_argument("--out", type=Path, metavar="PATH", help="(default: config/NAME.yaml)")
    init.set_defaults(command=_init)
    about = "Check what this machine has for open-qwq. Exit code 0 where the demo can run, 1 where it cannot."
    doctor = commands.add_parser("doctor", help="Check this machine, and say what to do.", description=about)
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.set_defaults(command=_doctor)
    about = 'Print a script for the shell: eval "$(openqwq completion bash)", or openqwq completion fish | source.'
    completion = commands.add_parser("completion", help="Let the shell complete commands.", description=about)
    completion.add_argument("shell", choices=["bash", "zsh", "fish"])
    completion.set_defaults(command=_completion)


def _init(options: argparse.Namespace) -> None:
    from openqwq.start.init import run

    run(options.name, options.preset, options.out)


def _doctor(options: argparse.Namespace) -> None:
    from openqwq.start.doctor import run

    run(options.json)


def _completion(options: argparse.Namespace) -> None:
    from openqwq.cli import parser
    from openqwq.start.completion import script

    print(script(parser(), options.shell), end="")
