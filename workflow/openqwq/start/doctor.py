"""`openqwq doctor`: what this machine has, what it lacks, and what to do about it."""

import json
from dataclasses import asdict
from typing import Any

from openqwq.errors import StageFailure
from openqwq.show.visible import wrapped
from openqwq.start import checks

WIDTH, INDENT = 80, " " * 20
MARKS = {"ok": "ok", "missing": "MISSING", "absent": "-"}


def run(as_json: bool) -> None:
    """Prints a line a check, with a remedy where there is one. Raises `StageFailure` where the demo cannot run here."""
    found = [check() for check in checks.ALL]
    lacking = [one.name for one in found if one.state == "missing"]
    if as_json:
        report: dict[str, Any] = {"demo": not lacking, "checks": [asdict(one) for one in found]}
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        for one in found:
            lines = [*wrapped(one.found, WIDTH, INDENT), *(wrapped(one.remedy, WIDTH, INDENT) if one.remedy else [])]
            print(f"{MARKS[one.state]:8}{one.name:12}" + "\n".join(lines).lstrip())
    if lacking:
        raise StageFailure(f"the demo cannot run here: {', '.join(lacking)}. The lines above say what to do")
    if not as_json:
        print("the demo can run here: make demo")
