"""The documentation as pages, and the schema as text."""

from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, print_schema

from schema import sdl
from tests.api_client import ApiClient
from web import documentation


@pytest.mark.parametrize("path", ["/docs/domain.md", "/README.md", "/readme", "/docs/migrating/canopsis.md"])
async def test_page_is_html_with_an_entity_tag(api: ApiClient, path: str) -> None:
    page = await api.http.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1 id=" in page.text
    for known in (page.headers["etag"], f'W/{page.headers["etag"]}, "other"', "*"):
        again = await api.http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", page.headers["etag"])
    assert (await api.http.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    assert (await api.http.post(path)).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/docs/../main.py",
        "/docs/%2e%2e/main.py",
        "/docs/..%2fmain.py",
        "/docs/%2e%2e%2fpyproject.toml",
        "/docs//etc/passwd",
        "/docs/nothing.md",
        "/docs/decisions/",
        "/docs/domain",
        "/pyproject.toml",
        "/main.py",
        "/sessions.db",
        "/.git/config",
        "/static/../main.py",
        "/static/%2e%2e/pages.py",
    ],
)
async def test_nothing_but_the_pages_is_served(api: ApiClient, path: str) -> None:
    response = await api.http.get(path)
    assert response.status_code == 404
    assert b"import" not in response.content


@pytest.mark.parametrize(("path", "target"), [("/docs", "readme"), ("/docs/", "../readme")])
async def test_address_of_the_documentation_leads_to_its_contents(api: ApiClient, path: str, target: str) -> None:
    response = await api.http.get(path)
    assert (response.status_code, response.headers["location"]) == (307, f"{target}#documentation")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Render a text as a page."""
    (tmp_path / "web").mkdir()
    template = documentation.ROOT / "web" / "document.html"
    (tmp_path / "web" / "document.html").write_text(template.read_text())
    monkeypatch.setattr(documentation, "ROOT", tmp_path)

    def render(text: str) -> str:
        (tmp_path / "page.md").write_text(text)
        return documentation.render("page.md")

    return render


def test_html_and_scripts_of_a_document_do_not_reach_the_page(written: Any) -> None:
    page = written(
        "# A `<b>` {{base}} & <i>b</i>\n\n<script>alert(1)</script>\n\na <img src=x onerror=alert(1)> b\n\n"
        "[x](javascript:alert(1)) ![x](data:text/html;base64,AAAA)\n\n```sh\n<script>\n```\n"
    )
    assert "<script" not in page
    assert "<img src=x" not in page
    assert 'href="javascript' not in page
    assert "<title>A `&lt;b&gt;` {{base}} &amp; &lt;i&gt;b&lt;/i&gt; – Session Graph</title>" in page
    assert "&lt;script&gt;\n</code>" in page


def test_headings_tables_and_examples_are_accessible(written: Any) -> None:
    page = written("# One, two\n\n## Same\n\n## Same\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```json answer\n{}\n```\n")
    assert '<h1 id="one-two">' in page
    assert '<h2 id="same">' in page
    assert '<h2 id="same-1">' in page
    assert '<div class="scroll" tabindex="0" role="group" aria-label="Table">\n<table>' in page
    assert '<pre tabindex="0" role="group" aria-label="Example"><code>{}\n</code></pre>' in page
    assert '<html lang="en">' in page


def test_links_and_fifos_beside_the_documents_are_no_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "docs" / "deep" / "a.md").touch()
    (tmp_path / "secret.md").touch()
    (tmp_path / "docs" / "b.md").symlink_to(tmp_path / "secret.md")
    monkeypatch.setattr(documentation, "ROOT", tmp_path)
    assert documentation.documents() == ["docs/deep/a.md"]


async def test_schema_is_served_as_text(api: ApiClient) -> None:
    response = await api.http.get("/schema.graphql")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.text == sdl()
    assert "@oneOf" in response.text
    assert print_schema(build_schema(response.text)) + "\n" == response.text
    known = {"If-None-Match": response.headers["etag"]}
    assert (await api.http.get("/schema.graphql", headers=known)).status_code == 304
    assert (await api.http.head("/schema.graphql")).status_code == 200
