"""Arguments of queries: metacharacters of other languages, and numbers out of bounds."""

from typing import Any, Final

from tests.bad_inputs.case import COMPLEX, INPUT, Row, asking, sessions

SUBJECTS: Final = "query($s: [String!]) { sessions(filter: {subjects: $s}) { nodes { id } } }"
SERIES: Final = """query($from: DateTime!, $to: DateTime!, $width: Int!) {
    sessionStats { series(from: $from, to: $to, bucketSeconds: $width) { at } } }"""


def _stats(what: str, field: str) -> Row:
    return Row(what, asking(f"{{ sessionStats {{ {field} }} }}"), 200, INPUT)


def _series(what: str, to: str, width: int, since: str = "2026-01-01T00:00:00Z") -> Row:
    variables: dict[str, Any] = {"from": since, "to": to, "width": width}
    return Row(what, asking(SERIES, **variables), 200, INPUT)


FILTERS: Final = [
    *(
        Row(f"subject {text}", asking(SUBJECTS, s=[text]), 200)
        for text in ("' OR 1=1 --", '"; DROP TABLE session; --', "%", "_", "\\", "a*", "[a-z]", "'", "\u202e")
    ),
    Row("a prefix of metacharacters", sessions("""filter: {pathPrefix: ["%", "_", "'", "\\\\", "]", ","]}"""), 200),
    Row("501 values", asking(SUBJECTS, s=["a"] * 501), 400, COMPLEX),
    Row("a guide beyond 32 bits", sessions("filter: {agenda: {guides: [2147483648]}}"), 400, INPUT),
    Row("one field twice in an order", sessions("orderBy: [{field: STARTED_AT}, {field: STARTED_AT}]"), 200, INPUT),
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
