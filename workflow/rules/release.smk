# Inputs:  the final model's name and all that its card tells of: every stage's folder and the gathered scores
# Outputs: release/ (a Hugging Face folder with licences and model card). Nothing of `all`: a person decides to release.


rule release:
    input:
        rules.import_model.output,
        rules.curate.output,
        rules.coldstart.output,
        rules.reason.output,
        rules.reward_model.output,
        rules.general.output,
        rules.compare.output,
        final=rules.evaluate.output,
    output:
        directory(f"{HERE}/release"),
    log:
        f"{HERE}/logs/release.log",
    retries: 0  # a licence that forbids it forbids it twice
    params:
        recipe=1,
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "attempt {log:q} openqwq release {params.folder:q} --out {output:q}"
