"""Cases: metacharacters in filters, arguments out of bounds."""

from typing import Any, Final

from tests.bad_inputs.case import BAD_USER_INPUT, TOO_COMPLEX, Case, list_sessions, operation

SUBJECTS: Final = "query($s: [String!]) { sessions(filter: {subjects: $s}) { nodes { id } } }"
SERIES: Final = """query($from: DateTime!, $to: DateTime!, $width: Int!) {
    sessionStats { series(from: $from, to: $to, bucketSeconds: $width) { at } } }"""


def _stats(title: str, field: str) -> Case:
    return Case(title, operation(f"{{ sessionStats {{ {field} }} }}"), 200, BAD_USER_INPUT)


def _series(title: str, to: str, width: int, since: str = "2026-01-01T00:00:00Z") -> Case:
    variables: dict[str, Any] = {"from": since, "to": to, "width": width}
    return Case(title, operation(SERIES, **variables), 200, BAD_USER_INPUT)


FILTER_CASES: Final = [
    *(
        Case(f"subject {text}", operation(SUBJECTS, s=[text]), 200)
        for text in ("' OR 1=1 --", '"; DROP TABLE session; --', "%", "_", "\\", "a*", "[a-z]", "'", "\u202e")
    ),
    Case(
        "a prefix of metacharacters", list_sessions("""filter: {pathPrefix: ["%", "_", "'", "\\\\", "]", ","]}"""), 200
    ),
    Case("501 values", operation(SUBJECTS, s=["a"] * 501), 400, TOO_COMPLEX),
    Case("a guide beyond 32 bits", list_sessions("filter: {agenda: {guides: [2147483648]}}"), 400, BAD_USER_INPUT),
    Case(
        "one field twice in an order",
        list_sessions("orderBy: [{field: STARTED_AT}, {field: STARTED_AT}]"),
        200,
        BAD_USER_INPUT,
    ),
    _series("a series of nothing", "2026-01-01T00:00:00Z", 1),
    _series("2,001 buckets", "2026-01-01T00:33:21Z", 1),
    _series("all of time in seconds", "9999-12-31T23:59:59Z", 1, "0001-01-01T00:00:00Z"),
    _series("buckets of no width", "2026-01-02T00:00:00Z", 0),
    _series("buckets of negative width", "2026-01-02T00:00:00Z", -(2**31)),
    _stats("no minutes", "seenWithin(minutes: 0)"),
    _stats("minutes for ever", "seenWithin(minutes: 2147483647)"),
    _stats("a depth of 9", "byPath(depth: 9) { path }"),
    _stats("501 groups", "bySubject(first: 501) { key }"),
]
