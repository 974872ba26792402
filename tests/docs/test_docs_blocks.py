"""README and tutorial, run: every block in order, in a fresh clone. Minutes; `make test-docs` runs it.

What stands in for what, so that nobody has to guess:

- the clone is one of this checkout, with its uncommitted changes left out;
- `config/tiny.yaml`, under the demo's name, stands in for `config/demo.yaml`: all stages on a random model, in minutes;
- the environment that runs the tests stands in for `.venv` and `.venv-gpu`, which `make` would have set up from the locks; so
  `make demo` starts `workflow/launch.py` in it, by a small program of that name, and `make env ENV=gpu` does nothing. Other
  targets of make are not run, and a block that calls one needs a comment that skips it;
- blocks that are skipped are listed with their reasons at the end; test_docs_commands.py checks their arguments.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from blocks import ROOT, blocks, merge

# As make demo does it, without setting up the environment.
MAKE = """#!/bin/sh
[ "$*" != "env ENV=gpu" ] || { echo "test-docs: .venv-gpu is there already"; exit; }
[ "$1" = demo ] || { echo "test-docs: make $1 is not run here; skip the block, with a reason" >&2; exit 9; }
arguments=$(printf '%s' "$2" | sed -n 's/^ARGS=//p')
eval "exec .venv/bin/python workflow/launch.py $arguments"
"""
PAGES = ["docs/tutorial.md", "README.md"]  # the longer one first: what it has made, the other finds
RUN = [block for page in PAGES for block in blocks(ROOT / page) if block.action in ("write", "merge") or block.language == "bash"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A fresh clone in a folder whose name has a space."""
    if os.environ.get("OPENQWQ_DOCS") != "1":
        pytest.skip("takes minutes: `make test-docs` runs it")
    folder = tmp_path_factory.mktemp("test docs")
    place = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(place)], check=True)
    for name in (".venv", ".venv-gpu"):
        (place / name).symlink_to(Path(sys.executable).parent.parent)
    tiny = (place / "config" / "tiny.yaml").read_text(encoding="utf-8")
    (place / "config" / "demo.yaml").write_text(re.sub(r"(?m)^run: .*", "run: demo", tiny), encoding="utf-8")
    (folder / "bin").mkdir()
    (folder / "bin" / "make").write_text(MAKE)
    (folder / "bin" / "make").chmod(0o755)
    return place


@pytest.mark.parametrize("block", RUN, ids=lambda block: block.where)
def test_a_block_does_what_the_page_says(clone, block):
    if block.action == "skip":
        pytest.skip(block.argument)
    if block.action == "write":
        (clone / block.argument).write_text(block.text, encoding="utf-8")
    elif block.action == "merge":
        merge(clone / block.argument, block.text)
    else:
        kept = clone / "release-of-the-tutorial"
        if block.page.name == "README.md" and (clone / "release").exists() and not kept.exists():
            (clone / "release").rename(kept)
        path = f"{clone.parent}/bin:/usr/bin:/bin"
        environment = os.environ | {
            "PATH": path,
            "PYTHONPATH": str(clone / "workflow"),
            "OMP_NUM_THREADS": "1",
        }
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", block.text],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2400,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        assert done.stdout.strip() or ">" in block.text, "a command that a reader is shown says something"


def test_blocks_that_a_shell_reads_are_marked_as_such():
    for page in PAGES:
        for block in blocks(ROOT / page):
            assert block.language, f"{block.where}: an indented block; write ```bash, so that it is run"
            assert block.language in ("bash", "json", "yaml", "text"), block.where
            if block.language in ("json", "yaml"):
                assert block.action, f"{block.where}: say with a comment where this goes"


def test_the_stand_in_for_make_refuses_what_it_is_not(tmp_path):
    (tmp_path / "make").write_text(MAKE)
    done = subprocess.run(["sh", tmp_path / "make", "env-dev", "ENV=gpu"], capture_output=True, text=True)
    assert done.returncode == 9
    assert "make env-dev is not run here" in done.stderr
