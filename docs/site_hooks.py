"""What the site adds to docs/: pages that stand elsewhere in the checkout, and their links.

Links in the repository lead from file to file, so that they work where the files are read. On the site a page from outside of
docs/ has a place of its own (`PLACES`), and a link to a file that is no page becomes the file's name.
"""

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
# Path in the checkout: address on the site.
PLACES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "config/README.md": "reference/config.md",
    "config/accelerate/README.md": "reference/accelerate.md",
}
SOURCES = {address: path for path, address in PLACES.items()}
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Adds the pages from outside of docs/."""
    for path, address in PLACES.items():
        files.append(File.generated(config, address, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turns links between files of the checkout into links between pages of the site."""
    address = page.file.src_uri
    source = SOURCES.get(address, f"docs/{address}")

    def turned(match: re.Match[str]) -> str:
        if re.match(r"[a-z]+:", match["path"]):
            return match[0]
        path = os.path.normpath(os.path.join(os.path.dirname(source), match["path"]))
        if path in PLACES:
            target = PLACES[path]
        elif path.startswith("docs/"):
            target = path.removeprefix("docs/")
        elif (ROOT / path).exists():
            return match["text"] if match["text"] == path else f"{match['text']} (`{path}`)"
        else:
            return match[0]  # leads nowhere: the strict build says so
        return f"[{match['text']}]({os.path.relpath(target, os.path.dirname(address) or '.')}{match['anchor'] or ''})"

    return LINK.sub(turned, markdown)
