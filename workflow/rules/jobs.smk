# Inputs:  the plan (common.smk), and the GPUs, nodes and runtime that the profile gives to the rules
# Outputs: none. Ends where the profile names a rule that there is not; says where a job is given no GPU or other nodes than the
#          plan counts with, or takes more than one attempt by it.

from snakemake.exceptions import WorkflowError

from openqwq.plan import jobs


def resource(name, key, attempt=1):
    """A whole number; None where there is none, or one that cannot be told before there is an input."""
    found = workflow.get_rule(name).resources.get(key)
    if found is None:
        return None
    given = {"input": [], "threads": 1, "rulename": name, "async_run": None}
    try:
        value = found.evaluate({}, attempt=attempt, **given).value
    except WorkflowError:
        return None
    return value if isinstance(value, int) else None


def nodes_of(name):
    """On how many nodes its stage starts: one, but where `mpi` starts it on several."""
    several = "mpi" in workflow.get_rule(name).resources
    return (resource(name, "nodes") or 1) if several else 1


def has_gpus(name):
    """On one machine, where a job has no limit of time, the stage sees what there is; else what its job asks for."""
    given = workflow.get_rule(name).resources
    return "runtime" not in given or any(
        key in given for key in ("gres", "gpu", "slurm_extra")
    )


def runtime_of(name, attempt):
    return resource(name, "runtime", attempt)


if workflow.is_main_process:
    settings = workflow.resource_settings
    try:
        jobs.require_rules(
            {*settings.overwrite_resources, *settings.overwrite_threads},
            [one.name for one in workflow.rules],
        )
        for one in workflow.rules:
            if "mpi" in one.resources:
                jobs.require_nodes(
                    one.name, resource(one.name, "nodes"), resource(one.name, "tasks")
                )
    except UserError as error:
        print(f"openqwq: {error}", file=sys.stderr)
        sys.exit(2)
    if not workflow.output_settings.quiet:
        for said in jobs.remarks(PLAN, has_gpus, nodes_of, runtime_of):
            print(f"openqwq: {said}", file=sys.stderr)
