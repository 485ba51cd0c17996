"""Markup taken apart by a parser that has nothing to do with ours."""

from html.parser import HTMLParser
from typing import Any


class ParsedMarkup(HTMLParser):
    """What markup is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        """Of what begins and (with `/`) of what ends, in order."""
        self.attributes: list[tuple[str, str, str]] = []
        """Tag, name and value of each attribute."""
        self.non_elements: list[str] = []
        """Comments, declarations, instructions."""
        self.depth = 0
        """How many tags stand in each other at most."""
        self._open = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("br", "hr"):
            self._open += 1
            self.depth = max(self.depth, self._open)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self._open -= 1

    def handle_comment(self, data: str) -> None:
        self.non_elements.append(data)

    def handle_decl(self, decl: str) -> None:
        self.non_elements.append(decl)

    def handle_pi(self, data: str) -> None:
        self.non_elements.append(data)

    def unknown_decl(self, data: str) -> Any:
        self.non_elements.append(data)
