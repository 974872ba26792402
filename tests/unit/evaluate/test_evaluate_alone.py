"""`openqwq evaluate --preset`: any model on a preset, without a run; and the table of published figures beside ours."""

import json

import pytest
import yaml
from evaluate_rows import ONE

from openqwq import cli
from openqwq.artifacts.files import read_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import SAMPLE, SCORE
from openqwq.config import load, load_file
from openqwq.config.presets import known, preset
from openqwq.errors import UserError
from openqwq.evaluate import alone, model_place
from openqwq.evaluate.benchmarks import places
from openqwq.evaluate.beside import table
from openqwq.evaluate.published import FILE, Published, published

VALUE = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def qwq():
    return alone.choose("qwq", None, None)


def test_the_preset_is_what_qwq_evaluates_with():
    chosen = qwq()
    sampling = chosen.config.sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.max_tokens) == (0.6, 0.95, 40, 32768)
    assert {b.name: b.samples for b in chosen.benchmarks} == {"aime24": 64, "aime25": 64, "livecodebench_v5": 8, "ifeval": 1}
    assert all(b.path is None and b.max_tokens is None for b in chosen.benchmarks)


def test_a_part_of_a_preset_and_a_limit():
    chosen = alone.choose("qwq", ["ifeval", "aime24"], 3)
    assert [(b.name, b.limit, b.samples) for b in chosen.benchmarks] == [("ifeval", 3, 1), ("aime24", 3, 64)]
    with pytest.raises(UserError, match=r"no benchmark 'gsm8k'\. It has aime24"):
        alone.choose("qwq", ["gsm8k"], None)
    with pytest.raises(UserError, match=r"--preset: there is no preset 'qwk'\. Did you mean 'qwq'"):
        alone.choose("qwk", None, None)


def test_what_decides_the_result_holds_commits_of_rows_and_model():
    decided = qwq().as_json(model_place.find("Qwen/QwQ-32B"))
    assert set(decided["hub"]) == {"aime24", "aime25", "livecodebench_v5", "ifeval"}
    assert decided["model"] == {"id": "Qwen/QwQ-32B", "revision": published().revision("Qwen/QwQ-32B")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/no/such/folder", "is no folder and no id of the hub"),
        ("Qwen/Qwen2.5-32B", r"is not pinned.*Qwen/Qwen2\.5-32B@<40"),
        ("Qwen/QwQ-32B@main", "is no folder and no id"),
    ],
)
def test_a_model_that_is_not_named_well(text, message):
    with pytest.raises(UserError, match=message):
        model_place.find(text)


def test_a_model_of_the_hub_at_a_commit():
    found = model_place.find("Qwen/Qwen2.5-32B@" + "a" * 40)
    assert (found.name, found.id, found.revision) == ("Qwen2.5-32B", "Qwen/Qwen2.5-32B", "a" * 40)


def test_presets_in_a_run(tmp_path):
    value = yaml.safe_load((known()["qwq"].parents[1] / "tiny.yaml").read_text(encoding="utf-8"))
    value["benchmarks"] = {"use": "qwq"}
    changes = {"stages": ["reason"], "gate": {"benchmarks": ["aime24"]}, "agents": {"max_context_tokens": 40960}}
    value["evaluate"] = {"use": "qwq", **changes}
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(value), encoding="utf-8")
    config = load_file(path)
    assert [b.name for b in config.benchmarks] == [b.name for b in qwq().benchmarks]
    assert config.evaluate.sampling.max_tokens == 32768
    assert (config.evaluate.stages, config.evaluate.gate.benchmarks) == (["reason"], ["aime24"])
    with pytest.raises(UserError, match="'limit' stands beside 'use'"):
        load({**value, "benchmarks": {"use": "qwq", "limit": 3}}, "run.yaml")
    with pytest.raises(UserError, match=r"run\.yaml: benchmarks\.use: there is no preset 'no'"):
        load({**value, "benchmarks": {"use": "no"}}, "run.yaml")


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A preset of the user's own in the working directory: two benchmarks from local files, short answers."""
    folder = tmp_path / "config" / "presets"
    folder.mkdir(parents=True)
    (tmp_path / "gsm8k.jsonl").write_text(f"{json.dumps(ONE['gsm8k'])}\n" * 1 + json.dumps(ONE["gsm8k"] | {"question": "Why?"}))
    (tmp_path / "ifeval.jsonl").write_text(json.dumps(ONE["ifeval"]))
    benchmarks = [{"name": "gsm8k", "path": "gsm8k.jsonl", "samples": 2}]
    benchmarks += [{"name": "ifeval", "path": "ifeval.jsonl", "stages": ["general"]}]  # one model alone is no stage
    value = {"benchmarks": benchmarks, "evaluate": {"sampling": {"max_tokens": 8}, "bootstrap": 100}}
    (folder / "own.yaml").write_text(yaml.safe_dump(value), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("OPENQWQ_STATE", "OPENQWQ_EXECUTION", "OPENQWQ_DEADLINE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_settings_of_a_benchmark_that_do_not_go_together_are_one_line(own, capsys):
    path = own / "config" / "presets" / "own.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("- name: gsm8k", "- name: gsm8k\n  temperature: 0\n  top_p: 0.5"))
    assert run("--model", "x/y", "--preset", "own", "--out", own / "out") == 2
    assert "own.yaml: benchmarks.0 (gsm8k): top_p and top_k: temperature 0" in capsys.readouterr().err


def run(*arguments):
    return cli.main(["evaluate", *map(str, arguments)])


def test_a_model_folder_is_evaluated_without_a_run(own, tiny_model, capsys):
    assert run("--model", tiny_model, "--preset", "own", "--out", "made/small", "--engine", "transformers") == 0
    out = own / "made" / "small"
    samples = read_table(out / "gsm8k.parquet", SAMPLE).to_pylist()
    assert [row["sample"] for row in samples] == [0, 1, 0, 1]
    assert all(row["verdict"] == "incorrect" for row in samples)  # random weights
    scores = read_table(out / "scores.parquet", SCORE).to_pylist()
    assert json.loads((out / "scores.json").read_text(encoding="utf-8")) == scores
    assert {row["stage"] for row in scores} == {tiny_model.name}
    figures = {row["metric"] for row in scores if row["benchmark"] == "ifeval"}
    assert {"avg@k", "strict_prompt", "strict_instruction", "loose_prompt", "loose_instruction"} <= figures
    manifest = read_manifest(out)
    assert set(manifest["inputs"]) == {"model", "gsm8k.jsonl", "ifeval.jsonl"}
    assert manifest["execution"]["engine"] == "transformers"
    printed = capsys.readouterr().out
    assert "QwQ-32B" in printed
    assert "83.9" in printed
    assert [path.name for path in (own / "made").iterdir()] == ["small"]  # no state is left
    assert run("--model", tiny_model, "--preset", "own", "--benchmarks", "gsm8k", "--limit", "1", "--out", "made/part") == 0
    assert len(read_table(own / "made" / "part" / "gsm8k.parquet", SAMPLE)) == 2
    assert not (own / "made" / "part" / "ifeval.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "own", "--out", "x"], "give --model"),
        (["--preset", "own", "--model", "no", "--out", "x"], "is no folder"),
        (["--preset", "own", "--model", ".", "--out", "x", "--curated", "y"], "--curated does not go with --preset"),
        (["--preset", "own", "--model", ".", "--out", "x", "--limit", "0"], "at least 1"),
        (["--preset", "own", "--model", ".", "--out", "x", "--benchmarks", "mbpp"], "no benchmark 'mbpp'"),
        (["--model", ".", "--out", "x", "--limit", "3"], "--limit goes with --preset"),
        (["--model", ".", "--out", "x"], "give --config"),
        (["--model", ".", "--out", "x", "--config", "{}"], "give --state"),
    ],
)
def test_mistakes_are_told_in_one_line(own, capsys, arguments, message):
    assert run(*arguments) == 2
    told = capsys.readouterr().err.strip()
    assert message in told
    assert "\n" not in told


def test_a_hub_that_is_not_there_is_told_in_one_line(own, capsys, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert run("--model", "Qwen/QwQ-32B", "--preset", "own", "--out", "x") == 2
    assert "--model: Qwen/QwQ-32B at 976055f8c83f could not be had from the hub" in capsys.readouterr().err
    assert not (own / "x").exists()


def test_a_preset_that_is_none(own):
    (own / "config" / "presets" / "own.yaml").write_text("benchmarks: []\n", encoding="utf-8")
    with pytest.raises(UserError, match="has a list 'benchmarks' and a mapping 'evaluate'"):
        preset("own", "--preset")
    (own / "config" / "presets" / "own.yaml").write_text("evaluate: {smpling: 1}\nbenchmarks: []\n", encoding="utf-8")
    with pytest.raises(UserError, match="unknown key 'smpling'"):
        alone.choose("own", None, None)


def test_published_figures_have_a_source_each_or_are_empty():
    known = published()
    assert known.models[0].name == "QwQ-32B"
    assert {b.name for b in qwq().benchmarks} <= set(known.benchmarks)
    cells = [cell for model in known.models for cell in model.figures.values() if cell is not None]
    assert {cell.source for cell in cells} == set(known.sources)  # and none is listed for nothing


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": 79.5, "source": "nowhere"}, "'nowhere' is not listed"),
        ({"value": 79.5}, "source"),
        ({"source": "eval_code"}, "give a value"),
        ({"low": 80.0, "high": 70.0, "source": "eval_code"}, "give a value, or low and high"),
        ({"value": 1.0, "low": 0.5, "high": 2.0, "source": "eval_code"}, "not both"),
        ({"value": 795.0, "source": "eval_code"}, "less than or equal to 100"),
        ("gone", "a cell for each benchmark"),
    ],
)
def test_a_cell_without_a_source_or_a_figure_is_refused(change, message):
    first = VALUE["models"][0]
    figures = {**first["figures"], "aime24": change}
    if change == "gone":
        del figures["aime24"]
    with pytest.raises(ValueError, match=message):
        Published.model_validate({**VALUE, "models": [{**first, "figures": figures}, *VALUE["models"][1:]]})


def test_the_table_shows_ours_beside_theirs():
    row = {"metric": "avg@k", "subset": "all", "benchmark": "aime24", "k": 64, "n": 30, "value": 0.5, "low": 0.4, "high": 0.6}
    none = row | {"benchmark": "mbpp", "value": None, "low": None, "high": None}
    lines = table([row, row | {"metric": "pass@k"}, row | {"subset": "clean"}, none], published()).split("\n")
    assert len([line for line in lines if line.startswith("aime24")]) == 1
    line = next(line for line in lines if line.startswith("aime24"))
    assert all(text in line for text in ("64", "30", "50.0 [40.0, 60.0]", "79.5 (1)", "76.6–79.5", "63.6"))
    assert "none could be scored" in next(line for line in lines if line.startswith("mbpp"))
    assert any(line.startswith("(1) QwenLM/QwQ") for line in lines)


def test_curation_is_made_anew_when_a_commit_changes(tmp_path, monkeypatch):
    """The commits of what decontamination reads from the hub are part of the stage's configuration."""
    from openqwq import stages

    seen = []
    monkeypatch.setattr(stages, "_execute", lambda name, options, inputs, config, body: seen.append(config))
    sources = [{"name": "own", "type": "builtin", "role": "problems", "generator": "instructions", "size": 5}]
    for benchmark in ({"name": "gsm8k"}, {"name": "gsm8k", "revision": "b" * 40}, {"name": "gsm8k", "path": "x.jsonl"}):
        config = json.dumps({"curate": {"sources": sources}, "benchmarks": [benchmark]})
        assert cli.main(["curate", "--config", config, "--state", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    assert [one.get("hub", {}).get("gsm8k", {}).get("revision") for one in seen] == [places()["gsm8k"].revision, "b" * 40, None]
