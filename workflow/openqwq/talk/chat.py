"""`openqwq chat`: questions from the keyboard or a pipe, answers as they come."""

import sys
from pathlib import Path
from typing import Any

from openqwq.errors import UserError
from openqwq.progress import tell
from openqwq.show.visible import forgiving, visible
from openqwq.talk.conversation import Conversation
from openqwq.talk.model import Leaving

HELP = """\
/reset         begin anew
/system TEXT   set the system message and begin anew; without TEXT: none
/save FILE     write the conversation as JSON
/help          this
/quit          leave (also Ctrl-D); Ctrl-C stops an answer, a second one leaves"""


class _Left(Exception):
    """The person has left."""


def run(conversation: Conversation) -> None:
    """Until the input ends, `/quit`, or Ctrl-C where no answer is being written. Mistakes are told, and the chat goes on.

    With a pipe each line is a question; answers go to standard output, all else to standard error.
    """
    forgiving(sys.stdout)
    forgiving(sys.stdin)
    person = sys.stdin.isatty() and sys.stdout.isatty()
    if person:
        import readline  # noqa: F401  line editing in input()

        tell("/help lists the commands, /quit leaves.")
    try:
        while True:
            line = _line(person)
            try:
                _do(conversation, line, person)
            except UserError as error:
                tell(visible(f"openqwq: {error}."))
    except (_Left, EOFError):
        return
    except KeyboardInterrupt:
        tell("")


def _line(person: bool) -> str:
    if person:
        return input("\n> ").strip()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def _do(conversation: Conversation, line: str, person: bool) -> None:
    name, _, rest = line.partition(" ")
    rest = rest.strip()
    if not line:
        return
    if not line.startswith("/"):
        _ask(conversation, line, person)
    elif name == "/quit":
        raise _Left
    elif name == "/help":
        tell(HELP)
    elif name == "/reset":
        conversation.reset()
        tell("begun anew")
    elif name == "/system":
        conversation.system = rest or None
        conversation.reset()
        tell("system message set, begun anew" if rest else "no system message, begun anew")
    elif name == "/save":
        if not rest:
            raise UserError("/save needs the name of a file")
        try:
            conversation.save(Path(rest).expanduser())
        except (OSError, RuntimeError, ValueError) as error:  # a folder that may not be written to; ~ of nobody; a NUL
            raise UserError(f"/save: this could not be done ({error})") from error
        tell(f"saved as {visible(rest)}")
    else:
        raise UserError(f"{name} is no command. /help lists them")


def _ask(conversation: Conversation, question: str, person: bool) -> None:
    """Ctrl-C stops the answer; one that comes while it stops leaves, and so does any where nobody sits at a terminal."""
    model: Any = conversation.model
    try:
        conversation.ask(question)
    except KeyboardInterrupt as asked:
        model.stop()
        tell("(stopped; this question is not kept)")
        if not person or isinstance(asked, Leaving):
            raise
        return
    rate = f", {model.tokens / model.seconds:.1f} tokens/s" if model.seconds > 0 else ""
    tell(f"({model.tokens} tokens{rate}{', cut at the limit: see --max-tokens' if model.cut else ''})")
