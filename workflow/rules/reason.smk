# Inputs:  coldstart/, curate/
# Outputs: profile/ (pass rates and completions), reason/ (checkpoint/, rollouts/, metrics.parquet, progress.json, manifest.json)


PROFILE_SHARDS = RUN["execution"]["profile_shards"]
PROFILED = dict(model=rules.coldstart.output, curated=rules.curate.output)
PROFILE = (
    "attempt {log:q} {params.start} openqwq profile --config {params.config:q} --seed {params.seed}"
    " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
)


rule profile_shard:
    input:
        **PROFILED,
    output:
        temp(directory(f"{HERE}/.shards-profile/{{shard}}-of-{PROFILE_SHARDS}")),
    log:
        f"{HERE}/logs/profile-{{shard}}-of-{PROFILE_SHARDS}.log",
    benchmark:
        f"{HERE}/timing/profile-{{shard}}-of-{PROFILE_SHARDS}.tsv"
    threads: max(1, CORES // PROFILE_SHARDS)
    params:
        start=start,
        config=part("profile"),
        recipe=5,
        seed=SEED,
        shards=PROFILE_SHARDS,
    shell:
        f"{PROFILE} --shard {{wildcards.shard}}/{{params.shards}} --out {{output:q}}"


# One folder of links under one name: another number of shards is then no reason to profile again.
rule profile_shards:
    input:
        expand(
            f"{HERE}/.shards-profile/{{shard}}-of-{PROFILE_SHARDS}",
            shard=range(PROFILE_SHARDS),
        ),
    output:
        temp(directory(f"{HERE}/.shards-profile/all")),
    log:
        f"{HERE}/logs/profile-shards.log",
    shell:
        "mkdir -p {output:q} && cp -al {input:q} {output:q} 2> {log:q}"


rule profile:
    input:
        **PROFILED,
        shards=f"{HERE}/.shards-profile/all",
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
        recipe=5,
        seed=SEED,
    shell:
        f"{PROFILE} --shards {{input.shards:q}}/* --out {{output:q}}"


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
        recipe=6,
        seed=SEED,
    shell:
        "attempt {log:q} {params.start} openqwq grpo --stage reason --config {params.config:q} --seed {params.seed}"
        " --recipe-version {params.recipe} --model {input.model:q} --curated {input.curated:q}"
        " --profile {input.profile:q} --out {output:q}"
