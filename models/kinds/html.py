"""The markup that a description may have; everything else is cleaned away on entry, by nh3."""

from typing import Annotated, Final, TypeAlias

import nh3
from pydantic import AfterValidator, StringConstraints

_TAGS: Final = (
    "h1 h2 h3 h4 h5 h6 a p div blockquote pre span b u i strong em tt code ins del sup sub kbd samp q var "
    "ol ul li dl dt dd table thead tbody tfoot tr td th br hr ruby rt rp"
)

MAX_LENGTH: Final = 20_000

_cleaner: Final = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes={"a": {"href"}, "span": {"style"}},
    filter_style_properties={"color"},
    url_schemes={"http", "https", "mailto"},
    # A link may name no scheme but one of these three; a relative one would point into whatever page shows it.
    url_relative="deny",
    link_rel=None,
)


def clean_html(text: str) -> str:
    """Harmless markup stays as it is; scripts, styles, events, other tags and schemes go. Twice is once."""
    return _cleaner.clean(text)


def _cleaned(text: str) -> str:
    cleaned = clean_html(text)
    if len(cleaned) > MAX_LENGTH:
        # Cleaning closes what was left open and writes `&` as `&amp;`: what is shown must be good to send again.
        raise ValueError(f"must have at most {MAX_LENGTH:,} characters when it is cleaned, not {len(cleaned):,}")
    return cleaned


Html: TypeAlias = Annotated[str, StringConstraints(max_length=MAX_LENGTH), AfterValidator(_cleaned)]
