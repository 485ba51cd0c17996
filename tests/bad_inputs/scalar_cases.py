"""Cases: values of custom scalars, as variables and as literals."""

from typing import Final

from tests.bad_inputs.case import BAD_USER_INPUT, CANARY, Case, operation, raw_variables

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
    *(
        Case(f"DateTime {str(value)[:40]!r}", operation(FREE_VARIABLES, t=value), 400, BAD_USER_INPUT)
        for value in DATETIMES
    ),
    *(Case(f"Base64 {value!r}", operation(FREE_VARIABLES, b=value), 400, BAD_USER_INPUT) for value in BASE64_TEXTS),
    *(
        Case(f"{n:.0e} in JSON", raw_variables(FREE_VARIABLES, f'{{"m":{{"a":[{n}]}}}}'), 400, BAD_USER_INPUT)
        for n in NUMBERS
    ),
    *(
        Case(f"{n:.0e} in a JSON literal", operation(LITERALS % (f"metadata: {{a: [{n}]}}", "")), 400, BAD_USER_INPUT)
        for n in NUMBERS
    ),
    Case("1e400 in a JSON literal", operation(LITERALS % ("metadata: {a: 1e400}", "")), 400, BAD_USER_INPUT),
    Case(
        "a DateTime that is a number in a literal",
        operation(LITERALS % ("", "created: 1780000000")),
        400,
        BAD_USER_INPUT,
    ),
    Case(
        "Base64 that is a name in a literal",
        operation(LITERALS % ("", 'data: {name: "a", rawData: YQ}')),
        400,
        BAD_USER_INPUT,
    ),
    Case(
        "Base64 of one character too few",
        operation(LITERALS % ("", 'data: {name: "a", rawData: "YQ="}')),
        400,
        BAD_USER_INPUT,
    ),
]
