"""In which precision `auto` computes: bfloat16 where the hardware multiplies in it, float32 elsewhere.

Without such instructions a processor emulates bfloat16, and products take two to four times as long as in float32. A run keeps
to one precision: the first stage that asks decides, on its machine, so that later ones, retries and shards on other nodes draw
and train as the first did.
"""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from openqwq.errors import UserError

AUTO = "auto"
FILE = "precision"  # beside the states of a run's stages
KNOWN = ("bfloat16", "float32")
INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16")  # names of `torch.cpu.get_capabilities()`: x86-64 twice, and Arm


@cache
def of_machine() -> str:
    """bfloat16 on a GPU, and on a processor that multiplies in it; else float32."""
    import torch

    if torch.cuda.is_available():
        return "bfloat16"
    has = torch.cpu.get_capabilities()
    return "bfloat16" if any(has.get(name, False) for name in INSTRUCTIONS) else "float32"


def of_run(state_root: Path) -> str:
    """What the run whose states lie here computes in; decided now where no stage has asked before.

    Raises `UserError` where what was noted is damaged.
    """
    path = state_root / FILE
    if not path.is_file():
        state_root.mkdir(parents=True, exist_ok=True)
        own = path.with_name(f".{FILE}.{os.getpid()}.part")
        own.write_text(of_machine() + "\n", encoding="utf-8")
        with suppress(FileExistsError):  # another job was first
            os.link(own, path)
        own.unlink()
    noted = path.read_text(encoding="utf-8").strip()
    if noted not in KNOWN:
        raise UserError(f"{path}: {noted[:40]!r} is no precision. Write {' or '.join(KNOWN)} into it, as the run has used.")
    return noted


def settle(value: str, otherwise: str = "float32", state_root: Path | None = None) -> str:
    """The value itself; for `auto` that of the run, or of the machine: bfloat16, or `otherwise` where that is float32."""
    if value != AUTO:
        return value
    return "bfloat16" if (of_machine() if state_root is None else of_run(state_root)) == "bfloat16" else otherwise


def settled(config: dict[str, Any], key: str, otherwise: str, state_root: Path | None) -> dict[str, Any]:
    """The settings with an `auto` at `key`, its default, settled."""
    return config | {key: settle(config.get(key, AUTO), otherwise, state_root)}
