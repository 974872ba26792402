"""Loading a checkpoint folder: safetensors only, no remote code, and errors that say what is missing."""

from pathlib import Path
from typing import Any

from openqwq import precision
from openqwq.errors import UserError


def require_checkpoint(folder: Path) -> None:
    """Raises `UserError` unless the folder holds a model configuration and safetensors weights, whole as far as headers tell."""
    from safetensors import SafetensorError, safe_open

    if not folder.is_dir():
        raise UserError(f"{folder}: no such model folder. Correct the path, or run the stage that makes it.")
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder}: no config.json, so this is not a Hugging Face model folder. Correct the path.")
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UserError(
            f"{folder}: no weights (*.safetensors). Other formats are not loaded: convert the model to safetensors first."
        )
    for file in files:
        try:
            with safe_open(file, framework="np"):
                pass
        except SafetensorError as error:
            raise UserError(
                f"{file}: damaged ({error}). Rerun the stage that made it, or copy the model again; `openqwq check` names "
                "everything in a run that has changed."
            ) from error


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer with its chat template, padding on the left for generation."""
    from transformers import AutoTokenizer

    require_checkpoint(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    if tokenizer.chat_template is None:
        raise UserError(f"{folder}: the tokenizer has no chat template. Import the model with `openqwq import-model` first.")
    tokenizer.padding_side = "left"
    return tokenizer


def load_model(folder: Path, dtype: str, device: str | None = None, config: Any = None) -> Any:
    """The causal language model with weights in `dtype` (or `auto`), on `device` or the process's GPU if it has one.

    `config` takes the place of the folder's own.
    """
    import torch
    from transformers import AutoModelForCausalLM

    require_checkpoint(folder)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    own = {} if config is None else {"config": config}
    return AutoModelForCausalLM.from_pretrained(
        folder,
        dtype=getattr(torch, precision.settle(dtype)),
        trust_remote_code=False,
        local_files_only=True,
        use_safetensors=True,
        **own,
    ).to(device)
