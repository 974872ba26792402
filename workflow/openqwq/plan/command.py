"""`openqwq plan CONFIG`."""

from pathlib import Path

from openqwq.config import load_file
from openqwq.plan.run_plan import plan, require_fitting
from openqwq.plan.table import text


def show(path: Path) -> None:
    """Prints the plan of a configuration file. Raises `UserError` for one that cannot fit, after the table."""
    made = plan(load_file(path))
    print(text(made), flush=True)
    require_fitting(made)
