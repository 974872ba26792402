# Inputs:  the files that configured sources and benchmarks name, if any
# Outputs: curate/ (problems/, traces/, preferences/, benchmarks/, rejected, contamination and funnel tables, manifest.json)

SHARDS = RUN["execution"]["shards"]


rule curate_shard:
    input:
        SOURCE_FILES,
    output:
        temp(directory(f"{HERE}/.shards/{{shard}}-of-{SHARDS}")),
    log:
        f"{HERE}/logs/curate-{{shard}}-of-{SHARDS}.log",
    benchmark:
        f"{HERE}/timing/curate-{{shard}}-of-{SHARDS}.tsv"
    threads: max(1, CORES // SHARDS)
    params:
        start=start,
        config=curate_part(),
        recipe=5,
        seed=SEED,
        shards=SHARDS,
    shell:
        "attempt {log:q} {params.start} openqwq curate --shard {wildcards.shard}/{params.shards} --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --out {output:q}"


# One folder of links under one name: another number of shards is then no reason to curate again.
rule curate_shards:
    input:
        expand(f"{HERE}/.shards/{{shard}}-of-{SHARDS}", shard=range(SHARDS)),
    output:
        temp(directory(f"{HERE}/.shards/all")),
    log:
        f"{HERE}/logs/curate-shards.log",
    shell:
        "mkdir -p {output:q} && cp -al {input:q} {output:q} 2> {log:q}"


rule curate:
    input:
        SOURCE_FILES,
        shards=f"{HERE}/.shards/all",
    output:
        directory(f"{HERE}/curate"),
    log:
        f"{HERE}/logs/curate.log",
    benchmark:
        f"{HERE}/timing/curate.tsv"
    threads: CORES
    params:
        start=start,
        config=curate_part(),
        recipe=5,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq curate --gather {input.shards:q}/* --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --out {output:q}"
