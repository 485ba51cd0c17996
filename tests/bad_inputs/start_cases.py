"""Starts whose form is right, and whose content breaks a rule; projects too."""

from typing import Any, Final

from tests.bad_inputs.case import CANARY, COMPLEX, INPUT, Row, asking, mutation, start

AGENDA: Final = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T21:00:00Z"}
UNKNOWN_ID: Final = "s_" + "x" * 22
CREATION: Final = "mutation($input: ProjectInput!) { createProject(input: $input) { problems { code } } }"


def _nested(depth: int) -> Any:
    value: Any = CANARY
    for _ in range(depth):
        value = {"a": value}
    return value


def _user(**common: Any) -> bytes:
    return start("user", {"username": "u"}, **common)


def _agenda(**fields: Any) -> bytes:
    return start("agenda", {**AGENDA, **fields})


def _form(points: list[dict[str, Any]]) -> bytes:
    return start("field", {"unitId": "u", "data": points})


def _variant(**kinds: Any) -> bytes:
    return mutation("startSession", {"variant": kinds})


def _project(id_: str) -> Row:
    return Row(f"the project id {id_[:30]!r}", asking(CREATION, input={"id": id_}), 200, INPUT)


STARTS: Final = [
    *(
        Row(f"a timeout of {seconds}", _user(timeoutSeconds=seconds), status, INPUT)
        for seconds, status in [(0, 200), (-1, 200), (9, 200), (86_401, 200), (10**9, 200), (0.001, 400), (2**31, 400)]
    ),
    Row("a name of 10 MB", _agenda(name="x" * 10_000_000), 413, "BAD_REQUEST"),
    Row("a name of 1 MB", _agenda(name=CANARY * 90_000), 200, INPUT),
    Row("no name", _agenda(name=""), 200, INPUT),
    Row("10,000 tracks", _agenda(scheduleTracks=list(range(10_000))), 400, COMPLEX),
    Row("101 tracks", _agenda(scheduleTracks=list(range(101))), 200, INPUT),
    Row("a track beyond 32 bits", _agenda(scheduleTracks=[2**31]), 400, INPUT),
    Row("a description of 1 MB", _agenda(descriptionHtml="<p>" * 350_000), 200, INPUT),
    Row("100,000 tags in one another", _agenda(descriptionHtml="<b>" * 100_000), 200, INPUT),
    Row("metadata 100 deep", _user(metadata=_nested(100)), 400, "BAD_REQUEST"),
    Row("metadata 40 deep", _user(metadata=_nested(40)), 400, COMPLEX),
    Row("metadata 20 deep", _user(metadata=_nested(20)), 200, INPUT),
    Row("metadata of 1 MB", _user(metadata={"a": CANARY * 90_000}), 200, INPUT),
    Row("a project that is not there", _user(projectId=CANARY), 200, "NOT_FOUND"),
    Row("an id in place of a project", _user(projectId=UNKNOWN_ID), 200, "NOT_FOUND"),
    Row("no kind", _variant(), 400, INPUT),
    Row("two kinds", _variant(user={"username": "u"}, field={"unitId": "u"}), 400, INPUT),
    Row("an unknown kind", _variant(**{CANARY: {}}), 400, INPUT),
    Row("a start with an unknown field", start("user", {"username": "u", CANARY: 1}), 400, INPUT),
    Row("a data point of 65 KiB", _form([{"name": "a", "value": "x" * 66_000}]), 200, INPUT),
    Row("501 data points", _form([{"name": str(n), "value": ""} for n in range(501)]), 400, COMPLEX),
    *(_project(id_) for id_ in ("", "a b", "ä", "x" * 65, "../x", UNKNOWN_ID, "a\n")),
]
