"""The problems an RL stage draws from, and the order in which it draws them."""

import math
import random
from collections import Counter
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

from openqwq.agents.rows import is_agent
from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import PROBLEM, PROFILE
from openqwq.config.train import GrpoConfig
from openqwq.errors import UserError
from openqwq.train.difficulty import Counts, Difficulty

Problem = dict[str, Any]


class ProblemPool:
    """Problems by domain, and what their profile said of them: successes and how many were judged, by id."""

    def __init__(self, by_domain: dict[str, list[Problem]], config: GrpoConfig, seed: int, profile: Counts | None = None) -> None:
        self.by_domain, self.seed, self.profile = by_domain, seed, profile or {}
        self.weights: dict[str, float] = {str(domain): mix.weight for domain, mix in config.domains.items()}

    def draw(self, step: int, round_: int, count: int, used: set[str], difficulty: Difficulty) -> list[Problem]:
        """`count` problems, none of them in `used` (fewer where all are). Depends on the arguments and the seed alone.

        Domains by their weights, problems within one by theirs (`Difficulty.weight`), without replacement. Resting problems
        are passed over; where all rest, those come back first that were drawn the longest ago.
        """
        generator = random.Random(f"{self.seed}/{step}/{round_}")
        ready: dict[str, list[Problem]] = {}
        resting: dict[str, list[Problem]] = {}
        for domain, problems in self.by_domain.items():
            # Taking the largest u^(1/w) draws by weight w without replacement (Efraimidis and Spirakis, 2006).
            keys = {p["id"]: math.log(1 - generator.random()) / difficulty.weight(p["id"]) for p in problems}
            left = sorted((p for p in problems if p["id"] not in used), key=lambda p: keys[p["id"]])
            ready[domain] = [p for p in left if not difficulty.rests(p["id"], step)]
            away = [p for p in left if difficulty.rests(p["id"], step)]
            resting[domain] = sorted(away, key=lambda p: (-difficulty.last(p["id"]), keys[p["id"]]))
        drawn: list[Problem] = []
        for stock in (ready, resting):
            while len(drawn) < count and (domains := [domain for domain, problems in stock.items() if problems]):
                chosen = generator.choices(domains, [self.weights[domain] for domain in domains])[0]
                drawn.append(stock[chosen].pop())
        return drawn


def load_pool(
    problems: Path, profile: Path, config: GrpoConfig, seed: int, length: Callable[[Problem], int], say: Callable[[str], None]
) -> ProblemPool:
    """The pool of a stage from the curated table and the profile; `length` counts a problem's prompt tokens.

    Profiled problems stay if their pass rate lies in the window; in a domain that was profiled, the others are left out, unless
    the stage draws `unprofiled` ones too: then those with a verifier stay. An agent problem stays if an episode of it has room
    for a turn.
    """
    table = read_table(problems, PROBLEM).to_pylist()
    profiles = {row["problem_id"]: row for row in read_table(profile, PROFILE).to_pylist()}
    profiled = {row["domain"] for row in profiles.values()}
    low, high = config.pass_rate
    room = config.agents.max_context_tokens - max(config.sampling.lengths()) if config.agents else None
    gated = {str(domain) for domain, mix in config.domains.items() if mix.reward_model_gate == "rules"}
    left_out: Counter[str] = Counter()
    by_domain: dict[str, list[Problem]] = {domain: [] for domain in config.domains}
    for problem in table:
        domain = problem["domain"]
        if domain not in by_domain:
            continue
        known = profiles.get(problem["id"])
        if known is None and domain in profiled and not (config.unprofiled and problem["verifier"]):
            left_out[f"{domain} without a profile"] += 1
        elif known and (known["pass_rate"] is None or not low <= known["pass_rate"] <= high):
            left_out[f"{domain} outside the pass-rate window [{low}, {high}]"] += 1
        elif length(problem) > config.max_prompt_tokens:
            left_out[f"{domain} over {config.max_prompt_tokens} prompt tokens"] += 1
        elif room is not None and is_agent(problem) and length(problem) > room:
            left_out[f"{domain} without room for a turn in agents.max_context_tokens"] += 1
        else:
            by_domain[domain].append(problem)
        if domain in gated and problem["verifier"] is None:
            raise UserError(
                f"{problems}: the {domain} problem {problem['id']} of {problem['source']} has no verifier, and with "
                f"reward_model_gate: rules the reward model counts only where rules hold. Leave out that gate or the source."
            )
    for reason, count in sorted(left_out.items()):
        say(f"left out: {count} {reason}")
    verified = {str(domain) for domain, mix in config.domains.items() if "accuracy" in mix.rewards}
    for domain, kept in by_domain.items():
        if kept and domain in verified and not any(problem["verifier"] for problem in kept):
            raise UserError(
                f"{problems}: no {domain} problem has a verifier, so the reward accuracy would always be 0. "
                f"Take accuracy out of the rewards of {domain}, or give its source a verifier."
            )
        if not kept:
            why = "; ".join(f"{count} {reason}" for reason, count in left_out.items()) or "there is none"
            raise UserError(
                f"{problems}: no {domain} problem is left to train on ({why}). "
                f"Take {domain} out of the stage's domains, widen pass_rate, raise profile.problems, set unprofiled: true, "
                "or add problems."
            )
    say("training on " + ", ".join(f"{len(kept)} {domain} problems" for domain, kept in by_domain.items()))
    if config.unprofiled:
        say(f"without a profile: {_unprofiled(profile, {d: by_domain.get(d, []) for d in sorted(profiled)}, profiles.keys())}")
    kept_ids = {problem["id"] for kept in by_domain.values() for problem in kept}
    counts = {i: (row["correct"], row["samples"] - row["unscorable"]) for i, row in profiles.items() if i in kept_ids}
    return ProblemPool(by_domain, config, seed, counts)


def _unprofiled(profile: Path, by_domain: dict[str, list[Problem]], known: Container[str]) -> str:
    """How many problems of the profiled domains have no profile; `UserError` where none."""
    counts = {domain: sum(problem["id"] not in known for problem in problems) for domain, problems in by_domain.items()}
    if not any(counts.values()):
        raise UserError(
            f"{profile}: every problem of the stage's profiled domains has a profile, so unprofiled: true draws nothing more. "
            "Leave it out, or profile fewer problems (profile.problems)."
        )
    return ", ".join(f"{count} {domain} problems" for domain, count in counts.items() if count)
