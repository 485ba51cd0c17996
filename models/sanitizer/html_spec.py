"""The tags that markup may have, and what HTML says of where they stand (HTML standard, section 13.2.6)."""

from collections.abc import Iterable
from typing import Final, NamedTuple

_CELLS: Final = frozenset(("td", "th"))
_GROUPS: Final = frozenset(("thead", "tbody", "tfoot"))
_HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

_TEXT: Final = "a p div blockquote pre span b u i strong em tt code ins del sup sub kbd samp q var br hr ruby rt rp"
_BLOCKS: Final = _HEADINGS | {"p", "div", "blockquote", "pre", "dl", "ol", "ul", "hr", "table"}

TAGS: Final = _BLOCKS | _GROUPS | _CELLS | {"tr", "li", "dt", "dd"} | frozenset(_TEXT.split())
VOID: Final = frozenset(("br", "hr"))
"""Tags that hold nothing."""
ATTRIBUTES: Final = {"a": "href", "span": "style"}
"""The one attribute that a tag may have."""
CELLS: Final = _CELLS
"""Tags that nothing inside them reaches out of."""

FRAME: Final = _GROUPS | {"table", "tr"}
"""Tags that hold nothing but parts of a table."""
TABLE: Final = FRAME | CELLS
PART_OF: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_GROUPS, frozenset(("table",))),
    "tr": _GROUPS | {"table"},
    **dict.fromkeys(_CELLS, _GROUPS | {"table", "tr"}),
    **dict.fromkeys(("rt", "rp"), frozenset(("ruby",))),
}
"""What the parts of something stand in: what else is open there ends when they begin. Elsewhere they are nothing."""

IMPLIED: Final = {"tr": ("tbody", "thead", "tfoot"), "td": ("tr",), "th": ("tr",)}
"""What they must stand in, the first of which begins by itself where none is there."""


class ImpliedEnd(NamedTuple):
    """What the beginning of a tag ends: the last that is open of some, if no other stands before it."""

    tags: frozenset[str]
    seen: frozenset[str]
    """These, and those that hide them: an item of a list inside an item ends none of the outer list."""


def _ended(*tags: str, hidden_by: Iterable[str] = ()) -> ImpliedEnd:
    return ImpliedEnd(frozenset(tags), frozenset(tags).union(hidden_by))


_PARAGRAPH: Final = _ended("p")

ENDS: Final[dict[str, tuple[ImpliedEnd, ...]]] = {
    **dict.fromkeys(_BLOCKS, (_PARAGRAPH,)),
    **dict.fromkeys(_HEADINGS, (_PARAGRAPH, _ended(*_HEADINGS, hidden_by=TAGS))),
    **dict.fromkeys(("dt", "dd"), (_ended("dt", "dd", hidden_by=["dl"]), _PARAGRAPH)),
    "li": (_ended("li", hidden_by=["ol", "ul"]), _PARAGRAPH),
    "a": (_ended("a"),),
}
"""What ends when they begin: a block ends the paragraph it stands in, an item of a list the one before."""
