"""One function for each place a base model can come from; each returns (model, tokenizer) in memory."""

import importlib.util
from pathlib import Path
from typing import Any

from openqwq.config.model import BaseModelSource, FolderModel, HubModel, PackageModel, RandomModel
from openqwq.errors import UserError
from openqwq.generate.checkpoint import load_model, require_checkpoint

END = "<|im_end|>"
START = "<|im_start|>"


def open_source(source: BaseModelSource, seed: int) -> tuple[Any, Any]:
    """The model (weights in the source's dtype) and tokenizer that `source` names."""
    if isinstance(source, PackageModel):
        return from_package(source)
    if isinstance(source, HubModel):
        return from_hub(source)
    if isinstance(source, FolderModel):
        return from_folder(Path(source.path), source.dtype)
    return random_model(source, seed)


def from_package(source: PackageModel) -> tuple[Any, Any]:
    """Reads the one GGUF file of an installed package, without importing the package, and de-quantises it."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    module = source.package.replace("-", "_")
    spec = importlib.util.find_spec(module) if module.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"base_model.package: {source.package!r} is not installed. Run `make demo`, which installs envs/data.txt."
        )
    files = sorted(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    if len(files) != 1:
        raise UserError(f"base_model.package: {source.package!r} holds {len(files)} GGUF files, expected one.")
    folder, name = files[0].parent, files[0].name
    dtype = getattr(torch, source.dtype)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    quantised = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=dtype)
    # The loader leaves a quantization_config behind, with which the model refuses to be saved.
    config = quantised.config.to_dict()
    config.pop("quantization_config", None)
    model = AutoModelForCausalLM.from_config(type(quantised.config)(**config), dtype=dtype)
    model.load_state_dict(quantised.state_dict())
    model.config.name_or_path = name.split(".")[0]
    return model, tokenizer


def from_hub(source: HubModel) -> tuple[Any, Any]:
    """Downloads one commit and loads it."""
    return from_folder(download(source.id, source.revision, "base_model.id"), source.dtype)


def download(name: str, revision: str, key: str) -> Path:
    """The folder of one commit: weights in safetensors, configuration and tokenizer; never code. `key` opens the error."""
    from httpx import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    patterns = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja"]
    try:
        folder = snapshot_download(name, revision=revision, allow_patterns=patterns)
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, HTTPError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{key}: {name} at {revision[:12]} could not be had from the hub ({reason}). "
            "Check id, revision and network, or download it elsewhere and use the folder (in a configuration base_model: "
            "{type: folder, path: …})."
        ) from error
    return Path(folder)


def from_folder(folder: Path, dtype: str) -> tuple[Any, Any]:
    """A local Hugging Face folder."""
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    require_checkpoint(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        return load_model(folder, dtype), tokenizer
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise UserError(
            f"{folder}: the model could not be loaded ({' '.join(str(error).split())[:300]}). Check the folder."
        ) from error


def random_model(source: RandomModel, seed: int) -> tuple[Any, Any]:
    """A Llama with random weights and one token a printable character."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = character_tokenizer(source.max_length)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=source.hidden_size,
        intermediate_size=source.intermediate_size,
        num_hidden_layers=source.layers,
        num_attention_heads=source.heads,
        num_key_value_heads=source.heads,
        max_position_embeddings=source.max_length,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.convert_tokens_to_ids(START),
        eos_token_id=tokenizer.convert_tokens_to_ids(END),
        pad_token_id=tokenizer.convert_tokens_to_ids("<|pad|>"),
    )
    return LlamaForCausalLM(config).to(getattr(torch, source.dtype)), tokenizer


def character_tokenizer(max_length: int) -> Any:
    """A tokenizer of printable ASCII characters and newline; anything else is `<|unk|>`. Template marks are one token each."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    specials = ["<|pad|>", "<|unk|>", START, END]
    marks = ["<think>", "</think>", "<tool_call>", "</tool_call>", "\\boxed{"]
    characters = ["\n", *map(chr, range(32, 127))]
    vocabulary = {token: index for index, token in enumerate([*specials, *marks, *characters])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="<|unk|>"))  # noqa: S106  a token, not a secret
    core.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    core.decoder = decoders.Fuse()
    core.add_tokens([AddedToken(mark, normalized=False) for mark in marks])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="<|pad|>",  # noqa: S106
        unk_token="<|unk|>",  # noqa: S106
        bos_token=START,
        eos_token=END,
        model_max_length=max_length,
    )
