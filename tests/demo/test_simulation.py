"""The command `simulate` against a server that requires tokens."""

from pathlib import Path

import pytest

from demo.simulate import EXIT_OK, EXIT_UNREACHABLE, simulate
from tests.access.tokens import create_token
from tests.api_client import ApiClient
from tests.live_server import serve_app
from tests.project.test_command_line import invoke


async def test_simulation_sends_its_token(api: ApiClient) -> None:
    created = await create_token(api, name="simulation", scopes=["READ", "WRITE", "ADMIN"])
    async with serve_app(api.app) as port:
        code = await simulate(f"http://127.0.0.1:{port}", rate=100, seconds=0.1, seed=1, token=created["secret"])
    assert code == EXIT_OK


@pytest.mark.parametrize("token", [None, "sgt_unknown"])
async def test_simulation_without_a_valid_token_ends_in_one_line(
    api: ApiClient, capsys: pytest.CaptureFixture[str], token: str | None
) -> None:
    await create_token(api, name="admin", scopes=["ADMIN"])
    async with serve_app(api.app) as port:
        url = f"http://127.0.0.1:{port}/graphql"
        assert await simulate(url, token=token) == EXIT_UNREACHABLE
    message = f"the server at {url} needs a valid token: give its file with --token-file\n"
    assert capsys.readouterr().err.endswith(message)


@pytest.mark.parametrize("content", [b"", b"sgt_1\nsgt_2", b"\xff\x00"])
def test_token_file_without_a_secret_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    code, output = invoke("simulate", "--token-file", str(tmp_path / "token"))
    assert (code, output) == (2, "--token-file: the file must have the secret of a token, and nothing else\n")
