"""Whatever is sent as a description: what is shown is made of harmless parts only."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from models.sanitizer import sanitize_html
from tests.api.test_start_session_kinds import AGENDA
from tests.api_client import ApiClient
from tests.sanitizer.parsed_markup import ParsedMarkup
from tests.sanitizer.xss_vectors import XSS_VECTORS

TAGS: Final = (
    "h1 h2 h3 h4 h5 h6 a p div blockquote pre span b u i strong em tt code ins del sup sub kbd samp q var ol ul li dl "
    "dt dd table thead tbody tfoot tr td th br hr ruby rt rp"
)
ALLOWED: Final = set(TAGS.split())
STYLE: Final = re.compile(r"(\s*color\s*:\s*(red|#?\w+|rgb\([\d, ]+\))\s*(!\s*important\s*)?(;|$))+")
BATCH_SIZE: Final = 10
SELECTION: Final = "... on AgendaSession { descriptionHtml }"


async def sanitized_by_api(api: ApiClient, vectors: Sequence[str]) -> list[str]:
    """Descriptions as they are shown when these were sent, many in one request."""
    inputs = {
        f"i{index}": {"variant": {"agenda": {**AGENDA, "descriptionHtml": html}}} for index, html in enumerate(vectors)
    }
    starts = (f"{name}: startSession(input: ${name}) {{ session {{ {SELECTION} }} }}" for name in inputs)
    declared = ", ".join(f"${name}: StartSessionInput!" for name in inputs)
    answer = await api.post(f"mutation({declared}) {{ {' '.join(starts)} }}", inputs)
    return [payload["session"]["descriptionHtml"] for payload in answer["data"].values()]


def violations(html: str) -> list[Any]:
    """What is not harmless."""
    parts = ParsedMarkup(html)
    return [
        *parts.non_elements,
        *(tag for tag in parts.tags if tag.removeprefix("/") not in ALLOWED),
        *(found for found in parts.attributes if not is_allowed(*found)),
    ]


def is_allowed(tag: str, name: str, value: str) -> bool:
    if (tag, name) == ("a", "href"):
        return urlsplit(value).scheme in ("http", "https", "mailto") and "//elsewhere.example" in value
    return (tag, name) == ("span", "style") and STYLE.fullmatch(value) is not None


async def test_nothing_but_harmless_markup_is_shown(api: ApiClient) -> None:
    wrong = {}
    for some in range(0, len(XSS_VECTORS), BATCH_SIZE):
        vectors = XSS_VECTORS[some : some + BATCH_SIZE]
        for vector, html in zip(vectors, await sanitized_by_api(api, vectors), strict=True):
            wrong[vector] = violations(html)
    assert {vector: fault for vector, fault in wrong.items() if fault} == {}


def test_few_vectors_are_harmless_to_begin_with() -> None:
    """Else the test above would prove nothing. Those that are say in words what others do."""
    assert sum(sanitize_html(vector) != vector for vector in XSS_VECTORS) > 280
