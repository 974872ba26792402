"""The environment `python`: programs run in the sandbox, whatever they do."""

import pytest
from agents_helpers import made

from openqwq.agents.environment import ToolError
from openqwq.agents.environments import python as python_environment
from openqwq.errors import UserError
from openqwq.sandbox import SandboxBroken


def test_a_program_is_run_and_starts_anew_each_time():
    python = made("python", {"answer": "1024"})
    assert python.run_python("x = 2 ** 10\nprint(x)") == "1024"
    with pytest.raises(ToolError, match="NameError"):
        python.run_python("print(x)")
    assert python.run_python("2 + 2") == "(no output: print what you want to see)"
    assert python.score(r"\boxed{1{,}024}").outcome == "correct"
    assert python.score(r"\boxed{2^{10} = 1024}").outcome == "correct"
    assert python.score(r"\boxed{2^{10}}").reason == "not worked out: the box holds a calculation, not its result"
    assert python.score(r"The program says 1024").outcome == "incorrect"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("while True: pass", "stopped after 0.5 s"),
        ("import time; time.sleep(60)", "stopped after 0.5 s"),
        ("import os\nwhile True: os.fork()", "the program"),
        ("print('x' * 3_000_000)", "printed more than"),
        ("x = bytearray(10 ** 10)", "MemoryError"),
        ("open('/etc/passwd').read()", "the program ended"),
        ("import socket; socket.create_connection(('1.1.1.1', 80), 1)", "the program ended"),
        ("import os; os.abort()", "signal"),
        ("raise SystemExit(3)", "status 3"),
        ("1 +", "SyntaxError"),
    ],
)
def test_a_bad_program_is_answered_and_leaves_nothing(code, message):
    python = made("python", {"answer": "1"}, 0.5)
    with pytest.raises(ToolError, match=message):
        python.run_python(code)
    assert python.run_python("print(1)") == "1"


def test_a_program_that_breaks_its_sandbox_is_to_blame_where_others_run(monkeypatch):
    python = made("python", {"answer": "1"})
    run, asked = python_environment.run_program, []

    def breaking(sandbox, code, *rest):
        asked.append(code)
        if code == "break":
            raise SandboxBroken("gone")
        return run(sandbox, code, *rest)

    monkeypatch.setattr(python_environment, "run_program", breaking)
    with pytest.raises(ToolError, match="broke the sandbox"):
        python.run_python("break")
    assert asked == ["break", "break", ""]
    assert python.run_python("print(1)") == "1"
    monkeypatch.setattr(python_environment, "run_program", lambda *_: breaking(None, "break"))
    with pytest.raises(SandboxBroken):
        python.run_python("print(1)")


def test_where_code_cannot_be_isolated_nothing_is_begun(monkeypatch):
    from openqwq.sandbox import availability

    availability.bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    try:
        with pytest.raises(UserError, match="bubblewrap"):
            made("python", {"answer": "1"})
    finally:
        availability.bubblewrap.cache_clear()
