"""From the collected figures to HTML. Everything that a model or a file wrote is escaped; scripts run by hash alone."""

import base64
import hashlib
import json
import operator
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from openqwq.report import words
from openqwq.report.provenance import anchor

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("page.js", "samples.js", "provenance.js")


def render(
    values: dict[str, Any], charts: dict[str, dict[str, Any]], samples: dict[str, Any], template: str = "page.html.jinja"
) -> str:
    """The whole page. `values` fill the template; `charts` maps element ids to Vega-Lite specifications; `samples` are those of
    the browser (`completions.browser`), which its script turns into text and nothing else.

    The content security policy allows the scripts of the page by their hashes, and nothing from elsewhere: even markup that
    slipped through escaping could not run.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "stage": words.stage,
        "percent": words.percent,
        "points": words.points,
        "chance": words.chance,
        "count": words.count,
        "duration": words.duration,
        "size": words.size,
        "parameters": words.parameters,
        "anchor": anchor,
        "combine": operator.or_,
    }
    bundle = chart_library() if charts else ""
    scripts = [(TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS]
    allowed = " ".join(_allow(script) for script in [bundle, *scripts])
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    html = environment.get_template(template).render(
        values
        | {
            "policy": policy,
            "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704  our own file
            "bundle": Markup(bundle),  # noqa: S704  the chart library, from its package
            "scripts": [Markup(script) for script in scripts],  # noqa: S704  our own files
            "charts": embedded(charts),
            "samples": embedded(samples),
            "shown_problems": len(samples["problems"]),
        }
    )
    return html.encode("utf-8", "backslashreplace").decode("utf-8")  # JSON can hold half a surrogate pair, a file cannot


@cache
def chart_library() -> str:
    """Vega, Vega-Lite and vega-embed as one script (about 0.9 MB)."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def embedded(value: Any) -> Markup:
    """JSON that is safe inside a `<script>` element: no character there can open or close a tag."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  escaped above


def _allow(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
