"""open-qwq: base model → curate → cold start → reason → general → evaluate → report. Targets are the stages' names."""

from snakemake.io import IOFile
from snakemake.utils import min_version

min_version("9.27")

# Loaded only where nothing was given: a default would be merged under, and leak its keys into, another configuration.
if not workflow.configfiles:

    configfile: "config/demo.yaml"


container: "envs/openqwq.sif"


include: "workflow/rules/common.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/curate.smk"
include: "workflow/rules/coldstart.smk"
include: "workflow/rules/reason.smk"
include: "workflow/rules/reward_model.smk"
include: "workflow/rules/general.smk"
include: "workflow/rules/traces.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/release.smk"
include: "workflow/rules/jobs.smk"


localrules:
    all,
    curate_shards,
    profile_shards,
    evaluate_shards,
    gate_plan,
    evaluate,


rule all:
    default_target: True
    input:
        rules.report.output,
        rules.evaluate.output,


onstart:
    record_configuration()


# Snakemake now knows what is complete: the stages' safety copies of finished work have done their duty.
onsuccess:
    forget_published(Path(HERE) / ".state")
    # The links to the shards are gone; what they once were linked to is no reason to make a stage again.
    for links in [
        rules.curate_shards.output[0],
        rules.profile_shards.output[0],
        *map(IOFile, EVALUATE_LINKS),
    ]:
        workflow.persistence.cleanup_metadata(links)


onerror:
    forget_published(Path(HERE) / ".state")
