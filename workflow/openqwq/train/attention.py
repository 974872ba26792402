"""Which models compute packed rows (`shared_prompt.py`) as they would compute separate sequences.

Those that see what the mask shows and nothing else, at the positions that they are told. A sliding or chunked window counts keys
in the row, and would lose the prompt behind other completions; a bias by distance would count them too; a recurrent state would
run through them.
"""

import inspect
from typing import Any

from openqwq.generate.cache import RowCache


def shareable(model: Any) -> bool:
    """Whether completions may share the computation of their prompt."""
    config = model.config.get_text_config(decoder=True)
    whole = RowCache.fits(config) and not getattr(model, "_is_stateful", False)
    told = "position_ids" in inspect.signature(type(model).forward).parameters and not getattr(config, "alibi", False)
    return whole and told and model.config._attn_implementation == "sdpa"
