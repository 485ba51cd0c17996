"""Cases: invalid and too complex documents, pagination arguments, cursors."""

from typing import Final

from tests.bad_inputs.case import BAD_USER_INPUT, CANARY, TOO_COMPLEX, Case, error, list_sessions, operation, problem

TWO_OPERATIONS: Final = "query a { viewer { name } } query b { viewer { name } }"
PAGE: Final = "query($n: Int, $c: String) { sessions(first: $n, after: $c) { nodes { id } } }"
KEEPALIVES: Final = "mutation($i: KeepaliveSessionsInput!) { keepaliveSessions(input: $i) { problems { code } } }"

DEEP: Final = 'session(id: "x") ' + "{ previous " * 49 + "{ id }" + " }" * 49
DOUBLING: Final = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(20))
MULTIPLIED: Final = " ".join(
    f"fragment f{n} on Viewer {{ {' '.join(f'a{n}x{i}: name' for i in range(9))} ...f{n + 1} }}" for n in range(9)
)


def _documents(code: str, documents: dict[str, str]) -> list[Case]:
    return [error(title, operation(document), code) for title, document in documents.items()]


def _list(title: str, arguments: str, status: int = 200) -> Case:
    """Refused by the resolver, which knows the bounds, or before."""
    return Case(title, list_sessions(arguments), status, BAD_USER_INPUT)


INVALID_DOCUMENTS: Final = [
    *_documents("GRAPHQL_PARSE_FAILED", {"no document": "", "no GraphQL": f"}} {CANARY} {{"}),
    *_documents(
        "GRAPHQL_VALIDATION_FAILED",
        {
            "an unknown field": f"{{ {CANARY} }}",
            "an unknown argument": f'{{ viewer({CANARY}: "x") {{ name }} }}',
            "a type definition": f"type {CANARY} {{ a: Int }}",
            "a circular fragment": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
            "a fragment of itself": "{ ...a } fragment a on Query { ...a }",
            "an undefined fragment": f"{{ ...{CANARY} }}",
            "an unused fragment": f"{{ viewer {{ name }} }} fragment {CANARY} on Query {{ viewer {{ name }} }}",
            "two fragments of a name": "{ ...a } fragment a on Query { __typename } fragment a on Query { __typename }",
            "a subscription": "subscription { __typename }",
        },
    ),
    *_documents("OPERATION_RESOLUTION_FAILURE", {"two operations and no name": TWO_OPERATIONS}),
    error("an enum of text", list_sessions('filter: {kinds: ["USER"]}')),
    error("a filter with an unknown field", list_sessions(f"filter: {{{CANARY}: 1}}")),
]

COMPLEX_DOCUMENTS: Final = [
    *_documents(
        TOO_COMPLEX,
        {
            "50 levels": f"{{ {DEEP} }}",
            "5,000 lists in a literal": f"{{ sessions(orderBy: {'[' * 900}{']' * 900}) {{ nodes {{ id }} }} }}",
            "20,000 lists in a literal": f"{{ sessions(orderBy: {'[' * 20_000}{']' * 20_000}) {{ nodes {{ id }} }} }}",
            "5,000 selections in one another": "{ a " * 5_000 + "}" * 5_000,
            "1,000 aliases": "{ viewer { " + " ".join(f"a{n}: name" for n in range(1_000)) + " } }",
            "31 aliases": "{ viewer { " + " ".join(f"a{n}: name" for n in range(31)) + " } }",
            "11 root fields": "{ " + " ".join(f"a{n}: viewer {{ name }}" for n in range(11)) + " }",
            "aliases times fragments": f"{{ viewer {{ ...f0 }} }} {MULTIPLIED} fragment f9 on Viewer {{ name }}",
            "a million fields by doubling": f"{{ ...f0 }} {DOUBLING} fragment f20 on Query {{ viewer {{ name }} }}",
            "3,000 times one field": "{ viewer { " + "name " * 3_000 + "} }",
            "3,000 directives": "{ viewer { name " + "@skip(if: false) " * 3_000 + "} }",
            "500 operations": " ".join(f"query q{n} {{ viewer {{ name }} }}" for n in range(500)),
            "21 operations": " ".join(f"query q{n} {{ viewer {{ name }} }}" for n in range(21)),
            "nested pages of 500": "{ sessions(first: 500) { nodes { activities(first: 500) { edges { cursor } } } } }",
        },
    ),
    problem("more than 500 keepalives", operation(KEEPALIVES, i={"sessions": [{"id": CANARY}] * 501}), "TOO_LARGE"),
    error("more than 1000 keepalives", operation(KEEPALIVES, i={"sessions": [{"id": CANARY}] * 1001}), TOO_COMPLEX),
]

NUMBERS: Final = [
    *(
        _list(n, n)
        for n in ("first: 99999999", "first: -1", "first: 0", "last: 501", "first: 1, last: 1", "offset: 10001")
    ),
    _list("first beyond 32 bits", "first: 99999999999", 400),
    _list("first of a thousand digits", f"first: {'9' * 1000}", 400),
    _list("first as text", 'first: "1"', 400),
    _list("first as a fraction", "first: 1.5", 400),
    error("first beyond 32 bits in a variable", operation(PAGE, n=2**31)),
]

CURSORS: Final = [
    _list("a cursor of nothing", 'after: ""'),
    _list("a cursor of garbage", f'after: "{CANARY}"'),
    _list("a cursor that is no base64", 'before: "%%%"'),
    _list("a cursor of other JSON", 'after: "eyJhIjoxfQ"'),
    _list("a cursor of deep JSON", f'after: "{"W1tb" * 100}"'),
    _list("a cursor of another alphabet", 'after: "ŵ"'),
    _list("a cursor and an offset", 'after: "WyJhIl0", offset: 1'),
    problem("a cursor of 1 MB", operation(PAGE, c="A" * 1_000_000)),
    problem("garbage for the log", operation(f'{{ activities(after: "{CANARY}") {{ edges {{ cursor }} }} }}')),
    problem("garbage for projects", operation(f'{{ projects(before: "{CANARY}") {{ edges {{ cursor }} }} }}')),
]

DOCUMENT_CASES: Final = [*INVALID_DOCUMENTS, *COMPLEX_DOCUMENTS, *NUMBERS, *CURSORS]
