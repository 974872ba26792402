"""The verifiers by name. A new one is a file with a `judge` function and a line here."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

from openqwq.errors import UserError
from openqwq.verify.item import Item, Verifier, Watch
from openqwq.verify.verdict import Verdict, unscorable


def _lazily(module: str) -> Verifier:
    """The function `judge` of a module that is imported when it is first needed: naming a verifier stays cheap."""

    def judge(reference: Any, completion: str, watch: Watch) -> Verdict:
        verifier: Callable[[Any, str, Watch], Verdict] = import_module(module).judge
        return verifier(reference, completion, watch)

    return judge


REGISTRY: dict[str, Verifier] = {
    "math": _lazily("openqwq.verify.math.judge"),
    "math_verify": _lazily("openqwq.verify.math.baseline"),  # the peer, for comparison
    "code": _lazily("openqwq.verify.code.judge"),
    "instructions": _lazily("openqwq.verify.instructions.judge"),
    "choice": _lazily("openqwq.verify.choice"),
    "livebench": _lazily("openqwq.verify.livebench.judge"),
    "tool_call": _lazily("openqwq.verify.tool_call"),
}


def find(name: str) -> Verifier:
    """The verifier of that name. Raises `UserError` for a name that is not in the registry."""
    try:
        return REGISTRY[name]
    except KeyError:
        known = ", ".join(REGISTRY)
        raise UserError(
            f"verifier {name!r} does not exist. Use one of {known}, or null for rows that only a reward model judges."
        ) from None


def verify_one(item: Item, watch: Watch | None = None) -> Verdict:
    """Judges one completion in this process, without a bound on wall time.

    A reference that is not JSON or lacks what its verifier needs gives `unscorable`. Raises `UserError` for an unknown
    verifier, and for code where no sandbox can be had.
    """
    verifier = find(item.verifier)
    try:
        reference = json.loads(item.reference)
    except (ValueError, RecursionError) as error:
        return unscorable(f"reference: not JSON ({error})")
    return verifier(reference, item.completion, watch or Watch())
