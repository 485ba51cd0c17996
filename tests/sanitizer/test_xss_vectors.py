"""Whatever is sent as a description: what is shown is made of harmless parts only."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from models.sanitizer import clean_html
from tests.api.test_start_session_kinds import AGENDA
from tests.api_client import World
from tests.sanitizer.parsed_markup import Parts
from tests.sanitizer.xss_vectors import VECTORS

TAGS: Final = (
    "h1 h2 h3 h4 h5 h6 a p div blockquote pre span b u i strong em tt code ins del sup sub kbd samp q var ol ul li dl "
    "dt dd table thead tbody tfoot tr td th br hr ruby rt rp"
)
ALLOWED: Final = set(TAGS.split())
STYLE: Final = re.compile(r"(\s*color\s*:\s*(red|#?\w+|rgb\([\d, ]+\))\s*(!\s*important\s*)?(;|$))+")
AT_ONCE: Final = 10
FIELDS: Final = "... on AgendaSession { descriptionHtml }"


async def shown(world: World, vectors: Sequence[str]) -> list[str]:
    """Descriptions as they are shown when these were sent, many in one request."""
    inputs = {
        f"i{index}": {"variant": {"agenda": {**AGENDA, "descriptionHtml": html}}} for index, html in enumerate(vectors)
    }
    starts = (f"{name}: startSession(input: ${name}) {{ session {{ {FIELDS} }} }}" for name in inputs)
    declared = ", ".join(f"${name}: StartSessionInput!" for name in inputs)
    answer = await world.answer(f"mutation({declared}) {{ {' '.join(starts)} }}", inputs)
    return [payload["session"]["descriptionHtml"] for payload in answer["data"].values()]


def faults(html: str) -> list[Any]:
    """What is not harmless."""
    parts = Parts(html)
    return [
        *parts.others,
        *(tag for tag in parts.tags if tag.removeprefix("/") not in ALLOWED),
        *(found for found in parts.attributes if not is_harmless(*found)),
    ]


def is_harmless(tag: str, name: str, value: str) -> bool:
    if (tag, name) == ("a", "href"):
        return urlsplit(value).scheme in ("http", "https", "mailto") and "//elsewhere.example" in value
    return (tag, name) == ("span", "style") and STYLE.fullmatch(value) is not None


async def test_nothing_but_harmless_markup_is_shown(world: World) -> None:
    wrong = {}
    for some in range(0, len(VECTORS), AT_ONCE):
        vectors = VECTORS[some : some + AT_ONCE]
        for vector, html in zip(vectors, await shown(world, vectors), strict=True):
            wrong[vector] = faults(html)
    assert {vector: fault for vector, fault in wrong.items() if fault} == {}


def test_few_vectors_are_harmless_to_begin_with() -> None:
    """Else the test above would prove nothing. Those that are say in words what others do."""
    assert sum(clean_html(vector) != vector for vector in VECTORS) > 280
