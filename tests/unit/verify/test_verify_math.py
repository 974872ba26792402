"""The verifier `math`: where the answer stands, whose fault a limit is, and a corpus of pairs with math-verify beside it."""

import contextlib
import json
import logging
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from openqwq.verify import Item, VerifierPool
from openqwq.verify.item import Watch
from openqwq.verify.math.judge import Limit, UnusableGold, equal

LINES = (Path(__file__).parent / "math_pairs.tsv").read_text(encoding="utf-8").strip().split("\n")
PAIRS = [line.split("\t") for line in LINES[1:]]
# Equal, and not seen to be; kept in the corpus, so that its recall is an honest one. Mending one fails its strict mark.
MISSED = {r"a_1=5,\ a_n=3n\ (n\ge2)": "a sequence given in two parts is not yet compared with one given by cases"}


def marks(answer: str):
    return pytest.mark.xfail(strict=True, reason=MISSED[answer]) if answer in MISSED else ()


CASES = [pytest.param(*pair, marks=marks(pair[3])) for pair in PAIRS]


def decide(gold: str, answer: str) -> bool:
    return equal(gold, answer, Watch())


@pytest.mark.parametrize(
    ("completion", "outcome", "reason"),
    [
        (r"<think>so</think>The answer is \boxed{\frac{1}{2}}.", "correct", "equal"),
        (r"so</think>\boxed{0.5}", "correct", "equal"),
        (r"\boxed{1/2}", "correct", "equal"),
        (r"\boxed{1/2} and again \boxed{0.5}", "correct", "equal"),
        (r"\boxed{\boxed{1/2}}", "correct", "equal"),
        (r"<think>\boxed{1/2}</think>One half.", "incorrect", "no answer"),
        (r"<think>\boxed{1/2}", "incorrect", "no answer"),
        ("1/2", "incorrect", "no answer"),
        ("", "incorrect", "no answer"),
        (r"\boxed{}", "incorrect", "no answer"),
        (r"\boxed{1/2", "incorrect", "no answer"),
        (r"\boxed{1/3} or \boxed{1/2}", "incorrect", "several boxes"),
        (r"\boxed{1/2} or \boxed{1/3}", "incorrect", "several boxes"),
        (r"\boxed{1/2}" + r"\boxed{1/2}" * 30, "incorrect", "limit"),
        (r"\boxed{1/3}", "incorrect", "not equal"),
        (r"\boxed{}}{{\frac}", "incorrect", "no answer"),
        (r"\boxed{\frac{1}{0}}", "incorrect", "not equal"),
        ("\\boxed{\0}", "incorrect", "not equal"),
        ("\\boxed{\ud800}", "incorrect", "not equal"),
    ],
)
def test_where_the_answer_stands(verdict, completion, outcome, reason):
    judged = verdict("math", {"answer": r"\frac{1}{2}"}, completion)
    assert judged.outcome == outcome
    assert judged.reason.startswith(reason)


@pytest.mark.parametrize(
    ("gold", "answer", "outcome"),
    [
        ("13", "4 - 0 + 9", "not worked out"),
        ("13", "13", "equal"),
        ("13", "4 + 9 = 13", "equal"),
        ("13", r"\text{The answer is } 13", "equal"),
        ("13", r"x = 13", "equal"),
        ("13", r"13 \text{ apples}", "equal"),
        ("13", "thirteen", "equal"),
        ("13", "13.0", "equal"),
        ("-5", "-5", "equal"),
        ("1024", "1{,}024", "equal"),
        ("1024", "2^{10}", "not worked out"),
        ("120", "5!", "not worked out"),
        ("12", r"3 \times 4", "not worked out"),
        ("3", r"\frac{6}{2}", "not worked out"),
        ("3", "6/2", "not worked out"),
        ("3", "6/2 = 3", "equal"),
        ("3", "3 km/h", "equal"),
        ("3", "3/1", "not worked out"),
        ("0.5", "1/2", "equal"),
        (r"\frac{1}{2}", "1/2", "equal"),
        ("13", "4 - 0 + 8", "not equal"),
        ("13", "4 + 9 = 14", "not equal"),
    ],
)
def test_where_a_number_is_asked_for_a_calculation_is_no_answer(verdict, gold, answer, outcome):
    """A policy learns in ten steps to copy `4 - 0 + 9` from the question into the box."""
    assert verdict("math", {"answer": gold, "form": "number"}, rf"\boxed{{{answer}}}").reason.startswith(outcome)
    assert verdict("math", {"answer": gold}, rf"\boxed{{{answer}}}").reason.startswith(outcome.replace("not worked out", "equal"))


def test_a_form_that_there_is_none_of_is_nobodys_fault(verdict):
    judged = verdict("math", {"answer": "1", "form": "decimal"}, r"\boxed{1}")
    assert judged.outcome == "unscorable"
    assert "there is only" in judged.reason


@pytest.mark.parametrize("gold", [r"\frac{1}{2}", "0.5", 0.5])
def test_a_gold_may_be_text_or_a_number(verdict, gold):
    assert verdict("math", {"answer": gold}, r"\boxed{0.5}").outcome == "correct"


HUGE = [
    "9^{9^{9^9}}",
    "9**9**9**9",
    "100000!",
    "((99999)!)!",
    "1" * 100_000,
    "1" * 401,
    "x+" * 50_000 + "1",
    "{" * 60 + "1" + "}" * 60,
    "(" * 900 + "1" + ")" * 900,
    r"\frac{1}{" * 50 + "1" + "}" * 50,
    "2^{99999999}",
    r"\sqrt{" * 200 + "2" + "}" * 200,
    "+".join(["1"] * 900),
    r"\binom{100000}{50000}",
    r"\int_0^{9^{9^{9^9}}} x dx",
    r"\sum_{k=1}^{100000!} k",
]


@pytest.mark.parametrize("text", HUGE)
def test_what_is_too_big_is_its_authors_fault_and_quick(verdict, text):
    started = time.monotonic()
    judged = verdict("math", {"answer": "7"}, rf"\boxed{{{text}}}")
    assert judged.outcome == "incorrect", judged
    assert verdict("math", {"answer": text}, r"\boxed{7x}").outcome == "unscorable"
    assert verdict("math", {"answer": text}, rf"\boxed{{{text}}}").outcome == "unscorable"
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "reference",
    [{}, [], {"answer": None}, {"answer": ""}, {"answer": "  "}, {"answer": True}, {"answer": [1]}, {"answer": r"\frac{1}"}],
)
def test_an_unusable_gold_is_nobodys_fault(verdict, reference):
    assert verdict("math", reference, r"\boxed{x+7}").outcome == "unscorable"


def test_what_our_reader_does_not_know_goes_to_the_library(verdict):
    assert verdict("math", {"answer": r"\int_0^1 x dx"}, r"\boxed{\frac{1}{2}}").outcome == "correct"
    assert verdict("math", {"answer": "6"}, r"\boxed{\sum_{k=1}^{3} k}").outcome == "correct"
    assert verdict("math", {"answer": "7"}, r"\boxed{\sum_{k=1}^{3} k}").outcome == "incorrect"


def test_a_hang_in_the_library_is_bounded_by_the_pool_and_charged_to_the_answer():
    slow = r"\int_0^1 \frac{\sin(x^{77}) e^{x^5}}{\ln(1+x^9)+\cos x} dx + \sum_{k=1}^{9999} \sin(k^k)"
    reference = json.dumps({"answer": "7"})
    with VerifierPool(workers=1, seconds=3.0) as pool:
        first, second = pool.judge(
            [Item("a", "math", reference, rf"\boxed{{{slow}}}"), Item("b", "math", reference, r"\boxed{7}")]
        )
    assert first.verdict.outcome == "incorrect"
    assert first.verdict.reason.startswith("limit")
    assert second.verdict.outcome == "correct"


def test_no_signal_is_used():
    """math-verify's own timeouts need the main thread; ours work in any."""
    import threading

    found = []
    thread = threading.Thread(target=lambda: found.append(decide(r"\int_0^1 x dx", r"\frac{1}{2}")))
    thread.start()
    thread.join()
    assert found == [True]


@pytest.mark.parametrize(("category", "label", "gold", "answer"), CASES)
def test_pair(category, label, gold, answer):
    assert decide(gold, answer) is (label == "yes"), category


def math_verify_decides(gold: str, answer: str) -> bool:
    from math_verify import parse, verify

    logging.disable(logging.WARNING)
    try:
        expected = parse(f"${gold}$", parsing_timeout=None)
        return bool(verify(expected, parse(rf"\boxed{{{answer}}}", parsing_timeout=None), timeout_seconds=None))
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.slow
def test_precision_and_recall_by_category_beside_math_verify(capsys):
    """Prints a table; the bars are those of the whole corpus."""
    counts: dict[str, Counter] = {}
    for category, label, gold, answer in PAIRS:
        for name, judge in (("ours", decide), ("math-verify", math_verify_decides)):
            outcome = f"{name} {'true' if judge(gold, answer) == (label == 'yes') else 'false'} {label}"
            for group in (category, "all"):
                counts.setdefault(group, Counter())[outcome] += 1
    with capsys.disabled():
        print(
            f"\n{'category':<16}{'pairs':>6}{'ours: recall':>14}{'false pos.':>12}{'math-verify: recall':>21}{'false pos.':>12}"
        )
        for group, count in counts.items():
            shown = [(count[f"{n} true yes"], count[f"{n} false yes"], count[f"{n} false no"]) for n in ("ours", "math-verify")]
            recalls = [f"{true / max(1, true + missed):.1%}" for true, missed, _ in shown]
            print(f"{group:<16}{count.total() // 2:>6}{recalls[0]:>14}{shown[0][2]:>12}{recalls[1]:>21}{shown[1][2]:>12}")
    total = counts["all"]
    assert len(PAIRS) >= 600
    assert total["ours true yes"] / (total["ours true yes"] + total["ours false no"]) >= 0.995
    assert total["ours true yes"] / (total["ours true yes"] + total["ours false yes"]) >= 0.97


@pytest.mark.real_data
def test_real_golds_equal_themselves_and_not_each_other(real_data):
    golds = [json.loads(line)["answer"] for line in (real_data / "math500.jsonl").read_text(encoding="utf-8").split("\n") if line]
    for gold, other in zip(golds, golds[1:] + golds[:1], strict=True):
        assert decide(gold, gold + " .")
        if gold != other and {gold, other} != {"5", "x=5"}:
            assert not decide(gold, other), (gold, other)


def test_blame_is_told_apart():
    with pytest.raises(UnusableGold):
        decide("9^{9^{9^9}}", "7x")
    with pytest.raises(Limit):
        decide("7x", "9^{9^{9^9}}")


@pytest.mark.parametrize(
    "text",
    [
        r"10^{400}k+1,k\in\mathbb{Z}",
        r"\{n\in\mathbb{Z}\mid 1<n<10^{300}\}",
        r"x\equiv 1\pmod{999999937}",
        r"\max\{" + "a," * 20 + r"b\}",
        r"\begin{cases}1&x>10^{400}\\2&x\le 10^{400}\end{cases}",
        r"\begin{cases}" + r"1&x=1\\" * 200 + r"\end{cases}",
        r"\pm1" * 6,
        "]1," * 500,
        "the a b c d e f " * 120,
        "k," * 800 + r"k\in\mathbb{Z}",
        "5 " + "m/" * 600 + "s",
        "one hundred " * 150,
    ],
)
@pytest.mark.parametrize(
    "gold", ["5", r"x\equiv 3\pmod 7", r"k\pi,k\in\mathbb{Z}", r"\begin{cases}x,&x\ge0\\-x,&x<0\end{cases}", r"5\text{ km/h}"]
)
def test_forms_that_grow_are_bounded(verdict, gold, text):
    started = time.monotonic()
    assert verdict("math", {"answer": gold}, rf"\boxed{{{text}}}").outcome == "incorrect"
    assert time.monotonic() - started < 2


SCRAPS = r"""\frac \sqrt { } ( ) [ ] , ; : = < > \le + - * / ^ _ ! | \cdot \pi e i x n 0 1 2 10 0.5 .5 1,000 \% \text{ } cm \infty
\pm \cup \in \mathbb{R} \mathbb{Z} \{ \} \begin{pmatrix} \end{pmatrix} & \\ \sin \log ^{-1} ^\circ _2 \binom \lfloor \overline
and or integer \setminus \mid \ldots yes A (B) \neq \approx \mathbf{i} 3:4 a.m. \left ' ~ ° √ ² ½ <sup> &lt; \begin{cases}
\pmod{7} th \operatorname{ \overline{3} \$ \max\{ C_5 \pm k\in\mathbb{Z} ]1,2[ n\equiv n\text{ even} \end{cases} p.m. million
base _{(2)} \text{The answer is } hours 30' \ldots= \mathbb{N} \{n\in\mathbb{Z}\mid three 7k+3 \sum_{i=1} 1e999 \ge"""


def test_no_answer_makes_the_reader_raise_or_linger():
    """Random scraps of notation; what goes to the library is stopped there, since that is bounded elsewhere."""

    class Library(Exception):
        pass

    def stop(_phase: str) -> None:
        raise Library

    chance = random.Random(7)
    scraps = SCRAPS.split()
    golds = [
        "5",
        r"\frac{1}{2}",
        "x^2+1",
        "[1,2)",
        r"\{1,2\}",
        "x=5",
        r"\begin{pmatrix}1\\2\end{pmatrix}",
        r"\text{Yes}",
        "k\\pi",
        "B",
    ]
    for _ in range(6_000):
        answer = chance.choice(["", " "]).join(chance.choices(scraps, k=chance.randint(1, 12)))
        started = time.monotonic()
        with contextlib.suppress(Library, Limit, UnusableGold):
            equal(chance.choice([*golds, answer]), answer, Watch(phase=stop))
        assert time.monotonic() - started < 1, answer
