"""The documentation as pages for a browser: the Markdown files of the project, at their own paths."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route

from web.cached_text import cached_text
from web.headers import PAGE_CSP, page_headers

ROOT: Final = Path(__file__).parents[1]
SINGLE_PAGES: Final = (
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"),
    *("transport/README.md", "tests/README.md"),
)


def documents() -> list[str]:
    """Return the paths of all pages, relative to the project. Links between the files are links between the pages."""
    found = [ROOT / name for name in SINGLE_PAGES] + sorted((ROOT / "docs").rglob("*.md"))
    return [path.relative_to(ROOT).as_posix() for path in found if path.is_file() and not path.is_symlink()]


def routes() -> list[BaseRoute]:
    pages = {name: cached_text(partial(render, name), "text/html", page_headers(PAGE_CSP)) for name in documents()}
    return [
        *(Route(f"/{name}", page) for name, page in pages.items()),
        *([Route("/readme", pages["README.md"])] if "README.md" in pages else []),
        *(Route(path, redirect_to_contents) for path in ("/docs", "/docs/")),
    ]


def redirect_to_contents(request: Request) -> RedirectResponse:
    # Relative, like all links: a proxy may add a prefix.
    return RedirectResponse(f"{'../' if request.url.path.endswith('/') else ''}readme#documentation")


def render(name: str) -> str:
    """Render a Markdown file as an HTML page."""
    tokens = markdown().parse((ROOT / name).read_text(encoding="utf-8"))
    title = next((tokens[index + 1].content for index, each in enumerate(tokens) if each.type == "heading_open"), name)
    base = "../" * name.count("/")
    texts = {
        "title": escape(title),
        "base": base,
        "home": base or "./",
        "content": markdown().renderer.render(tokens, markdown().options, {}),
    }
    template = (ROOT / "web" / "document.html").read_text(encoding="utf-8")
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
