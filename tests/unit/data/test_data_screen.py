"""The screen lets everything pass that the rules would find."""

import os
import random
import subprocess
import sys

import pytest
from test_data_decontaminate import BOX, LONG, OTHER, SHORT, evaluations, problem

from openqwq.data.normalise import tokens
from openqwq.data.steps.touching import neighbours
from openqwq.data.steps.wordhash import hashes

TEXT = "find the sum of all positive integers such that number is divisible by three and x y z with 7 12 apples in a box"
WORDS = TEXT.split(" ")
ODD = [
    "\\left",
    "\\quad ",
    "\\left_",
    "\\,",
    "é",
    "ﬁ",
    "²",
    "\u0301",
    "\u3000",
    "\x85",
    "\u2028",
    "İ",
    "ẞ",
    "½",
    "’",
    "漢",
    "\ud800",
]
ODD += ["\x00", "\x1f", "_", "~", "$", "!", "\n", " boxed ", "\\BOXED{1}", "\\boxed{1}\n"]


def test_equal_words_have_equal_hashes_whatever_stands_between():
    (a, _), (b, _) = hashes(["Let $f(x)=\\left(2\\right)$, ÄPFEL?"]), hashes(["let\nF ( x ) = \\( 2 \\) ; äpfel!"])
    assert a.tolist() == b.tolist()
    assert hashes(["left"])[0].tolist() != hashes(["right"])[0].tolist()
    assert len(hashes(["", "…", "a b", ""])[0]) == 2
    assert hashes([])[0].tolist() == []


def test_words_belong_to_their_texts_wherever_these_stand():
    texts = ["alpha beta", "", "gämma", "x\\", "left y", "alpha"]
    words, counts = hashes(texts)
    assert counts.tolist() == [2, 0, 1, 1, 2, 1]
    assert words.tolist() == [word for text in texts for word in hashes([text])[0].tolist()]
    pairs, kept = neighbours(words, counts, 2)
    assert kept.tolist() == [1, 0, 0, 0, 1, 0]
    assert pairs[0] == neighbours(*hashes(["Alpha, beta"]), 2)[0][0]


@pytest.mark.parametrize("seed", range(20))
def test_a_text_has_the_words_of_its_tokens(seed):
    rng = random.Random(seed)
    text = "".join(rng.choice([*WORDS, *ODD, " ", ".", "'", "\\"]) for _ in range(60))
    assert hashes([text])[0].tolist() == hashes([" ".join(tokens(text))])[0].tolist()


@pytest.mark.parametrize("writable", [True, False])
def test_compiled_code_is_kept_where_it_can_be_and_runs_where_it_cannot(tmp_path, writable):
    module, kept = tmp_path / "loop.py", tmp_path / "__pycache__"
    module.write_text("from openqwq.data.steps.compiled import compiled\n@compiled\ndef f(x): return 2 * x\nprint(f(21))\n")
    if not writable:
        kept.write_text("a file where a folder would have to be, for a test that root may run")
    env = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    env |= {"HOME": str(module), "XDG_CACHE_HOME": str(module / "cache")}
    done = subprocess.run([sys.executable, str(module)], env=env, capture_output=True, text=True, timeout=120)
    assert done.stdout == "42\n", done.stderr
    assert (kept.is_dir() and any(kept.glob("loop.f-*.nbi"))) == writable


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_rules_find_passes(seed):
    rng = random.Random(seed)

    def sentence(low, high):
        return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high)))

    problems = [sentence(2, 30) + rng.choice(["", BOX]) for _ in range(40)]
    bench = evaluations(*problems, ngram=rng.choice([5, 13]))
    rows = []
    for text in problems * 4:
        words = text.split(" ")
        rng.shuffle(words)
        variants = [
            text,
            f"{sentence(1, 9)}\n{text}",
            f"{sentence(1, 5)} {text}\nGo.",
            " ".join(words),
            text.upper() + BOX,
            text[: len(text) // 2],
        ]
        rows.append(problem(rng.choice(variants)))
    rows += [problem(sentence(1, 40)) for _ in range(100)]
    rows += [problem("".join(c if rng.random() < 0.9 else c + rng.choice(ODD) for c in text)) for text in problems]
    looked = bench.screen.look(rows)
    for at, row in enumerate(rows):
        rules = {match.rule for match in bench.matches(row)} - {"similar"}
        assert at in looked or not rules, (row["messages"], rules)
        assert looked.get(at) or "ngram" not in rules, row["messages"]


def test_most_rows_do_not_pass():
    bench = evaluations(LONG + BOX, OTHER + BOX, SHORT + BOX)
    assert bench.screen.look([problem("How many legs have three cats?" + BOX), problem(LONG)]) == {1: True}
    assert bench.screen.look([]) == {}
