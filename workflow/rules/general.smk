# Inputs:  reason/, reward_model/, curate/, profile/
# Outputs: general/ (checkpoint/, rollouts/, metrics.parquet, progress.json, manifest.json)


rule general:
    input:
        model=rules.reason.output,
        reward_model=rules.reward_model.output,
        curated=rules.curate.output,
        profile=rules.profile.output,
    output:
        directory(f"{HERE}/general"),
    log:
        f"{HERE}/logs/general.log",
    benchmark:
        f"{HERE}/timing/general.tsv"
    threads: CORES
    params:
        start=start,
        config=part("general"),
        recipe=6,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq grpo --stage general --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --profile {input.profile:q} --reward-model {input.reward_model:q} --out {output:q}"
