"""Pairs and completions as the reward model's tests need them."""

from openqwq.train.pairs import Encoded, Pair


def encoded(prompt="q", chosen=3, rejected=5, source="s", domain="math"):
    """A pair whose sides have so many tokens."""
    pair = Pair(prompt, source, domain, prompt, "c" * chosen, "r" * rejected)
    return Encoded(pair, [1, 2], list(range(chosen)), list(range(rejected)))


def completion(problem, sample, verdict, tokens=10, text=None, domain="math", finish="stop"):
    """A `COMPLETION` row of the profile."""
    return {
        "problem_id": problem,
        "domain": domain,
        "sample": sample,
        "prompt": f"prompt of {problem}",
        "text": text or f"{problem} {sample} {verdict}",
        "tokens": tokens,
        "finish_reason": finish,
        "verifier": "math",
        "reference": "{}",
        "verdict": verdict,
        "score": None if verdict == "unscorable" else float(verdict == "correct"),
        "reason": "",
        "rewards": [],
        "seconds": 0.0,
    }
