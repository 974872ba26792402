"""Sampling settings that change over the steps of an RL stage.

Length stages begin with short completions and allow longer ones once the policy uses its room (DeepScaleR, 8k → 16k → 24k;
Skywork-OR1, arXiv 2505.22312); a rising temperature keeps exploration up. A step's settings are a function of its number alone,
so a resumed run goes on with the same ones. Rollouts that serve several updates keep those they were drawn with.
"""

from openqwq.config.rl import RlSampling
from openqwq.config.train import GrpoConfig, Sampling


def sampling_at(sampling: RlSampling, step: int) -> Sampling:
    """The settings of optimizer step `step` (1, 2, …)."""
    temperature, max_tokens = sampling.temperature, sampling.max_tokens
    if isinstance(temperature, list):
        temperature = [stage.temperature for stage in temperature if stage.from_step <= step][-1]
    if isinstance(max_tokens, list):
        max_tokens = [stage.max_tokens for stage in max_tokens if stage.from_step <= step][-1]
    return Sampling(temperature=temperature, max_tokens=max_tokens)


def longest(config: GrpoConfig) -> int:
    """Tokens of the longest completion that any step allows; of an episode, those that the policy may write in all its turns."""
    turn = max(config.sampling.lengths())
    agents = config.agents
    return turn if agents is None else max(turn, min(turn * agents.max_turns, agents.max_context_tokens))
