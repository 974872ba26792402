"""What open-qwq generates itself."""

import json

import pytest
from data_helpers import make_source

from openqwq.data.sources.builtin import REGISTRY, rows
from openqwq.data.sources.builtin.code_functions import FAMILIES
from openqwq.data.sources.reading import Reading
from openqwq.errors import UserError

MAKERS = [("code_functions", 600), ("instructions", 300), ("tool_calls", 300), ("preferences", 600)]


def made(generator, size, role=None, seed=1, **params):
    role = role or ("preferences" if generator == "preferences" else "problems")
    return list(rows(make_source(type="builtin", generator=generator, size=size, role=role, params=params), seed, Reading()))


def said(row):
    return row["messages"][0]["content"]


@pytest.mark.parametrize(("generator", "size"), MAKERS)
def test_prompts_differ_and_the_seed_decides_them(generator, size):
    first = made(generator, size)
    assert len({said(row) for row in first}) == size
    assert made(generator, size) == first
    assert {said(row) for row in made(generator, 50, seed=2)} != {said(row) for row in first[:50]}


def test_a_larger_size_keeps_the_rows():
    assert made("tool_calls", 20) == made("tool_calls", 40)[:20]


@pytest.mark.parametrize("generator", ["code_functions", "instructions", "tool_calls"])
def test_traces_think_and_then_answer_briefly(generator):
    for row in made(generator, 100, "traces"):
        thinking, answer = row["completion"].removeprefix("<think>\n").split("\n</think>\n\n")
        assert thinking
        assert answer
        assert len(row["completion"]) < 420


def test_enough_templates_of_small_functions():
    assert sum(map(len, FAMILIES.values())) >= 40
    assert sum(len(template.choices) for family in FAMILIES.values() for template in family) > 600


def test_code_prompts_and_solutions_are_short_and_tests_tell():
    everything = made("code_functions", 600)
    assert sum(len(said(row)) < 120 for row in everything) > 500
    for row in everything:
        reference = json.loads(row["reference"])
        assert len(reference["tests"]) >= 4
        assert len({json.dumps(test["expected"]) for test in reference["tests"]}) > 1, said(row)
        assert len({json.dumps(test["args"]) for test in reference["tests"]}) == len(reference["tests"]), said(row)
        assert all(test["expected"] is not None for test in reference["tests"])
        assert f"def {reference['entry_point']}(" in json.loads(row["metadata"])["solution"]
        assert f"`{reference['entry_point']}(" in said(row)


def test_code_oracle_and_solution_agree():
    for row in made("code_functions", 600):
        scope = {}
        exec(json.loads(row["metadata"])["solution"], scope)
        reference = json.loads(row["reference"])
        for test in reference["tests"]:
            got = scope[reference["entry_point"]](*test["args"])
            assert (type(got), got) == (type(test["expected"]), test["expected"]), said(row)


def test_tool_calls_fit_the_schemas_offered():
    offered = set()
    for row in made("tool_calls", 300):
        tools = {tool["function"]["name"]: tool["function"] for tool in json.loads(row["tools"])}
        assert 1 <= len(tools) <= 3
        (call,) = json.loads(row["reference"])["calls"]
        function = tools[call["name"]]
        offered.add(call["name"])
        types = {"string": str, "integer": int, "number": (int, float)}
        for name, accepted in call["arguments"].items():
            assert isinstance(accepted[0], types[function["parameters"]["properties"][name]["type"]])
            assert ("" in accepted) == (name not in function["parameters"]["required"])
            assert "" in accepted or str(accepted[0]) in said(row)
    assert len(offered) >= 12


def test_max_tools_is_heeded():
    assert {len(json.loads(row["tools"])) for row in made("tool_calls", 50, max_tools=1)} == {1}


def test_max_constraints_is_heeded():
    counts = {len(json.loads(row["reference"])["kwargs"]) for row in made("instructions", 100)}
    assert counts == {1, 2}
    assert {len(json.loads(row["reference"])["kwargs"]) for row in made("instructions", 100, max_constraints=1)} == {1}


def test_instructions_use_many_kinds():
    kinds = {kind for row in made("instructions", 300) for kind in json.loads(row["reference"])["instruction_id_list"]}
    assert len(kinds) >= 11


@pytest.mark.parametrize("domain", [None, "math", "code", "instruction", "tool", "chat"])
def test_length_does_not_tell_which_answer_is_preferred(domain):
    pairs = made("preferences", 150 if domain == "chat" else 400, **({"domains": [domain]} if domain else {}))
    longer = 0.0
    for row in pairs:
        difference = len(row["chosen"][0]["content"]) - len(row["rejected"][0]["content"])
        longer += 0.5 if difference == 0 else float(difference > 0)
    assert 0.35 < longer / len(pairs) < 0.65


def test_pairs_have_one_flaw_each_in_all_domains():
    pairs = made("preferences", 300)
    assert {row["domain"] for row in pairs} == {"math", "code", "instruction", "tool", "chat"}
    assert len({json.loads(row["metadata"])["flaw"] for row in pairs}) >= 10
    assert all(row["chosen"] != row["rejected"] and row["verifier"] is None for row in pairs)


@pytest.mark.parametrize(
    ("generator", "values", "says"),
    [
        ("code_functions", {"size": 5000}, "can make"),
        ("code_functions", {"role": "preferences"}, "makes problems or traces"),
        ("preferences", {"role": "problems"}, "makes preferences"),
        ("tool_calls", {"params": {"tools": 2}}, "unknown key 'tools'"),
        ("tool_calls", {"params": {"max_tools": "2"}}, "expected a value of type int"),
        ("tool_calls", {"params": {"max_tools": 0}}, "params.max_tools: 0 is not"),
        ("instructions", {"params": {"max_constraints": 3}}, "params.max_constraints: 3 is not"),
        ("code_functions", {"params": {"families": ["numbres"]}}, "unknown family 'numbres'"),
        ("preferences", {"params": {"domains": ["maths"]}}, "unknown domain 'maths'"),
        ("preferences", {"params": {"domains": []}}, "can make 0"),
    ],
)
def test_slips_in_the_configuration(generator, values, says):
    usual = {"role": "preferences" if generator == "preferences" else "problems", "size": 5}
    with pytest.raises(UserError, match=r"curate\.sources\.source") as caught:
        list(rows(make_source(type="builtin", generator=generator, **{**usual, **values}), 1, Reading()))
    assert says in str(caught.value)


def test_every_generator_of_the_configuration_exists():
    from openqwq.config.curate import BuiltinSource

    assert set(BuiltinSource.model_fields["generator"].annotation.__args__) == set(REGISTRY)
