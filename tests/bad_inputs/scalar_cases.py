"""Values that no scalar has, as JSON and written in the document."""

from typing import Final

from tests.bad_inputs.case import CANARY, INPUT, Row, asking, raw_variables

FREE: Final = """mutation($m: JSON, $t: DateTime, $b: Base64 = "") {
    startSession(input: {metadata: $m, variant: {field: {unitId: "u", created: $t, data: {name: "a", rawData: $b}}}}) {
        problems { code } } }"""
LITERAL: Final = """mutation { startSession(input: {%s variant: {field: {unitId: "u", %s}}}) { problems { code } } }"""

TIMES: Final = [
    "yesterday", "", "2026-05-28", "2026-05-28T20:26:40", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-05-28T24:00:00Z", "2026-05-28T20:26:60Z", "2026-05-28T20:26:40+25:00", "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "٢٠٢٦-05-28T20:26:40Z", "2026-05-28T20:26:40Z\n", CANARY,
    1_780_000_000, 1.5, True, [], {}, ["2026-05-28T20:26:40Z"], {"a": 1}, "x" * 100_000,
]  # fmt: skip
BYTES: Final = ["a", "YQ", "YQ=", "YQ===", "YR==", "Y Q==", "YQ==\n", "_-8=", "ü", 1, True, 1.5, [], {}, CANARY]
NUMBERS: Final = [2**64, -(2**63) - 1, 10**100]

VALUES: Final = [
    *(Row(f"DateTime {str(value)[:40]!r}", asking(FREE, t=value), 400, INPUT) for value in TIMES),
    *(Row(f"Base64 {value!r}", asking(FREE, b=value), 400, INPUT) for value in BYTES),
    *(Row(f"{n:.0e} in JSON", raw_variables(FREE, f'{{"m":{{"a":[{n}]}}}}'), 400, INPUT) for n in NUMBERS),
    *(
        Row(f"{n:.0e} in a JSON literal", asking(LITERAL % (f"metadata: {{a: [{n}]}}", "")), 400, INPUT)
        for n in NUMBERS
    ),
    Row("1e400 in a JSON literal", asking(LITERAL % ("metadata: {a: 1e400}", "")), 400, INPUT),
    Row("a DateTime that is a number in a literal", asking(LITERAL % ("", "created: 1780000000")), 400, INPUT),
    Row("Base64 that is a name in a literal", asking(LITERAL % ("", 'data: {name: "a", rawData: YQ}')), 400, INPUT),
    Row("Base64 of one character too few", asking(LITERAL % ("", 'data: {name: "a", rawData: "YQ="}')), 400, INPUT),
]
