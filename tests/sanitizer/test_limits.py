"""Limits of descriptions, and the time that sanitizing takes."""

import time
from contextlib import suppress
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.sanitizer import MAX_DEPTH, MAX_LENGTH, MarkupTooComplex, sanitize_html
from models.sanitizer.precheck import ALLOWED_TAGS
from tests.api.test_start_session_kinds import AGENDA
from tests.api_client import ApiClient
from tests.sanitizer.xss_vectors import XSS_VECTORS

FOREIGN_TAGS: Final = (
    "svg math script style textarea title xmp template select option noscript form button input caption col font nobr "
    "center iframe mtext mglyph annotation-xml foreignObject desc html body frameset plaintext applet marquee s big"
)
MISNESTED: Final = "<table> <tr> <td> </td> </table> <li> <p> </p> <b> </b> <i> </i> <a> </a> <h1> <rt> <dt> <dd>"
TEXT: Final = ["a", " ", "\n", "\r\n", "&lt;", "&amp;", "&nbsp;", "&not", "&#13;", "&#10;", "\f", "<", ">", '"', "'"]
OPENERS: Final = ["<!--", "-->", "<!", "<?", "</", "<a href='", '<a href="http://a/', "'>", '">', "<![CDATA[", "]]>"]
ATTRIBUTES: Final = ["<span style='color:red'>", "<a href=https://a.example>", "<b title=x>", "<p/>", "<pre>\n"]
ANY_TAG: Final = [tag for name in (*sorted(ALLOWED_TAGS), *FOREIGN_TAGS.split()) for tag in (f"<{name}>", f"</{name}>")]
PIECES: Final = st.one_of(*map(st.sampled_from, (ANY_TAG, MISNESTED.split(), TEXT, OPENERS, ATTRIBUTES)))
MARKUP: Final = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=40) | st.sampled_from(XSS_VECTORS)
DEPTH_MESSAGE: Final = "must not have more than 64 elements open at once"
LENGTH_MESSAGE: Final = "must have at most 20000 characters after sanitizing"


@settings(max_examples=400, deadline=None)
@given(MARKUP)
@example("<pre>\n\na</pre>")
@example("a&#13;b")
@example("<h2><table><h5>")
@example("<a><table><a><span>")
@example("<a><li></a><dt></table></span></tr>" * 20)
def test_sanitizing_twice_changes_nothing(html: str) -> None:
    with suppress(MarkupTooComplex):
        once = sanitize_html(html)
        try:
            assert sanitize_html(once) == once
        except MarkupTooComplex as error:
            raise AssertionError(html) from error


@pytest.mark.long
@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join), st.lists(PIECES, min_size=1, max_size=5).map("".join))
@example("<table>", "<p>")
@example("<p>" + "<b>" * 60, "<p>a")
@example("<b><table><tr><td>" + "<i>" * 50, "<b></b>")
@example("", "<")
@example("", "<a href='")
@example("", "<div><!--</div>-->")
@example("".join(f"<b a{number}>" for number in range(500)), "</p>")
def test_longest_description_is_sanitized_quickly(start: str, unit: str) -> None:
    html, times = (start + unit * MAX_LENGTH)[:MAX_LENGTH], []
    for _ in range(5):
        began = time.thread_time()
        with suppress(MarkupTooComplex):
            sanitize_html(html)
        times.append(time.thread_time() - began)
    assert min(times) < 0.04  # under 20 ms on an idle machine


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ("<div>" * MAX_DEPTH + "a", None),
        ("<div>" * (MAX_DEPTH + 1) + "a", DEPTH_MESSAGE),
        ("<table><td>" * MAX_DEPTH, None),
        ("<table><td>" * (MAX_DEPTH + 1), DEPTH_MESSAGE),
        # An end tag inside an attribute, a comment or a table closes nothing.
        ("<b a='</b><b>'></b>" * (MAX_DEPTH + 1), None),
        ("<b a='</b>'>" * (MAX_DEPTH + 1), DEPTH_MESSAGE),
        ("<b><!--</b>-->" * (MAX_DEPTH + 1), DEPTH_MESSAGE),
        ("<b><table></b></table>" * (MAX_DEPTH + 1), DEPTH_MESSAGE),
        # Omitted end tags and stray table parts count for nothing.
        ("<p>a<ul><li>b<li>c</ul><dl><dt>d<dd>e</dl><tr><td>f<hr>" * 100, None),
        ("<ruby>a<rp>(<rt>b<rp>)</ruby>" * 100, None),
        ("<table><tr>" + "<hr>" * (MAX_DEPTH + 1), "must not have more than 64 tags between the cells of tables"),
        ("&" * 4000, None),
        ("&" * 4001, f"{LENGTH_MESSAGE}, not 20005"),
        ("<p>" * 2857, None),
        ("<p>" * 2858, f"{LENGTH_MESSAGE}, not 20006"),
        ("<b>" * 100_000, "must have at most 20000 characters, not 300000"),
    ],
    ids=range(16),
)
async def test_too_complex_description_is_a_problem(api: ApiClient, html: str, message: str | None) -> None:
    payload = await api.start_payload("agenda", {**AGENDA, "descriptionHtml": html})
    found = [(problem["path"], problem["message"]) for problem in payload["problems"]]
    assert found == ([] if message is None else [(["input", "variant", "agenda", "descriptionHtml"], message)])
