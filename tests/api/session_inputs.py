"""Minimal inputs of sessions, and the sessions and projects that tests start with."""

from typing import Any, Final

from tests.api_client import ApiClient

MEDIA: Final[dict[str, Any]] = {
    "playerTime": {"playhead": 0, "ts": "2026-05-28T20:26:40Z"},
    "trackingServer": "t",
    "reportSuite": "r",
    "organizationId": "o",
    "mediaId": "m",
    "length": 60,
    "contentType": "VOD",
    "playerName": "p",
    "channel": "c",
}
MINIMAL_INPUTS: Final[dict[str, dict[str, Any]]] = {
    "client": {"clientSystem": "iOS 8.1"},
    "agenda": {"guide": 7, "name": "Talk", "startTime": "2026-05-28T20:00:00Z"},
    "media": MEDIA,
    "field": {"unitId": "u1"},
    "user": {"username": "ann"},
}
CREATE_PROJECT: Final = """mutation($input: CreateProjectInput!) {
    createProject(input: $input) { problems { code path } } }"""


async def start_one_of_each_kind(api: ApiClient) -> dict[str, str]:
    """Start five sessions, a second apart; returns their ids by kind."""
    ids = {}
    for kind, variant in MINIMAL_INPUTS.items():
        ids[kind] = (await api.start_session(kind, variant))["id"]
        await api.advance(1)
    return ids


async def create_project(api: ApiClient, id_: str, **fields: Any) -> None:
    assert await api.execute(CREATE_PROJECT, input={"id": id_, **fields}) == {"problems": []}


def timeouts(**seconds: int | None) -> list[dict[str, Any]]:
    """Make the `timeouts` of a project, by kind."""
    return [{"kind": kind, "seconds": value} for kind, value in seconds.items()]


def problem_codes(payload: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in payload["problems"]]


def problem_paths(payload: dict[str, Any]) -> list[str]:
    return [".".join(problem["path"]) for problem in payload["problems"]]
