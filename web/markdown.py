"""Markdown files as HTML pages."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token


def render(name: str, text: str, template: str) -> str:
    """Render the text of a Markdown file by a template."""
    tokens = markdown().parse(text)
    title = next((tokens[index + 1].content for index, each in enumerate(tokens) if each.type == "heading_open"), name)
    base = "../" * name.count("/")
    texts = {
        "title": escape(title),
        "base": base,
        "home": base or "./",
        "content": markdown().renderer.render(tokens, markdown().options, {}),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: texts[match[1]], template)


@cache
def markdown() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": True}).enable("table")
    md.core.ruler.push("heading_ids", _add_heading_ids)
    # Only comments are written as HTML. Whatever else there is, none of it reaches a page.
    for kind in ("html_block", "html_inline"):
        md.add_render_rule(kind, _render_nothing)
    # What may be wider than the window scrolls by itself, with the keyboard too.
    md.add_render_rule("table_open", _render_table_open)
    md.add_render_rule("table_close", _render_table_close)
    md.add_render_rule("fence", _render_fence)
    return md


def _add_heading_ids(state: StateCore) -> None:
    """Give each heading the id that GitHub gives it."""
    seen: Counter[str] = Counter()
    for index, token in enumerate(state.tokens):
        if token.type == "heading_open":
            slug = re.sub(r"[^\w -]", "", state.tokens[index + 1].content.lower()).replace(" ", "-")
            token.attrSet("id", f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1


def _render_nothing(*_: Any) -> str:
    return ""


def _render_table_open(*_: Any) -> str:
    return '<div class="scroll" tabindex="0" role="group" aria-label="Table">\n<table>\n'


def _render_table_close(*_: Any) -> str:
    return "</table>\n</div>\n"


def _render_fence(_renderer: object, tokens: Sequence[Token], index: int, *_: Any) -> str:
    return f'<pre tabindex="0" role="group" aria-label="Example"><code>{escape(tokens[index].content)}</code></pre>\n'
