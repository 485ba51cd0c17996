"""Linear pre-check of HTML: drops tags that are not allowed, and refuses what the parser would take long for.

nh3 never releases the GIL. Its parser takes time quadratic in the number of open elements, and in the number of
elements that stand between the cells of a table.
"""

import re
from typing import Final

MAX_DEPTH: Final = 64
"""Elements that may be open at once."""
MAX_LENGTH: Final = 20_000
"""Characters, before and after sanitizing."""

ALLOWED_TAGS: Final = frozenset(
    "h1 h2 h3 h4 h5 h6 a p div blockquote pre span b u i strong em tt code ins del sup sub kbd samp q var "  # noqa: SIM905 - a list of 46 literals is harder to read
    "ol ul li dl dt dd table thead tbody tfoot tr td th br hr ruby rt rp".split()
)
_TABLE_PARTS: Final = frozenset(("table", "thead", "tbody", "tfoot", "tr", "td", "th"))
_UNCOUNTED: Final = _TABLE_PARTS - {"table"} | {"br", "hr", "p"}
"""Void elements, and those that cannot be nested unless a counted element stands between them."""
_CLOSED_BY_PARENT: Final = frozenset(("li", "dt", "dd", "rt", "rp"))
"""Elements whose end tag may be omitted before the end tag of their parent."""
_CLOSED_BY_SIBLING: Final = {"li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd")}

# HTML standard, section 13.2.5. Possessive quantifiers keep matching linear in the length of the text.
_SPACE: Final = r" \t\n\f\r"
_NAME: Final = rf"[^{_SPACE}/>][^{_SPACE}/>=]*+"
_VALUE: Final = rf""" "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^{_SPACE}>"'][^{_SPACE}>]*+ """
_ATTRIBUTES: Final = rf"(?: [{_SPACE}/]++ | {_NAME} (?: [{_SPACE}]*+ = [{_SPACE}]*+ (?:{_VALUE})?+ )?+ )*+"
_MARKUP: Final = re.compile(
    rf"""
    < (?:
        (?P<raw> script | style ) (?= [{_SPACE}/>] ) {_ATTRIBUTES} >
            .*? (?: </ (?P=raw) (?= [{_SPACE}/>] ) [^>]*+ >?+ | \Z )
      | (?P<tag> /?+ [a-z] [^{_SPACE}/>]*+ ) (?P<attributes> {_ATTRIBUTES} ) (?P<end> > )?+
      | !-- (?: -?+ > | .*? (?: --!?+> | \Z ) )
      | (?: [!?] | / (?!\Z) ) [^>]*+ >?+
      | (?P<text> )
    )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_TEXT_SIGN: Final = re.compile("<(?![a-z/!?])", re.IGNORECASE)
_TAG: Final = re.compile("<(/?)([a-z0-9]+)")


class MarkupTooComplex(ValueError):
    """Markup that is nested too deeply, or too long after sanitizing."""


def keep_allowed_tags(html: str) -> str:
    """Drop other tags, comments, scripts and styles; escape every other `<`."""
    # Escaped in advance for speed: it calls no Python function.
    return _MARKUP.sub(_keep_allowed_tag, _TEXT_SIGN.sub("&lt;", html))


def _keep_allowed_tag(match: re.Match[str]) -> str:
    _, tag, attributes, end, text = match.groups()
    if text is not None:
        return "&lt;"
    if end is None or (tag := tag.lower()).removeprefix("/") not in ALLOWED_TAGS:
        return ""
    return f"<{tag} {attributes.replace('<', '&lt;')}>" if attributes else f"<{tag}>"


def check_nesting(html: str) -> None:
    """Refuse markup, made by `keep_allowed_tags`, that is nested too deeply.

    The count of open elements is an upper bound of what the parser has open.
    """
    open_tags: list[str] = []
    is_between_cells, misplaced = False, 0
    for slash, tag in _TAG.findall(html):
        if tag not in _UNCOUNTED:
            (_close if slash else _open)(open_tags, tag)
        if tag in _TABLE_PARTS:
            is_between_cells = slash + tag not in ("td", "th", "/table") and "table" in open_tags
        elif is_between_cells:
            misplaced += 1
        if len(open_tags) > MAX_DEPTH:
            raise MarkupTooComplex(f"must not have more than {MAX_DEPTH} elements open at once")
        if misplaced > MAX_DEPTH:
            raise MarkupTooComplex(f"must not have more than {MAX_DEPTH} tags between the cells of tables")


def _open(open_tags: list[str], tag: str) -> None:
    if open_tags and open_tags[-1] in _CLOSED_BY_SIBLING.get(tag, ()):
        open_tags.pop()
    open_tags.append(tag)


def _close(open_tags: list[str], tag: str) -> None:
    # A misplaced end tag closes nothing here, whatever the parser makes of it: that keeps the count an upper bound.
    last = len(open_tags) - 1
    while last >= 0 and open_tags[last] != tag and open_tags[last] in _CLOSED_BY_PARENT:
        last -= 1
    if last >= 0 and open_tags[last] == tag:
        del open_tags[last:]
