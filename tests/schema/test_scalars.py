"""Limits of the scalars DateTime, JSON and Base64."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLScalarType, parse_value
from hypothesis import example, given
from hypothesis import strategies as st

from schema import graphql_schema
from schema.scalars import MAX_JSON_DEPTH

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIRST = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND
LAST = (datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC) - EPOCH) // MILLISECOND
INSTANTS = st.integers(FIRST, LAST)
OFFSETS = st.integers(-(24 * 60 - 1), 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def scalar(name: str) -> GraphQLScalarType:
    found = graphql_schema.type_map[name]
    assert isinstance(found, GraphQLScalarType)
    return found


DATE_TIME, JSON, BASE64 = scalar("DateTime"), scalar("JSON"), scalar("Base64")


def literal(type_: GraphQLScalarType, text: str) -> Any:
    assert type_.coerce_input_literal is not None
    return type_.coerce_input_literal(parse_value(text))  # type: ignore[arg-type]  # a value without variables is a constant one


@given(INSTANTS)
@example(FIRST)
@example(LAST)
@example(-1)
def test_datetime_round_trips(instant: int) -> None:
    text = DATE_TIME.coerce_output_value(instant)
    assert DATE_TIME.coerce_input_value(text) == instant


@given(INSTANTS)
def test_datetime_output_is_utc_with_milliseconds(instant: int) -> None:
    day = datetime.fromtimestamp(instant // 1000, UTC)
    date = f"{day.year:04}-{day.month:02}-{day.day:02}T{day.hour:02}:{day.minute:02}:{day.second:02}"
    assert DATE_TIME.coerce_output_value(instant) == f"{date}.{instant % 1000:03}Z"


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)), OFFSETS)  # noqa: DTZ001 - the zone is drawn
def test_datetime_offset_is_subtracted(day: datetime, offset: timezone) -> None:
    local = day.replace(tzinfo=offset)
    wanted = (local - EPOCH) // MILLISECOND
    assert DATE_TIME.coerce_input_value(local.isoformat()) == wanted


@given(st.from_regex(r"\A[0-9]{1,30}\Z"))
@example("9")
@example("9999999")
def test_datetime_is_truncated_to_milliseconds(fraction: str) -> None:
    whole = DATE_TIME.coerce_input_value("1969-12-31T23:59:59Z")
    assert DATE_TIME.coerce_input_value(f"1969-12-31T23:59:59.{fraction}Z") == whole + int(fraction.ljust(3, "0")[:3])


def test_datetime_accepts_lower_case_t_and_z() -> None:
    assert DATE_TIME.coerce_input_value("2024-02-29t12:00:00z") == DATE_TIME.coerce_input_value("2024-02-29T12:00:00Z")


@pytest.mark.parametrize(
    "text",
    [
        *["", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00Z", "2024-01-01 00:00:00Z", "20240101T000000Z"],
        *["2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00+01", "2024-01-01T00:00:00+0100"],
        *["2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00-24:00", "2024-01-01T00:00:00+01:60"],
        *["2024-01-01T24:00:00Z", "2024-12-31T23:59:60Z", "2024-01-01T00:60:00Z", "2023-02-29T00:00:00Z"],
        *["2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01"],
        *["9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z", "-2024-01-01T00:00:00Z", " 2024-01-01T00:00:00Z"],
        *["2024-01-01T00:00:00Z\n", "2024-01-01T00:00:00Z\0", "٢٠٢٤-01-01T00:00:00Z", "now", 0, 1704067200000, 1.5],
        *[True, None, ["2024-01-01T00:00:00Z"], {}],
    ],
)
def test_malformed_datetime_is_rejected(text: object) -> None:
    with pytest.raises(GraphQLError, match=r"^must be "):
        DATE_TIME.coerce_input_value(text)


@pytest.mark.parametrize("text", ["2024", "1704067200000", "now", "null", "[]", "{}"])
def test_datetime_literal_must_be_string(text: str) -> None:
    with pytest.raises(GraphQLError, match=r"^must be "):
        literal(DATE_TIME, text)


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_json_round_trips(value: object) -> None:
    assert JSON.coerce_output_value(JSON.coerce_input_value(value)) == value


def test_json_accepts_literals() -> None:
    written = '{a: [1, 2.5, "x", true, null], b: {}}'
    assert literal(JSON, written) == {"a": [1, 2.5, "x", True, None], "b": {}}


def nested(levels: int) -> object:
    value: object = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize(
    "value",
    [
        *[float("nan"), float("inf"), -float("inf"), 2**64, -(2**63) - 1, "a\0b", "\ud800", "a\udfff", {"a\0": 1}],
        *[{"\ud800": 1}, {1: 2}, b"bytes", object, {1, 2}, nested(MAX_JSON_DEPTH + 1)],
    ],
    ids=repr,
)
def test_unstorable_json_is_rejected(value: object) -> None:
    for wrapped in (value, [value], {"a": value}):
        with pytest.raises(GraphQLError, match=r"^must "):
            JSON.coerce_input_value(wrapped)


def test_json_may_be_nested_to_limit() -> None:
    value = nested(MAX_JSON_DEPTH)
    assert JSON.coerce_input_value(value) is value


@pytest.mark.parametrize("text", ["1e999", "-1e999", "9" * 30, "9" * 5000, '"\\u0000"'], ids=lambda text: text[:9])
def test_json_literal_is_validated(text: str) -> None:
    with pytest.raises(GraphQLError, match=r"^must "):
        literal(JSON, text)


@given(st.binary())
def test_base64_round_trips(data: bytes) -> None:
    text = BASE64.coerce_output_value(data)
    assert text == base64.b64encode(data).decode()
    assert BASE64.coerce_input_value(text) == data


@pytest.mark.parametrize(
    "text",
    [
        *["A", "AA", "AAA", "AB==", "AAB=", "AA==AA==", "AAAA=", "====", "AA A", "AAAA\n", "_-_-", "äöüß", "AA=A"],
        *[5, None, b"AAAA", []],
    ],
)
def test_non_canonical_base64_is_rejected(text: object) -> None:
    with pytest.raises(GraphQLError, match=r"^must be standard Base64"):
        BASE64.coerce_input_value(text)


def test_base64_literal_must_be_string() -> None:
    assert literal(BASE64, '"AAAA"') == b"\0\0\0"
    with pytest.raises(GraphQLError, match=r"^must be standard Base64"):
        literal(BASE64, "AAAA")
