"""MBPP+, 378 functions of MBPP with many more inputs (EvalPlus, arXiv 2305.01210), from a local file of its release.

    {"task_id": "Mbpp/2", "prompt": "\"\"\"\nWrite a function to find … assert set(…) == set((4, 5))\n\"\"\"\n",
     "entry_point": "similar_elements", "canonical_solution": "\ndef similar_elements(…): …", "base_input": [[[3, 4], [5, 4]]],
     "plus_input": […], "atol": 0}

The file has inputs but no outputs: the canonical solution, run beside the tests and apart from the candidate, gives them.
Five inputs of Mbpp/255, whose outputs have 6 to 128 million values each, are left out. Of the 16 inputs of Mbpp/599 that take
a sum of a hundred million terms, an even and an odd one are kept: all together take longer than the time limit on a slow machine.
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.evalplus import CLOSE, SECONDS, check_program
from openqwq.evaluate.benchmarks.mbpp_inputs import restored
from openqwq.evaluate.benchmarks.row import problem
from openqwq.evaluate.benchmarks.source import field, from_path

ASK = "{}\n\nReply with the whole program in one ```python code block."

# How the release compares, beside equality (evalplus/eval/_special_oracle.py, v0.3.1).
AS_SETS = {
    "similar_elements",
    "find_char_long",
    "common_in_nested_lists",
    "extract_singly",
    "larg_nnum",
    "intersection_array",
    "find_dissimilar",
    "Diff",
}
FOUND_OR_NOT = {"check_str", "text_match_three", "text_starta_endb"}  # a match object stands for True
ORACLES = dict.fromkeys(AS_SETS, "set(out) == set(expected)")
ORACLES |= dict.fromkeys(FOUND_OR_NOT, "found(out) == found(expected)")
ORACLES |= {
    "are_equivalent": "isinstance(out, bool)",  # the canonical solution is wrong for some inputs, so either answer counts
    "sum_div": "out == expected or out == 0",
    "surface_Area": "close(out, expected) or out == rounded_area(*arguments)",
    "digit_distance_nums": "out == expected or out == digit_distance(*arguments)",
}
HELPERS = {  # the other reading of a task that the release accepts as well
    "surface_Area": """
def rounded_area(base, height):
    slant = ((base / 2) ** 2 + height ** 2) ** 0.5
    return round(base ** 2 + 2 * base * slant)
""",
    "digit_distance_nums": """
def digit_distance(one, other):
    width = max(len(str(one)), len(str(other)))
    return sum(abs(int(a) - int(b)) for a, b in zip(str(one).zfill(width), str(other).zfill(width)))
""",
}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """One problem a task, with base and plus inputs in one `check`."""
    made = []
    for index, raw in enumerate(from_path(benchmark)):
        task = field(raw, "task_id", str, f"benchmark {benchmark.name}, row {index}")
        where = f"benchmark {benchmark.name}, {task}"
        entry, solution = field(raw, "entry_point", str, where), field(raw, "canonical_solution", str, where)
        inputs = [
            *field(raw, "base_input", list, where),
            *field(raw, "plus_input", (list, dict), where),
        ]  # none is {} in the release
        if not inputs:
            raise UserError(f"{where}: there are no inputs. Fetch the file again.")
        tests = check_program(
            entry,
            solution,
            restored(int(task.split("/")[-1]), inputs),
            atol=field(raw, "atol", (int, float), where),
            oracle=ORACLES.get(entry, CLOSE),
            helpers=HELPERS.get(entry, ""),
        )
        made.append(
            problem(
                source=benchmark.name,
                domain="code",
                prompt=ASK.format(field(raw, "prompt", str, where).strip().strip('"').strip()),
                verifier="code",
                reference={
                    "language": "python",
                    "style": "check",
                    "entry_point": entry,
                    "tests": tests,
                    "time_limit_s": SECONDS,
                },
                metadata={"task_id": task, "licence": "Apache-2.0", "solution": solution},
            )
        )
    return made
