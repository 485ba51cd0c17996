"""Odd but valid texts are stored unchanged."""

from typing import Any, Final

import pytest

from tests.api_client import ApiClient

TEXTS: Final = [
    *(
        "שלום \u202eabc\u202c",
        "zero\u200bwidth\u200d\ufeff",
        "Zalgo \u0301\u0302\u0303\u0304e\u0301",
        "e\u0301 is not \u00e9",
    ),
    *("👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷", "   ", "\t\n\r\v\f", "\x01\x1f\x7f\x80", "\uffff\U0010ffff", "ﷺ" * 100),
    *("'; DROP TABLE session; --", "<script>alert(1)</script>", "\\u0000 \\", "${x} {{x}} %s %00"),
]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
async def test_text_is_stored_and_filtered_exactly(api: ApiClient, text: str) -> None:
    variant: dict[str, Any] = {"unitId": text, "data": [{"name": text.lower(), "value": text}]}
    fields = "subject metadata ... on FieldSession { data { name value } }"
    session = await api.start_session("field", variant, fields, path=[text], metadata={text: [text]})
    assert (session["subject"], session["path"], session["metadata"]) == (text, [text], {text: [text]})
    assert session["data"] == [{"name": text.lower(), "value": text}]
    found = await api.execute(
        "query($t: String!) { sessions(filter: {subjects: [$t], pathPrefix: [$t]}) { nodes { id } } }", t=text
    )
    assert found["nodes"] == [{"id": session["id"]}]


@pytest.mark.parametrize("other", ["a%", "a_", "A", "a ", "a*", "[a]", "a'"])
async def test_metacharacters_match_literally(api: ApiClient, other: str) -> None:
    await api.start_user("a", path=["abc"])
    await api.start_user("ab", path=["a"])
    for filter_ in ({"subjects": [other]}, {"pathPrefix": [other]}, {"user": {"usernames": [other]}}):
        found = await api.execute("query($f: SessionFilter) { sessions(filter: $f) { nodes { id } } }", f=filter_)
        assert found["nodes"] == []
