"""A cache of keys and values whose rows come and go: written in place, no copy a token.

transformers' `DynamicLayer` concatenates all keys and values anew at every token. Here each layer owns a buffer with room to
grow, and hands out views of the part that is filled. Columns are tokens; a row that is shorter than the widest one is padded
on its left, with zeros that the attention mask hides, so rows of any age can stand in one batch.
"""

from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

ROOM = 64  # columns a buffer grows by at least


class InPlaceLayer(DynamicLayer):
    """Keys and values (B, H, L, D) of one layer, as views of two buffers (B, H, capacity, D)."""

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        self._buffers = [_room(states, 0, ROOM) for states in (key_states, value_states)]
        self._show(0)
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: Any, **_options: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Writes the states behind those that are there; returns all of them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        filled = self.keys.shape[-2]
        length = filled + key_states.shape[-2]
        if length > self._buffers[0].shape[-2]:
            room = max(ROOM, length // 2)
            self._buffers = [_filled(old, length + room) for old in (self.keys, self.values)]
        for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[:, :, filled:length] = states
        self._show(length)
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keeps these rows, which may repeat."""
        self._hold(self.keys[indices], self.values[indices])

    def drop(self, columns: int) -> None:
        """Forgets the first `columns` columns."""
        self._buffers = [buffer[:, :, columns:] for buffer in self._buffers]
        self._show(self.keys.shape[-2] - columns)

    def take_columns(self, columns: torch.Tensor) -> None:
        """Keeps of each row these columns, (B, L), in this order."""
        index = columns[:, None, :, None]
        parts = (states.gather(2, index.expand(-1, states.size(1), -1, states.size(3))) for states in (self.keys, self.values))
        self._hold(*parts)

    def join(self, other: "InPlaceLayer") -> None:
        """Appends the rows of `other`; the last columns of both become one."""
        width = max(self.keys.shape[-2], other.keys.shape[-2])
        pairs = ((self.keys, other.keys), (self.values, other.values))
        self._hold(*(torch.cat([_widened(states, width) for states in pair]) for pair in pairs))

    def _hold(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        length = keys.shape[-2]
        self._buffers = [_filled(states, length + ROOM) for states in (keys, values)]
        self._show(length)

    def _show(self, length: int) -> None:
        self.keys, self.values = (buffer[:, :, :length] for buffer in self._buffers)


class RowCache(DynamicCache):
    """A cache of `InPlaceLayer`s for the model with this configuration."""

    def __init__(self, config: Any) -> None:
        super().__init__(config=config)
        self.layers: list[InPlaceLayer] = [InPlaceLayer() for _ in self.layers]

    @staticmethod
    def fits(config: Any) -> bool:
        """Whether every layer of such a model keeps all its keys and values: no sliding window, no recurrent state."""
        return all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers)

    def drop(self, columns: int) -> None:
        """Forgets the first columns, which no row needs any more."""
        for layer in self.layers:
            layer.drop(columns)

    def take_columns(self, columns: torch.Tensor) -> None:
        """Keeps of each row these columns, (B, L), in this order."""
        for layer in self.layers:
            layer.take_columns(columns)

    def join(self, other: "RowCache") -> None:
        """Appends the rows of `other`."""
        for mine, theirs in zip(self.layers, other.layers, strict=True):
            mine.join(theirs)


def _room(states: torch.Tensor, length: int, room: int) -> torch.Tensor:
    batch, heads, _, width = states.shape
    return states.new_empty(batch, heads, length + room, width)


def _filled(states: torch.Tensor, capacity: int) -> torch.Tensor:
    """A buffer of `capacity` columns that begins with `states`."""
    buffer = _room(states, 0, capacity)
    buffer[:, :, : states.shape[-2]] = states
    return buffer


def _widened(states: torch.Tensor, width: int) -> torch.Tensor:
    """`states` with zeros on the left: what is masked must still be finite."""
    return torch.nn.functional.pad(states, (0, 0, width - states.shape[-2], 0))
