"""The examples of docs/access.md: settings and tokens of known identity providers."""

import json
import re
from pathlib import Path
from typing import Any, Final

import jwt
import pytest

from main import Settings
from tests.access.identity_provider import SECRET, key_set, signer
from tests.access.tokens import VIEWER, ask
from tests.api_client import EPOCH, FakeClock, open_api
from tests.docs.page_runner import ROOT

PAGE: Final = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
SIGNER: Final = signer("rs256", "RS256")


def blocks(heading: str) -> list[str]:
    """Return the blocks under a heading."""
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n### ")[0]
    return re.findall(r"^```[^\n]*\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def documented_settings(heading: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Read a block of settings as a server does."""
    for name, value in re.findall(r"^(JWT_\w+)=(.*)$", blocks(heading)[0], re.MULTILINE):
        monkeypatch.setenv(name, value.replace("…", SECRET))
    settings = Settings()
    return {name: getattr(settings, name) for name in settings.model_fields_set}


@pytest.mark.parametrize(
    ("provider", "without", "expected"),
    [
        ("Keycloak", "", ("ada", ["READ", "WRITE"], ["north", "south"])),
        ("Keycloak", "projects", ("ada", ["READ", "WRITE"], ["default"])),
        ("Auth0", "", ("ada", ["READ", "ADMIN"], None)),
        ("Auth0", "https://sessions.example.org/name", ("auth0|6553da60a54af58e29493993", ["READ", "ADMIN"], None)),
    ],
)
async def test_documented_token_has_the_documented_access(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str, without: str, expected: tuple[Any, ...]
) -> None:
    settings = documented_settings(provider, monkeypatch)
    assert settings["jwt_jwks"].startswith("https://")
    (tmp_path / "keys.json").write_text(key_set(SIGNER))
    monkeypatch.setenv("JWT_JWKS", str(tmp_path / "keys.json"))
    claims = json.loads(blocks(provider)[1])
    claims.pop(without, None)
    token = jwt.encode(claims, SIGNER.key, "RS256", {"kid": SIGNER.id})
    async with open_api(tmp_path / "test.db", FakeClock(EPOCH)) as api:
        viewer = (await ask(api, VIEWER, f"Bearer {token}")).json()["data"]["viewer"]
    projects = viewer["projects"] if viewer["projects"] is None else sorted(viewer["projects"])
    assert (viewer["name"], viewer["scopes"], projects) == expected


async def test_documented_program_signs_an_accepted_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documented_settings("A secret", monkeypatch)
    names: dict[str, Any] = {"secret": SECRET}
    exec(blocks("A secret")[1].replace("time.time()", str(EPOCH // 1000)), names)  # noqa: S102 - our own page
    async with open_api(tmp_path / "test.db") as api:
        viewer = (await ask(api, VIEWER, f"Bearer {names['token']}")).json()["data"]["viewer"]
    assert viewer == {"name": "ada", "scopes": ["WRITE"], "projects": ["default"]}
