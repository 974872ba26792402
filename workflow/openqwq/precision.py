"""In which precision `auto` computes on the machine at hand: bfloat16 where the processor multiplies in it, float32 elsewhere.

Without such instructions bfloat16 is emulated, and products take two to four times as long as in float32.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

AUTO = "auto"
INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16")  # names of `torch.cpu.get_capabilities()`: x86-64 twice, and Arm


@cache
def bfloat16_in_hardware() -> bool:
    """Whether the process's GPU, or else the processor, multiplies in bfloat16."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    has: Mapping[str, Any] = torch.cpu.get_capabilities()
    return any(has.get(name, False) for name in INSTRUCTIONS)


def settle(value: str, otherwise: str = "float32") -> str:
    """The value itself; for `auto` bfloat16, or `otherwise` where the hardware does not have it."""
    if value != AUTO:
        return value
    return "bfloat16" if bfloat16_in_hardware() else otherwise


def settled(config: dict[str, Any], key: str, otherwise: str) -> dict[str, Any]:
    """The settings with an `auto` at `key`, its default, settled.

    What decides a result is settled before the fingerprint is made, so that work of one precision is never resumed in another.
    """
    return config | {key: settle(config.get(key, AUTO), otherwise)}
