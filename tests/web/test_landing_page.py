"""The landing page."""

from pathlib import Path

from tests.api_client import ApiClient, open_api


async def test_the_landing_page_leads_to_graphiql(api: ApiClient) -> None:
    page = await api.http.get("/")
    assert (page.status_code, "Open GraphiQL" in page.text) == (200, True)
    assert "curl http://localhost/graphql" in page.text


async def test_in_production_nothing_leads_to_graphiql(tmp_path: Path) -> None:
    async with open_api(tmp_path / "test.db", production=True) as api:
        assert "GraphiQL" not in (await api.http.get("/")).text
        answer = await api.http.get("/graphql", headers={"Accept": "text/html"})
        assert answer.status_code == 406
