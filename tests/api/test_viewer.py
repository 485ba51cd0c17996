"""viewer: who is asking."""

from tests.api_client import ApiClient


async def test_a_server_without_tokens_takes_everybody_for_its_local_administrator(api: ApiClient) -> None:
    viewer = await api.execute("{ viewer { name scopes projects } }")
    assert viewer == {"name": "local", "scopes": ["READ", "WRITE", "ADMIN"], "projects": None}
