# Inputs:  base_model/, coldstart/, reason/ or general/, curate/benchmarks/ and curate/contamination.parquet; reward_model/ for best@k
# Outputs: evaluate/<checkpoint>/ (every sample, scores), evaluate/gate_plan.json, evaluate/scores.parquet, evaluate/scores.json,
#          evaluate/gate.json, evaluate/final.json

EVALUATE_SHARDS = RUN["execution"]["evaluate_shards"]
EVALUATED = dict(model=checkpoint_folder, curated=rules.curate.output)
EVALUATE_LINKS = [
    f"{HERE}/.shards-evaluate/{checkpoint}/all"
    for checkpoint in RUN["evaluate"]["stages"]
]
WITH_REWARD = ""
if RUN["evaluate"]["reward_model"]:
    EVALUATED["reward_model"] = rules.reward_model.output
    WITH_REWARD = " --reward-model {input.reward_model:q}"
BEFORE = [f"{HERE}/evaluate/reason"] if "reason" in RUN["evaluate"]["stages"] else []
EVALUATE = (
    "attempt {log:q} {params.start} openqwq evaluate --name {wildcards.checkpoint} --config {params.config:q} --seed {params.seed}"
    " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
    + WITH_REWARD
)


rule evaluate_shard:
    input:
        **EVALUATED,
        # The plan stands before the results that it is about; under another plan general is evaluated again. `ancient` would
        # spare that, but then Snakemake overlooks other reasons to run what lies behind it, such as another temperature.
        plan=lambda wildcards: (
            f"{HERE}/evaluate/gate_plan.json"
            if wildcards.checkpoint == "general"
            else []
        ),
    output:
        temp(
            directory(
                f"{HERE}/.shards-evaluate/{{checkpoint}}/{{shard}}-of-{EVALUATE_SHARDS}"
            )
        ),
    log:
        f"{HERE}/logs/evaluate-{{checkpoint}}-{{shard}}-of-{EVALUATE_SHARDS}.log",
    benchmark:
        f"{HERE}/timing/evaluate-{{checkpoint}}-{{shard}}-of-{EVALUATE_SHARDS}.tsv"
    threads: max(1, CORES // EVALUATE_SHARDS)
    params:
        start=start,
        config=evaluate_part,
        recipe=5,
        seed=SEED,
        shards=EVALUATE_SHARDS,
    shell:
        f"{EVALUATE} --shard {{wildcards.shard}}/{{params.shards}} --out {{output:q}}"


# One folder of links under one name: another number of shards is then no reason to evaluate again.
rule evaluate_shards:
    input:
        expand(
            f"{HERE}/.shards-evaluate/{{{{checkpoint}}}}/{{shard}}-of-{EVALUATE_SHARDS}",
            shard=range(EVALUATE_SHARDS),
        ),
    output:
        temp(directory(f"{HERE}/.shards-evaluate/{{checkpoint}}/all")),
    log:
        f"{HERE}/logs/evaluate-{{checkpoint}}-shards.log",
    shell:
        "mkdir -p {output:q} && cp -al {input:q} {output:q} 2> {log:q}"


rule evaluate_checkpoint:
    input:
        **EVALUATED,
        shards=f"{HERE}/.shards-evaluate/{{checkpoint}}/all",
    output:
        directory(f"{HERE}/evaluate/{{checkpoint}}"),
    log:
        f"{HERE}/logs/evaluate-{{checkpoint}}.log",
    benchmark:
        f"{HERE}/timing/evaluate-{{checkpoint}}.tsv"
    threads: CORES
    params:
        start=start,
        config=evaluate_part,
        recipe=5,
        seed=SEED,
    shell:
        f"{EVALUATE} --shards {{input.shards:q}}/* --out {{output:q}}"


rule gate_plan:
    input:
        curated=rules.curate.output,
        before=BEFORE,
    output:
        f"{HERE}/evaluate/gate_plan.json",
    log:
        f"{HERE}/logs/gate_plan.log",
    params:
        config=gate_part(),
        recipe=1,
        seed=SEED,
        before=lambda wildcards, input: (
            f"--before {shlex.quote(str(input.before))}" if BEFORE else ""
        ),
    shell:
        "attempt {log:q} openqwq gate-plan --config {params.config:q} --seed {params.seed} --recipe-version {params.recipe}"
        " --curated {input.curated:q} {params.before} --out {output:q}"


rule compare:
    input:
        expand(f"{HERE}/evaluate/{{checkpoint}}", checkpoint=RUN["evaluate"]["stages"]),
    output:
        table=f"{HERE}/evaluate/scores.parquet",
        scores=report(
            f"{HERE}/evaluate/scores.json",
            caption="../report/scores.rst",
            category="evaluate",
            labels={"what": "scores"},
        ),
        gate=report(
            f"{HERE}/evaluate/gate.json",
            caption="../report/gate.rst",
            category="evaluate",
            labels={"what": "regression gate"},
        ),
    log:
        f"{HERE}/logs/compare.log",
    benchmark:
        f"{HERE}/timing/compare.tsv"
    params:
        start=start,
        config=gate_part(),
        recipe=3,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq evaluate --gather {input:q} --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --gate {output.gate:q} --out {output.table:q}"


# A rule of its own, because a rule that fails loses its outputs: where the gate stops the run, the scores stay.
rule evaluate:
    input:
        scores=rules.compare.output.table,
        gate=rules.compare.output.gate,
        plan=rules.gate_plan.output,
    output:
        f"{HERE}/evaluate/final.json",
    log:
        f"{HERE}/logs/evaluate.log",
    retries: 0  # a second try says the same
    params:
        config=as_json(RUN["evaluate"]["gate"]),
        recipe=1,
        seed=SEED,
    shell:
        "attempt {log:q} openqwq final --config {params.config:q} --seed {params.seed} --recipe-version {params.recipe}"
        " --gate {input.gate:q} --out {output:q}"
