"""`openqwq init`: a commented configuration for a new run, made from one of ours."""

import re
import shlex
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from openqwq.artifacts.files import replacing
from openqwq.config import load_file
from openqwq.config.base import Slug
from openqwq.environment import ROOT
from openqwq.errors import UserError

PRESETS = {
    "demo": "a real 135M model on a laptop, twenty minutes",
    "tiny": "random weights, a few minutes: only to see every stage run",
    "qwq-32b": "QwQ-32B's recipe on four nodes of eight GPUs",
}


def run(name: str, preset: str, out: Path | None) -> None:
    """Writes `config/NAME.yaml`, or `out`. Raises `UserError` for a bad name and where a file of that name exists."""
    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError as error:
        raise UserError(
            f"init: {name!r} is no name for a run. Use lower-case letters, digits, dot, dash and underscore."
        ) from error
    path = out or Path("config") / f"{name}.yaml"
    if path.exists() or path.is_symlink():
        raise UserError(f"{path} exists already, and is left alone. Give another name, or --out PATH.")
    text = configuration(name, preset)
    try:
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"init: {path} cannot be written ({error.strerror}). Give another --out.") from error
    load_file(path)  # what is handed out is accepted
    begin = "snakemake" if Path.cwd() == ROOT else f"snakemake --snakefile {_quoted(ROOT / 'Snakefile')}"
    print(f"wrote {path}, begun from the preset {preset}.")
    print("Change it (config/README.md lists every key), then:")
    print(f"  openqwq plan {_quoted(path)}")
    print(f"  {begin} --configfile {_quoted(path)} --cores all -n")
    print(f"The last one shows what would run; without -n it runs, and `openqwq status {name}`\nsays how far it is.")


def configuration(name: str, preset: str) -> str:
    """The text of the configuration: the preset's with its comments, under another name."""
    text = (ROOT / "config" / f"{preset}.yaml").read_text(encoding="utf-8")
    body = re.sub(
        rf"^run: {re.escape(preset)}$", f"run: {name} # everything it makes lies under results/{name}/", text, count=1, flags=re.M
    )
    head = (
        f"# The run {name}, begun from config/{preset}.yaml: {PRESETS[preset]}.\n"
        "# Every key, its default and what it does: config/README.md. Unknown keys are errors. A changed key reruns the\n"
        "# stages whose result it decides, and what comes after them; `execution` and `hardware` rerun nothing.\n#\n"
        f"# What config/{preset}.yaml says of itself:\n"
    )
    return head + body


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
