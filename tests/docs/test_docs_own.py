"""What the pages about something of your own say is done to a copy of the package, and works there."""

import json
import os
import re
import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
import yaml
from blocks import ROOT, blocks

from openqwq.config import load_file

HEADER = re.compile(r"# (workflow/[\w/.]+)(?:, (in|above) (\w+))?\n")


class Copy:
    """A folder with a copy of the package, changed as a page says."""

    def __init__(self, folder, page):
        self.folder = folder
        self.blocks = blocks(ROOT / "docs" / "how-to" / page)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "workflow" / "openqwq", folder / "workflow" / "openqwq", ignore=ignored)
        for block in self.blocks:
            if block.language == "python" and (header := HEADER.match(block.text)):
                self._change(folder / header[1], header[2], header[3], block.text[header.end() :])

    def _change(self, path, where, name, text):
        if where is None:
            assert not path.exists(), f"{path} is there already"
            path.write_text(text, encoding="utf-8")
            return
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (at,) = [i for i, line in enumerate(lines) if re.match(rf"{name}\b.*[\[{{]$", line.rstrip("\n"))]
        lines.insert(at + 1 if where == "in" else at, text if where == "in" else f"{text}\n\n")
        path.write_text("".join(lines), encoding="utf-8")

    def text(self, language, number=0):
        return [block.text for block in self.blocks if block.language == language][number]

    def yaml(self, number=0):
        return yaml.safe_load(self.text("yaml", number))

    def run(self, *arguments):
        """Python in that folder, on the copy; what it prints."""
        environment = os.environ | {"PYTHONPATH": str(self.folder / "workflow")}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def curate(self, sources, benchmarks=()):
        """The folder of the curated tables."""
        config = json.dumps({"curate": {"sources": sources}, "benchmarks": list(benchmarks)})
        self.run("-m", "openqwq.cli", "curate", "--config", config, "--state", "state", "--out", "curated")
        return self.folder / "curated"


def rows(path):
    return pq.read_table(path).to_pylist()


def test_own_problems_are_read_verified_and_kept(tmp_path):
    copy = Copy(tmp_path, "own-problems.md")
    given = copy.text("json")
    (tmp_path / "problems.jsonl").write_text(given)
    kept = rows(copy.curate(copy.yaml()["curate"]["sources"]) / "problems" / "train.parquet")
    assert len(kept) == len(given.splitlines()) == 5
    assert {json.loads(row["metadata"])["licence"] for row in kept} == {"CC-BY-4.0"}
    assert all(row["messages"][0]["content"].endswith("\n\nPut the final answer in \\boxed{}.") for row in kept)


def test_own_verifier_judges_as_the_page_says(tmp_path):
    copy = Copy(tmp_path, "own-verifier.md")
    (tmp_path / "rows.jsonl").write_text(copy.text("json"))
    copy.run("-m", "openqwq.cli", "verify", "rows.jsonl", "verdicts.parquet")
    verdicts = {row["id"]: row["verdict"] for row in rows(tmp_path / "verdicts.parquet")}
    assert verdicts == {
        "right": "correct",
        "wrong": "incorrect",
        "no such day": "incorrect",
        "both": "incorrect",
        "broken gold": "unscorable",
    }


def test_own_verifier_is_tried_by_curation(tmp_path):
    copy = Copy(tmp_path, "own-verifier.md")
    (tmp_path / "days.jsonl").write_text('{"q": "When was it?", "a": "2024-02-29"}\n{"q": "And then?", "a": "2024-02-30"}\n')
    fields = {"prompt": "q", "answer": "a"}
    days = {"name": "days", "type": "file", "path": "days.jsonl", "role": "problems", "domain": "chat", "fields": fields}
    curated = copy.curate([days | {"verifier": "iso_date"}])
    assert [json.loads(row["reference"])["answer"] for row in rows(curated / "problems" / "train.parquet")] == ["2024-02-29"]
    assert [row["step"] for row in rows(curated / "rejected.parquet")] == ["gold"]


def test_own_reward_is_found_and_named_in_a_configuration(tmp_path):
    copy = Copy(tmp_path, "own-reward.md")
    mix = copy.yaml()["reason"]["domains"]["math"]
    code = """
import json, sys
from openqwq.config.train import DomainMix
from openqwq.train.rewards import Judgement, rewards_of
from openqwq.verify.verdict import correct
mix = DomainMix(**json.loads(sys.argv[1]))
texts = "<think>a</think>b", "<think>a</think>b\\n\\nc"
print([rewards_of(Judgement(text, correct(), None), mix.rewards)[1] for text in texts])
"""
    assert json.loads(copy.run("-c", code, json.dumps(mix))) == [1.1, 1.0]


def test_own_environment_is_played_by_the_gold_check(tmp_path):
    copy = Copy(tmp_path, "own-environment.md")
    (tmp_path / "counter.jsonl").write_text(copy.text("json"))
    curated = copy.curate(copy.yaml()["curate"]["sources"])
    assert [row["messages"][0]["content"] for row in rows(curated / "problems" / "train.parquet")] == ["Bring the counter to 5."]
    (dropped,) = rows(curated / "rejected.parquet")
    assert dropped["step"] == "gold"
    assert "counter is at 7" in dropped["reason"]


def test_own_benchmark_becomes_problems_and_is_kept_from_training(tmp_path):
    copy = Copy(tmp_path, "own-benchmark.md")
    (tmp_path / "capitals.jsonl").write_text(copy.text("json"))
    (tmp_path / "train.jsonl").write_text('{"q": "What is 2 + 3?", "a": "5"}\n')
    fields = {"prompt": "q", "answer": "a"}
    source = {"name": "x", "type": "file", "path": "train.jsonl", "role": "problems", "domain": "math", "verifier": "math"}
    curated = copy.curate([source | {"fields": fields}], copy.yaml()["benchmarks"])
    table = rows(curated / "benchmarks" / "capitals.parquet")
    assert [json.loads(row["reference"])["answer"] for row in table] == ["B", "A"]
    (tmp_path / "capitals.jsonl").write_text('{"country": "Chad", "options": ["a", "b"], "capital": "c"}\n')
    with pytest.raises(AssertionError, match="is no option"):
        copy.curate([source | {"fields": fields}], copy.yaml()["benchmarks"])


@pytest.mark.parametrize("page", ["own-model.md", "one-gpu-to-four-nodes.md", "own-environment.md", "own-problems.md"])
def test_configurations_that_a_page_shows_are_valid(page, tmp_path):
    shown = [block for block in blocks(ROOT / "docs" / "how-to" / page) if block.language == "yaml"]
    assert shown
    for block in shown:
        base = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text("utf-8"))
        for key, value in yaml.safe_load(block.text).items():
            base[key] = value if key == "base_model" else {**base.get(key, {}), **value}
        base["general"]["domains"] = base["general"]["domains"] | {"math": {"rewards": {"accuracy": 1.0}}}
        base["profile"]["problems"] = {"math": 8}
        base["reward_model"].pop("verdict_pairs", None)
        (tmp_path / "x.yaml").write_text(yaml.safe_dump(base))
        load_file(tmp_path / "x.yaml")


def test_every_key_of_ours_beside_others_options_exists():
    page = (ROOT / "docs/explanation/coming-from.md").read_text(encoding="utf-8")
    run = load_file(ROOT / "config" / "demo.yaml").model_dump(mode="json")
    keys = re.findall(r"(?m)^\| `([a-z_.]+)", page)
    assert len(keys) > 30
    for key in keys:
        at = run
        for part in key.split("."):
            assert isinstance(at, dict), key
            assert part in at, key
            at = at[part]


def test_options_of_trl_beside_ours_exist():
    from dataclasses import fields

    from trl import GRPOConfig

    names = {field.name for field in fields(GRPOConfig)}
    of_open_r1 = {"model_name_or_path", "model_revision", "dataset_name", "dataset_prompt_column", "dataset_mixture"}
    of_open_r1 |= {"benchmarks", "reward_funcs", "code_provider"}
    page = (ROOT / "docs/explanation/coming-from.md").read_text(encoding="utf-8")
    table = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ") and line.count("|") == 5]
    shown = {name for cell in table for name in re.findall(r"`(\w+)`", cell)}
    assert len(shown) > 25
    assert shown <= names | of_open_r1


def test_the_parts_of_the_report_are_called_as_it_calls_them():
    page = (ROOT / "docs/how-to/read-the-report.md").read_text(encoding="utf-8")
    named = re.findall(r"\*\*([^*]+)\*\*", page) + re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", page)
    templates = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/openqwq/report/templates").glob("*.jinja"))
    headings = re.findall(r"<(?:h2|h3|summary|legend|a href=\"#\w+\")[^>]*>\s*([A-Z][\w' ]+)", templates)
    assert len(named) > 12
    assert {name for name in named if name not in {heading.strip() for heading in headings}} == set()
