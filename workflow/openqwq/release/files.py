"""The small files beside the weights: configuration, sampling, tokenizer with its template."""

import json
import shutil
from pathlib import Path
from typing import Any

from openqwq.errors import UserError
from openqwq.model.import_model import RESPONSE_TEMPLATE
from openqwq.model.sources import END

COPIED = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)


def write(checkpoint: Path, folder: Path, dtype: str, sampling: dict[str, Any]) -> None:
    """Writes them for the weights' `dtype` and the sampling with which the run was evaluated.

    Raises `UserError` for a checkpoint without a chat template or end token.
    """
    if not (checkpoint / "chat_template.jinja").is_file():
        raise UserError(f"{checkpoint}: no chat template (chat_template.jinja), so nobody could talk to it. Rerun its stage.")
    for name in COPIED:
        if (checkpoint / name).is_file():
            shutil.copyfile(checkpoint / name, folder / name)
    _write(folder / "tokenizer_config.json", _tokenizer(_read(checkpoint / "tokenizer_config.json")))
    end = _end_token(checkpoint)
    config = _read(checkpoint / "config.json") | {"dtype": dtype, "eos_token_id": end, "use_cache": True}
    for stale in ("torch_dtype", "_name_or_path"):
        config.pop(stale, None)
    _write(folder / "config.json", config)
    old = _read(checkpoint / "generation_config.json") if (checkpoint / "generation_config.json").is_file() else {}
    _write(folder / "generation_config.json", generation(old, end, sampling))


def generation(old: dict[str, Any], end: int, sampling: dict[str, Any]) -> dict[str, Any]:
    """`generation_config.json` with the recipe's sampling; the turn's end token is among those that end a completion."""
    ends = old.get("eos_token_id")
    ends = [ends] if isinstance(ends, int) else list(ends or [])
    kept = {key: old[key] for key in ("bos_token_id", "pad_token_id", "transformers_version") if old.get(key) is not None}
    drawn: dict[str, Any] = {"do_sample": sampling["temperature"] > 0}
    if drawn["do_sample"]:
        # 0 is written out: left away, transformers would take its own 50.
        drawn |= {"temperature": sampling["temperature"], "top_p": sampling["top_p"], "top_k": sampling["top_k"]}
    return {**kept, "eos_token_id": [end, *(one for one in ends if one != end)], **drawn}


def _tokenizer(config: dict[str, Any]) -> dict[str, Any]:
    """Without what only says where it was loaded from. Servers of transformers look for thinking under that name."""
    config = {key: value for key, value in config.items() if key not in ("is_local", "local_files_only", "chat_template")}
    fields = {("thinking" if name == "reasoning_content" else name): value for name, value in RESPONSE_TEMPLATE["fields"].items()}  # type: ignore[attr-defined]
    return config | {"eos_token": END, "response_template": RESPONSE_TEMPLATE | {"fields": fields}}


def _end_token(checkpoint: Path) -> int:
    """Read without transformers, whose import takes longer than all the rest here."""
    from tokenizers import Tokenizer

    path = checkpoint / "tokenizer.json"
    if not path.is_file():
        raise UserError(f"{checkpoint}: no tokenizer.json. Rerun the stage that made it.")
    end = Tokenizer.from_file(str(path)).token_to_id(END)
    if end is None:
        raise UserError(f"{checkpoint}: the tokenizer has no {END}, with which the chat template ends a turn. Rerun its stage.")
    return int(end)


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not readable ({error}). Rerun the stage that made it.") from error
    return dict(value)


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
