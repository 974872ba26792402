# Inputs:  coldstart/, curate/
# Outputs: reward_model/ (checkpoint/ with score statistics, accuracy.json, metrics.parquet, progress.json, manifest.json)


rule reward_model:
    input:
        model=rules.coldstart.output,
        curated=rules.curate.output,
    output:
        directory(f"{HERE}/reward_model"),
    log:
        f"{HERE}/logs/reward_model.log",
    benchmark:
        f"{HERE}/timing/reward_model.tsv"
    threads: CORES
    params:
        start=start,
        config=part("reward_model"),
        recipe=1,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq reward-model --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --out {output:q}"
