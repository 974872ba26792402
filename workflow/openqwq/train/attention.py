"""Which models compute packed rows (`shared_prompt.py`) as they would compute separate sequences.

Those that see what the mask shows and nothing else, at the positions that they are told. A sliding or chunked window counts keys
in the row, and would lose the prompt behind other completions; a bias by distance would count them too; a recurrent state would
run through them.
"""

from typing import Any

from openqwq.generate.cache import RowCache
from openqwq.generate.prefill import columns_may_move


def shareable(model: Any) -> bool:
    """Whether completions may share the computation of their prompt."""
    config = model.config.get_text_config(decoder=True)
    whole = RowCache.fits(config) and not getattr(model, "_is_stateful", False)
    return whole and columns_may_move(model) and model.config._attn_implementation == "sdpa"
