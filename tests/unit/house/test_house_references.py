"""Pages made from code say what the code says, and the committed configurations are valid."""

from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from openqwq.artifacts import reference as tables
from openqwq.artifacts import schemas
from openqwq.config import RunConfig, load_file
from openqwq.config import reference as keys
from openqwq.data.sources.mapping import Mapping
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks import REGISTRY

ROOT = Path(__file__).resolve().parents[3]
CLUSTER = ROOT / "config" / "qwq-32b.yaml"


def test_config_readme_is_what_the_models_say():
    assert (ROOT / "config/README.md").read_text(encoding="utf-8") == keys.markdown(), "run `make config-reference`"


def test_artifacts_page_is_what_the_schemas_say():
    page = (ROOT / "docs/artifacts.md").read_text(encoding="utf-8")
    assert tables.renew(page) == page, "run `make config-reference`"


def test_a_page_without_the_marks_is_refused():
    with pytest.raises(UserError, match="Put both lines"):
        tables.renew("# no marks here\n")


def test_every_key_of_the_file_has_a_row():
    page = keys.markdown()
    for name in RunConfig.model_fields:
        assert f"| `{name}` |" in page
    assert "steps of" not in page  # no YAML comment of a configuration leaks into the reference


def test_remarks_beside_fields_reach_the_reference():
    line = next(line for line in keys.markdown().splitlines() if line.startswith("| `ngram` |"))
    assert "shorter problems are compared whole" in line
    assert "≥ 1" in line
    assert "`13`" in line


def test_every_table_and_column_is_described():
    page = tables.markdown()
    for name, schema in vars(schemas).items():
        if isinstance(schema, pa.Schema):
            assert f"### {name}\n" in page
            assert all(f"| `{column}` |" in page for column in schema.names)
    line = next(line for line in page.splitlines() if line.startswith("| `score` |"))
    assert line == "| `score` | double | yes | in [0, 1]; null when unscorable |"


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_committed_configurations_are_valid(path):
    config = load_file(path)
    assert {b.name for b in config.benchmarks} <= set(REGISTRY)
    for source in config.curate.sources:
        if source.type in ("hub", "file"):
            Mapping(source)  # raises for an unknown target or a broken pattern


def test_the_cluster_configuration_is_the_recipe():
    config = load_file(CLUSTER)
    assert config.base_model.id == "Qwen/Qwen2.5-32B"
    assert config.base_model.dtype == "float32"  # steps of 1e-6 vanish in bfloat16 master weights
    assert config.execution.engine == "vllm"
    assert all("reward_model" not in mix.rewards for mix in config.reason.domains.values())
    assert any("reward_model" in mix.rewards for mix in config.general.domains.values())
    assert {"math", "code"} <= set(config.general.domains)  # replay
    assert config.general.steps < config.reason.steps


def test_an_unknown_key_in_it_is_an_error(tmp_path):
    value = yaml.safe_load(CLUSTER.read_text(encoding="utf-8"))
    value["reason"]["cliphigh"] = 0.3
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump(value), encoding="utf-8")
    with pytest.raises(UserError, match=r"reason\.cliphigh"):
        load_file(path)


RAW = {
    "openr1-math": (
        {
            "problem": "1+1?",
            "answer": "2",
            "messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "<think>a</think>2"}],
        },
        {"completion": "<think>a</think>2", "reference": '{"answer": "2"}'},
    ),
    "dapo-math": (
        {
            "prompt": "Solve the following math problem step by step. The last line is Answer: $Answer\n\nFind\n\nx.\n\n"
            'Remember to put your answer on its own line after "Answer:".',
            "solution": "34",
        },
        {"prompt": "Find\n\nx.\n\nPut the final answer in \\boxed{}.", "reference": '{"answer": "34"}'},
    ),
    "deepcoder": (
        {"problem": "Echo.", "solutions": ["```python\nprint(input())\n```"], "tests": '[{"input": "1", "output": "1"}]'},
        {"solution": "print(input())"},
    ),
    "ifeval-like": (
        {"prompt": "No commas.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": "[{}]", "response": "So be it."},
        {"reference": '{"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}'},
    ),
    "xlam": (
        {"query": "Weather?", "tools": '[{"name": "w"}]', "answers": '[{"name": "w", "arguments": {"at": "Oslo"}}]'},
        {"tools": '[{"name": "w"}]'},
    ),
    "rlvr-ifeval": (
        {"messages": [{"role": "user", "content": "Hi"}], "ground_truth": '{"func_name": "validate_no_commas", "N": null}'},
        {"prompt": "Hi", "reference": '{"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}'},
    ),
    "helpsteer3-chat": (
        {"context": [{"role": "user", "content": "Hi"}], "language": "english", "domain": "general"},
        {"prompt": "Hi", "reference": None, "domain": "chat"},
    ),
    "skywork-preferences": (
        {
            "chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
            "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No"}],
        },
        {"prompt": "Hi", "chosen": [{"role": "assistant", "content": "Hello"}]},
    ),
}


@pytest.mark.parametrize("source", [s for s in load_file(CLUSTER).curate.sources if s.type == "hub"], ids=lambda s: s.name)
def test_mappings_of_the_cluster_fit_rows_of_the_shape_that_the_data_sets_have(source):
    raw, expected = RAW[source.name]
    row = Mapping(source).row(raw)
    for key, value in expected.items():
        if key == "prompt":
            assert row["messages"][-1]["content"] == value
        elif key == "solution":
            assert f'"solution": "{value}"' in row["metadata"]
        else:
            assert row[key] == value


def test_the_math_prompt_without_the_old_instructions_is_kept_whole():
    source = next(s for s in load_file(CLUSTER).curate.sources if s.name == "dapo-math")
    row = Mapping(source).row({"prompt": "Let $x$ be.\nFind it.", "solution": "7"})
    assert row["messages"][-1]["content"] == "Let $x$ be.\nFind it.\n\nPut the final answer in \\boxed{}."
