# Inputs:  coldstart/, curate/
# Outputs: profile/ (pass rates and completions), reason/ (checkpoint/, rollouts/, metrics.parquet, progress.json, manifest.json)


rule profile:
    input:
        model=rules.coldstart.output,
        curated=rules.curate.output,
    output:
        directory(f"{HERE}/profile"),
    log:
        f"{HERE}/logs/profile.log",
    benchmark:
        f"{HERE}/timing/profile.tsv"
    threads: CORES
    params:
        start=start,
        config=part("profile"),
        recipe=4,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq profile --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --out {output:q}"


rule reason:
    input:
        model=rules.coldstart.output,
        curated=rules.curate.output,
        profile=rules.profile.output,
    output:
        directory(f"{HERE}/reason"),
    log:
        f"{HERE}/logs/reason.log",
    benchmark:
        f"{HERE}/timing/reason.tsv"
    threads: CORES
    params:
        start=start,
        config=part("reason"),
        recipe=5,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq grpo --stage reason --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --profile {input.profile:q} --out {output:q}"
