# Inputs:  the plan (common.smk), and the runtime and retries that the profile gives to the rules
# Outputs: none. Says which stage's jobs get less time than the plan predicts; a dry run says of each how many attempts it takes.

from snakemake.exceptions import WorkflowError

from openqwq.plan import runtime


def runtimes(name):
    """Minutes of each attempt of the rule's job, one after another; none where it has no limit, or one that cannot be told yet."""
    one = workflow.get_rule(name)
    limit = one.resources.get("runtime")
    if limit is None:
        return []
    given = {"input": [], "threads": 1, "rulename": name, "async_run": None}
    try:
        tries = [
            limit.evaluate({}, attempt=n + 1, **given).value
            for n in range(one.restart_times + 1)
        ]
    except (
        WorkflowError
    ):  # an expression about the input, which no one knows before the run
        return []
    return tries if all(isinstance(minutes, int) for minutes in tries) else []


if workflow.is_main_process:
    for said in runtime.short_of_time(PLAN, runtimes):
        print(f"openqwq: {said}.", file=sys.stderr)
    if workflow.output_settings.dryrun and not workflow.output_settings.quiet:
        print(*runtime.lines(PLAN, runtimes), sep="\n", file=sys.stderr)
