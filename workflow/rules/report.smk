# Inputs:  every stage's folder and the gathered scores
# Outputs: report.html (one self-contained page), lineage.json


rule report:
    input:
        rules.import_model.output,
        rules.curate.output,
        rules.coldstart.output,
        rules.profile.output,
        rules.reason.output,
        rules.reward_model.output,
        rules.general.output,
        rules.evaluate.output,
    output:
        page=report(
            f"{HERE}/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"what": "the run's report"},
        ),
        lineage=report(
            f"{HERE}/lineage.json",
            caption="../report/lineage.rst",
            category="Provenance",
            labels={"what": "lineage"},
        ),
    log:
        f"{HERE}/logs/report.log",
    benchmark:
        f"{HERE}/timing/report.tsv"
    params:
        start=start,
        config=as_json(without(RUN, "execution")),
        recipe=1,
        seed=SEED,
        folder=lambda wildcards, output: str(Path(output.page).parent),
    shell:
        "attempt {log:q} {params.start} openqwq report --config {params.config:q} --seed {params.seed} --recipe-version {params.recipe}"
        " --run-folder {params.folder:q} --lineage {output.lineage:q} --out {output.page:q}"
