"""Completion as the shell itself makes it; fish and zsh where they are installed."""

import shutil
import subprocess

import pytest

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


@pytest.mark.parametrize("shell", ["zsh", "fish", "bash"])
def test_the_shell_can_read_it(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", "/dev/stdin"], input=script(parser(), shell), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_shell_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["completion", "tcsh"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
