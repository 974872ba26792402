"""An environment class in TRL's stock trainer, as it is."""

import warnings
from random import Random

import pytest
from agents_helpers import call, problem, tasks

from openqwq.agents.environment import tool_names
from openqwq.agents.environments.files import Files
from openqwq.agents.registry import ENVIRONMENTS
from openqwq.agents.trl import environment_reward
from openqwq.data.sources.builtin.agents import solved
from openqwq.verify import unscorable

TREE = {"files": {"/a.txt": "one"}, "expected": {"/b.txt": "one"}, "folders": []}


def build(model, folder, name, rows):
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import GRPOConfig, GRPOTrainer

    data = Dataset.from_list([{"prompt": row["messages"], "reference": row["reference"]} for row in rows])
    arguments = GRPOConfig(
        output_dir=str(folder),
        per_device_train_batch_size=4,
        num_generations=2,
        max_completion_length=6000,
        max_tool_calling_iterations=8,
        max_steps=1,
        use_cpu=True,
        bf16=False,
        report_to="none",
        disable_tqdm=True,
        gradient_checkpointing=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the protocol is experimental
        return GRPOTrainer(
            model=AutoModelForCausalLM.from_pretrained(model),
            processing_class=AutoTokenizer.from_pretrained(model),
            args=arguments,
            train_dataset=data,
            environment_factory=ENVIRONMENTS[name],
            reward_funcs=environment_reward,
        )


def speak(trainer, turns, monkeypatch):
    """Lets every completion say these turns; how many prompts each turn was asked for."""
    tokenizer, asked = trainer.processing_class, []

    def generate(prompt_ids, *_rest, **_more):
        own = [*tokenizer(turns[len(asked)], add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        asked.append(len(prompt_ids))
        return [own for _ in prompt_ids], None

    monkeypatch.setattr(trainer, "_generate_single_turn", generate)
    return asked


@pytest.fixture
def trainer(long_model, tmp_path):
    rows = [problem("files", TREE), *(problem("files", task, number=n) for n, task in enumerate(tasks("files", 3), 1))]
    return build(long_model, tmp_path, "files", rows)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_trl_takes_each_class_as_it_is(long_model, tmp_path, name):
    made = build(long_model, tmp_path, name, [problem(name, task, number=n) for n, task in enumerate(tasks(name, 4))])
    assert [tool.__name__ for tool in made.tools] == tool_names(ENVIRONMENTS[name])
    assert made.chat_template is None  # ours is prefix-preserving, so TRL keeps it


def test_trl_trains_a_step_on_episodes(trainer, monkeypatch):
    """The turns are put into the model's mouth, for a random one calls nothing. Tools, masks, rewards and the step are TRL's."""
    tokenizer = trainer.processing_class
    seen = speak(trainer, [call("mv", source="/a.txt", target="/b.txt"), "Done."], monkeypatch)
    kept = {}
    stock_score = trainer._generate_and_score_completions

    def scored(inputs):
        kept.update(out := stock_score(inputs))
        return out

    monkeypatch.setattr(trainer, "_generate_and_score_completions", scored)
    trainer.train()
    assert len(seen) == 2  # all called a tool, and went on with its answer
    mask, ids = kept["tool_mask"], kept["completion_ids"]
    assert set(mask[0].unique().tolist()) == {0, 1}
    answered = tokenizer.decode(ids[0][mask[0] == 0])
    assert "<tool_response>" in answered
    logged = [entry for entry in trainer.state.log_history if "rewards/environment_reward/mean" in entry]
    assert logged
    assert logged[0]["tools/call_frequency"] == 1.0


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_what_solves_a_task_solves_it_in_trls_rollouts_of_many_turns(long_model, tmp_path, monkeypatch, name):
    task = max(tasks(name, 20), key=lambda task: task.level)
    policy = solved({"environment": name, "task": task.task}, task, Random(1))
    turns = [message["content"] for message in policy.messages if message["role"] == "assistant"]
    rewards = []
    for said in (turns, [*turns[:-1], "I have done it."]):
        trainer = build(long_model, tmp_path, name, [problem(name, task, number=n) for n in range(4)])
        asked = speak(trainer, said, monkeypatch)
        trainer.train()
        assert len(asked) == len(turns) >= 2
        (logged,) = [entry for entry in trainer.state.log_history if "rewards/environment_reward/mean" in entry]
        assert logged["tools/failure_frequency"] == 0.0
        rewards.append(logged["rewards/environment_reward/mean"])
    by_state = name in ("files", "orders")  # the other two are scored by their answer
    assert rewards == [1.0, 1.0 if by_state else 0.0]


def test_the_reward_is_the_environments_score_or_none():
    solved, idle, broken = Files(), Files(), Files()
    for environment in (solved, idle, broken):
        environment.reset(**problem("files", TREE))
    solved.mv("/a.txt", "/b.txt")
    broken.score = lambda _answer: unscorable("sandbox")
    said = [[{"role": "assistant", "content": "Done."}]] * 2 + [[{"role": "tool", "content": "x"}]]
    assert environment_reward(said, [solved, idle, broken], prompts=None) == [1.0, 0.0, None]
