"""The rewards by name. Each is a pure function of one judged completion; adding one is a function and a registry line."""

from collections.abc import Callable
from dataclasses import dataclass

from openqwq.verify.answer import split_thinking
from openqwq.verify.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Length:
    """How long a completion is, in tokens."""

    tokens: int
    limit: int  # at which it would have been cut
    buffer: int | None = None  # tokens before the limit in which `overlong` falls
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rewards are made from."""

    text: str
    verdict: Verdict | None  # None for problems without a verifier
    reward_model: float | None  # normalised to [0, 1]; None where the reward model was not asked
    length: Length | None = None
    turns: list[str] | None = None  # of an episode, what the model wrote in each


def accuracy(judgement: Judgement) -> float:
    """The verdict's score: 1 for correct, part credit where the verifier gives it. 0 for problems without a verifier."""
    return 0.0 if judgement.verdict is None or judgement.verdict.score is None else judgement.verdict.score


def form(judgement: Judgement) -> float:
    """1 for one closed block of non-empty thinking followed by a non-empty answer, else 0; in an episode, by every turn.

    Counting tags alone would pay for empty ones.
    """
    turns = [judgement.text] if judgement.turns is None else judgement.turns
    return float(bool(turns) and all(map(_formed, turns)))


def _formed(text: str) -> bool:
    if text.count("<think>") > 1 or text.count("</think>") != 1:
        return False
    thinking, answer = split_thinking(text)
    return bool(thinking and thinking.strip() and answer.strip())


def reward_model(judgement: Judgement) -> float:
    """The reward model's normalised score."""
    if judgement.reward_model is None:
        raise ValueError("the reward model has not scored this completion")
    return judgement.reward_model


def overlong(judgement: Judgement) -> float:
    """Soft overlong punishment, in [−1, 0] (DAPO, arXiv 2503.14476, equation 13).

    0 up to limit − buffer tokens, then falling in a straight line to −1 at the limit.
    """
    length = judgement.length
    if length is None or length.buffer is None:
        raise ValueError("the length of this completion, or the buffer before its limit, is not known")
    return -min(1.0, max(0.0, (length.tokens - (length.limit - length.buffer)) / length.buffer))


REWARDS: dict[str, Callable[[Judgement], float]] = {
    "accuracy": accuracy,
    "format": form,
    "reward_model": reward_model,
    "overlong": overlong,
}


def rewards_of(
    judgement: Judgement, weights: dict[str, float], mask_cut: bool = False, gated: bool = False
) -> tuple[dict[str, float], float | None]:
    """Each named reward and their weighted sum; nothing and None for an unscorable completion.

    An unscorable completion loses all its rewards, shaping included: a partial sum would count as a bad answer. With
    `mask_cut`, a completion that was cut at its limit keeps its rewards by name but has no sum: it is not trained on, and does
    not enter its group's mean either, since nobody knows how it would have ended (DAPO's overlong filtering masks its
    loss alone, section 3.4, and lets it pull down the mean).

    `gated`: the reward model counts only where the rules hold; a completion that is not `correct` gets 0 from it, below all that
    a correct one can get, so that pleasing never makes up for being wrong.
    """
    if judgement.verdict is not None and judgement.verdict.outcome == "unscorable":
        return {}, None
    values = {name: REWARDS[name](judgement) for name in weights}
    if gated and (judgement.verdict is None or judgement.verdict.outcome != "correct"):
        values["reward_model"] = 0.0
    if mask_cut and judgement.length is not None and judgement.length.cut:
        return values, None
    return values, sum(weights[name] * value for name, value in values.items())
