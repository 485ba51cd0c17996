"""The checks of graphql-cop, which no package registry has, and some more of its kind, in production mode."""

from typing import Any, Final

import httpx2
import pytest

from tests.security.production import Production

JSON: Final = "application/json"


def query(text: str) -> dict[str, Any]:
    return {"json": {"query": text, "operationName": "cop"}}


CIRCULAR: Final = "{ fields { type " * 4 + "{ name }" + " } }" * 4

CHECKS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "alias overloading": ("POST", query("query cop {" + " ".join(f"a{n}: __typename" for n in range(101)) + "}")),
    "array batching": ("POST", {"json": [{"query": "query cop { __typename }"}] * 10}),
    "circular introspection": ("POST", query(f"query cop {{ __schema {{ types {CIRCULAR} }} }}")),
    "directive overloading": ("POST", query("query cop { __typename " + "@aa" * 10 + " }")),
    "field duplication": ("POST", query("query cop { " + "__typename " * 500 + "}")),
    "field suggestions": ("POST", query("query cop { __schema { directive } }")),
    "introspection": ("POST", query("query cop { __schema { types { name fields { name } } } }")),
    "introspection of one type": ("POST", query('query cop { __type(name: "Query") { name } }')),
    "mutation by GET": ("GET", {"params": {"query": "mutation cop { __typename }"}}),
    "urlencoded query": ("POST", {"data": {"query": "query cop { __typename }"}}),
    "query as text": ("POST", {"content": "query cop { __typename }", "headers": {"Content-Type": "text/plain"}}),
    "multipart without preflight": ("POST", {"files": {"operations": (None, '{"query": "{ __typename }"}')}}),
    "GraphiQL": ("GET", {"headers": {"Accept": "text/html"}}),
    "unhandled error": ("POST", query("qwerty cop { abc }")),
    "deep nesting": ("POST", query("query cop " + "{ node(id: 1) " * 50 + "}" * 50)),
    "circular fragments": (
        "POST",
        query("query cop { ...a } fragment a on Query { ...b } fragment b on Query { ...a }"),
    ),
}
ALLOWED: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "tracing": ("POST", query("query cop { __typename }")),
    # Without a cookie there is no credential that a foreign page could use.
    "query by GET": ("GET", {"params": {"query": "query cop { __typename }"}}),
}


async def send(production: Production, check: str, caller: str | None) -> httpx2.Response:
    method, options = (CHECKS | ALLOWED)[check]
    headers = production.headers(caller) | options.get("headers", {})
    return await production.api.http.request(method, "/graphql", **{**options, "headers": headers})


@pytest.mark.parametrize("caller", [None, "reader"])
async def test_each_attack_is_refused_without_details(production: Production, caller: str | None) -> None:
    for check in CHECKS:
        response = await send(production, check, caller)
        assert 200 <= response.status_code < 500, check
        body = response.json()
        assert "data" not in body, (check, body)
        assert len(body["errors"]) == 1, (check, body)
        (error,) = body["errors"]
        assert error["extensions"].keys() <= {"code", "limit", "maximum", "number"}, (check, error)
        for revealing in ("Did you mean", "Traceback", "GraphiQL", "playground", "graphql.error", "line 1, in"):
            assert revealing not in response.text, (check, response.text)


async def test_answers_have_no_trace_of_their_execution(production: Production) -> None:
    for check in ALLOWED:
        response = await send(production, check, "reader")
        assert response.json() == {"data": {"__typename": "Query"}}, check
        assert (await send(production, check, None)).json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert "set-cookie" not in response.headers
