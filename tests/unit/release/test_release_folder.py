"""The released folder loads, says what the checkpoint says, and carries what the recipe decided."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard
from release_helpers import curate
from safetensors.numpy import load_file

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.manifest import sha256_file
from openqwq.artifacts.schemas import SCORE
from openqwq.errors import UserError
from openqwq.release.build import Wishes, prepare, write


def made(run, out, **wishes):
    return dict(write(prepare(run, Wishes(**wishes)), out))


def greedy(folder, prompt="<|im_start|>user\n1+1<|im_end|>\n<|im_start|>assistant\n"):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    inputs = tokenizer(prompt, return_tensors="pt")
    return model.generate(**inputs, do_sample=False, max_new_tokens=40)[0].tolist()


def test_greedy_output_is_the_checkpoints(run, tmp_path):
    made(run, tmp_path / "out")
    assert greedy(tmp_path / "out") == greedy(run / "general" / "checkpoint")


def test_several_shards_hold_the_same_weights(run, tmp_path):
    files = made(run, tmp_path / "out", shard=20_000)
    names = [name for name in files if name.endswith(".safetensors")]
    assert len(names) > 2
    assert all(size < 40_000 for name, size in files.items() if name in names)
    found = {k: v for name in names for k, v in load_file(tmp_path / "out" / name).items()}
    expected = load_file(run / "general" / "checkpoint" / "model.safetensors")
    assert found.keys() == expected.keys()
    assert all((found[name] == expected[name]).all() for name in expected)
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
    assert index["weight_map"].keys() == expected.keys()
    assert greedy(tmp_path / "out") == greedy(run / "general" / "checkpoint")


def test_another_dtype_is_in_weights_and_config(run, tmp_path):
    from transformers import AutoModelForCausalLM

    made(run, tmp_path / "out", dtype="bfloat16")
    assert json.loads((tmp_path / "out" / "config.json").read_text())["dtype"] == "bfloat16"
    assert str(AutoModelForCausalLM.from_pretrained(tmp_path / "out").dtype) == "torch.bfloat16"


def test_sampling_end_token_and_template_are_the_recipes(run, tmp_path):
    from transformers import AutoTokenizer, GenerationConfig

    made(run, tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    generation = GenerationConfig.from_pretrained(tmp_path / "out")
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert json.loads((tmp_path / "out" / "config.json").read_text())["eos_token_id"] == end
    assert generation.eos_token_id[0] == end
    assert (generation.do_sample, generation.temperature, generation.top_p, generation.top_k) == (True, 0.6, 0.95, 40)
    tool = {"type": "function", "function": {"name": "add", "parameters": {}}}
    text = tokenizer.apply_chat_template(
        [{"role": r, "content": c} for r, c in (("user", "a"), ("assistant", "<think>x</think>\n\nb"), ("user", "c"))],
        tools=[tool], tokenize=False, add_generation_prompt=True,
    )  # fmt: skip
    assert "<tools>" in text
    assert "x" not in text.split("assistant\n")[1].split("<|im_end|>")[0]
    parsed = tokenizer.parse_response("<think>x</think>\n\nb<|im_end|>", prefix="")
    assert (parsed["thinking"].strip(), parsed["content"]) == ("x", "b")


def test_the_card_tells_the_runs_figures(run, tmp_path):
    from huggingface_hub import ModelCard

    made(run, tmp_path / "out", name="org/tiny")
    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert card.data.license == "apache-2.0"
    assert [(r.dataset_name, r.metric_value) for r in card.data.eval_results] == [("math", 0.625)]
    for part in (
        "| math | 16 | 2 | 192 | 10.0 [0.0, 79.0] (k 1) | 62.5 [41.0, 79.0] |",
        "temperature 0.6, top_p 0.95, top_k 40", "Verdict: **pass**", "| sums | problems | Apache-2.0 | 5 | 2 | 2 |",
        "| functions | problems | MIT |",
        "5b47a1a0c95b47a1a0c9", "git checkout 5b47a1a0c95b", "c0ffee", "DIR/openqwq/config.yaml all", "Contamination",
        "Known limits", "-2.0 … +5.0 points", "KL 0, published 0.4 of the way from its first weights to its last |",
    ):  # fmt: skip
        assert part in card.text, part
    out = tmp_path / "out"
    assert "Apache License" in (out / "LICENSE").read_text()
    assert "functions (problems, 2 rows): MIT" in (out / "NOTICE").read_text()
    assert yaml.safe_load((out / "openqwq" / "config.yaml").read_text())["run"] == "tiny"
    assert json.loads((out / "openqwq" / "lineage.json").read_text())["artifacts"]["general"]["fingerprint"] == "f" * 64


def test_the_card_names_benchmarks_that_were_drawn_in_their_own_way(run, tmp_path):
    path = run / "config.yaml"
    config = yaml.safe_load(path.read_text())
    own = [{"name": "gsm8k", "temperature": 0.0, "max_tokens": 99}, {"name": "math500", "temperature": 0.1}]
    path.write_text(yaml.safe_dump(config | {"benchmarks": own}))
    scores = read_table(run / "evaluate" / "scores.parquet", SCORE).to_pylist()
    scores += [row | {"benchmark": "gsm8k"} for row in scores]
    write_table(run / "evaluate" / "scores.parquet", scores, SCORE)
    made(run, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "follows: temperature 0.6, top_p 0.95, top_k 40; gsm8k with temperature 0, top_p 1, top_k 0; with the chat" in card
    assert "| gsm8k | 16 | 2 | 99 |" in card
    write_table(run / "evaluate" / "scores.parquet", [row for row in scores if row["benchmark"] == "gsm8k"], SCORE)
    made(run, tmp_path / "out")
    assert "Sampled as follows: gsm8k with temperature 0, top_p 1, top_k 0; with" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize(("engine", "place"), [("transformers", "make env &&"), ("vllm", "make env ENV=gpu &&")])
def test_the_card_sets_up_what_the_run_was_made_with(run, tmp_path, engine, place):
    path = run / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["execution"]["engine"] = engine
    path.write_text(yaml.safe_dump(config))
    made(run, tmp_path / "out")
    assert place in (tmp_path / "out" / "README.md").read_text()


def test_a_setting_of_the_record_that_is_none_is_one_line(run, tmp_path):
    path = run / "config.yaml"
    config = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(config | {"benchmarks": [{"name": "gsm8k", "temperature": -1, "of_a_later_version": 1}]}))
    with pytest.raises(UserError, match=r"config.yaml: temperature: Input should be greater") as caught:
        made(run, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_a_stage_that_is_not_the_final_one_says_so(run, tmp_path):
    made(run, tmp_path / "out", stage="coldstart")
    assert "This release holds another stage, coldstart." in (tmp_path / "out" / "README.md").read_text()


def test_a_release_takes_the_place_of_an_earlier_one_but_of_nothing_else(run, tmp_path):
    made(run, tmp_path / "out")
    before = sha256_file(tmp_path / "out" / "model.safetensors")
    made(run, tmp_path / "out")
    assert sha256_file(tmp_path / "out" / "model.safetensors") == before
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="something else than a release"):
        made(run, tmp_path / "thesis")
    assert (tmp_path / "thesis" / "thesis.tex").is_file()


def test_a_release_takes_the_place_of_no_device(run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="something else than a release"):
        made(run, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_a_full_disk_is_one_line_and_leaves_nothing(run, tmp_path):
    """A bound on the size of a file stands in for the disk: safetensors is told of both in the same way."""
    release = prepare(run, Wishes())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (release.shards[0].bytes // 2, before[1]))
    try:
        with pytest.raises(UserError, match=r"model.safetensors could not be written.*Make room"):
            write(release, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


def test_where_files_lay_on_a_disk_goes_nowhere(run, tmp_path):
    config = yaml.safe_load((run / "config.yaml").read_text())
    config["curate"]["sources"].append({"name": "own", "type": "file", "path": "/home/somebody/secret project/own.jsonl"})
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    made(run, tmp_path / "out")
    text = "".join(path.read_text() for path in (tmp_path / "out").rglob("*") if path.suffix in (".yaml", ".md", ".json"))
    assert "secret project" not in text
    assert "own.jsonl" in text


@pytest.mark.parametrize(
    "record", [b"", b"- a list", b"run: x", b"\xff\xfe\x00", b"base_model: {type: random}\ncurate: {sources: []}"]
)
def test_a_record_that_is_none(run, record):
    (run / "config.yaml").write_bytes(record)
    with pytest.raises(UserError, match="not the record of a run"):
        prepare(run, Wishes())


def test_what_others_wrote_is_text_on_the_card(run, tmp_path):
    curate(run, sums="MIT | [x](javascript:y)\n\n# Free <script>alert(1)</script>")
    made(run, tmp_path / "out", name='a"b')
    card, notice = ((tmp_path / "out" / name).read_text() for name in ("README.md", "NOTICE"))
    assert "<script>" not in card
    assert "\n# Free" not in card + notice
    assert "\\[x\\](javascript:y)" in card
    assert '# a"b\n' in card


@pytest.mark.parametrize(
    ("pushed", "code"),
    [
        (None, 'from transformers import AutoModelForCausalLM, AutoTokenizer\n\nname = "."  # the folder'),
        ("hub:org/name", "from transformers import AutoModelForCausalLM, AutoTokenizer\n\nname = 'org/name'\n"),
        ("modelscope:org/name", "from modelscope import AutoModelForCausalLM, AutoTokenizer\n\nname = 'org/name'\n"),
    ],
)
def test_the_card_loads_the_model_from_where_it_is(run, tmp_path, pushed, code):
    made(run, tmp_path / "out", pushed=pushed)
    assert code in (tmp_path / "out" / "README.md").read_text()


def test_the_code_on_the_card_runs_in_the_folder(run, tmp_path):
    made(run, tmp_path / "out")
    code = (tmp_path / "out" / "README.md").read_text().split("```python\n")[1].split("```")[0].replace("1024", "4")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "What is 17 + 25?" in done.stdout


def test_a_licence_that_the_hub_does_not_list_is_named_beside(run, tmp_path):
    made(run, tmp_path / "out", base_licence="Own-Licence 1.0", licence_file=Path(__file__))
    head = ModelCard.load(tmp_path / "out" / "README.md").data
    assert (head.license, head.license_name, head.license_link) == ("other", "own-licence-1.0", "LICENSE")


def test_no_place_of_this_machine_is_in_the_record(run, tmp_path):
    config = yaml.safe_load((run / "config.yaml").read_text())
    config["results"] = "/home/me/results"
    config.setdefault("execution", {})["reward_service"] = "unix:/home/me/socket"
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    made(run, tmp_path / "out")
    record = (tmp_path / "out" / "openqwq" / "config.yaml").read_text()
    assert "/home/me" not in record
    assert "results: results" in record


def test_what_was_altered_is_not_released(run):
    with open(run / "general" / "checkpoint" / "model.safetensors", "r+b") as handle:
        handle.seek(-1, 2)
        handle.write(b"\x01")
    with pytest.raises(UserError, match=r"not what the stage published.*model.safetensors has changed"):
        prepare(run, Wishes())


@pytest.mark.parametrize(
    ("wishes", "said"),
    [({"stage": "reason"}, "has not published a checkpoint"), ({"stage": "evaluate"}, "no stage that makes a model")],
)
def test_a_stage_without_a_model_is_refused(run, wishes, said):
    with pytest.raises(UserError, match=said):
        prepare(run, Wishes(**wishes))


def test_a_run_that_was_not_evaluated_needs_a_stage(run):
    (run / "evaluate" / "final.json").unlink()
    with pytest.raises(UserError, match="names no final model yet"):
        prepare(run, Wishes())
    assert prepare(run, Wishes(stage="general")).source.stage == "general"
