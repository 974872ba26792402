"""Completion as the shell itself makes it; fish and zsh where they are installed."""

import os
import pty
import select
import shutil
import signal
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
]


@needed("fish")
@pytest.mark.parametrize(("line", "there", "absent"), ASKED)
def test_fish_completes(tmp_path, line, there, absent):
    (tmp_path / "openqwq.fish").write_text(script(parser(), "fish"))
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a-file").write_text("")
    asked = f"source ../openqwq.fish; complete -C '{line}'"
    done = subprocess.run(["fish", "-N", "-c", asked], cwd=tmp_path / "here", capture_output=True, text=True, check=True)
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
    keys = [('eval "$(cat ../openqwq.zsh)"; echo re""ady\n', "ready"), (f"{line}\t", ""), ('\x15echo do""ne\n', "done")]
    said = typed_into_zsh(tmp_path / "here", keys)
    read, shown = said.split("ready", 1)
    assert "not found" not in read
    offered = set(shown.split())
    assert there <= offered, shown
    assert not absent & offered, shown


def typed_into_zsh(folder, keys):
    """What an interactive zsh without anybody's settings shows; each entry is typed and waited for: its text, or silence."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        given = {"HOME": str(folder.parent), "PATH": os.environ["PATH"], "TERM": "dumb", "PS1": "% ", "COLUMNS": "200"}
        os.execvpe("zsh", ["zsh", "-f", "-i"], given)
    shown = ""
    try:
        for key, answer in keys:
            os.write(terminal, key.encode())
            shown += heard(terminal, answer)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    return shown


def heard(terminal, answer):
    """Until the answer has come; without one, until nothing has come for a second."""
    text = ""
    while answer not in text or not (answer and text):
        if not select.select([terminal], [], [], 20.0 if answer or not text else 1.0)[0]:
            break
        text += os.read(terminal, 65536).decode(errors="replace")
    return text


def test_an_unknown_shell_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["completion", "tcsh"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
