"""The profile by the command: at once, in shards, killed between two chunks, and with what cannot be judged."""

import json
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import COMPLETION, PROBLEM, PROFILE
from openqwq.cli import main
from openqwq.config import Execution
from openqwq.config.train import ProfileConfig
from openqwq.errors import StageFailure
from openqwq.stage import Stage
from openqwq.train import profile

CONFIG = {"samples": 2, "sampling": {"temperature": 1.0, "max_tokens": 8}, "problems": {"math": 100}}
EXECUTION = {"generation_batch": 1, "generation_dtype": "float32", "verifier_workers": 1, "saving": {"evaluate": 1}}


@pytest.fixture
def curated(tmp_path, problem_row) -> Path:
    rows = [problem_row(i, messages=[{"role": "user", "content": f"{i} + 2 = ?"}]) for i in range(70)]
    write_table(tmp_path / "curate" / "problems" / "train.parquet", rows, PROBLEM)
    return tmp_path / "curate"


def command(model: Path, curated: Path, folder: Path, *more: str, **execution) -> list[str]:
    folder.mkdir(exist_ok=True)
    words = ["profile", "--config", json.dumps(CONFIG), "--execution", json.dumps(EXECUTION | execution), "--model", str(model)]
    words += ["--curated", str(curated), "--state", str(folder / ".state"), *more]
    return words if "--out" in more else [*words, "--out", str(folder / "out")]


def completions(folder: Path) -> pd.DataFrame:
    return read_table(folder / "out" / "completions.parquet", COMPLETION).to_pandas().drop(columns=["seconds", "rewards"])


def test_shards_draw_what_one_job_draws(tiny_model, curated, tmp_path):
    """One sequence at a time: nothing beside it can move a bit. Of three chunks, four shards have one each, and one has none."""
    assert main(command(tiny_model, curated, tmp_path / "one")) == 0
    folders = [tmp_path / f"{i}-of-4" for i in range(4)]
    for i, folder in enumerate(folders):
        assert main(command(tiny_model, curated, tmp_path / "four", "--shard", f"{i}/4", "--out", str(folder))) == 0
        assert len(list(folder.glob("*.parquet"))) == (1, 1, 1, 0)[i]
    assert main(command(tiny_model, curated, tmp_path / "four", "--shards", *map(str, reversed(folders)))) == 0
    pd.testing.assert_frame_equal(completions(tmp_path / "four"), completions(tmp_path / "one"))
    rows = read_table(tmp_path / "four" / "out" / "profile.parquet", PROFILE)
    assert rows == read_table(tmp_path / "one" / "out" / "profile.parquet", PROFILE)
    assert rows.num_rows == 70
    made = read_manifest(tmp_path / "four" / "out")
    assert made["fingerprint"] == read_manifest(tmp_path / "one" / "out")["fingerprint"]
    assert [how["generation_batch"] for how in made["facts"]["drawn_with"]] == [1]
    assert made["wall_seconds"] >= max(read_manifest(folder)["wall_seconds"] for folder in folders)


def test_shards_that_are_not_all_there_or_of_another_seed(tiny_model, curated, tmp_path, capsys):
    folders = [tmp_path / f"{i}-of-2" for i in range(2)]
    for i, folder in enumerate(folders):
        assert main(command(tiny_model, curated, tmp_path / "x", "--shard", f"{i}/2", "--out", str(folder))) == 0
    capsys.readouterr()
    assert main(command(tiny_model, curated, tmp_path / "x", "--shards", str(folders[0]))) == 2
    assert "give each of one set once" in capsys.readouterr().err
    assert main(command(tiny_model, curated, tmp_path / "x", "--shards", *map(str, folders), "--seed", "7")) == 2
    assert "made from another configuration, seed or source" in capsys.readouterr().err


class Dies:
    """A sampler that is killed at its n-th call, and counts the prompts of those before."""

    def __init__(self, real, at):
        self.real, self.at, self.asked = real, at, []

    def __getattr__(self, name):
        return getattr(self.real, name)

    def sample(self, prompts, *rest):
        if len(self.asked) + 1 == self.at:
            raise KeyboardInterrupt
        self.asked.append(len(prompts))
        return self.real.sample(prompts, *rest)


def test_chunks_that_fill_the_engine_are_drawn_together_and_again_together(tiny_model, curated, tmp_path, monkeypatch):
    """64 places and saves of two batches: two chunks of 32 problems, twice each, in a call."""
    assert main(command(tiny_model, curated, tmp_path / "whole", generation_batch=64, saving={"evaluate": 2})) == 0
    real, samplers = profile.open_sampler, []

    def opener(at):
        @contextmanager
        def opened(*given):
            with real(*given) as sampler:
                samplers.append(Dies(sampler, at))
                yield samplers[-1]

        return opened

    words = command(tiny_model, curated, tmp_path / "killed", generation_batch=64, saving={"evaluate": 2})
    monkeypatch.setattr(profile, "open_sampler", opener(2))
    assert main(words) == 130
    (chunks,) = (tmp_path / "killed" / ".state").glob("profile-*/chunks")
    assert sorted(path.name for path in chunks.iterdir()) == ["00000.parquet", "00001.parquet"]
    (chunks / "00001.parquet").unlink()  # killed between two files of what was drawn together
    monkeypatch.setattr(profile, "open_sampler", opener(0))
    assert main(words) == 0
    assert [one.asked for one in samplers] == [[64], [64, 6]]
    pd.testing.assert_frame_equal(completions(tmp_path / "killed"), completions(tmp_path / "whole"))


def test_what_could_not_be_judged_is_judged_anew_and_not_drawn_anew(tiny_model, curated, tmp_path, monkeypatch):
    def go(judging, opener=profile.open_sampler):
        stage = Stage("profile", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
        monkeypatch.setattr(profile, "judge", judging)
        monkeypatch.setattr(profile, "open_sampler", opener)
        with stage.running():
            problems = curated / "problems" / "train.parquet"
            config, execution = ProfileConfig.model_validate(CONFIG), Execution.model_validate(EXECUTION)
            profile.run(stage, config, tiny_model, problems, tmp_path / "out", execution)

    real = profile.judge

    def broken(rows, _verifiers):
        return [row | {"verdict": "unscorable", "reason": "no interpreter"} for row in rows]

    with pytest.raises(StageFailure, match=r"140 of 140 completions .*'no interpreter'.* judged anew, not drawn anew"):
        go(broken)

    def never(*_given):
        raise AssertionError("the sampler was opened")

    go(real, never)
    table = read_table(tmp_path / "out" / "completions.parquet", COMPLETION).to_pandas()
    assert set(table.verdict) <= {"correct", "incorrect"}
