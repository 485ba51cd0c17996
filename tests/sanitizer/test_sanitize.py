"""Markup that sanitizing keeps, repairs or drops."""

from typing import Final

import pytest

from models.sanitizer import sanitize_html
from models.sanitizer.sanitize import keep_color_declarations

INLINE: Final = "b u i strong em tt code ins del sup sub kbd samp q var span a".split()  # noqa: SIM905 - a sentence
BLOCKS: Final = "h1 h2 h3 h4 h5 h6 p div blockquote pre".split()  # noqa: SIM905 - the same
ALLOWED_MARKUP: Final = [
    *(f"a<{tag}>b</{tag}>c" for tag in INLINE + BLOCKS),
    "a<br>b<hr>c",
    "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>",
    "<dl><dt>a</dt><dd>b</dd><dt>c</dt><dd><p>d</p></dd></dl>",
    "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody><tfoot><tr><td>c</td></tr></tfoot></table>",
    "<table>\n<tbody>\n<tr>\n<td>a</td>\n</tr>\n</tbody>\n</table>",
    "<table><tbody><tr><td><table><tbody><tr><td><p>a</p></td></tr></tbody></table></td></tr></tbody></table>",
    "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
    '<p>a <a href="https://a.example/?b=1&amp;c=%20#d">e</a></p>',
    '<a href="http://a.example">b</a><a href="mailto:a@b.example?subject=c">d</a><a href="HTTPS://A.example/">e</a>',
    '<span style="color: red">a</span><span style="color:#a1b2c3;">b</span>',
    "<pre>a\n  b\n\n</pre>",
    "<pre>\n\na line of its own</pre>",
    "<div><p>a <b>b <i>c <u>d</u></i></b></p><blockquote><h2>e</h2><p>f<br>g</p></blockquote></div>",
    "1 &lt; 2 &amp; 3 &gt; 2, \"a\" 'b' `c` – é 漢 👩‍👧 &nbsp;",
    "  \n a \t b  \n",
    "",
]
REPAIRED_MARKUP: Final = {
    "<p>a<p>b": "<p>a</p><p>b</p>",
    "<P CLASS=x>a</P>": "<p>a</p>",
    "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>": "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>",
    "<dl><dt>a<dd>b<dt>c</dl>": "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>",
    "<table><tr><td>a<td>b<tr><th>c</table>": "<table><tbody><tr><td>a</td><td>b</td></tr>"
    "<tr><th>c</th></tr></tbody></table>",
    "<table><td>a</div></b>b</table>": "<table><tbody><tr><td>ab</td></tr></tbody></table>",
    "<ruby>a<rp>(<rt>b<rp>)</ruby>": "<ruby>a<rp>(</rp><rt>b</rt><rp>)</rp></ruby>",
    "<h1>a<h2>b": "<h1>a</h1><h2>b</h2>",
    "<p>a<div>b</div>": "<p>a</p><div>b</div>",
    "<a href=http://a.example>b<a href=http://c.example>d": '<a href="http://a.example">b</a>'
    '<a href="http://c.example">d</a>',
    "<a href='http://a.example/\"b'>c</a>": '<a href="http://a.example/&quot;b">c</a>',
    "<i>a<b>b</i>c": "<i>a<b>b</b></i><b>c</b>",
    "a</br>b<br/>c<hr/>": "a<br>b<br>c<hr>",
    "</p></b>a</table>": "<p></p>a",
    "<td>a</td><rt>b</rt>": "a<rt>b</rt>",
    "a < b & c > d <3 <": "a &lt; b &amp; c &gt; d &lt;3 &lt;",
    "a<!-- b -->c<!doctype html>d<?e?>f</ g>h": "acdfh",
    "a<center>b</center><font color=red>c</font>": "abc",
    "a\r\nb\rc&#13;d": "a\nb\nc\nd",
    "<pre>\na</pre>": "<pre>a</pre>",
    "&eacute;&#233;&#xe9;": "ééé",
    "a<b title='>'>b</b>": "a<b>b</b>",
    "<a href=/b>c</a><a href=//d.example>e</a>": "<a>c</a><a>e</a>",
}
COLORS: Final = [
    *("red", "RebeccaPurple", "transparent", "currentColor", "#abc", "#ABCD", "#a1b2c3", "#a1b2c3d4"),
    *("rgb(1,2,3)", "rgb(10%, 20%, 30%)", "rgba(1, 2, 3, .5)", "rgb(1 2 3 / 50%)", "rgb(none 0 0)"),
    *("hsl(120, 100%, 50%)", "hsl(120deg 100% 50% / 0.3)", "hsla(0.5turn,1%,2%,1)", "hwb(194 0% 0%)"),
    *("lab(29.2345% 39.3825 20.0664)", "lch(52.2% 72.2 50)", "oklab(59.69% 0.1007 0.1191)", "oklch(0.6 0.1 -50)"),
]
NOT_COLORS: Final = [
    *("", "#ab", "#ggg", "rgb(1 2 3", "url(x)", "expression(alert(1))", "var(--x)", "rgb(var(--x))", "calc(1)"),
    *("red url(x)", "red/**/", "r\\65 d", "'red'", "color(srgb 1 0 0)", "rgb(1,2,3)x", "red\x00", "ｒｅｄ"),
]


@pytest.mark.parametrize("html", ALLOWED_MARKUP)
def test_allowed_markup_is_unchanged(html: str) -> None:
    assert sanitize_html(html) == html


@pytest.mark.parametrize("html", REPAIRED_MARKUP)
def test_invalid_markup_is_repaired_as_browsers_do(html: str) -> None:
    assert sanitize_html(html) == REPAIRED_MARKUP[html]


@pytest.mark.parametrize("color", COLORS)
def test_color_declaration_is_kept(color: str) -> None:
    for style in (f"color:{color}", f" color : {color} ; ", f"COLOR: {color} !important"):
        assert keep_color_declarations(style) == style


@pytest.mark.parametrize("value", NOT_COLORS)
def test_other_values_and_declarations_are_dropped(value: str) -> None:
    assert keep_color_declarations(f"color:{value}") is None
    assert keep_color_declarations(f"color:blue;color:{value}; top:0") == "color:blue"


@pytest.mark.parametrize("style", ["", ";", "top:0", "colour:red", "color", "color:", "color=red", "x-color:red"])
def test_style_without_color_is_dropped(style: str) -> None:
    assert sanitize_html(f'<span style="{style}">a</span>') == "<span>a</span>"
