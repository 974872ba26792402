# Inputs:  base_model/, coldstart/, reason/ or general/, curate/benchmarks/ and curate/contamination.parquet; reward_model/ for best@k
# Outputs: evaluate/<checkpoint>/ (every sample, scores), evaluate/scores.parquet, evaluate/scores.json, evaluate/gate.json

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
EVALUATE = (
    "openqwq evaluate --name {wildcards.checkpoint} --config {params.config:q} --seed {params.seed}"
    " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
    + WITH_REWARD
)


rule evaluate_shard:
    input:
        **EVALUATED,
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
        config=evaluate_part("gate", "stages"),
        recipe=3,
        seed=SEED,
        shards=EVALUATE_SHARDS,
    shell:
        EVALUATE
        + " --shard {wildcards.shard}/{params.shards} --out {output:q} 2>&1 | tee {log:q}"


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
        config=evaluate_part("gate", "stages"),
        recipe=3,
        seed=SEED,
    shell:
        EVALUATE + " --shards {input.shards:q}/* --out {output:q} 2>&1 | tee {log:q}"


rule evaluate:
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
        f"{HERE}/logs/evaluate.log",
    benchmark:
        f"{HERE}/timing/evaluate.tsv"
    params:
        config=evaluate_part(),
        recipe=2,
        seed=SEED,
    shell:
        "openqwq evaluate --gather {input:q} --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --gate {output.gate:q} --out {output.table:q} 2>&1 | tee {log:q}"
