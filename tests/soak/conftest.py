"""A tiny base model, tables, and a reward model, made once; the uninterrupted run of each stage."""

import pytest
from soak_stage import SERVER, STEPS, StageRun, attempt, write_inputs


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder / "curated", folder / "profile")
    model = '{"type": "random", "hidden_size": 32, "layers": 2, "heads": 2, "intermediate_size": 64, "max_length": 512}'
    arguments = ["import-model", "--config", model, "--state", str(folder / ".state"), "--out", str(folder / "base")]
    process = SERVER.Process(target=attempt, args=(arguments, str(folder / "log.txt")))
    process.start()
    process.join(120)
    assert process.exitcode == 0, (folder / "log.txt").read_text()
    reward_model = StageRun("reward-model", folder, folder / "reward run")
    assert reward_model.finish() == 0, reward_model.said()
    (folder / "reward_model").symlink_to(reward_model.out)
    return folder


@pytest.fixture(scope="session")
def whole(inputs, tmp_path_factory):
    """What each stage makes when nothing disturbs it, by command."""
    made = {}
    for command in STEPS:
        run = StageRun(command, inputs, tmp_path_factory.mktemp("whole") / command)
        assert run.finish() == 0, run.said()
        assert f"step {STEPS[command]}/{STEPS[command]}" in run.said()
        made[command] = run.made()
    return made
