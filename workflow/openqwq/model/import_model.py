"""Stage import_model: the base model in Hugging Face format, with our chat template and the right end token."""

from pathlib import Path

from openqwq.artifacts.manifest import sha256_file
from openqwq.config.model import BaseModelSource
from openqwq.errors import UserError
from openqwq.model.sources import END, START, open_source
from openqwq.stage import Stage

TEMPLATE = Path(__file__).with_name("chat_template.jinja")
# How transformers and TRL read a turn that this template has rendered (`tokenizer.parse_response`).
RESPONSE_TEMPLATE = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {
        "reasoning_content": {"open": "<think>", "close_pattern": r"</think>\s*", "content": "text"},
        "tool_calls": {
            "open": "<tool_call>",
            "close_pattern": r"</tool_call>\s*",
            "repeats": True,
            "content": "json",
            "transform": {"type": "function", "function": "{content}"},
        },
        "content": {"close_pattern": r"<\|im_end\|>\s*", "content": "text"},
    },
}


def run(stage: Stage, source: BaseModelSource, out: Path) -> None:
    """Publishes the folder `out`: safetensors, config, tokenizer with chat template, manifest."""
    stage.progress.say(f"importing the base model ({source.type})")
    model, tokenizer = open_source(source, stage.seed)
    missing = [token for token in (START, END) if tokenizer.convert_tokens_to_ids(token) in (None, tokenizer.unk_token_id)]
    if missing:
        raise UserError(
            f"base_model: the tokenizer has no {' and no '.join(missing)}, which the chat template needs. "
            "Use a model with ChatML tokens (Qwen2, SmolLM2 and others), or add them to its tokenizer first."
        )
    tokenizer.chat_template = TEMPLATE.read_text(encoding="utf-8")
    tokenizer.response_template = RESPONSE_TEMPLATE
    tokenizer.eos_token = END
    if tokenizer.pad_token in (None, END):
        # Padding of its own where there is one: a reward model finds the last token by what is not padding.
        spare = tokenizer.convert_tokens_to_ids("<|endoftext|>")
        tokenizer.pad_token = END if spare in (None, tokenizer.convert_tokens_to_ids(END)) else "<|endoftext|>"
    tokenizer.clean_up_tokenization_spaces = False
    # A base model's own end token closes documents, not turns; left in place it never stops after an answer.
    end, pad = tokenizer.convert_tokens_to_ids(END), tokenizer.pad_token_id
    for config in (model.config, model.generation_config):
        config.eos_token_id, config.pad_token_id = end, pad
    name = getattr(source, "id", None) or Path(getattr(source, "path", "") or model.config.name_or_path or source.type).name
    parameters = sum(p.numel() for p in model.parameters())
    stage.facts = {"name": name, "parameters": parameters}
    with stage.publish_folder(out) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    template = sha256_file(out / "chat_template.jinja")[:12]
    stage.progress.say(f"{parameters / 1e6:.3g}M parameters, chat template {template}, published as {out}")
