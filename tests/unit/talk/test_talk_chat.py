"""The chat through its keyboard: questions, commands, tools, Ctrl-C. A stand-in model says what the test wants."""

import io
import json

import pytest
from talk_helpers import Scripted

from openqwq.agents.environment import ToolBroken
from openqwq.agents.environments.python import Python
from openqwq.errors import UserError
from openqwq.sandbox import SandboxBroken
from openqwq.talk import chat
from openqwq.talk.conversation import MAX_TURNS, Conversation, opened
from openqwq.talk.model import Leaving
from openqwq.talk.screen import Screen

CALL = '<think>\ncompute\n</think>\n\n<tool_call>\n{"name": "run_python", "arguments": {"code": "print(6 * 7)"}}\n</tool_call>'


@pytest.fixture
def talk(monkeypatch, capsys):
    def go(model, *lines, system=None, tool=None):
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        import sys

        conversation = Conversation(model, Screen(sys.stdout, colour=False, fold=True), system, tool)
        chat.run(conversation)
        return conversation, capsys.readouterr()

    return go


def test_a_pipe_gets_answers_on_one_stream_and_the_rest_on_the_other(talk):
    _, said = talk(Scripted("<think>\nx\n</think>\n\n42", "43"), "6*7?", "", "and one more?")
    assert said.out == "[thought: 3 characters]\n\n\n42\n43\n"
    assert "tokens/s" in said.err
    assert "\x1b" not in said.out + said.err


def test_the_model_sees_the_whole_conversation(talk):
    model = Scripted("one", "two")
    talk(model, "a", "b", system="be brief")
    assert [message["role"] for message in model.seen[1]] == ["system", "user", "assistant", "user"]
    assert model.tools == [None, None]


def test_the_template_leaves_earlier_thinking_out(tiny_model):
    from openqwq.generate.checkpoint import load_tokenizer
    from openqwq.generate.template import render

    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nsecret\n</think>\n\nb"}]
    assert "secret" not in render(load_tokenizer(tiny_model), [*messages, {"role": "user", "content": "c"}], None)


def test_commands(talk, tmp_path):
    model = Scripted("one", "two", "three")
    conversation, said = talk(
        model, "a", "/reset", "b", "/system be kind", "c", f"/save {tmp_path / 'talk.json'}", "/help", "/quit", "never asked"
    )
    assert [len(seen) for seen in model.seen] == [1, 1, 2]
    assert model.seen[2][0] == {"role": "system", "content": "be kind"}
    assert json.loads((tmp_path / "talk.json").read_text())["messages"] == conversation.messages
    assert "/save FILE" in said.err
    assert all(len(line) <= 80 for line in said.err.splitlines() if str(tmp_path) not in line)


@pytest.mark.parametrize(
    ("line", "told"),
    [("/nonsense", "/nonsense is no command"), ("/save", "needs the name of a file"), ("/save /dev/null/x", "could not be done"),
     ("/save a\0b", "could not be done"), ("/save /proc/no/x", "could not be done"), ("/save ~nobody-here", "could not be done"),
     ("/\x1b[2J", "\\x1b[2J is no command")],
)  # fmt: skip
def test_a_mistake_is_told_and_the_chat_goes_on(talk, line, told):
    model = Scripted("fine")
    _, said = talk(model, line, "a")
    assert told in said.err
    assert "\x1b" not in said.err
    assert said.out == "fine\n"


def test_nothing_is_overwritten(talk, tmp_path):
    (tmp_path / "notes").write_text("mine")
    _, said = talk(Scripted(), f"/save {tmp_path / 'notes'}")
    assert "exists already" in said.err
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_full_context_ends_the_question_only(talk):
    model = Scripted(UserError("the conversation has 900 tokens, and the model reads 512. /reset begins a new one"), "fine")
    conversation, said = talk(model, "long", "/reset", "short")
    assert "/reset begins a new one" in said.err
    assert [m["content"] for m in conversation.messages] == ["short", "fine"]


def test_ctrl_c_stops_the_answer(talk):
    model = Scripted(KeyboardInterrupt(), "never asked")
    conversation, said = talk(model, "a", "b")
    assert model.stopped == 1
    assert conversation.messages == []
    assert said.out == "so\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_at_a_terminal_the_second_ctrl_c_leaves(monkeypatch, capsys):
    lines = iter(["a", "b", KeyboardInterrupt()])

    def read(_prompt):
        line = next(lines)
        if isinstance(line, BaseException):
            raise line
        return line

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", read)
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    model = Scripted(KeyboardInterrupt(), "fine")
    chat.run(Conversation(model, Screen(out, colour=False, fold=False), None, None))
    assert [seen[-1]["content"] for seen in model.seen] == ["a", "b"], "after the first one the chat goes on"
    assert "fine" in out.getvalue()
    assert next(lines, None) is None


def test_a_second_ctrl_c_while_an_answer_stops_leaves(monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda _prompt: "a")
    monkeypatch.setattr("sys.stdout", out := Terminal())
    model = Scripted(Leaving(), "never asked")
    chat.run(Conversation(model, Screen(out, colour=False, fold=False), None, None))
    assert len(model.seen) == 1


def test_python_runs_in_the_sandbox_and_its_answer_goes_back(talk):
    model = Scripted(CALL, "It is 42.")
    _, said = talk(model, "6*7?", tool=opened("python"))
    assert model.tools[0][0]["function"]["name"] == "run_python"
    assert model.seen[1][-1] == {"role": "tool", "content": "42"}
    assert "[python] 42" in said.out
    assert said.out.endswith("It is 42.\n")


def test_a_broken_call_and_hostile_code_are_answered(talk):
    hostile = CALL.replace("print(6 * 7)", "print(open('/etc/passwd').read())")
    model = Scripted("<tool_call>\n{nonsense\n</tool_call>", hostile, "I give up.")
    talk(model, "a", tool=opened("python"))
    assert "no call was carried out" in model.seen[1][-1]["content"]
    assert "root:" not in model.seen[2][-1]["content"]


def test_a_program_that_ctrl_c_interrupts_leaves_nothing_behind(talk, monkeypatch):
    tool = opened("python")
    tool.run_python("print(1)")
    monkeypatch.setattr("openqwq.talk.conversation.carry_out", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    conversation, _ = talk(Scripted(CALL), "a", tool=tool)
    assert conversation.messages == []
    assert tool.run_python("print(2)") == "2"


def test_a_program_that_does_not_end_is_ended(talk):
    tool = Python(tool_seconds=1.0)
    tool.reset(environment="python", reference='{"environment": "python", "task": {"answer": "0"}}')
    model = Scripted(CALL.replace("print(6 * 7)", "while True: pass"), CALL, "It is 42.")
    talk(model, "a", tool=tool)
    assert "was stopped after 1 s" in model.seen[1][-1]["content"]
    assert model.seen[2][-1]["content"] == "42", "and the next one runs"


def test_a_line_without_its_end_is_a_question(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nb, and the pipe ends"))
    model = Scripted("one", "two")
    chat.run(Conversation(model, Screen(io.StringIO(), colour=False, fold=False), None, None))
    assert [seen[-1]["content"] for seen in model.seen] == ["a", "b, and the pipe ends"]


def test_a_sandbox_that_is_broken_is_told(talk, monkeypatch):
    monkeypatch.setattr("openqwq.talk.conversation.carry_out", lambda *_: (_ for _ in ()).throw(SandboxBroken("gone")))
    conversation, said = talk(Scripted(CALL, "fine"), "a", "b", tool=opened("python"))
    assert "openqwq doctor" in said.err
    assert [m["content"] for m in conversation.messages] == ["b", "fine"]


def test_a_tool_that_fails_is_told(talk, monkeypatch):
    monkeypatch.setattr("openqwq.talk.conversation.carry_out", lambda *_: (_ for _ in ()).throw(ToolBroken("run raised X")))
    conversation, said = talk(Scripted(CALL, "fine"), "a", "b", tool=opened("python"))
    assert "a tool failed: run raised X" in said.err
    assert [m["content"] for m in conversation.messages] == ["b", "fine"]


def test_bytes_that_are_no_text_are_asked_as_escapes(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9?\n"), encoding="utf-8"))
    model = Scripted("fine")
    chat.run(Conversation(model, Screen(io.StringIO(), colour=False, fold=False), None, None))
    assert model.seen[0][0]["content"] == "caf\\xe9?"


def test_without_tools_a_call_is_text(talk):
    model = Scripted(CALL)
    talk(model, "a")
    assert len(model.seen) == 1


def test_calls_without_end_are_ended(talk):
    model = Scripted(*[CALL] * (MAX_TURNS + 3))
    _, said = talk(model, "a", tool=opened("python"))
    assert len(model.seen) == MAX_TURNS
    assert "stopped after" in said.out
