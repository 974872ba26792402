"""Figures of scored tokens alone: those, and the gradients, of all logits."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from trl.trainer.utils import add_fused_lm_head

from openqwq.train import vocabulary
from openqwq.train.shared_prompt import pack, spread, unpack
from openqwq.train.vocabulary import TokenFigures, add_token_figures, replace_fused_head


def tensors(count, seed=0, vocabulary=50):
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(count, 16, generator=generator).requires_grad_()
    weight = torch.randn(vocabulary, 16, generator=generator).requires_grad_()
    return hidden, weight, torch.randint(vocabulary, (count,), generator=generator)


def gradients(figure, hidden, weight):
    scale = torch.linspace(-1, 2, len(hidden))
    return torch.autograd.grad((figure * scale).sum(), (hidden, weight))


@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("count", [1, vocabulary.TILE, 2 * vocabulary.TILE + 5])
def test_figures_and_gradients_are_those_of_all_logits(count, temperature):
    hidden, weight, targets = tensors(count)
    logps, entropies, hits = TokenFigures.apply(hidden, weight, targets, temperature)
    rows = torch.log_softmax(hidden @ weight.t() / temperature, dim=-1)
    expected = rows.gather(1, targets.unsqueeze(1)).squeeze(1)
    assert torch.allclose(logps, expected, atol=1e-5)
    assert torch.allclose(entropies, -(rows.exp() * rows).sum(1), atol=1e-5)
    assert hits.equal(rows.argmax(1) == targets)
    for ours, theirs in zip(gradients(logps, hidden, weight), gradients(expected, hidden, weight), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_under_autocast_they_are_as_exact_as_the_products():
    hidden, weight, targets = tensors(200)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logps, _, _ = TokenFigures.apply(hidden, weight, targets, 1.0)
    exact, _, _ = TokenFigures.apply(hidden, weight, targets, 1.0)
    assert logps.dtype == torch.float32
    assert 0 < (logps - exact).abs().mean() < 0.03
    for ours, theirs in zip(gradients(logps, hidden, weight), gradients(exact, hidden, weight), strict=True):
        assert ours.dtype == torch.float32
        assert (ours - theirs).norm() < 0.02 * theirs.norm()


def model():
    torch.manual_seed(0)
    sizes = {"vocab_size": 40, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    made = LlamaForCausalLM(LlamaConfig(**sizes))
    add_fused_lm_head(made, outputs=("log_probs", "entropy"))
    add_token_figures(made)
    return made


def test_a_model_gives_them_where_they_are_asked_for_as_trls_head_does():
    made = model()
    packed = pack([[5, 6, 7]] * 2 + [[9, 4]] * 2, [[11, 12], [13], [], [14, 15, 16]], 0, torch.device("cpu"))
    inputs = {"input_ids": packed.ids, "attention_mask": packed.mask, "position_ids": packed.positions}
    theirs = made(**inputs, labels=packed.labels, fused_lm_head=True)
    ours = made(**inputs, scored=packed.labels)
    assert len(ours.log_probs) == 6
    for name in ("log_probs", "entropy"):
        assert torch.allclose(spread(ours[name], packed, 4), unpack(theirs[name], packed, 4), atol=1e-5)
    assert made(**inputs).logits.shape == (2, packed.ids.size(1), 40)


def test_trls_head_is_replaced_by_one_for_the_scored_tokens(monkeypatch):
    theirs, ours = model(), model()
    for one in (theirs, ours):
        add_fused_lm_head(one, outputs=("log_probs", "entropy", "is_top1"))
    replace_fused_head(ours)
    ids = torch.randint(40, (3, 9), generator=torch.Generator().manual_seed(1))
    labels = ids.clone()
    labels[0, :4], labels[1, :], labels[2, 7:] = -100, -100, -100
    labels[0, 5] = theirs(input_ids=ids).logits[0, 4].argmax()  # a hit
    calls = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "labels": labels,
        "fused_lm_head": True,
        "use_cache": False,
    }
    applied = []
    real = TokenFigures.apply
    monkeypatch.setattr(TokenFigures, "apply", lambda *given: applied.append(len(given[0])) or real(*given))
    expected, made = theirs(**calls), ours(**calls)
    assert applied == [5 + 6]
    for name in ("log_probs", "entropy", "is_top1", "label_mask"):
        assert getattr(made, name).shape == getattr(expected, name).shape
        assert torch.allclose(getattr(made, name).float(), getattr(expected, name).float(), atol=1e-5), name
    assert made.is_top1.sum() >= 1
    monkeypatch.setattr(vocabulary, "MOST", 0)
    assert torch.equal(ours(**calls).log_probs, expected.log_probs)
    assert applied == [5 + 6]


def test_nothing_scored_gives_a_gradient_of_zeros():
    made = model()
    packed = pack([[0, 0]], [[]], 0, torch.device("cpu"))
    ours = made(input_ids=packed.ids, attention_mask=packed.mask, position_ids=packed.positions, scored=packed.labels)
    spread(ours.log_probs, packed, 1).sum().backward()
    assert all(p.grad is None or not p.grad.any() for p in made.parameters())


def test_heads_that_do_more_than_multiply_are_left_to_trl(monkeypatch):
    made = model()
    assert vocabulary.fits(made, 100)
    made.config.final_logit_softcapping = 30.0
    assert not vocabulary.fits(made, 100)
    made.config.final_logit_softcapping = None
    monkeypatch.setattr(vocabulary, "MOST", 100 * 40 - 1)
    assert not vocabulary.fits(made, 100)
