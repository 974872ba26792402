"""Tasks of the environment `python`: numbers that nobody works out by head, each by a program of a few lines.

The gold comes from the function here, the expert's answer from the program in the sandbox: two ways to one number.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from openqwq.agents.tasks.task import Expert, Task, turn


@dataclass(frozen=True)
class _Kind:
    """`draw` gives the numbers, `gold` the answer for them; `ask` and `code` are filled with them by name."""

    level: int
    draw: Callable[[Random], dict[str, int]]
    ask: tuple[str, ...]
    gold: Callable[..., int]
    code: str
    plan: str


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))


def _multiples(rng: Random) -> list[int]:
    """Two numbers with a large divisor in common."""
    divisor = rng.randint(1000, 99999)
    return [divisor * rng.randint(100, 9999) for _ in range(2)]


def _sequence(x: int, a: int, b: int, m: int, n: int) -> int:
    for _ in range(n):
        x = (a * x + b) % m
    return x


def _ways(n: int, a: int, b: int, c: int) -> int:
    return sum((n - i * c - j * b) % a == 0 for i in range(n // c + 1) for j in range((n - i * c) // b + 1))


def _collatz(n: int) -> int:
    steps = 0
    while n != 1:
        n, steps = (3 * n + 1 if n % 2 else n // 2), steps + 1
    return steps


KINDS: dict[str, _Kind] = {
    "product": _Kind(
        1,
        lambda rng: {"a": rng.randint(10**8, 10**10), "b": rng.randint(10**8, 10**10)},
        ("What is {a} times {b}?", "Multiply {a} by {b}."),
        lambda a, b: a * b,
        "print({a} * {b})",
        "Two numbers of this size are not multiplied by head.",
    ),
    "remainder": _Kind(
        1,
        lambda rng: {"a": rng.randint(3, 99), "e": rng.randint(10**3, 10**6), "m": rng.randint(10**3, 10**5)},
        ("What is the remainder when {a}^{e} is divided by {m}?", "Find {a}^{e} modulo {m}."),
        lambda a, e, m: pow(a, e, m),
        "print(pow({a}, {e}, {m}))",
        "The power is huge, but pow with three arguments keeps it small.",
    ),
    "divisor": _Kind(
        1,
        lambda rng: dict(zip("ab", _multiples(rng), strict=True)),
        ("What is the greatest common divisor of {a} and {b}?", "Which is the largest number that divides both {a} and {b}?"),
        lambda a, b: math.gcd(a, b),
        "import math\nprint(math.gcd({a}, {b}))",
        "Euclid's algorithm does it; math.gcd has it.",
    ),
    "digits": _Kind(
        2,
        lambda rng: {"a": rng.randint(3, 99), "e": rng.randint(50, 900)},
        ("What is the sum of the decimal digits of {a}^{e}?", "Add up all decimal digits of {a}^{e}. What is the sum?"),
        lambda a, e: sum(map(int, str(a**e))),
        "print(sum(int(digit) for digit in str({a} ** {e})))",
        "I write the power out as text and add its digits.",
    ),
    "primes": _Kind(
        2,
        lambda rng: dict(zip("ab", sorted(rng.sample(range(1000, 20_000), 2)), strict=True)),
        ("How many primes are there from {a} to {b}?", "Count the prime numbers p with {a} <= p <= {b}."),
        lambda a, b: sum(map(_is_prime, range(a, b + 1))),
        "def prime(n):\n    d = 2\n    while d * d <= n:\n        if n % d == 0:\n            return False\n        d += 1\n"
        "    return n > 1\n\nprint(sum(prime(n) for n in range({a}, {b} + 1)))",
        "Trial division over the whole range is quick enough for a program.",
    ),
    "multiples": _Kind(
        2,
        lambda rng: {"n": rng.randint(2000, 90000), "a": rng.randint(3, 19), "b": rng.randint(20, 60)},
        ("What is the sum of all positive integers up to {n} that {a} divides and {b} does not?",),
        lambda n, a, b: sum(range(a, n + 1, a)) - sum(range(math.lcm(a, b), n + 1, math.lcm(a, b))),
        "print(sum(k for k in range(1, {n} + 1) if k % {a} == 0 and k % {b} != 0))",
        "A loop over all of them with both conditions gives the sum.",
    ),
    "sequence": _Kind(
        3,
        lambda rng: {
            "x": rng.randint(1, 99),
            "a": rng.randint(2, 99),
            "b": rng.randint(1, 99),
            "m": rng.randint(1000, 99999),
            "n": rng.randint(200, 9000),
        },
        (
            "A sequence begins with x_0 = {x}, and x_(k+1) is the remainder of {a} * x_k + {b} divided by {m}. What is x_{n}?",
            "Start with {x}. Multiply by {a}, add {b}, keep the remainder modulo {m}, and do this {n} times. What is left?",
        ),
        _sequence,
        "x = {x}\nfor _ in range({n}):\n    x = ({a} * x + {b}) % {m}\nprint(x)",
        "I follow the rule step by step in a loop.",
    ),
    "coins": _Kind(
        3,
        lambda rng: dict(zip("abc", sorted(rng.sample(range(2, 40), 3)), strict=True)) | {"n": rng.randint(200, 1500)},
        ("In how many ways can {n} cents be paid with coins of {a}, {b} and {c} cents, as many of each as wanted?",),
        _ways,
        "ways = [1] + [0] * {n}\nfor coin in ({a}, {b}, {c}):\n    for total in range(coin, {n} + 1):\n"
        "        ways[total] += ways[total - coin]\nprint(ways[{n}])",
        "Counting ways coin by coin in a table gives the number.",
    ),
    "collatz": _Kind(
        3,
        lambda rng: {"n": rng.randint(300, 4000)},
        (
            (
                "Halve a number if it is even, else triple it and add 1, until it is 1. Which start from 1 to {n} takes most "
                "steps? If several do, give the smallest."
            ),
        ),
        lambda n: max(range(1, n + 1), key=lambda start: (_collatz(start), -start)),
        "known = {{1: 0}}\n\ndef steps(n):\n    path = []\n    while n not in known:\n        path.append(n)\n"
        "        n = 3 * n + 1 if n % 2 else n // 2\n    for back, m in enumerate(reversed(path), 1):\n"
        "        known[m] = known[n] + back\n\nbest = 1\nfor start in range(1, {n} + 1):\n    steps(start)\n"
        "    if known[start] > known[best]:\n        best = start\nprint(best)",
        "I count the steps of every start, keeping those already known.",
    ),
}
ENDING = r" Use the tool, and put the number in \boxed{}."
LEAST = 20  # no answer is smaller: 0 and 1 are guessed
_SEEN = ("The program prints {}.", "So the number is {}.", "The output is {}, which is what was asked.", "That gives {}.")


def draw(rng: Random) -> Task:
    """One task."""
    name = rng.choice(list(KINDS))
    kind = KINDS[name]
    numbers = kind.draw(rng)
    while (gold := kind.gold(**numbers)) < LEAST:
        numbers = kind.draw(rng)
    code = kind.code.format(**numbers)

    def expert(voice: Random) -> Expert:
        (seen,) = yield turn(f"{kind.plan} {voice.choice(_STARTS)}", ("run_python", {"code": code}))
        number = seen.strip()
        yield turn(voice.choice(_SEEN).format(number), answer=voice.choice(_ENDS).format(f"\\boxed{{{number}}}"))

    return Task(
        f"{name} {sorted(numbers.items())}",
        rng.choice(kind.ask).format(**numbers) + ENDING,
        {"answer": str(gold)},
        kind.level,
        expert,
    )


_STARTS = ("I let Python do it.", "A short program will tell.", "I run that.", "Let me compute it with the tool.")
_ENDS = ("The answer is {}.", "{}", "It is {}.", "The program gives {}.")
