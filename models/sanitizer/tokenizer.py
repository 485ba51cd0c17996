"""HTML text cut into tags and what is between them, as HTML itself cuts it (HTML standard, section 13.2.5)."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_SPACE: Final = r" \t\n\f\r"
_EQUALS: Final = rf"[{_SPACE}]*+ = [{_SPACE}]*+"
_NAME: Final = rf"[^{_SPACE}/>][^{_SPACE}/>=]*+"
_VALUE: Final = rf""" "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^{_SPACE}>"'][^{_SPACE}>]*+ """
_ATTRIBUTES: Final = rf"(?: [{_SPACE}/]++ | {_NAME} (?: {_EQUALS} (?:{_VALUE})?+ )?+ )*+"

_TOKEN: Final = re.compile(
    rf"""
    (?P<signs> <+ ) (?= < )
    | < (?:
        (?P<silent> script | style ) (?= [{_SPACE}/>] ) {_ATTRIBUTES} >
            .*? (?: </ (?P=silent) (?= [{_SPACE}/>] ) [^>]*+ >?+ | \Z )
      | (?P<name> /?+ [a-z] [^{_SPACE}/>]*+ ) (?P<attributes> {_ATTRIBUTES} ) (?P<whole> > )?+
      | !-- (?: -?+ > | .*? (?: --!?+> | \Z ) )
      | (?: [!?] | / (?!\Z) ) [^>]*+ >?+
    )?+
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE: Final = re.compile(rf"({_NAME}) (?: {_EQUALS} ({_VALUE})?+ )?+", re.VERBOSE)


class Token(NamedTuple):
    """A tag, or text, whose `name` is empty."""

    name: str
    """In lower case; it begins with `/` where the tag ends something."""
    text: str
    """The text, which has no `<`; of a tag its attributes, as they are written."""


def tokenize(text: str) -> Iterator[Token]:
    """The tags of HTML text and what is between them.

    Comments, declarations, tags that are never closed, scripts and style sheets are left out.
    """
    end = 0
    for found in _TOKEN.finditer(text):
        if end < found.start():
            yield Token("", text[end : found.start()])
        end = found.end()
        if found["whole"]:
            yield Token(found["name"].lower(), found["attributes"])
        elif found["signs"] or end == found.start() + 1:
            yield Token("", "&lt;" * (end - found.start()))
    if end < len(text):
        yield Token("", text[end:])


def attribute(written: str, name: str) -> str | None:
    """What an attribute says, as it is written: its value without quotation marks; null where it is not there.

    Of several with one name, the first counts.
    """
    for found in _ATTRIBUTE.finditer(written):
        if found[1].lower() == name:
            value = found[2] or ""
            return value[1:-1] if value[:1] in ("'", '"') else value
    return None
