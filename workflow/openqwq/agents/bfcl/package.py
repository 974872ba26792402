"""The part of the package bfcl-eval that a conversation needs, compiled into an archive that Python can import from.

Nothing of it is imported here: the package's requirements are not installed, and its simulators compute without bounds. What it
wants of others is the standard library and, for its calculator, mpmath.
"""

import importlib.util
import io
import marshal
import zipfile
from functools import cache
from pathlib import Path

from openqwq.errors import UserError

_EVAL = "bfcl_eval/eval_checker/multi_turn_eval"
_CHECKER = (f"{_EVAL}/multi_turn_checker.py", f"{_EVAL}/multi_turn_utils.py", "bfcl_eval/constants/executable_backend_config.py")
_PACKAGES = ("bfcl_eval", "bfcl_eval/constants", "bfcl_eval/eval_checker", _EVAL, f"{_EVAL}/func_source_code")
SIMULATORS = {  # class: its module
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "TwitterAPI": "posting_api",
    "VehicleControlAPI": "vehicle_control",
}


@cache
def archive(classes: tuple[str, ...]) -> bytes:
    """A zip of compiled modules: the checker and the simulators of these classes. `UserError`: not installed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as packed:
        for package in _PACKAGES:
            _add(packed, f"{package}/__init__.py", b"")
        modules = ("long_context", *(SIMULATORS[name] for name in classes))
        for file in (*_CHECKER, *(f"{_EVAL}/func_source_code/{module}.py" for module in modules)):
            _add(packed, file, (_installed("bfcl_eval").parent / file).read_bytes())
        if "MathAPI" in classes:
            folder = _installed("mpmath")
            for path in sorted(folder.rglob("*.py")):
                inside = path.relative_to(folder.parent)
                if "tests" not in inside.parts:
                    _add(packed, str(inside), path.read_bytes())
    return made.getvalue()


def _installed(package: str) -> Path:
    """The package's folder. It is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"BFCL's conversations need the package {package.replace('_', '-')}, which is not installed. Run `make` to install "
            "the locked set, or leave the benchmark out."
        )
    return Path(spec.submodule_search_locations[0])


def _add(packed: zipfile.ZipFile, file: str, source: bytes) -> None:
    """A module as bytecode without a date; the sandbox has this process's own interpreter."""
    code = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(source, file, "exec", dont_inherit=True))
    packed.writestr(zipfile.ZipInfo(f"{file}c"), code)
