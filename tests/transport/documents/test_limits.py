"""Limits of documents. Fragments count wherever they are spread."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from graphql import parse

from tests.transport.fake_app import FakeApp, GraphQLClient, build_fake_schema, error_codes, open_client, with_limits
from transport import Limits
from transport.documents.complexity import ComplexityAnalyzer


def doubling(levels: int, *, on: str = "Item", start: str = "{item{...F0}}", leaf: str = "id") -> str:
    """Build fragments that each spread the next one twice."""
    chain = [f"fragment F{n} on {on}{{...F{n + 1} ...F{n + 1}}}" for n in range(levels)]
    return " ".join([start, *chain, f"fragment F{levels} on {on}{{{leaf}}}"])


def nested(depth: int) -> str:
    return "{" + "item{" * (depth - 1) + "id" + "}" * depth


# Also see tests/bad_inputs/document_cases.py.
TOO_COMPLEX = {
    "tokens": "{item{" + "id " * 3_000 + "}}",
    "tokens of comments": "#\n" * 3_000 + "{hello}",
    "characters": "#" + "x" * 1_000_000 + "\n{hello}",
    "operations": " ".join(f"query q{n}{{hello}}" for n in range(21)),
    "depth": nested(13),
    "depth through a fragment": "{item{item{item{...F}}}} fragment F on Item" + nested(10),
    "nesting": nested(250),
    "nesting of fragments": "{item{...F0}}"
    + "".join(f"fragment F{n} on Item{{...F{n + 1}}}" for n in range(215))
    + "fragment F215 on Item{id}",
    "aliases": "{item{" + " ".join(f"a{n}:id" for n in range(31)) + "}}",
    "aliases through fragments": "{item{a:item{...F}b:item{...F}c:item{...F}d:item{...F}}}fragment F on Item{"
    + " ".join(f"e{n}:id" for n in range(7))
    + "}",
    "root fields": "{" + " ".join(["hello"] * 11) + "}",
    "root fields through a fragment": "{...F ...F} fragment F on Query{" + " ".join(["hello"] * 6) + "}",
    "directives": "{item{id " + "@skip(if:false) " * 21 + "}}",
    "directives through fragments": "{item{...F ...F ...F}} fragment F on Item{" + "id @include(if:true) " * 7 + "}",
    "merges": "{item{" + "id " * 1_900 + "}}",
    "merges of fields with fields": "{item{" + "item{id}" * 470 + "}}",
    "merges of inline fragments": "{item{" + "...{id}" * 400 + "}}",
    "merges of fragments": "{item{"
    + "".join(f"...F{n} " for n in range(150))
    + "}}"
    + "".join(f"fragment F{n} on Item{{id}}" for n in range(150)),
    "selections by doubling": doubling(20),
    "selections by doubling at the root": doubling(20, on="Query", start="{...F0}", leaf="hello"),
    "selections by doubling in vain": doubling(20, leaf="id @include(if:false)"),
    "selections by doubling introspection": doubling(
        20, on="__Type", start='{__type(name:"Item"){...F0}}', leaf="name"
    ),
    "selections by much doubling": doubling(140),
    "list size": '{nodes(ids:["' + '" "'.join(str(n) for n in range(1001)) + '"]){id}}',
    "cost of lists in lists": "{item{list{list{list{list{list{id}}}}}}}",
    "cost of sizes": "{items(first:500){nodes{items(first:50){nodes{id}}}}}",
}


@pytest.mark.parametrize("limit", TOO_COMPLEX)
async def test_document_over_limit_is_refused(client: GraphQLClient, fake_app: FakeApp, limit: str) -> None:
    response = await client.execute(TOO_COMPLEX[limit])
    assert (response.status_code, error_codes(response)) == (400, ["QUERY_TOO_COMPLEX"])
    error = response.json()["errors"][0]
    assert limit.partition(" ")[0] in error["extensions"]["limit"]
    assert error["extensions"]["maximum"] > 0
    assert f"{error['extensions']['maximum']:,} is the limit" in error["message"]
    assert fake_app.resolvers_called == 0


@pytest.mark.parametrize(
    ("limits", "fits", "over"),
    [
        ({"depth": 3}, nested(3), nested(4)),
        ({"aliases": 2}, "{a:hello b:hello hello}", "{a:hello b:hello c:hello}"),
        ({"root_fields": 2}, "{hello item{id list{id}}}", "{hello ...{item{id} echo}}"),
        ({"directives": 1}, "{hello @skip(if:true)}", "query @x{hello @skip(if:true)}"),
        ({"operations": 1}, "query a{hello}", "query a{hello} query b{hello}"),
        ({"selections": 3}, "{item{id} hello}", "{item{id} ...F} fragment F on Query{hello}"),
        ({"merges": 1}, "{item{id id}}", "{item{id id id}}"),
        ({"merges": 2}, "{item{id} item{id}}", "{item{id tags} item{id tags}}"),
        ({"tokens": 5}, "{a:hello}", "{item{id}}"),
        ({"characters": 7}, "{hello}", "{hello }"),
        ({"list_size": 2}, "{nodes(ids:[1,2]){id}}", "{nodes(ids:[1,2,3]){id}}"),
        ({"cost": 2}, "{item{id item{id}}}", "{item{item{item{id}}}}"),
    ],
)
async def test_limit_may_be_reached_but_not_exceeded(
    fake_app: FakeApp, limits: dict[str, int], fits: str, over: str
) -> None:
    async with open_client(fake_app, with_limits(**limits)) as client:
        assert (await client.execute(fits)).status_code == 200
        assert error_codes(await client.execute(over)) == ["QUERY_TOO_COMPLEX"]


async def test_variable_cost_is_checked_for_each_request(client: GraphQLClient) -> None:
    query = "query($ids:[ID!]!){nodes(ids:$ids){list{list{list{id}}}}}"
    assert (await client.execute(query, {"ids": ["1"] * 17})).status_code == 200
    assert error_codes(await client.execute(query, {"ids": ["1"] * 18})) == ["QUERY_TOO_COMPLEX"]
    assert error_codes(await client.execute(query, {"ids": ["1"] * 1001})) == ["QUERY_TOO_COMPLEX"]
    assert (await client.execute(query, {"ids": "1"})).status_code == 200


INVALID = {
    "circular with much in it": "{item{...A}} fragment A on Item{...A " + "item{id}" * 400 + "}",
    "unused with much in it": "{hello} fragment A on Item{" + "item{id}" * 400 + "}",
    "two of a name": "{item{...A}} fragment A on Item{id} fragment A on Item{" + "item{id}" * 400 + "}",
    "on an unknown type": "{item{...A}} fragment A on Nothing{id}",
    "on a scalar": "{item{...A}} fragment A on String{id}",
    "no root type": "mutation{nothing} ",
    "unknown fields": "{item{" + " ".join(f"x{n}" for n in range(500)) + "}}",
    "unknown arguments": "{items(frist:5){nodes{id}}}",
    "unused variables": "query(" + " ".join(f"$v{n}:Int" for n in range(200)) + "){hello}",
    "unknown directive": "{hello @nothing}",
    "leaf with fields": "{hello{id}}",
    "object without fields": "{item}",
    "conflicting": "{a:hello a:__typename item{id}}",
    "defer": "{... @defer{hello}}",
}


@pytest.mark.parametrize("kind", INVALID)
async def test_invalid_document_gets_validation_errors(client: GraphQLClient, kind: str) -> None:
    response = await client.execute(INVALID[kind])
    assert response.status_code == 400
    assert set(error_codes(response)) == {"GRAPHQL_VALIDATION_FAILED"}
    assert len(error_codes(response)) <= 21


@pytest.mark.parametrize(
    "text", ["", " ", "{", "}", "query", "{hello}}", "{hello(}", "\ufeff{", "{héllo}", '{hello(name:"}', "{hello}\x01"]
)
async def test_malformed_document_gets_parse_error(client: GraphQLClient, text: str) -> None:
    response = await client.execute(text)
    assert (response.status_code, error_codes(response)) == (400, ["GRAPHQL_PARSE_FAILED"])


async def test_error_message_truncates_long_names(client: GraphQLClient) -> None:
    response = await client.execute("{" + "x" * 100_000 + "}")
    assert len(response.content) < 2_000


async def test_page_of_500_items_with_40_fields_is_within_limits(client: GraphQLClient) -> None:
    fields = "id tags item{id} " + " ".join(f"a{n}:id" for n in range(30))
    assert (await client.execute(f"{{items(first:500){{nodes{{{fields}}}}}}}")).status_code == 200


def count_calls(work: Callable[[], Any]) -> int:
    """Count the calls of Python functions."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def test_complexity_analysis_is_linear_in_document(fake_app: FakeApp) -> None:
    built = build_fake_schema(fake_app)

    def count(levels: int) -> int:
        document = parse(doubling(levels))
        counter = ComplexityAnalyzer(built, document, Limits())
        operation: Any = document.definitions[0]
        return count_calls(lambda: counter.analyze(operation))

    small, large = count(20), count(80)
    assert large < 4.5 * small
    assert large < 10_000


def test_variable_cost_is_linear_in_document(fake_app: FakeApp) -> None:
    built = build_fake_schema(fake_app)

    def count(levels: int) -> int:
        leaf = "items(first:$n){nodes{id}}"
        document = parse(doubling(levels, start="query($n:Int){item{...F0}}", leaf=leaf))
        operation: Any = document.definitions[0]
        tally = ComplexityAnalyzer(built, document, Limits()).analyze(operation)
        assert tally.cost.evaluate({"n": 3}) == 1 + 2**levels * 4
        return count_calls(lambda: tally.cost.evaluate({"n": 3}))

    assert count(80) < 4.5 * count(20)
