"""Leaks are found, and rows that merely share a manner of speaking are not."""

import pytest

from openqwq.data.rows import make_row, prompt
from openqwq.data.steps.decontaminate import Evaluations, check

LONG = (
    "A robe takes 2 bolts of blue fiber and half that much white fiber. "
    "How many bolts in total does it take to make twelve robes for the choir of the old town?"
)
OTHER = "Wendi feeds each of her chickens three cups of mixed chicken feed, containing seeds and mealworms, every single morning."
BOX = "\nPlease reason step by step, and put your final answer within \\boxed{}."


def problem(text, source="train", **metadata):
    return make_row(source, "math", prompt(text), verifier="math", reference={"answer": "1"}, metadata=metadata)


def evaluations(*texts, ngram=13, **metadata):
    return Evaluations({"bench": [problem(text, "bench", **metadata) for text in texts]}, ngram)


def rule(text, against, **metadata):
    match = against.match(problem(text, **metadata))
    return match.rule if match else None


@pytest.mark.parametrize(
    "leak",
    [
        LONG,
        LONG.upper(),
        LONG.replace(" ", "  \n").replace("?", " ?"),
        f"{LONG}\nPut the final answer in \\boxed{{}}.",
        f"Solve this problem.\n{LONG}",
        f"{LONG}\nThink first.",
    ],
)
def test_a_verbatim_leak_is_exact(leak):
    assert rule(leak, evaluations(LONG + BOX, OTHER + BOX)) == "exact"


def test_latex_spacing_does_not_hide_a_leak():
    bench = evaluations(r"Let $f(x)=x^2+1$. Find $f(f(2))$.")
    assert rule(r"let \( f(x)\,=\, x^2 + 1 \). find  $f\left(f(2)\right)$.", bench) == "exact"
    assert rule(r"Let $f(x)=x^2-1$. Find $f(f(2))$.", bench) is None


def test_half_a_long_problem_is_found_by_its_words():
    words = LONG.split(" ")
    match = evaluations(LONG + BOX, OTHER + BOX).match(problem("Here: " + " ".join(words[: len(words) // 2 + 3]) + " and so on"))
    assert match is not None
    assert (match.rule, match.benchmark) == ("ngram", "bench")
    assert len(match.text.split(" ")) == 13
    assert match.text in "a robe takes 2 bolts of blue fiber and half that much white fiber how many bolts in total does it take"


def test_fewer_words_than_the_ngram_in_common_are_no_leak():
    assert rule("A robe takes 2 bolts of blue fiber and half that much red silk.", evaluations(LONG)) is None


def test_a_short_problem_is_found_as_a_line_of_its_own():
    bench = evaluations("What is $5^3 - 4$?" + BOX)
    assert rule("what is 5^3-4 ?\nExplain.\nBe brief.\nThank you.", bench) == "short"
    assert rule("What is 5^3 - 4?", bench) == "exact"
    assert rule("What is 5^3 - 4 plus the number of sheep?\nExplain.", bench) is None
    assert rule("What is 5^3 + 4?", bench) is None


def test_the_manner_of_an_evaluation_is_no_content():
    manner = "Please read the following task with care and then write down every step of your solution in full."
    bench = evaluations(*(f"{manner}\n{name} has {n} apples." for n, name in enumerate(("Ann", "Bob", "Cid", "Dan", "Eve"))))
    assert rule(f"{manner}\nHow old is the universe?", bench) is None
    assert rule(f"{manner}\nBob has 1 apples.", bench) == "exact"
    assert rule("Bob has 1 apples.", bench) == "exact"


def test_a_rare_long_run_counts_even_in_a_small_evaluation():
    assert rule(f"Preface. {LONG} And more.", evaluations(LONG)) == "ngram"


TEMPLATE = "Write a Python function `at_most_{0}(x)` that returns x, but at most {0}, for every whole number one can think of."


def test_generated_rows_share_their_template_and_are_not_leaks():
    bench = evaluations(TEMPLATE.format(3), generator="code_functions")
    assert rule(TEMPLATE.format(4), bench, generator="code_functions") is None
    assert rule(TEMPLATE.format(3).upper(), bench, generator="preferences") == "exact"


def test_a_row_from_elsewhere_gets_no_such_pardon():
    assert rule("Task: " + TEMPLATE.format(3), evaluations(TEMPLATE.format(3), generator="code_functions")) == "ngram"
    assert rule("Task: " + TEMPLATE.format(3), evaluations(TEMPLATE.format(3)), generator="code_functions") == "ngram"


SHORT = r"Compute $\sin 60^\circ$."


@pytest.mark.parametrize(
    "leak",
    [
        rf"Question: {SHORT}",
        rf"Question: {SHORT} Think before you answer.",
        r"Please compute $\sin 60^\circ$, then explain.",
        r"Compute $\sin 60^\circ$ and show your steps.",
        "Warming up.\nQ1: compute sin 60^circ\nQ2: say why.",
        "Question: Compute\n\\[\\sin 60^\\circ.\\]\nSay why.",
    ],
)
def test_a_short_problem_is_found_inside_a_line(leak):
    assert rule(f"Warm-up.\n{leak}\nGood luck.", evaluations(SHORT + BOX)) == "short"


@pytest.mark.parametrize(
    "other",
    [
        r"Question: Compute $\sin 60^\circ + 1$.",
        r"Question: Compute $\sin 60^\circ$ plus one.",
        r"Question: Compute $\sin 60^\circ$ $+ 1$.",
        r"Question: Compute $\sin 600^\circ$.",
        "To compute is human.",
    ],
)
def test_a_longer_formula_is_another_problem(other):
    assert rule(f"Warm-up.\n{other}\nGood luck.", evaluations(SHORT + BOX)) is None


def test_thousands_are_not_two_numbers():
    bench = evaluations("How many primes are below 1?")
    assert rule("Warm-up.\nNow: how many primes are below 1,234?\nGo.", bench) is None
    assert rule("Warm-up.\nNow: how many primes are below 1, and why?\nGo.", bench) == "short"


@pytest.mark.parametrize(
    ("bench", "found"), [("Who wrote Faust?", None), ("Who wrote Faust and Egmont?", "short"), ("Is 2 odd?", None)]
)
def test_few_words_are_common_property_inside_a_line(bench, found):
    assert rule(f"Warm-up.\nTell me: {bench}\nGo.", evaluations(bench)) == found
    assert rule(f"Warm-up.\n{bench}\nGo.", evaluations(bench)) == "short"


def test_of_two_generated_rows_one_may_hold_the_other():
    bench = evaluations("Write about the sea. Use no commas.", generator="instructions")
    assert rule("Write about the sea. Use no commas. Use lower case.", bench, generator="instructions") is None
    assert rule("Write about the sea. Use no commas. Use lower case.", bench) == "short"


def turns(*texts):
    return [{"role": role, "content": text} for role, text in texts]


@pytest.mark.parametrize(
    "change",
    [
        {"messages": turns(("system", f"For example: {LONG}"), ("user", "Hello!"))},
        {"messages": turns(("user", "Hello!"), ("assistant", f"Do you mean this: {LONG}"), ("user", "Yes."))},
        {"messages": turns(("user", "Hello!"), ("tool", f"Found: {LONG}"))},
        {"completion": f"<think>\nThe problem says: {LONG}\n</think>\n\n3"},
        {"chosen": turns(("assistant", f"You ask: {LONG}")), "rejected": turns(("assistant", "No."))},
        {"chosen": turns(("assistant", "Yes.")), "rejected": turns(("assistant", f"You ask: {LONG}"))},
    ],
)
def test_a_leak_is_found_in_every_text_of_a_row(change):
    row = problem("Hello!") | change
    match = evaluations(LONG).match(row)
    assert match is not None
    assert match.rule == "ngram"
    assert evaluations(OTHER).match(row) is None
    generated = evaluations(LONG, generator="instructions")
    assert generated.match({**row, "metadata": '{"generator": "preferences"}'}) is None


@pytest.mark.parametrize("where", ["system", "assistant", "completion", "chosen", "rejected", "user"])
def test_a_problem_all_of_whose_runs_are_stock_is_found_whole_in_every_text(where):
    stock = "A farmer has some sheep in the field by the river and sells {} of them. How many sheep has the farmer left?"
    bench = evaluations(*(stock.format(n) + BOX for n in range(8)))
    assert not bench.runs

    def matches(number):
        text = f"I remember this one: {stock.format(number)} It is an old one."
        turns = [{"role": where, "content": text}] if where in ("system", "assistant", "user") else []
        more = {"completion": text} if where == "completion" else {}
        if where in ("chosen", "rejected"):
            more = {"chosen": prompt("No."), "rejected": prompt("Yes.")} | {where: prompt(text)}
        row = make_row("s", "chat", [*turns, {"role": "user", "content": "And now, what else is there to say?"}], **more)
        return [(match.benchmark_id, match.rule) for match in bench.matches(row)], check([row], bench)[1]

    found, dropped = matches(3)
    assert (problem(stock.format(3) + BOX, "bench")["id"], "exact") in found
    assert dropped
    if where != "user":  # what the user says is also looked at for similarity
        assert len(found) == 1
        assert matches(93) == ([], [])


def test_a_short_problem_is_found_in_every_turn_of_a_prompt_and_not_in_completions():
    few_shot = turns(("system", f"Example: {SHORT}"), ("user", "Hello!"))
    match = evaluations(SHORT).match(problem("Hello!") | {"messages": few_shot})
    assert match is not None
    assert match.rule == "short"
    assert evaluations(SHORT).match(problem("Hello!") | {"completion": f"First {SHORT} Then add 1."}) is None


def tool(text, city="Rome", **values):
    calls = {"calls": [{"name": "weather", "arguments": {"city": [city]}}]}
    usual = {"verifier": "tool_call", "reference": calls, "metadata": {"generator": "tool_calls"}}
    return make_row("s", "tool", prompt(text), **{**usual, **values})


def test_the_same_call_in_other_words_is_the_same_problem():
    bench = Evaluations({"tool": [tool("How is the weather in Rome?")]}, 13)
    match = bench.match(tool("Tell me what it is like outside in Rome."))
    assert match is not None
    assert (match.rule, match.benchmark) == ("same_call", "tool")
    assert "Rome" in match.text
    assert bench.match(tool("Tell me what it is like outside in Oslo.", "Oslo")) is None
    assert bench.match(tool("Say Rome.", verifier=None, reference=None)) is None


def test_two_requests_that_need_no_call_are_not_the_same():
    none = {"reference": {"calls": []}}
    assert Evaluations({"tool": [tool("Hello there.", **none)]}, 13).match(tool("What is love?", **none)) is None


def test_the_same_signs_in_another_order_are_the_same_problem():
    generated = {"generator": "reasoning_gym/chain_sum"}
    bench = evaluations("Compute 3 + 4." + BOX, **generated)
    assert rule("Compute 4 + 3." + BOX, bench, **generated) == "reordered"
    assert rule("Compute 4 + 3.", bench, **generated) == "reordered"
    assert rule("Compute 4 - 3." + BOX, bench, **generated) is None
    assert rule("Compute 4 + 3 + 3." + BOX, bench, **generated) is None
    assert rule("Compute 43 +." + BOX, bench, **generated) is None
    words = make_row("s", "instruction", prompt("Write 4 + 3 words."))
    assert Evaluations({"b": [make_row("b", "instruction", prompt("Write 3 + 4 words."))]}, 13).match(words) is None


def test_a_system_prompt_does_not_hide_a_leak():
    row = problem(LONG)
    row["messages"] = [{"role": "system", "content": "Be brief."}, *row["messages"]]
    match = evaluations(LONG).match(row)
    assert match is not None
    assert match.rule == "exact"


def test_the_step_names_what_it_drops():
    clean, leak = problem("How many legs have three cats?"), problem(LONG)
    bench = evaluations(LONG)
    kept, dropped, found = check([clean, leak], bench)
    assert kept == [clean]
    assert dropped[0][0] is leak
    assert dropped[0][1].startswith("exact match: ")
    assert found[0] | {"text": ""} == {
        "id": leak["id"],
        "source": "train",
        "benchmark": "bench",
        "benchmark_id": problem(LONG, "bench")["id"],
        "rule": "exact",
        "text": "",
    }


def test_without_evaluations_all_rows_stay():
    rows = [problem(LONG), problem("???")]
    assert check(rows, Evaluations({}, 13))[0] == rows
    assert check(rows, evaluations("!!!"))[0] == rows
