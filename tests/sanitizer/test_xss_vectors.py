"""Attack vectors sent as descriptions: the response has harmless markup only."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

from models.sanitizer import sanitize_html
from tests.api.test_start_session_kinds import AGENDA
from tests.api_client import ApiClient
from tests.sanitizer.xss_vectors import XSS_VECTORS

TAGS: Final = (
    "h1 h2 h3 h4 h5 h6 a p div blockquote pre span b u i strong em tt code ins del sup sub kbd samp q var ol ul li dl "
    "dt dd table thead tbody tfoot tr td th br hr ruby rt rp"
)
STYLE: Final = re.compile(r"(\s*color\s*:\s*(red|#?\w+|rgb\([\d, ]+\))\s*(!\s*important\s*)?(;|$))+")
BATCH_SIZE: Final = 10
SELECTION: Final = "... on AgendaSession { descriptionHtml }"


async def sanitized_by_api(api: ApiClient, vectors: Sequence[str]) -> list[str]:
    """Send descriptions in one request, and return them as the response shows them."""
    inputs = {
        f"i{index}": {"variant": {"agenda": {**AGENDA, "descriptionHtml": html}}} for index, html in enumerate(vectors)
    }
    starts = (f"{name}: startSession(input: ${name}) {{ session {{ {SELECTION} }} }}" for name in inputs)
    declared = ", ".join(f"${name}: StartSessionInput!" for name in inputs)
    response = await api.post(f"mutation({declared}) {{ {' '.join(starts)} }}", inputs)
    return [payload["session"]["descriptionHtml"] for payload in response["data"].values()]


class Violations(HTMLParser):
    """Parts of markup that are not allowed, found by a parser of another kind than nh3's."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_endtag(tag)
        self.found += [(tag, *attribute) for attribute in attrs if not is_allowed(tag, *attribute)]

    def handle_endtag(self, tag: str) -> None:
        if tag not in TAGS.split():
            self.found.append(tag)

    def handle_decl(self, decl: str) -> None:
        self.found.append(decl)

    def handle_comment(self, data: str) -> None:
        self.found.append(data)

    handle_pi = unknown_decl = handle_comment


def is_allowed(tag: str, name: str, value: str | None) -> bool:
    if (tag, name) == ("a", "href"):
        return urlsplit(value or "").scheme in ("http", "https", "mailto") and "//elsewhere.example" in (value or "")
    return (tag, name) == ("span", "style") and STYLE.fullmatch(value or "") is not None


async def test_response_has_harmless_markup_only(api: ApiClient) -> None:
    violations = {}
    for start in range(0, len(XSS_VECTORS), BATCH_SIZE):
        vectors = XSS_VECTORS[start : start + BATCH_SIZE]
        for vector, html in zip(vectors, await sanitized_by_api(api, vectors), strict=True):
            violations[vector] = Violations(html).found
    assert {vector: found for vector, found in violations.items() if found} == {}


def test_most_vectors_are_harmful_before_sanitizing() -> None:
    """Otherwise the test above would prove nothing. The rest spell as text what others do."""
    assert sum(sanitize_html(vector) != vector for vector in XSS_VECTORS) > 280
