# Inputs:  every stage's folder and the gathered scores
# Outputs: report.html (one self-contained page), lineage.json, figures/ (what Snakemake's own report shows, <stage>.<figure>.svg)

STOPS = RUN["evaluate"]["gate"]["on_fail"] == "stop"


rule report:
    input:
        rules.import_model.output,
        rules.curate.output,
        rules.coldstart.output,
        rules.profile.output,
        rules.reason.output,
        rules.reward_model.output,
        rules.general.output,
        rules.compare.output,
        rules.gate_plan.output,
        # Where a failed gate stops the run, the page that shows it is made all the same.
        [] if STOPS else rules.evaluate.output,
    output:
        page=report(
            f"{HERE}/report.html",
            caption="../report/report.rst",
            category="report",
            labels={"what": "the run's report"},
        ),
        lineage=report(
            f"{HERE}/lineage.json",
            caption="../report/lineage.rst",
            category="report",
            labels={"what": "lineage"},
        ),
        figures=report(
            directory(f"{HERE}/figures"),
            patterns=["{stage}.{figure}.svg"],
            caption="../report/figure.rst",
            category="{stage}",
            labels={"what": "{figure}"},
        ),
    log:
        f"{HERE}/logs/report.log",
    benchmark:
        f"{HERE}/timing/report.tsv"
    priority: 1  # before a gate that may stop the run
    params:
        start=start,
        config=as_json(without(RUN, "execution", "hardware", "plan")),
        recipe=4,
        seed=SEED,
        folder=lambda wildcards, output: str(Path(output.page).parent),
    shell:
        "attempt {log:q} {params.start} openqwq report --config {params.config:q} --seed {params.seed} --recipe-version {params.recipe}"
        " --run-folder {params.folder:q} --lineage {output.lineage:q} --figures {output.figures:q} --out {output.page:q}"
