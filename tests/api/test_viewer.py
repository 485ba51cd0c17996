"""viewer: who is asking."""

from tests.api_client import ApiClient


async def test_caller_without_tokens_is_local_admin(api: ApiClient) -> None:
    viewer = await api.execute("{ viewer { name scopes projects } }")
    assert viewer == {"name": "local", "scopes": ["READ", "WRITE", "ADMIN"], "projects": None}
