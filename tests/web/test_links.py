"""Every link of every page, followed from the landing page of a real server, and the command on it."""

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urldefrag, urljoin

import httpx2
import pytest

from tests.live_server import running_server

HTML: Final = {"Accept": "text/html,*/*;q=0.8"}


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - hook
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.targets.append(value)
            elif name == "id" and value:
                self.ids.add(value)


class Crawl(NamedTuple):
    responses: dict[str, httpx2.Response]
    """By address, without fragment."""
    pages: dict[str, Links]
    links: list[tuple[str, str]]
    """From which page to which address, with fragment."""


def crawl(start: str) -> Crawl:
    found = Crawl({}, {}, [])
    queue = [start]
    with httpx2.Client(follow_redirects=True, headers=HTML) as client:
        while queue:
            address = queue.pop()
            if address in found.responses:
                continue
            response = found.responses[address] = client.get(address)
            if not response.headers.get("content-type", "").startswith("text/html"):
                continue
            page = found.pages[address] = Links()
            page.feed(response.text)
            inside = [each for target in page.targets if (each := urljoin(str(response.url), target)).startswith(start)]
            found.links.extend((address, each) for each in inside)
            queue.extend(urldefrag(each).url for each in inside)
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawl]:
    with running_server(tmp_path_factory.mktemp("links")) as server:
        yield crawl(f"{server.origin}/")


def path_of(address: str) -> str:
    return "/" + address.split("/", 3)[3]


def test_every_link_from_the_landing_page_is_answered(site: Crawl) -> None:
    assert {address: each.status_code for address, each in site.responses.items() if each.status_code != 200} == {}
    paths = {path_of(address) for address in site.responses}
    assert paths >= {"/", "/graphql", "/schema.graphql", "/metrics", "/livez", "/readyz", "/readme"}
    assert paths >= {f"/{path}" for path in map(str, Path("docs").rglob("*.md"))}
    assert {"/docs/domain.md", "/CONTRIBUTING.md", "/CHANGELOG.md", "/transport/README.md", "/tests/README.md"} <= paths


def test_every_fragment_names_a_heading_of_its_page(site: Crawl) -> None:
    with_fragment = [(origin, *urldefrag(target)) for origin, target in site.links if "#" in target]
    assert len(with_fragment) > 10
    assert [each for each in with_fragment if each[2] not in site.pages[each[1]].ids] == []


def test_pages_load_styles_and_images_of_the_server_only(site: Crawl) -> None:
    for address, response in site.responses.items():
        if address in site.pages:
            policy = response.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; base-uri 'none'"), address
            assert response.headers["x-content-type-options"] == "nosniff"
            assert "//" not in policy
            assert "unsafe" not in policy or path_of(address) == "/graphql"


def test_links_of_all_pages_are_relative(site: Crawl) -> None:
    for page in site.pages.values():
        assert [target for target in page.targets if target.startswith("/")] == [], "a proxy may add a prefix"


def test_command_of_landing_page_starts_a_session(site: Crawl) -> None:
    text = unescape(next(response.text for address, response in site.responses.items() if path_of(address) == "/"))
    command = re.search(r"curl (\S+) -H 'content-type: application/json' -d '(.*?)'", text, re.DOTALL)
    assert command
    variables = json.loads(command[2])["variables"]
    assert variables == {"in": {"variant": {"user": {"username": "ada"}}}}
    assert command[1] in site.responses
