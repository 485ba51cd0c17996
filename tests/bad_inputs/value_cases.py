"""Cases: filters, arguments out of bounds, and values of custom scalars."""

from typing import Any, Final

from tests.bad_inputs.case import (
    CANARY,
    TOO_COMPLEX,
    Case,
    accepted,
    error,
    list_sessions,
    operation,
    problem,
    raw_variables,
)

SUBJECTS: Final = "query($s: [String!]) { sessions(filter: {subjects: $s}) { nodes { id } } }"
SERIES: Final = """query($from: DateTime!, $to: DateTime!, $width: Int!) {
    sessionStats { series(from: $from, to: $to, bucketSeconds: $width) { at } } }"""


def _series(title: str, to: str, width: int, since: str = "2026-01-01T00:00:00Z") -> Case:
    variables: dict[str, Any] = {"from": since, "to": to, "width": width}
    return problem(title, operation(SERIES, **variables))


FILTER_CASES: Final = [
    *(
        accepted(f"subject {text}", operation(SUBJECTS, s=[text]))
        for text in ("' OR 1=1 --", '"; DROP TABLE session; --', "%", "_", "\\", "a*", "[a-z]", "'", "\u202e")
    ),
    accepted(
        "a prefix of metacharacters", list_sessions("""filter: {pathPrefix: ["%", "_", "'", "\\\\", "]", ","]}""")
    ),
    problem("501 values", operation(SUBJECTS, s=["a"] * 501)),
    error("1001 values", operation(SUBJECTS, s=["a"] * 1001), TOO_COMPLEX),
    error("a guide beyond 32 bits", list_sessions("filter: {agenda: {guides: [2147483648]}}")),
    problem("one field twice in an order", list_sessions("orderBy: [{field: STARTED_AT}, {field: STARTED_AT}]")),
    _series("a series of nothing", "2026-01-01T00:00:00Z", 1),
    _series("2,001 buckets", "2026-01-01T00:33:21Z", 1),
    _series("all of time in seconds", "9999-12-31T23:59:59Z", 1, "0001-01-01T00:00:00Z"),
    _series("buckets of no width", "2026-01-02T00:00:00Z", 0),
    _series("buckets of negative width", "2026-01-02T00:00:00Z", -(2**31)),
    *(
        problem(field, operation(f"{{ sessionStats {{ {field} }} }}"))
        for field in (
            *("seenWithin(minutes: 0)", "seenWithin(minutes: 2147483647)"),
            *("byPath(depth: 9) { path }", "bySubject(first: 501) { subject }"),
        )
    ),
]

FREE_VARIABLES: Final = """mutation($m: JSON, $t: DateTime, $b: Base64 = "") {
    startSession(input: {metadata: $m, variant: {field: {unitId: "u", created: $t, data: {name: "a", rawData: $b}}}}) {
        problems { code } } }"""
LITERALS: Final = """mutation { startSession(input: {%s variant: {field: {unitId: "u", %s}}}) { problems { code } } }"""

DATETIMES: Final = [
    "yesterday", "", "2026-05-28", "2026-05-28T20:26:40", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-05-28T24:00:00Z", "2026-05-28T20:26:60Z", "2026-05-28T20:26:40+25:00", "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "٢٠٢٦-05-28T20:26:40Z", "2026-05-28T20:26:40Z\n", CANARY,
    1_780_000_000, 1.5, True, [], {}, ["2026-05-28T20:26:40Z"], {"a": 1}, "x" * 100_000
]  # fmt: skip
BASE64_TEXTS: Final = ["a", "YQ", "YQ=", "YQ===", "YR==", "Y Q==", "YQ==\n", "_-8=", "ü", 1, True, 1.5, [], {}, CANARY]
NUMBERS: Final = [2**64, -(2**63) - 1, 10**100]

SCALAR_CASES: Final = [
    *(error(f"DateTime {str(value)[:40]!r}", operation(FREE_VARIABLES, t=value)) for value in DATETIMES),
    *(error(f"Base64 {value!r}", operation(FREE_VARIABLES, b=value)) for value in BASE64_TEXTS),
    *(error(f"{n:.0e} in JSON", raw_variables(FREE_VARIABLES, f'{{"m":{{"a":[{n}]}}}}')) for n in NUMBERS),
    *(error(f"{n:.0e} in a JSON literal", operation(LITERALS % (f"metadata: {{a: [{n}]}}", ""))) for n in NUMBERS),
    error("1e400 in a JSON literal", operation(LITERALS % ("metadata: {a: 1e400}", ""))),
    error("a DateTime that is a number in a literal", operation(LITERALS % ("", "created: 1780000000"))),
    error("Base64 that is a name in a literal", operation(LITERALS % ("", 'data: {name: "a", rawData: YQ}'))),
    error("Base64 of one character too few", operation(LITERALS % ("", 'data: {name: "a", rawData: "YQ="}'))),
]
