"""Cases: well-formed starts that break a rule, and projects."""

from typing import Any, Final

from tests.bad_inputs.case import BAD_USER_INPUT, CANARY, TOO_COMPLEX, Case, mutation, operation, start

AGENDA: Final = {"guide": 1, "name": "Talk", "startTime": "2026-05-28T21:00:00Z"}
UNKNOWN_ID: Final = "s_" + "x" * 22
CREATE_PROJECT: Final = "mutation($input: ProjectInput!) { createProject(input: $input) { problems { code } } }"


def _nested_object(depth: int) -> Any:
    value: Any = CANARY
    for _ in range(depth):
        value = {"a": value}
    return value


def _start_user(**common: Any) -> bytes:
    return start("user", {"username": "u"}, **common)


def _start_agenda(**fields: Any) -> bytes:
    return start("agenda", {**AGENDA, **fields})


def _start_form(points: list[dict[str, Any]]) -> bytes:
    return start("field", {"unitId": "u", "data": points})


def _start_variants(**kinds: Any) -> bytes:
    return mutation("startSession", {"variant": kinds})


def _project_id_case(id_: str) -> Case:
    return Case(f"the project id {id_[:30]!r}", operation(CREATE_PROJECT, input={"id": id_}), 200, BAD_USER_INPUT)


START_CASES: Final = [
    *(
        Case(f"a timeout of {seconds}", _start_user(timeoutSeconds=seconds), status, BAD_USER_INPUT)
        for seconds, status in [(0, 200), (-1, 200), (9, 200), (86_401, 200), (10**9, 200), (0.001, 400), (2**31, 400)]
    ),
    Case("a name of 10 MB", _start_agenda(name="x" * 10_000_000), 413, "BAD_REQUEST"),
    Case("a name of 1 MB", _start_agenda(name=CANARY * 90_000), 200, BAD_USER_INPUT),
    Case("no name", _start_agenda(name=""), 200, BAD_USER_INPUT),
    Case("10,000 tracks", _start_agenda(scheduleTracks=list(range(10_000))), 400, TOO_COMPLEX),
    Case("101 tracks", _start_agenda(scheduleTracks=list(range(101))), 200, BAD_USER_INPUT),
    Case("a track beyond 32 bits", _start_agenda(scheduleTracks=[2**31]), 400, BAD_USER_INPUT),
    Case("a description of 1 MB", _start_agenda(descriptionHtml="<p>" * 350_000), 200, BAD_USER_INPUT),
    Case("100,000 tags in one another", _start_agenda(descriptionHtml="<b>" * 100_000), 200, BAD_USER_INPUT),
    Case("metadata 100 deep", _start_user(metadata=_nested_object(100)), 400, "BAD_REQUEST"),
    Case("metadata 40 deep", _start_user(metadata=_nested_object(40)), 400, TOO_COMPLEX),
    Case("metadata 20 deep", _start_user(metadata=_nested_object(20)), 200, BAD_USER_INPUT),
    Case("metadata of 1 MB", _start_user(metadata={"a": CANARY * 90_000}), 200, BAD_USER_INPUT),
    Case("a project that is not there", _start_user(projectId=CANARY), 200, "NOT_FOUND"),
    Case("an id in place of a project", _start_user(projectId=UNKNOWN_ID), 200, "NOT_FOUND"),
    Case("no kind", _start_variants(), 400, BAD_USER_INPUT),
    Case("two kinds", _start_variants(user={"username": "u"}, field={"unitId": "u"}), 400, BAD_USER_INPUT),
    Case("an unknown kind", _start_variants(**{CANARY: {}}), 400, BAD_USER_INPUT),
    Case("a start with an unknown field", start("user", {"username": "u", CANARY: 1}), 400, BAD_USER_INPUT),
    Case("a data point of 65 KiB", _start_form([{"name": "a", "value": "x" * 66_000}]), 200, BAD_USER_INPUT),
    Case("501 data points", _start_form([{"name": str(n), "value": ""} for n in range(501)]), 400, TOO_COMPLEX),
    *(_project_id_case(id_) for id_ in ("", "a b", "ä", "x" * 65, "../x", UNKNOWN_ID, "a\n")),
]
