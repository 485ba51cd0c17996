"""Sanitizing of HTML with nh3."""

import re
from typing import Final

import nh3

from models.sanitizer.precheck import ALLOWED_TAGS, MAX_LENGTH, MarkupTooComplex, check_nesting, keep_allowed_tags

_MAX_PASSES: Final = 4

# nh3's own filter of style properties rewrites every style, and lets url() and expression() through.
_COLOR_DECLARATION: Final = re.compile(
    r"\s*color\s*:\s*"
    r"(?:[a-z]+|#[0-9a-f]{3,8}|(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\([\w\s.,%/+-]*\))"
    r"\s*(?:!\s*important\s*)?",
    re.IGNORECASE | re.ASCII,
)


def sanitize_html(html: str) -> str:
    """Remove everything but harmless markup. Sanitizing the result again does not change it.

    Raises:
        MarkupTooComplex: more than 64 elements are open at once, or the result has more than 20,000 characters.
    """
    source = html
    prepared = keep_allowed_tags(html)
    for _ in range(_MAX_PASSES):
        check_nesting(prepared)
        cleaned = _clean(prepared)
        if len(cleaned) > MAX_LENGTH:
            raise MarkupTooComplex(f"must have at most {MAX_LENGTH} characters after sanitizing, not {len(cleaned)}")
        if cleaned == source:
            return cleaned
        # The parser moves misplaced tags, and the markup of its tree may parse differently: repeat until it does not.
        source = prepared = cleaned
    raise MarkupTooComplex("has misplaced tags: close each element inside the element in which it starts")


def keep_color_declarations(style: str) -> str | None:
    """Drop the declarations of a style attribute that are not colors; None if none is left."""
    declarations = [declaration for declaration in style.split(";") if declaration.strip()]
    kept = [declaration for declaration in declarations if _COLOR_DECLARATION.fullmatch(declaration)]
    if len(kept) == len(declarations):
        return style if kept else None
    return ";".join(kept).strip() or None


_cleaner: Final = nh3.Cleaner(
    tags=ALLOWED_TAGS,
    # Without "*", nh3 allows lang and title on every element.
    attributes={"*": set(), "a": {"href"}, "span": {"style"}},
    attribute_filter=lambda _tag, name, value: keep_color_declarations(value) if name == "style" else value,
    url_schemes={"http", "https", "mailto"},
    # A relative link would resolve against whatever page shows the description.
    url_relative="deny",
    link_rel=None,
)


def _clean(html: str) -> str:
    # Parsers read \r as \n and skip a newline right after <pre>; without this the result would not be stable.
    return _cleaner.clean(html).replace("\r", "\n").replace("<pre>\n", "<pre>\n\n")
