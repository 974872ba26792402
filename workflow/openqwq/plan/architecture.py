"""The shape of a decoder-only transformer, and what follows from it: parameters, operations, bytes a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Names are those of `config.json` where it has them. Layers are alike but for the first `dense_layers` of a mixture."""

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int  # of a dense layer's feed-forward net
    vocabulary: int
    tied: bool
    bias: bool = False  # of queries, keys and values
    experts: int = 0
    experts_per_token: int = 0
    expert_intermediate: int = 0
    shared_experts: int = 0
    dense_layers: int = 0
    kv_values: int = 0  # values kept of a token and layer, where they are compressed; 0: keys and values of all heads
    attention: int = 0  # parameters of a layer's attention, where it is not the usual one

    @property
    def kept_values(self) -> int:
        """Numbers that the cache keeps of a token in a layer."""
        return self.kv_values or 2 * self.kv_heads * self.head_dim

    @property
    def attention_parameters(self) -> int:
        """Of one layer: queries, keys, values, output."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        usual = self.hidden * (2 * queries + 2 * keys) + (queries + 2 * keys if self.bias else 0)
        return self.attention or usual

    @property
    def mixture_layers(self) -> int:
        return self.layers - self.dense_layers if self.experts else 0

    def layer_parameters(self, experts: float) -> float:
        """Mean over the layers, with so many experts of a mixture counted."""
        dense = 3 * self.hidden * self.intermediate * (self.layers - self.mixture_layers)
        one = 3 * self.hidden * self.expert_intermediate
        mixed = self.mixture_layers * (one * (experts + self.shared_experts) + self.hidden * self.experts)
        return self.attention_parameters + (dense + mixed) / self.layers

    @property
    def wide(self) -> int:
        """Width of what a token makes in a feed-forward net, over the experts that it takes."""
        if not self.experts:
            return self.intermediate
        return self.expert_intermediate * (self.experts_per_token + self.shared_experts)

    @property
    def embedding_parameters(self) -> int:
        return self.vocabulary * self.hidden

    @property
    def parameters(self) -> float:
        """All of them, norms left out (less than a thousandth)."""
        return self.layers * self.layer_parameters(self.experts) + self.embedding_parameters * (1 if self.tied else 2)

    @property
    def multiplied(self) -> float:
        """Parameters that a token is multiplied with: layers with the experts it takes, and the output matrix."""
        return self.layers * self.layer_parameters(self.experts_per_token) + self.embedding_parameters

    def read_parameters(self, batch: float) -> float:
        """Parameters that decoding a batch of tokens reads: of a mixture, those experts that any of them takes."""
        missed = (1 - self.experts_per_token / self.experts) ** max(batch, 1.0) if self.experts else 0.0
        return self.layers * self.layer_parameters(self.experts * (1 - missed)) + self.embedding_parameters

    def forward_flops(self, context: float) -> float:
        """Operations of a token's forward pass that sees `context` tokens: 2 a parameter, and 4 a value attended to."""
        return 2 * self.multiplied + 4 * self.layers * self.heads * self.head_dim * context

    def kept_bytes(self, kind: Literal["autocast", "bfloat16", "float32"] = "autocast") -> float:
        """Bytes that a layer keeps of a token for its backward pass without checkpointing. `autocast` is of float32 weights.

        Two norms, each with its input, its product and its output, and where widths differ the copy that the next product
        reads; queries, keys, values (repeated for all heads), the attention's output; gate, up, activation, product.
        """
        norm, width = {"autocast": (14, 2), "bfloat16": (8, 2), "float32": (12, 4)}[kind]
        return 2 * norm * self.hidden + 4 * width * (self.heads * self.head_dim + self.wide)

    def kv_bytes(self, width: int = 2) -> int:
        """Bytes of keys and values that a token takes in the cache, over all layers."""
        return self.layers * self.kept_values * width


def from_config(config: Mapping[str, Any], name: str) -> Architecture:
    """From the content of a `config.json` (Llama, Qwen2, Qwen3 and their mixtures). Raises `KeyError` for a missing key."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    experts = config.get("num_experts") or config.get("n_routed_experts") or 0
    return Architecture(
        name=name,
        layers=config["num_hidden_layers"],
        hidden=hidden,
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head_dim=config.get("head_dim") or hidden // heads,
        intermediate=config["intermediate_size"],
        vocabulary=config["vocab_size"],
        tied=bool(config.get("tie_word_embeddings", False)),
        bias=bool(config.get("attention_bias", config.get("model_type") == "qwen2")),
        experts=experts,
        experts_per_token=config.get("num_experts_per_tok", 0) if experts else 0,
        expert_intermediate=config.get("moe_intermediate_size", 0) if experts else 0,
        shared_experts=config.get("n_shared_experts", 0) if experts else 0,
        dense_layers=config.get("first_k_dense_replace", 0) if experts else 0,
        kv_values=_compressed(config),
        attention=_latent_attention(config),
    )


def _compressed(config: Mapping[str, Any]) -> int:
    return config["kv_lora_rank"] + config["qk_rope_head_dim"] if config.get("kv_lora_rank") else 0


def _latent_attention(config: Mapping[str, Any]) -> int:
    """Parameters of a multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1)."""
    if not config.get("kv_lora_rank"):
        return 0
    hidden, heads, latent, rope = (
        config[key] for key in ("hidden_size", "num_attention_heads", "kv_lora_rank", "qk_rope_head_dim")
    )
    plain, value, queries = config["qk_nope_head_dim"], config["v_head_dim"], config["q_lora_rank"]
    down = hidden * (queries + latent + rope)
    up = queries * heads * (plain + rope) + latent * heads * (plain + value)
    return int(down + up + heads * value * hidden)
