# Inputs:  base_model/, curate/
# Outputs: coldstart/ (checkpoint/, metrics.parquet, progress.json, manifest.json)


rule coldstart:
    input:
        model=rules.import_model.output,
        curated=rules.curate.output,
    output:
        directory(f"{HERE}/coldstart"),
    log:
        f"{HERE}/logs/coldstart.log",
    benchmark:
        f"{HERE}/timing/coldstart.tsv"
    threads: CORES
    params:
        start=start,
        config=part("coldstart"),
        recipe=3,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq sft --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --out {output:q}"
