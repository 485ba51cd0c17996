"""viewer: who is asking."""

from tests.api_client import World


async def test_a_server_without_tokens_takes_everybody_for_its_local_administrator(world: World) -> None:
    viewer = await world.ask("{ viewer { name scopes projects } }")
    assert viewer == {"name": "local", "scopes": ["READ", "WRITE", "ADMIN"], "projects": None}
