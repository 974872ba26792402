"""Filters of cold-start traces, one by one, and all of them as a step with the verifier."""

import pytest
from data_helpers import make_source

from openqwq.config.curate import TraceFilters
from openqwq.data import sources
from openqwq.data.filters import trace_answer, trace_disagree, trace_eval, trace_guess, trace_language, trace_repetition, traces
from openqwq.data.rows import make_row, prompt
from openqwq.data.steps.decontaminate import Evaluations
from openqwq.errors import UserError
from openqwq.verify import VerifierPool
from openqwq.verify.verdict import correct, incorrect, unscorable

ASKED = "What is three plus four in whole numbers?"


def trace(thinking, answer="\\boxed{7}", gold="7", text=ASKED, verifier="math"):
    completion = answer if thinking is None else f"<think>\n{thinking}\n</think>\n\n{answer}"
    return make_row("s", "math", prompt(text), verifier=verifier, reference={"answer": gold}, completion=completion)


WORKED = "I start at three and count on by four. That is four, five, six, seven, so it must be seven."


@pytest.mark.parametrize(
    "thinking",
    [
        WORKED,
        "So 3 + 4. My first guess was 8, but counting on gives 4, 5, 6, 7. I guessed wrong. The count is right."
        + " Checked." * 60,
        "Guessing the root x = 1 and checking it in the equation gives zero, so x - 1 divides it. " + "Then we divide. " * 40,
        "I'll guess that the root is 1 and test it in the equation, which gives zero. " + "Then we divide. " * 40,
        "1 + 1 + 1 = 3",
    ],
)
def test_honest_work_is_no_guess(thinking):
    assert trace_guess.reason(trace(thinking)) is None


@pytest.mark.parametrize(
    ("thinking", "answer", "says"),
    [
        (None, "\\boxed{7}", "after 0 words of thinking"),
        ("", "\\boxed{7}", "after 0 words of thinking"),
        ("Hm.", "\\boxed{7}", "after 1 words of thinking"),
        (f"{WORKED} No, I cannot do this. I'll just guess 7.", "\\boxed{7}", "the end of the thinking says"),
        (f"{WORKED} I’ll take a guess.", "\\boxed{7}", "the end of the thinking says"),
        (f"{WORKED} My best guess is 7.", "\\boxed{7}", "the end of the thinking says"),
        (f"{WORKED} I'll go with 7, though I'm not sure.", "\\boxed{7}", "the end of the thinking says"),
        (WORKED, "I am just guessing: \\boxed{7}", "the answer says"),
    ],
)
def test_guesses_go(thinking, answer, says):
    found = trace_guess.reason(trace(thinking, answer))
    assert found is not None
    assert found.startswith("guessing: ")
    assert says in found


def test_how_many_words_are_thinking_is_a_threshold():
    assert trace_guess.reason(trace("Three and four."), min_words=3) is None
    assert trace_guess.reason(trace("Three and four."), min_words=4) is not None


SENTENCE = "Wait, let me check that once more from the start. "
VARIED = " ".join(f"Step {n}: from {n * n} we get {n * n + n}, since {n} times {n + 1} is that." for n in range(60))


def test_cycles_go_and_sums_stay():
    assert "the same 12 words 9 times in a row" in trace_repetition.reason(trace(SENTENCE * 9))
    assert trace_repetition.reason(trace(SENTENCE * 3)) is None
    assert trace_repetition.reason(trace(SENTENCE * 3), max_cycles=2) is not None
    assert trace_repetition.reason(trace("1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 = 8")) is None
    assert "in a row" in trace_repetition.reason(trace("ha " * 200))
    assert trace_repetition.reason(trace(VARIED)) is None


def test_paragraphs_that_come_again_further_down_go_by_their_share():
    again = VARIED + " Now something else between the two, of no great length. " + VARIED
    found = trace_repetition.reason(trace(again))
    assert found is not None
    assert "runs of 20 words stood before" in found
    assert trace_repetition.reason(trace(again), max_repeated=0.6) is None


def test_a_loop_is_found_in_linear_time():
    words = [str(n) for n in range(30_000)] + ["loop", "again"] * 10_000
    assert trace_repetition.longest_cycle(words) == (10_000, 2)
    assert trace_repetition.longest_cycle(["a"]) == (0, 0)
    assert trace_repetition.longest_cycle([]) == (0, 0)


@pytest.mark.parametrize(
    ("thinking", "answer"),
    [
        (f"{WORKED} So the answer is 7.", "\\boxed{7}"),
        (f"{WORKED} \\boxed{{8}}? No. The answer is 7.", "\\boxed{7}"),
        (f"{WORKED} The answer is not 8. So the final answer: $7$.", "\\boxed{7}"),
        (WORKED, "\\boxed{7}"),
        ("The answer is 9.", "It is seven."),
        ("3 + 3 = 6\n6 + 1 = 7", "\\boxed{7}"),
        ("So n is found from\n2n + 1 = 7", "\\boxed{3}"),  # an equation with a letter is no result
        ("First, 1 + 1 = 2", "\\boxed{7}"),
        (f"{WORKED} The answer is $\\frac{{14}}{{2}}$.", "\\boxed{\\dfrac{14}{2}}"),
    ],
)
def test_thinking_and_answer_that_agree_stay(thinking, answer):
    assert trace_disagree.reason(trace(thinking, answer)) is None


@pytest.mark.parametrize(
    ("thinking", "answer", "pair"),
    [
        (f"{WORKED} So the answer is 8.", "\\boxed{7}", ("8", "7")),
        (f"{WORKED} The answer is 7. Wait. It is \\boxed{{9}}.", "\\boxed{7}", ("9", "7")),
        ("3 + 2 = 2", "\\boxed{7}", ("2", "7")),
        ("Add them.\n(3 + 4) × 2 = 14.", "\\boxed{7}", ("14", "7")),
        (f"{WORKED} Therefore the final answer is \\(1/2\\).", "\\boxed{0.5}", ("1/2", "0.5")),
    ],
)
def test_disagreement_goes(thinking, answer, pair):
    row = trace(thinking, answer)
    assert trace_disagree.claims(row) == pair
    assert trace_disagree.reason(row).startswith("disagreement: ")
    assert trace_disagree.reason(row, lambda left, right: True) is None


@pytest.mark.parametrize(
    ("thinking", "text", "kept"),
    [
        (WORKED, ASKED, True),
        ("First, α + β = γ and 𝑥 ∈ ℝ. " + WORKED, ASKED, True),
        (WORKED + " 所以答案是七。", ASKED, False),
        (WORKED + " Значит, ответ семь.", ASKED, False),
        (WORKED + " 所以答案是七。", "Say 三加四等于几 in English.", True),
        (WORKED + " 七", ASKED, True),
    ],
)
def test_mixed_languages(thinking, text, kept):
    found = trace_language.reason(trace(thinking, text=text))
    assert found is None if kept else found.startswith("mixed language: ")


def test_a_trace_that_touches_an_evaluation_goes():
    evaluation = "Alice has twice as many red marbles as Bob has green ones, and together they have thirty. How many has Bob?"
    index = Evaluations(
        {"bench": [make_row("bench", "math", prompt(evaluation), verifier="math", reference={"answer": "10"})]}, 13
    )
    touched = trace_eval.reason(trace(f"This is like: {evaluation} So."), index)
    assert touched is not None
    assert touched.startswith("near an eval: ngram match with ")
    assert trace_eval.reason(trace(WORKED), index) is None


def test_verdicts_are_told_apart():
    assert trace_answer.reason(correct()) is None
    assert trace_answer.reason(incorrect("not equal to the gold")) == "wrong answer: not equal to the gold"
    assert trace_answer.reason(unscorable("reference: no text")) == "answer cannot be verified: reference: no text"


def test_the_step_keeps_what_passes_and_names_the_first_fault_of_the_rest():
    rows = [
        trace(f"{WORKED} So the answer is 7."),
        trace(f"{WORKED} So the answer is 14/2."),  # the same in other words
        trace(WORKED, "\\boxed{8}"),
        trace(WORKED, gold=" "),
        trace(f"{WORKED} So the answer is 8."),
        trace(f"{WORKED} I'll guess."),
        trace(SENTENCE * 9),
        trace(WORKED + " 所以答案是七。"),
        trace(WORKED, verifier=None),  # one that the step verifiability has kept on purpose
    ]
    with VerifierPool(2) as pool:
        kept, dropped = traces.check(rows, TraceFilters(), pool)
    assert kept == [rows[0], rows[1], rows[8]]
    kinds = [reason.split(":")[0] for _, reason in dropped]
    assert kinds == ["wrong answer", "answer cannot be verified", "disagreement", "guessing", "repetition", "mixed language"]


def test_an_unknown_verifier_is_an_error_and_not_a_drop():
    with VerifierPool(1) as pool, pytest.raises(UserError, match="verifier 'maths' does not exist"):
        traces.check([trace(WORKED, verifier="maths")], TraceFilters(), pool)


@pytest.mark.parametrize("task", ["chain_sum", "gcd", "number_sorting", "products"])
def test_traces_that_are_made_here_agree_with_themselves(task):
    source = make_source(type="reasoning_gym", role="traces", task=task, size=200)
    rows = sources.read(source, 1, 0.0)[0]
    assert [reason for row in rows if (reason := trace_disagree.reason(row) or traces.first_reason(row, TraceFilters()))] == []


@pytest.mark.parametrize("generator", ["tool_calls", "code_functions"])
def test_traces_of_the_other_generators_pass_too(generator):
    rows = sources.read(make_source(type="builtin", role="traces", generator=generator, size=200), 1, 0.0)[0]
    assert [reason for row in rows if (reason := traces.first_reason(row, TraceFilters()))] == []
