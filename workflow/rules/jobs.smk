# Inputs:  the plan (common.smk), and the nodes and runtime that the profile gives to the rules
# Outputs: none. Says where a job is given other nodes than the plan counts with, or takes more than one attempt by it.

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
    """Those on which the rule starts its stage: one, but where `mpi` starts it on several."""
    several = "mpi" in workflow.get_rule(name).resources
    return (resource(name, "nodes") or 1) if several else 1


def runtime_of(name, attempt):
    return resource(name, "runtime", attempt)


if workflow.is_main_process and not workflow.output_settings.quiet:
    for said in jobs.remarks(PLAN, nodes_of, runtime_of):
        print(f"openqwq: {said}", file=sys.stderr)
