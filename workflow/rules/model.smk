# Inputs:  the files of a local model folder; none for a package, the hub or random weights
# Outputs: base_model/ (safetensors, tokenizer, chat template, manifest.json)


rule import_model:
    input:
        MODEL_FILES,
    output:
        directory(f"{HERE}/base_model"),
    log:
        f"{HERE}/logs/import_model.log",
    benchmark:
        f"{HERE}/timing/import_model.tsv"
    threads: CORES
    params:
        start=start,
        config=part("base_model"),
        recipe=2,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq import-model --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --out {output:q}"
