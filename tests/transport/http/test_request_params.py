"""Values in requests: strings, numbers and nesting."""

import json
from typing import Any

import pytest

from tests.transport.fake_app import FakeApp, GraphQLClient, error_codes


@pytest.mark.parametrize(
    "body",
    [
        b'{"query":"query($t:JSON){echo(json:$t)}","variables":{"t":{"a":[{"\\u0000":1}]}}}',
        b'{"query":"query($t:JSON){echo(json:$t)}","variables":{"t":[[["\\u0000"]]]}}',
        b'{"query":"{hello}\\u0000"}',
        b'{"query":"{hello(name:\\"\\\\u{0}\\")}"}',
        b'{"query":"{hello(name:\\"\\\\u{D800}\\")}"}',
        b'{"query":"query a{hello}","operationName":"a\\u0000"}',
    ],
)
async def test_nul_and_half_surrogates_are_bad_input(client: GraphQLClient, fake_app: FakeApp, body: bytes) -> None:
    response = await client.post(body)
    assert (response.status_code, set(error_codes(response))) == (400, {"BAD_USER_INPUT"})
    assert fake_app.resolvers_called == 0


@pytest.mark.parametrize(
    ("written", "meant"),
    [(rb"\\u0000", "\\u0000"), (rb"\ud83c\udfc3", "🏃"), ("🏃".encode(), "🏃"), (rb"\u00e9\n\t", "é\n\t")],
)
async def test_other_strings_are_unchanged(client: GraphQLClient, written: bytes, meant: str) -> None:
    response = await client.post(b'{"query":"query($t:String){hello(name:$t)}","variables":{"t":"' + written + b'"}}')
    assert response.json() == {"data": {"hello": f"Hello, {meant}"}}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{echo(int: 99999999999)}", None),
        ("query($n:Int){echo(int:$n)}", {"n": 99999999999}),
        ("query($n:Int){echo(int:$n)}", {"n": "x" * 5000}),
        ("query($n:Int){echo(int:$n)}", {"n": 1.5}),
        ('{echo(int: "7")}', None),
        ("query($b:Box){echo(box:$b)}", {"b": {}}),
        ("query($b:Box){echo(box:$b)}", {"b": {"size": 1, "colour": 2}}),
        ("query($b:Box){echo(box:$b)}", {"b": [1, 2, 3]}),
        ("query($n:Int){echo(box:{size:$n})}", {"n": None}),
        ("query($n:Int!){echo(box:{size:$n})}", {}),
        ("{echo(int: " + "9" * 5000 + ")}", None),
    ],
)
async def test_value_of_wrong_type_is_bad_input(
    client: GraphQLClient, fake_app: FakeApp, query: str, variables: dict[str, Any] | None
) -> None:
    response = await client.execute(query, variables)
    assert response.status_code in (200, 400)
    assert set(error_codes(response)) <= {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}
    assert "Traceback" not in response.text
    assert len(response.content) < 3000
    assert fake_app.resolvers_called == 0


async def test_int_overflow_is_bad_input_in_literal_and_variable(client: GraphQLClient) -> None:
    literal = await client.execute("{echo(int: 99999999999)}")
    variable = await client.execute("query($n:Int){echo(int:$n)}", {"n": 99999999999})
    assert error_codes(literal) == error_codes(variable) == ["BAD_USER_INPUT"]


async def test_coercion_errors_are_bounded(client: GraphQLClient) -> None:
    names = [f"v{number}" for number in range(60)]
    query = f"query({' '.join(f'${n}:Int!' for n in names)}){{ {' '.join(f'a:echo(int:${n})' for n in names[:1])} }}"
    response = await client.execute(query, {})
    assert len(error_codes(response)) <= 21


async def test_variables_deeper_than_32_are_refused(client: GraphQLClient) -> None:
    def nested(depth: int) -> dict[str, Any]:
        value: Any = 1
        for _ in range(depth - 1):
            value = [value]
        return {"j": value}

    query = "query($j:JSON){echo(json:$j)}"
    assert (await client.execute(query, nested(32))).status_code == 200
    response = await client.execute(query, nested(33))
    assert (response.status_code, error_codes(response)) == (400, ["QUERY_TOO_COMPLEX"])
    assert response.json()["errors"][0]["extensions"]["maximum"] == 32


@pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809", "-" + "9" * 25, "1" + "0" * 300])
@pytest.mark.parametrize("place", ["variables", "extensions"])
async def test_integer_beyond_64_bits_is_refused(
    client: GraphQLClient, fake_app: FakeApp, number: str, place: str
) -> None:
    query = b'{"query":"query($j:JSON){echo(json:$j)}","%s":{"j":[{"k":%s}]}}'
    response = await client.post(query % (place.encode(), number.encode()))
    assert (response.status_code, error_codes(response)) == (400, ["BAD_USER_INPUT"])
    assert "64 bits" in response.json()["errors"][0]["message"]
    assert number not in response.text
    assert fake_app.resolvers_called == 0


INTEGERS = ("18446744073709551615", "-9223372036854775808", "9223372036854775807")
OTHERS = ("1234567890123456789.5", "0.12345678901234567890", "12345678901234567890e3")


@pytest.mark.parametrize("number", [*INTEGERS, *OTHERS, '"123456789012345678901234567890"'])
async def test_other_numbers_are_unchanged(client: GraphQLClient, number: str) -> None:
    response = await client.post(
        b'{"query":"query($j:JSON){echo(json:$j)}","variables":{"j":{"k":%s}}}' % number.encode()
    )
    arrived = json.loads(response.json()["data"]["echo"])["json"]["k"]
    assert arrived == json.loads(number)


async def test_integer_beyond_64_bits_is_refused_in_query_string(client: GraphQLClient) -> None:
    response = await client.get(query="query($j:JSON){echo(json:$j)}", variables='{"j":18446744073709551616}')
    assert (response.status_code, error_codes(response)) == (400, ["BAD_USER_INPUT"])
