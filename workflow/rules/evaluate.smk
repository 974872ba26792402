# Inputs:  base_model/, coldstart/, reason/ or general/, and curate/benchmarks/
# Outputs: evaluate/<checkpoint>/ (every sample, scores), evaluate/scores.parquet, evaluate/gate.json


rule evaluate_checkpoint:
    input:
        model=checkpoint_folder,
        curated=rules.curate.output,
    output:
        directory(f"{HERE}/evaluate/{{checkpoint}}"),
    log:
        f"{HERE}/logs/evaluate-{{checkpoint}}.log",
    benchmark:
        f"{HERE}/timing/evaluate-{{checkpoint}}.tsv"
    threads: CORES
    params:
        start=start,
        config=evaluate_part("gate", "stages"),
        recipe=2,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq evaluate --name {wildcards.checkpoint} --config {params.config:q}"
        " --seed {params.seed} --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --out {output:q}"


rule evaluate:
    input:
        expand(f"{HERE}/evaluate/{{checkpoint}}", checkpoint=RUN["evaluate"]["stages"]),
    output:
        scores=f"{HERE}/evaluate/scores.parquet",
        gate=report(
            f"{HERE}/evaluate/gate.json",
            caption="../report/gate.rst",
            category="Evaluation",
            labels={"what": "regression gate"},
        ),
    log:
        f"{HERE}/logs/evaluate.log",
    benchmark:
        f"{HERE}/timing/evaluate.tsv"
    params:
        start=start,
        config=evaluate_part(),
        recipe=1,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq evaluate --gather {input:q} --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --gate {output.gate:q} --out {output.scores:q}"
