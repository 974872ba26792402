"""The samplers and reward models of all processes used as one: the main process makes the rollouts, the others help.

    main process                                   each other process
    lead(work): work() calls sample(…) and         serve(): samples and scores its share whenever it is
    score(…), which hand every process its         asked to, until the main process hands out the result
    share and take back what it made;
    hands out the result

Only the main process draws problems, judges, rewards and writes: those depend on what is stored and on verifiers, and one place
to decide cannot disagree with itself. A sample depends on seed, prompt and its number (and on the batch it is decoded in, as far
as logits do), so the shares do not enter it.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from openqwq import ranks
from openqwq.config.train import Sampling
from openqwq.generate import Sample, Sampler
from openqwq.generate.prompts import Prompt, one_each
from openqwq.train import distributed
from openqwq.train.judging import Scorer

T = TypeVar("T")
Job = tuple[Sequence[Prompt], int | Sequence[int], Sampling, int | Sequence[int]]  # prompts, samples, sampling, seed


class SharedSampler:
    """A `Sampler` for the main process's work, made of one sampler a process; likewise `score`, of one scorer a process.

    `together` neighbouring processes make one engine (tensor parallel) and get the same prompts.
    """

    def __init__(self, own: Sampler, scorer: Scorer | None = None, together: int = 1) -> None:
        if ranks.count() % together:
            raise ValueError(f"{ranks.count()} processes do not make engines of {together}")
        self.own, self.scorer, self.together = own, scorer, together
        self.busy = threading.Lock()  # one request at a time: all processes must take part in the same

    def lead(self, work: Callable[[], T]) -> T:
        """What `work()` returns, in the main process, while the others `serve`."""
        result = work()
        distributed.broadcast(("done", result))
        return result

    def serve(self) -> Any:
        """Samples for the main process until its work is done; returns the work's result."""
        while True:
            request: tuple[str, Any] = ("", None)
            kind, value = distributed.broadcast(request)
            if kind == "done":
                return value
            if kind == "sample":
                self._samples(value)
            else:
                self._scores(value)

    def render(self, messages: Sequence[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str:
        return self.own.render(messages, tools)

    def sample(
        self,
        prompts: Sequence[Prompt],
        samples: int | Sequence[int],
        sampling: Sampling,
        seed: int | Sequence[int],
        progress: Callable[[int, int], None] | None = None,
        on_prompt: Callable[[int, list[Sample]], None] | None = None,
    ) -> list[list[Sample]]:
        """As the protocol says; `on_prompt` is called for this process's share as it goes, for the others' when all are done."""
        job: Job = (prompts, samples, sampling, seed)
        with self.busy:
            distributed.broadcast(("sample", job))
            by_rank = self._samples(job, progress, on_prompt)
        engines = by_rank[:: self.together]
        drawn = [engines[i % len(engines)][i // len(engines)] for i in range(len(prompts))]
        for index, one in enumerate(drawn):
            if on_prompt and index % len(engines):  # engine 0 is this process's
                on_prompt(index, one)
        return drawn

    def score(self, pairs: list[tuple[str, str]]) -> list[float]:
        """The reward model's scores of (prompt, completion) pairs."""
        with self.busy:
            distributed.broadcast(("score", pairs))
            by_rank = self._scores(pairs)
        return [by_rank[i % len(by_rank)][i // len(by_rank)] for i in range(len(pairs))]

    def update(self, tensors: Iterable[tuple[str, Any]]) -> None:
        self.own.update(tensors)

    def sleep(self) -> None:
        self.own.sleep()

    def _samples(
        self,
        job: Job,
        progress: Callable[[int, int], None] | None = None,
        on_prompt: Callable[[int, list[Sample]], None] | None = None,
    ) -> list[list[list[Sample]]]:
        """Samples every so-manieth prompt; the shares of all in the main process."""
        prompts, samples, sampling, seed = job
        engine, engines = ranks.rank() // self.together, ranks.count() // self.together
        mine = prompts[engine::engines]
        seeds = seed if isinstance(seed, int) else seed[engine::engines]
        counts = samples if isinstance(samples, int) else samples[engine::engines]
        # What has been sampled here stands for the whole: the others go on beside.
        whole = sum(one_each(samples, prompts, "numbers of samples"))
        tell = progress and (lambda done, total: progress(round(done * whole / total), whole))
        written = on_prompt and (lambda index, one: on_prompt(engine + index * engines, one))
        drawn = self.own.sample(mine, counts, sampling, seeds, tell, written) if mine else []
        return distributed.gather(drawn)

    def _scores(self, pairs: list[tuple[str, str]]) -> list[list[float]]:
        """Likewise. The shares are filled up to equal size: a sharded model computes in step."""
        if self.scorer is None:
            raise ValueError("a reward asks for the reward model, but none was given")
        mine = pairs[ranks.rank() :: ranks.count()]
        size = -(-len(pairs) // ranks.count())
        return distributed.gather(self.scorer([*mine, *pairs[-1:] * (size - len(mine))]))
