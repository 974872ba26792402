"""How often a 95 % interval of a score holds the true score: ours beside a plain percentile bootstrap over problems.

`python -m benchmarks.coverage [--experiments 2000]`. Each experiment draws a benchmark of n problems, each with a chance of its
own to be solved, draws k samples of each, and makes both intervals of the same samples. With k = 1 a problem's chance does not
matter beyond its mean; with more, chances are from Beta(m, 1 − m), half of them near 0 or 1, so that samples of one problem
hang together. The true score is known: m for avg@k, the mean of 1 − (1 − p)^k for pass@k.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from openqwq.artifacts.files import write_json
from openqwq.evaluate.statistics import mean, pass_at_k

NUMBERS = (30, 100, 300)
MEANS = (0.01, 0.03, 0.1, 0.5, 0.9)
BARRED = {(n, m) for n in (100, 300) for m in (0.1, 0.5, 0.9)}  # where 93 to 97 % are asked for
DRAWS = 1000  # resamples of each interval
FIGURES = (("avg@k", 1), ("avg@k", 4), ("pass@k", 4))  # of 4 samples; pass@k for k = 2


@dataclass(frozen=True)
class Cell:
    """Shares of experiments of which the interval held the truth, and of intervals without any width."""

    figure: str
    k: int
    n: int
    mean: float
    ours: float
    percentile: float
    ours_without_width: float
    percentile_without_width: float


def cell(figure: str, k: int, n: int, m: float, experiments: int) -> Cell:
    """One line of the table; the same seed gives the same line."""
    rng = np.random.default_rng([n, int(1000 * m), k, len(figure)])
    alpha, beta = m, 1 - m
    # E[(1 − p)²] of Beta(a, b) is b (b + 1) / ((a + b)(a + b + 1)); here a + b = 1.
    truth = m if figure == "avg@k" else 1 - beta * (beta + 1) / 2
    solved = np.array([pass_at_k(k, c, 2) if figure == "pass@k" else c / k for c in range(k + 1)])
    held, flat = np.zeros(2), np.zeros(2)
    for seed in range(experiments):
        chance = np.full(n, m) if k == 1 else rng.beta(alpha, beta, size=n)
        values = solved[rng.binomial(k, chance)]
        made = mean(list(values), samples=k if figure == "avg@k" else 2, draws=DRAWS, seed=seed)
        for which, (low, high) in enumerate([(made.low, made.high), percentile(values, rng)]):
            held[which] += low <= truth <= high
            flat[which] += low == high
    held, flat = held / experiments, flat / experiments
    return Cell(figure, k, n, m, float(held[0]), float(held[1]), float(flat[0]), float(flat[1]))


def percentile(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """The plain bootstrap: problems drawn with replacement, 2.5 and 97.5 % quantiles of their means."""
    kinds, counts = np.unique(values, return_counts=True)
    means = rng.multinomial(len(values), counts / len(values), size=DRAWS) @ kinds / len(values)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def table(experiments: int) -> list[Cell]:
    """All cells."""
    return [cell(figure, k, n, m, experiments) for figure, k in FIGURES for n in NUMBERS for m in MEANS]


def main() -> int:
    """Prints the table as Markdown; 1 where a bar is missed."""
    options = argparse.ArgumentParser(prog="benchmarks.coverage", description="Coverage of the intervals of scores.")
    options.add_argument("--experiments", type=int, default=2000)
    options.add_argument("--out", type=Path, default=Path("results/bench/coverage.json"))
    given = options.parse_args()
    rows = table(given.experiments)
    print("| figure | samples | problems | true mean | ours | percentile bootstrap | zero width: ours | percentile |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        shares = f"{row.ours:.1%} | {row.percentile:.1%} | {row.ours_without_width:.1%} | {row.percentile_without_width:.1%}"
        print(f"| {row.figure.replace('pass@k', 'pass@2')} | {row.k} | {row.n} | {row.mean:g} | {shares} |")
    write_json(given.out, {"experiments": given.experiments, "rows": [asdict(row) for row in rows]})
    missed = [row for row in rows if (row.n, row.mean) in BARRED and not 0.93 <= row.ours <= 0.97]
    missed += [row for row in rows if row.ours_without_width]
    for row in missed:
        print(f"missed: {json.dumps(asdict(row))}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
