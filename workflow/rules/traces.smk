# Inputs:  the folder of the model that sample_traces.model names, curate/
# Outputs: sampled_traces/ (traces/<domain>.parquet, completions.parquet, rejected.parquet, progress.json, manifest.json)
#
# Not part of `all`: `snakemake traces`. The traces become a source of another run's cold start:
#   {name: own-math, type: file, role: traces, path: results/<run>/sampled_traces/traces/math.parquet, domain: math,
#    verifier: math, fields: {messages: messages, reference: {column: reference, parse_json: true}, completion: completion}}


rule traces:
    input:
        model=f"{HERE}/{RUN['sample_traces']['model'].replace('base', 'base_model')}",
        curated=rules.curate.output,
    output:
        directory(f"{HERE}/sampled_traces"),
    log:
        f"{HERE}/logs/sample_traces.log",
    benchmark:
        f"{HERE}/timing/sample_traces.tsv"
    threads: CORES
    params:
        start=start,
        config=part("sample_traces"),
        recipe=2,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq sample-traces --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --out {output:q}"
