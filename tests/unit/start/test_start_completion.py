"""Completion as the shell itself makes it; fish and zsh where they are installed."""

import os
import shutil
import subprocess

import pytest
from terminal import Terminal

from openqwq.cli import main, parser
from openqwq.start.completion import nodes, script


def completed(*words):
    """What bash offers for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in ("openqwq", *words))
    ask = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _openqwq; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-u", "-c", script(parser(), "bash") + ask], capture_output=True, text=True, check=True)
    assert not done.stderr
    return set(done.stdout.split())


def test_commands():
    assert {"release", "chat", "serve", "init", "doctor", "completion", "data"} <= completed("")
    assert completed("rel") == {"release"}
    assert completed("data", "") == {"show", "funnel"}
    assert completed("nonsense", "x") == set()


def test_options_and_their_choices():
    assert {"--out", "--push", "--dry-run"} <= completed("release", "run", "--")
    assert completed("init", "mine", "--pre") == {"--preset"}
    assert completed("init", "mine", "--preset", "") == {"demo", "tiny", "qwq-32b"}
    assert completed("serve", "dir", "--engine", "v") == {"vllm"}
    assert completed("completion", "") == {"bash", "zsh", "fish"}
    assert "--where" in completed("data", "show", "--w")


def test_where_a_file_is_meant_the_shell_completes_it():
    assert completed("chat", "") == set()


def test_every_command_and_option_of_the_parser_is_there():
    for shell in ("bash", "fish", "zsh"):
        text = script(parser(), shell)
        for node in nodes(parser()):
            for option in node.options:
                assert option.lstrip("-") in text, (shell, node.words, option)


def needed(shell):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needed(shell)) for shell in ("zsh", "fish", "bash")])
def test_the_shell_can_read_it(shell):
    done = subprocess.run([shell, "-n", "/dev/stdin"], input=script(parser(), shell), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


ASKED = [
    ("openqwq rel", {"release"}, {"chat"}),
    ("openqwq data ", {"show", "funnel"}, {"chat"}),
    ("openqwq init mine --preset ", {"demo", "tiny", "qwq-32b"}, {"--out"}),
    ("openqwq completion ", {"bash", "zsh", "fish"}, {"--help"}),
    ("openqwq release run --d", {"--dry-run", "--dtype"}, {"--out"}),
    ("openqwq data show x --", {"--where", "--n"}, {"--push"}),
    ("openqwq chat ", {"a-file"}, {"release", "show"}),
    ("openqwq chat release --", {"--tools", "--seed"}, {"--push"}),  # a folder that is called like a command
]


@needed("fish")
@pytest.mark.parametrize(("line", "there", "absent"), ASKED)
def test_fish_completes(tmp_path, line, there, absent):
    (tmp_path / "openqwq.fish").write_text(script(parser(), "fish"))
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a-file").write_text("")
    asked = f"source ../openqwq.fish; complete -C '{line}'"
    done = subprocess.run(["fish", "-N", "-c", asked], cwd=tmp_path / "here", capture_output=True, text=True, check=True)
    assert not done.stderr
    offered = {row.split("\t")[0] for row in done.stdout.splitlines()}
    assert there <= offered
    assert not absent & offered


@needed("zsh")
@pytest.mark.parametrize(("line", "there", "absent"), ASKED)
def test_zsh_completes(tmp_path, line, there, absent):
    """At a terminal, read as the help says: by `eval`, where zsh takes no remarks."""
    (tmp_path / "openqwq.zsh").write_text(script(parser(), "zsh"))
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a-file").write_text("")
    given = {"HOME": tmp_path, "PATH": os.environ["PATH"], "TERM": "dumb", "PS1": "% "}
    with Terminal(["zsh", "-f", "-i"], tmp_path / "here", given, columns=200) as zsh:
        zsh.type('eval "$(cat ../openqwq.zsh)"; echo re""ady\n')
        read = zsh.until("ready")
        zsh.type(f"{line}\t")
        shown = zsh.silence()
    assert "not found" not in read
    offered = set(shown.split())
    assert there <= offered, shown
    assert not absent & offered, shown


def test_an_unknown_shell_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["completion", "tcsh"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
