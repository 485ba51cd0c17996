"""The landing page, with and without GraphiQL."""

from pathlib import Path

from tests.api_client import ApiClient, open_api


async def test_landing_page_links_to_graphiql(api: ApiClient) -> None:
    page = await api.http.get("/")
    assert (page.status_code, "Open GraphiQL" in page.text) == (200, True)
    assert "curl http://localhost/graphql" in page.text


async def test_landing_page_names_the_public_address(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db", public_url="https://sessions.example.org/api/") as api:
        assert "curl https://sessions.example.org/api/graphql" in (await api.http.get("/")).text
