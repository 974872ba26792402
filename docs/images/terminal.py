"""Draws a captured terminal as SVG: `python docs/images/terminal.py TITLE < captured.txt > picture.svg`.

The text is what a command printed; nothing is changed but that long lines are cut, with an ellipsis. A line that begins with
`$ ` or `> ` is drawn as what was typed, and what a terminal dims is dimmed here, too; other escape codes are left out.
"""

import re
import sys
from html import escape

COLUMNS = 100
WIDTH, HEIGHT, MARGIN, BAR = 7.8, 17, 14, 26  # of a character, of a line, around the text, of the title


def svg(title: str, text: str) -> str:
    """The picture."""
    lines = [(line if len(line) <= COLUMNS else f"{line[: COLUMNS - 1]}…", dim) for line, dim in told(text)]
    wide, high = max(len(line) for line, _ in lines) * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + BAR + MARGIN + 8
    drawn = "".join(
        f'<text x="{MARGIN}" y="{BAR + (at + 1) * HEIGHT:.0f}" textLength="{len(line) * WIDTH:.1f}"'
        f' lengthAdjust="spacingAndGlyphs" fill="{colour(line, dim)}">{escape(line)}</text>\n'
        for at, (line, dim) in enumerate(lines)
        if line.strip()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" role="img">'
        f'<title>{escape(title)}</title><rect width="100%" height="100%" rx="8" fill="#1e1e2a"/>'
        f'<text x="{MARGIN}" y="18" fill="#9a9aae" font-family="sans-serif" font-size="12">{escape(title)}</text>\n'
        f'<g font-family="Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="13" xml:space="preserve">\n{drawn}</g></svg>\n'
    )


def told(text: str) -> list[tuple[str, bool]]:
    """The lines without escape codes, and whether each is dimmed from its first sign on."""
    lines, dim = [], False
    for line in text.replace("\r", "").expandtabs().splitlines():
        codes = re.findall(r"\x1b\[(\d*)m", line)
        first = re.match(r"(?:\x1b\[\d*m)+", line)
        begins = dim if first is None else first[0].endswith("[2m")
        dim = codes[-1] == "2" if codes else dim
        lines.append((re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line), begins))
    return lines


def colour(line: str, dim: bool) -> str:
    return "#8bd5ff" if line.startswith(("$ ", "> ")) else "#8a8a9c" if dim else "#e6e6e6"


if __name__ == "__main__":
    sys.stdout.write(svg(sys.argv[1], sys.stdin.read()))
