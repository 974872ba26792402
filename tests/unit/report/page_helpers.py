"""A built page, as a parser sees it."""

import json
from html.parser import HTMLParser


class Page(HTMLParser):
    """Elements with their attributes, the visible text, and the content of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.parts: list[str] = []
        self.inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside.append(tag)
            self.scripts += [""] if tag == "script" else []

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.inside.pop()

    def handle_data(self, data):
        if self.inside == ["script"]:
            self.scripts[-1] += data
        elif not self.inside:
            self.text += data
            self.parts.append(data)

    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.elements if attrs.get("id")]

    def words(self) -> str:
        return " ".join(" ".join(self.parts).split())

    def has(self, text: str) -> bool:
        return " ".join(text.split()) in " ".join(self.text.split())


def charts(page: Page) -> dict:
    return json.loads(page.scripts[0])


def samples(page: Page) -> dict:
    """What the page's sample browser reads."""
    return next(json.loads(script) for script in page.scripts if script.startswith('{"stages"'))


def answers(page: Page) -> list[dict]:
    return [answer for problem in samples(page)["problems"] for answer in problem["answers"]]
