"""What evaluating a checkpoint consists of: which problems, how many samples of each, drawn how and with which seed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from openqwq.agents.rows import is_agent
from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import PROBLEM
from openqwq.artifacts.shards import Shard
from openqwq.config.evaluate import Benchmark, EvaluateConfig
from openqwq.config.train import Sampling
from openqwq.errors import UserError
from openqwq.evaluate.samples import Rows, not_empty


@dataclass(frozen=True)
class Work:
    """One benchmark's `PROBLEM` rows, the samples of each, and how they are drawn."""

    problems: Rows
    samples: int
    sampling: Sampling

    @property
    def count(self) -> int:
        return len(self.problems)

    @property
    def completions(self) -> int:
        return len(self.problems) * self.samples

    @property
    def episodes(self) -> bool:
        """Whether any of the problems is an environment's, to be played and not only answered."""
        return any(map(is_agent, self.problems))


Plan = dict[str, Work]  # by benchmark


@dataclass(frozen=True)
class Evaluation:
    """What is evaluated: the checkpoint called `name` (base, coldstart, …).

    `inputs` by name: `model`, a checkpoint; `benchmarks`, a folder of `PROBLEM` tables; where there is one, `contamination`,
    curation's table, for the figures on clean problems; and `reward_model`, a checkpoint, for best@k.
    """

    config: EvaluateConfig
    benchmarks: list[Benchmark]
    name: str
    inputs: dict[str, Path]

    def plan(self) -> Plan:
        """All problems. Raises `UserError` where a table is absent or empty."""
        return plan(self.config, self.benchmarks, self.inputs["benchmarks"], self.name)


def plan(config: EvaluateConfig, benchmarks: list[Benchmark], tables: Path, checkpoint: str) -> Plan:
    """What is to be drawn of a checkpoint (base, coldstart, …), by name: a configured benchmark with its own k and sampling,
    a held-out table with the evaluation's."""
    own = {benchmark.name: benchmark for benchmark in benchmarks}
    made: Plan = {}
    for path in sorted(tables.glob("*.parquet")):
        benchmark = own.get(path.stem)
        if benchmark and not benchmark.is_of(checkpoint):
            continue
        problems = read_table(path, PROBLEM).to_pylist()
        not_empty(problems, str(path))
        problems = chosen(problems, config.problems_of(checkpoint, len(problems)))
        sampling = benchmark.sampling(config.sampling) if benchmark else config.sampling
        k = benchmark.samples if benchmark else config.held_out_k(path.stem)
        made[path.stem] = Work(problems, config.k_of(checkpoint, k), sampling)
    absent = sorted({name for name, benchmark in own.items() if benchmark.is_of(checkpoint)} - set(made))
    if absent:
        raise UserError(f"{tables}: no table of the benchmark {absent[0]!r}. Run the stage curate again with this configuration.")
    if not made:
        raise UserError(f"{tables}: no benchmark tables. Configure benchmarks or curate.held_out, then run curate.")
    return made


def chosen(problems: Rows, count: int) -> Rows:
    """`count` of the problems, by chance, the same for all checkpoints: those of a smaller number are among those of a larger."""
    ranks = sorted(range(len(problems)), key=lambda at: hashlib.sha256(str(problems[at]["id"]).encode()).digest())
    return [problems[at] for at in sorted(ranks[:count])]


def together(plan: Plan) -> list[list[str]]:
    """The benchmarks that one batch can draw: those with the same sampling. Each with episodes stands alone."""
    groups: dict[object, list[str]] = {}
    for name, work in plan.items():
        groups.setdefault(name if work.episodes else work.sampling.model_dump_json(), []).append(name)
    return list(groups.values())


def share(whole: Plan, shard: Shard) -> Plan:
    """A shard's part: every N-th problem of each benchmark, so that shards take about equally long."""
    return {name: Work(w.problems[shard.index :: shard.count], w.samples, w.sampling) for name, w in whole.items()}


def joined(parts: list[Rows], samples: int) -> Rows:
    """The rows of all shards, in the order of their numbers, in the order of the whole table."""
    groups = [[rows[at : at + samples] for at in range(0, len(rows), samples)] for rows in parts]
    longest = max(map(len, groups), default=0)
    return [row for place in range(longest) for those in groups if place < len(those) for row in those[place]]


def seed_of(seed: int, benchmark: str) -> int:
    """A benchmark's own seed: adding or dropping another benchmark changes its samples no more than neighbours in a batch can."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{benchmark}".encode()).digest()[:4], "big") >> 1
