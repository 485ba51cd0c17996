"""Tags that are allowed, each closed in its turn: what HTML would make of them, with little left for it to mend."""

from collections.abc import Set as AbstractSet
from typing import Final, Self

from models.sanitizer.html_spec import ATTRIBUTES, CELLS, ENDS, FRAME, IMPLIED, PART_OF, TABLE, TAGS, VOID
from models.sanitizer.tokenizer import attribute, tokenize

MAX_DEPTH: Final = 64
"""How many tags may stand in each other."""
MAX_LENGTH: Final = 20_000
"""Characters that markup may have, as it is given and as it comes out."""


class MarkupTooComplex(ValueError):
    """Markup that is nested too deeply, or too long once all its tags are closed."""

    @classmethod
    def by_length(cls) -> Self:
        return cls(f"must have at most {MAX_LENGTH:,} characters when it is cleaned and all its tags are closed")


def rebalance(text: str) -> str:
    """HTML text with allowed tags only, in small letters, with the one attribute that each may have, and all closed.

    Raises:
        TooMuch: it is nested too deeply, or has more tags than fit.
    """
    nest = _TagStack()
    for name, content in tokenize(text):
        if not name:
            nest.written.append(content)
        elif name[0] == "/":
            nest.end(name[1:])
        elif name in TAGS:
            nest.begin(name, content)
    return nest.whole()


class _TagStack:
    """What is open. A cell of a table is a room: what is in it neither sees nor ends what is outside."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self._room: list[str] = []
        self._outer: list[list[str]] = []
        self._depth = 0
        self._length = 0
        """Of the tags alone: they stay what they are."""

    def begin(self, name: str, attributes: str) -> None:
        if name in PART_OF:
            if not self._come_to(name):
                return
            self._cut(self._last(PART_OF[name]) + 1)
            if (missing := IMPLIED.get(name)) and self._room[-1] not in missing:
                self.begin(missing[0], "")
        elif self._room and self._room[-1] in FRAME:
            return  # between the cells of a table is nothing; HTML would put it elsewhere
        for ended in ENDS.get(name, ()):
            if not ended.tags.isdisjoint(self._room) and self._room[last := self._last(ended.seen)] in ended.tags:
                self._cut(last)
        self.written.append(_tag(name, attributes))
        if name not in VOID:
            self._open(name)

    def _open(self, name: str) -> None:
        if self._depth == MAX_DEPTH:
            raise MarkupTooComplex(f"must not have more than {MAX_DEPTH} tags standing in each other")
        self._depth += 1
        self._length += 2 * len(name) + len("<></>")
        if self._length > MAX_LENGTH:
            raise MarkupTooComplex.by_length()
        self._room.append(name)
        if name in CELLS:
            self._outer.append(self._room)
            self._room = []

    def end(self, name: str) -> None:
        """End what is open of that name, with all that is open in it; nothing, where none is."""
        if name == "br":
            self.begin(name, "")  # as HTML reads it
        elif name in self._room or (name in TABLE and self._come_to(name)):
            last = self._last({name, "table"})
            if self._room[last] == name:
                self._cut(last)

    def whole(self) -> str:
        """All of it, with what is still open closed."""
        while self._outer:
            self._leave()
        self._cut(0)
        return "".join(self.written)

    def _come_to(self, part: str) -> bool:
        """Come to where the whole is open that this is a part of; false where it is not.

        To begin or end a part of a table is to leave the cell, unless a table is open in it.
        """
        if part not in TABLE:
            return "ruby" in self._room
        if "table" not in self._room:
            if not self._outer:
                return False
            self._leave()
        return True

    def _leave(self) -> None:
        self._cut(0)
        self._room = self._outer.pop()

    def _last(self, names: AbstractSet[str]) -> int:
        """Where the last of these names, one of which is in the room, stands."""
        index = len(self._room) - 1
        while self._room[index] not in names:
            index -= 1
        return index

    def _cut(self, index: int) -> None:
        while len(self._room) > index:
            self.written.append(f"</{self._room.pop()}>")
            self._depth -= 1


def _tag(name: str, attributes: str) -> str:
    kept = ATTRIBUTES.get(name)
    value = attribute(attributes, kept) if kept and attributes else None
    return f"<{name}>" if value is None else f'<{name} {kept}="{value.replace(chr(34), "&quot;")}">'
