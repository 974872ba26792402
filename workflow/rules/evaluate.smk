# Inputs:  base_model/, coldstart/, reason/ or general/, and curate/benchmarks/
# Outputs: evaluate/<checkpoint>/ (every sample, scores), evaluate/gate_plan.json, evaluate/scores.parquet, evaluate/gate.json,
#          evaluate/final.json

BEFORE = [f"{HERE}/evaluate/reason"] if "reason" in RUN["evaluate"]["stages"] else []


rule evaluate_checkpoint:
    input:
        model=checkpoint_folder,
        curated=rules.curate.output,
        # The plan stands before the results that it is about. A later plan is no reason to sample again.
        plan=lambda wildcards: (
            ancient(f"{HERE}/evaluate/gate_plan.json")
            if wildcards.checkpoint == "general"
            else []
        ),
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
        "openqwq evaluate --name {wildcards.checkpoint} --config {params.config:q}"
        " --seed {params.seed} --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --out {output:q} 2>&1 | tee {log:q}"


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
        "openqwq gate-plan --config {params.config:q} --seed {params.seed} --recipe-version {params.recipe}"
        " --curated {input.curated:q} {params.before} --out {output:q} 2>&1 | tee {log:q}"


rule compare:
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
        f"{HERE}/logs/compare.log",
    benchmark:
        f"{HERE}/timing/compare.tsv"
    params:
        config=gate_part(),
        recipe=2,
        seed=SEED,
    shell:
        "openqwq evaluate --gather {input:q} --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --gate {output.gate:q} --out {output.scores:q} 2>&1 | tee {log:q}"


# A rule of its own, because a rule that fails loses its outputs: where the gate stops the run, the scores stay.
rule evaluate:
    input:
        scores=rules.compare.output.scores,
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
        "openqwq final --config {params.config:q} --seed {params.seed} --recipe-version {params.recipe}"
        " --gate {input.gate:q} --out {output:q} 2>&1 | tee {log:q}"
