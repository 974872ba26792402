# Inputs:  coldstart/, curate/; profile/ where pairs come from verdicts
# Outputs: reward_model/ (checkpoint/ with score statistics, accuracy.json, pairs.parquet, metrics.parquet, progress.json,
#          manifest.json)

FROM_VERDICTS = RUN["reward_model"]["verdict_pairs"] is not None


rule reward_model:
    input:
        model=rules.coldstart.output,
        curated=rules.curate.output,
        profile=rules.profile.output if FROM_VERDICTS else [],
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
        recipe=3,
        seed=SEED,
        profile=lambda wildcards, input: (
            f"--profile {shlex.quote(str(input.profile))}" if FROM_VERDICTS else ""
        ),
    shell:
        "attempt {log:q} {params.start} openqwq reward-model --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " {params.profile} --out {output:q}"
