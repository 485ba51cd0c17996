"""Sanitized descriptions in a real browser: nothing runs, loads or navigates."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients.node import chromium, node_json
from tests.live_server import Server
from tests.sanitizer.test_sanitize import ALLOWED_MARKUP
from tests.sanitizer.xss_vectors import XSS_VECTORS

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("node_modules")]

START: Final = """mutation($html: String!) { startSession(input: {variant: {agenda: {
    guide: 1, name: "Talk", startTime: "2030-01-01T00:00:00Z", descriptionHtml: $html}}}) {
    session { ... on AgendaSession { descriptionHtml } } problems { message } } }"""
CONTROL: Final = XSS_VECTORS[::12]
"""Vectors that are shown unsanitized, to prove that the browser would run them."""


@pytest.fixture(scope="module")
def effects(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Observed effects of each piece of markup."""
    folder = tmp_path_factory.mktemp("markup")
    cleaned = [
        server.execute(START, html=html)["session"]["descriptionHtml"] for html in [*XSS_VECTORS, *ALLOWED_MARKUP]
    ]
    file: Path = folder / "markup.json"
    file.write_text(json.dumps({"cleaned": cleaned, "control": CONTROL}))
    return node_json("sanitizer.mjs", chromium(), folder, file)


def test_sanitized_markup_has_no_effect(effects: Any) -> None:
    sent = [*XSS_VECTORS, *ALLOWED_MARKUP]
    assert {html: found for html, found in zip(sent, effects["cleaned"], strict=True) if found} == {}


def test_most_vectors_have_effects_unsanitized(effects: Any) -> None:
    assert sum(bool(found) for found in effects["control"]) > len(CONTROL) / 2
    assert sum("ran" in found for found in effects["control"]) > len(CONTROL) / 4
