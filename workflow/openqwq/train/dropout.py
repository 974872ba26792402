"""Dropout off: training draws no random number from torch, so neither a resume nor the number of processes changes its bytes.

TRL's `disable_dropout` reaches layers of torch's `Dropout` class alone; attention in most models reads a number from the
configuration. So the number is changed before the model is made. RL needs it besides: with dropout the policy that is trained
would not be the one that was sampled.
"""

from pathlib import Path
from typing import Any


def without_dropout(checkpoint: Path, **changes: Any) -> Any:
    """The checkpoint's configuration, that of its parts included, with every probability of dropping or jittering at 0."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(checkpoint, trust_remote_code=False, local_files_only=True, **changes)
    _turn_off(config)
    return config


def _turn_off(config: Any) -> None:
    for name, value in list(vars(config).items()):
        random = any(word in name for word in ("drop", "jitter"))
        if random and isinstance(value, int | float) and not isinstance(value, bool) and value:
            setattr(config, name, type(value)(0))
    for name in config.sub_configs:
        _turn_off(getattr(config, name))
