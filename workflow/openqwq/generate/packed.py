"""Linear layers whose weights lie in the blocks that oneDNN multiplies, on CPU.

For a matrix of few rows, such as one token for each of 64 completions, the plain layer spends a quarter to a half of its time on
bringing the weight into that order, at every call. Here it is done once for each set of weights. In bfloat16 products are the
same to the bit; in float32, where the plain layer multiplies with another library, to rounding. The packed weights are a second
copy of the model's. The operators are those that torch.compile inserts.
"""

from functools import partial

import torch


class PackedLinears:
    """The linear layers of a model, packed. `renew` after the weights have changed."""

    def __init__(self, model: torch.nn.Module, rows: int) -> None:
        """`rows` is the usual number of rows of the inputs; others work too."""
        self.rows = rows
        fits = torch.backends.mkldnn.is_available()
        self.layers = [m for m in model.modules() if fits and type(m) is torch.nn.Linear and _packs(m.weight)]
        self.renew()

    def renew(self) -> None:
        """Packs the weights as they are now."""
        with torch.no_grad():
            for layer in self.layers:
                packed = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), self.rows)
                layer.forward = partial(_product, packed, layer.bias)


def _product(packed: torch.Tensor, bias: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")


def _packs(weight: torch.Tensor) -> bool:
    if weight.dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    return weight.device.type == "cpu" and weight.dtype in (torch.bfloat16, torch.float32)
