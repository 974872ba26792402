"""A stand-in for a model: says what it is told to, and keeps what it was shown."""

import json


class Token:
    def __init__(self, content: str, special: bool) -> None:
        self.content, self.special = content, special


class Tokenizer:
    added_tokens_decoder = {0: Token("<|im_end|>", True)}


class Scripted:
    """Answers in order, in pieces of three characters. An answer that is an exception is raised after the first piece."""

    tokenizer = Tokenizer()
    seconds, cut = 1.0, False

    def __init__(self, *answers) -> None:
        self.answers, self.seen, self.tools, self.stopped, self.tokens = list(answers), [], [], 0, 0

    def answer(self, messages, tools):
        self.seen.append(json.loads(json.dumps(messages)))
        self.tools.append(tools)
        said = self.answers.pop(0)
        if isinstance(said, BaseException):
            yield "so"
            raise said
        for at in range(0, len(said), 3):
            self.tokens += 1
            yield said[at : at + 3]

    def stop(self):
        self.stopped += 1
