"""Fenced and indented blocks of the pages, with what a comment before one says about running it.

<!-- test: skip, WHY -->      a block that is not run; its arguments are checked like all others
<!-- test: write PATH -->     the block is the content of that file
<!-- test: merge PATH -->     the block is YAML that is added to that file: mappings are merged, lists get longer
"""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "config/README.md", *ROOT.glob("docs/**/*.md")])
MARK = re.compile(r"<!-- test: (skip|write|merge),? (.+?) -->")
# Placeholders of a page stand for a word.
PLACEHOLDER = re.compile(r"<[\w ]+>")


@dataclass(frozen=True)
class Block:
    """`language` is empty for indented blocks. `line` is where its text begins, from 1. `action` is empty without a comment."""

    page: Path
    line: int
    language: str
    text: str
    action: str
    argument: str

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in order. A comment that no fenced block follows is an error."""
    found, lines = [], page.read_text(encoding="utf-8").splitlines()
    at, mark = 0, None
    while at < len(lines):
        line = lines[at]
        if match := MARK.fullmatch(line):
            assert mark is None, f"{page}:{at + 1}: two comments and no block between them"
            mark = match
        elif line.startswith("```"):
            end = next(i for i in range(at + 1, len(lines)) if lines[i] == "```")
            action, argument = (mark[1], mark[2]) if mark else ("", "")
            found.append(Block(page, at + 2, line[3:], "\n".join(lines[at + 1 : end]) + "\n", action, argument))
            at, mark = end, None
        elif line.startswith("    ") and (at == 0 or not lines[at - 1].strip()):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            found.append(Block(page, at + 1, "", "\n".join(text[4:] for text in lines[at:end]).rstrip() + "\n", "", ""))
            at = end - 1
        elif line.strip():
            assert mark is None, f"{page}:{at + 1}: no block follows the comment"
            assert "<!-- test:" not in line, f"{page}:{at + 1}: this comment is not understood"
        at += 1
    assert mark is None, f"{page}: no block follows the last comment"
    return found


def commands(block: Block) -> list[str]:
    """The command lines of a block that a shell reads: continued lines joined, remarks and prompts taken off."""
    if block.language not in ("", "bash", "console"):
        return []
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [re.sub(r"\s+#.*", "", line).strip() for line in lines]


def merged(old: object, new: object) -> object:
    """`new` added to `old`."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: merged(old[key], value) if key in old else value for key, value in new.items()}
    return old + new if isinstance(old, list) and isinstance(new, list) else new


def merge(path: Path, text: str) -> None:
    """Adds YAML text to a YAML file."""
    path.write_text(yaml.safe_dump(merged(yaml.safe_load(path.read_text("utf-8")), yaml.safe_load(text))), encoding="utf-8")
