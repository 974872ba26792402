"""Every command that a page shows is one that there is: its arguments are parsed by the parsers that would get them."""

import contextlib
import io
import re
import shlex

import pytest
from blocks import MARK, PAGES, PLACEHOLDER, ROOT, Block, blocks, commands, merged

from openqwq.cli import parser
from openqwq.cli_reference import markdown

STARTS = re.compile(r"(?:[\w./-]*/)?(openqwq|snakemake|make)\b")


def shown():
    """Each command line of a page that begins with one of the programs, as page:line and words."""
    for page in PAGES:
        for block in blocks(page):
            for line in commands(block):
                # What comes after a pipe or into a file is another program's; before one may stand what is piped in.
                for part in re.split(r"\s\|\s|\s&&\s|\s>\s", line):
                    words = without_assignments(PLACEHOLDER.sub("word", part))
                    if words and STARTS.fullmatch(words[0]):
                        yield block.where, words


def without_assignments(text):
    try:
        words = shlex.split(text)
    except ValueError:  # a line of another language, or one of several of a quoted text
        return []
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    return words


COMMANDS = list(shown())


def check(words):
    """Raises what says that these words cannot be run."""
    program = words[0].rsplit("/", 1)[-1]
    {"openqwq": check_openqwq, "snakemake": check_snakemake, "make": check_make}[program](words[1:])


def check_openqwq(arguments):
    said, code = io.StringIO(), 0
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            parser().parse_args(arguments)
    except SystemExit as end:
        code = end.code
    assert code == 0, said.getvalue()  # --help ends with 0


def check_snakemake(arguments):
    from snakemake.cli import get_argument_parser

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = get_argument_parser().parse_args(arguments)
    except SystemExit:
        raise AssertionError(said.getvalue()) from None
    for profile in options.profile or []:
        assert (ROOT / profile).is_dir() or (ROOT / "profiles" / profile).is_dir(), f"no profile {profile}"
    for file in options.configfile or []:
        shipped = [path.name for path in (ROOT / "config").glob("*.yaml")]
        assert file.name in (*shipped, "mine.yaml", "my.yaml"), f"no configuration {file}"
    rules = re.findall(r"(?m)^rule (\w+):", "\n".join(p.read_text("utf-8") for p in ROOT.glob("workflow/rules/*.smk")))
    for target in [*(options.targets or []), *(options.forcerun or [])]:
        assert target in (*rules, "all") or target.startswith("results/"), f"no target {target}"


def check_make(arguments):
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"))
    variables = dict(word.split("=", 1) for word in arguments if "=" in word)
    wanted = [word for word in arguments if "=" not in word]
    assert set(wanted) <= set(targets), f"no target {wanted}"
    assert set(variables) <= {"ARGS", "ENV", "PYTHON", "VENV"}
    if wanted == ["demo"] and "ARGS" in variables:
        check_snakemake(shlex.split(variables["ARGS"]))


@pytest.mark.parametrize(("where", "words"), COMMANDS, ids=[f"{where} {shlex.join(words)}" for where, words in COMMANDS])
def test_a_command_is_understood_by_its_program(where, words):
    check(words)


@pytest.mark.parametrize(
    "line",
    [
        "openqwq fly",
        "openqwq status",
        "openqwq verify a.jsonl",
        ".venv/bin/openqwq data show x --nn 3",
        "snakemake --profle slurm",
        "snakemake --profile moon all",
        "snakemake resaon",
        "snakemake --configfile config/dmeo.yaml",
        "make dmeo",
        'make demo ARGS="all -R resaon"',
        "make demo ARG=x",
    ],
)
def test_one_that_is_not_is_seen(line):
    with pytest.raises(AssertionError):
        check(shlex.split(line))


def test_commands_were_found_where_they_are_shown():
    pages = {where.rsplit(":", 1)[0] for where, _ in COMMANDS}
    assert {"README.md", "CONTRIBUTING.md", "docs/tutorial.md", "docs/how-to/debug.md", "docs/cluster.md"} <= pages
    assert len(COMMANDS) > 60


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_named_in_sentences_exist(page):
    known = set(parser()._subparsers._group_actions[0].choices)
    for name in re.findall(r"`openqwq ([a-z][\w-]*)", page.read_text(encoding="utf-8")):
        assert name in known, f"{page.name}: openqwq {name}"


def test_the_reference_of_the_command_line_is_what_the_parser_says(monkeypatch):
    monkeypatch.setenv("OPENQWQ_STATE", "/of/this/moment")
    assert (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8") == markdown(), "run `make config-reference`"


def test_blocks_of_every_kind_are_read(tmp_path):
    page = ROOT / "docs" / "x.md"
    text = "a\n\n    make demo   # said\n    more\n\n<!-- test: skip, no GPU -->\n```bash\nopenqwq \\\n  status x\n```\n"
    (tmp_path / "x.md").write_text(text)
    first, second = blocks(tmp_path / "x.md")
    assert first == Block(tmp_path / "x.md", 3, "", "make demo   # said\nmore\n", "", "")
    assert commands(first) == ["make demo", "more"]
    assert (second.language, second.action, second.argument) == ("bash", "skip", "no GPU")
    assert [line.split() for line in commands(second)] == [["openqwq", "status", "x"]]
    assert not page.exists()
    for wrong in ("<!-- test: skip, why -->\nno block\n", "<!-- test: jump -->\n", "<!-- test: write x -->\n"):
        (tmp_path / "x.md").write_text(wrong)
        with pytest.raises(AssertionError):
            blocks(tmp_path / "x.md")
    assert MARK.fullmatch("<!-- test: write a/b.jsonl -->")[2] == "a/b.jsonl"
    assert merged({"a": [1], "b": {"c": 1}}, {"a": [2], "b": {"d": 2}}) == {"a": [1, 2], "b": {"c": 1, "d": 2}}
