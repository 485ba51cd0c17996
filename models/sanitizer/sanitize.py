"""Cleaning: what is left is harmless wherever it is shown."""

from typing import Final

import nh3

from models.sanitizer.css_colors import keep_color_declarations
from models.sanitizer.html_spec import ATTRIBUTES, TAGS
from models.sanitizer.rebalance import MAX_LENGTH, MarkupTooComplex, rebalance

_cleaner: Final = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: {attribute} for tag, attribute in ATTRIBUTES.items()},
    attribute_filter=lambda _tag, name, value: keep_color_declarations(value) if name == "style" else value,
    url_schemes={"http", "https", "mailto"},
    # A link may name no scheme but one of these three; a relative one would point into whatever page shows it.
    url_relative="deny",
    link_rel=None,
)


def sanitize_html(text: str) -> str:
    """Harmless markup stays as it is; scripts, styles, events, other tags and schemes go. Twice is once.

    Raises:
        TooMuch: it is nested too deeply, or has more than 20,000 characters when it is cleaned.
    """
    cleaned = _cleaner.clean(rebalance(text))
    # What reads it next takes \r for \n, and takes no notice of a line broken right behind <pre>.
    cleaned = cleaned.replace("\r", "\n").replace("<pre>\n", "<pre>\n\n")
    if len(cleaned) > MAX_LENGTH:
        # Cleaning closes what was left open and writes `&` as `&amp;`: what is shown must be good to send again.
        raise MarkupTooComplex.by_length()
    return cleaned
