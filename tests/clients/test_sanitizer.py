"""Descriptions in a real browser: whatever was sent, nothing runs, nothing is asked for, and nobody is led away."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients.node import chromium, node_json
from tests.live_server import Server
from tests.sanitizer.test_allowed_markup import ALLOWED_MARKUP
from tests.sanitizer.xss_vectors import XSS_VECTORS

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]

START: Final = """mutation($html: String!) { startSession(input: {variant: {agenda: {
    guide: 1, name: "Talk", startTime: "2030-01-01T00:00:00Z", descriptionHtml: $html}}}) {
    session { ... on AgendaSession { descriptionHtml } } problems { message } } }"""
CONTROL: Final = XSS_VECTORS[::12]
"""Vectors that are shown as they were sent, to see that the browser would have run them."""


@pytest.fixture(scope="module")
def did(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What each piece of markup did."""
    folder = tmp_path_factory.mktemp("markup")
    cleaned = [
        server.execute(START, html=html)["session"]["descriptionHtml"] for html in [*XSS_VECTORS, *ALLOWED_MARKUP]
    ]
    file: Path = folder / "markup.json"
    file.write_text(json.dumps({"cleaned": cleaned, "control": CONTROL}))
    return node_json("sanitizer.mjs", chromium(), folder, file)


def test_nothing_that_was_sent_does_anything(did: Any) -> None:
    sent = [*XSS_VECTORS, *ALLOWED_MARKUP]
    assert {html: found for html, found in zip(sent, did["cleaned"], strict=True) if found} == {}


def test_shown_as_they_were_sent_most_of_them_would_have(did: Any) -> None:
    assert sum(bool(found) for found in did["control"]) > len(CONTROL) / 2
    assert sum("ran" in found for found in did["control"]) > len(CONTROL) / 4
