"""The landing page: its links, its command and its content security policy."""

import json
import re
from html import unescape

import httpx2
import pytest

from tests.live_server import Server

pytestmark = pytest.mark.clients


@pytest.fixture
def landing(server: Server) -> str:
    return unescape(httpx2.get(server.origin).text)


def test_links_of_landing_page_resolve(server: Server, landing: str) -> None:
    links = set(re.findall(r'(?:href|src)="(/[^"]*)"', landing))
    assert links >= {"/graphql", "/livez", "/readyz", "/readme"}
    responses = {link: httpx2.get(server.origin + link, headers={"Accept": "text/html"}) for link in links}
    assert {link: answer.status_code for link, answer in responses.items()} == dict.fromkeys(links, 200)


def test_command_of_landing_page_starts_a_session(server: Server, landing: str) -> None:
    command = re.search(r"curl (\S+) -H 'content-type: application/json' -d '(.*?)'", landing, re.DOTALL)
    assert command
    url, body = command.groups()
    assert url == server.graphql
    payload = httpx2.post(url, json=json.loads(body)).json()["data"]["startSession"]
    assert payload["session"]["id"].startswith("s_")


@pytest.mark.parametrize("page", ["/", "/graphql"])
def test_pages_load_nothing_from_other_origins(server: Server, page: str) -> None:
    answer = httpx2.get(server.origin + page, headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "//" not in policy
    assert "*" not in policy
