"""The documentation as pages for a browser: the Markdown files of the project, at their own paths."""

from functools import partial
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route

from web.cached_text import Respond, cached_text
from web.headers import PAGE_CSP, PICTURE_CSP, page_headers

ROOT: Final = Path(__file__).parents[1]
SINGLE_PAGES: Final = (
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"),
    *("transport/README.md", "transport/executor/README.md", "tests/README.md"),
)


def documents() -> list[str]:
    """Return the paths of all pages, relative to the project. Links between the files are links between the pages."""
    found = [ROOT / name for name in SINGLE_PAGES] + sorted((ROOT / "docs").rglob("*.md"))
    return [path.relative_to(ROOT).as_posix() for path in found if path.is_file() and not path.is_symlink()]


def routes() -> list[BaseRoute]:
    pages = {name: cached_text(partial(render, name), "text/html", page_headers(PAGE_CSP)) for name in documents()}
    pictures = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.svg"))]
    return [
        *(Route(f"/{name}", page) for name, page in pages.items()),
        *(Route(f"/{name}", picture(name)) for name in pictures),
        *([Route("/readme", pages["README.md"])] if "README.md" in pages else []),
        *(Route(path, redirect_to_contents) for path in ("/docs", "/docs/")),
    ]


def redirect_to_contents(request: Request) -> RedirectResponse:
    # Relative, like all links: a proxy may add a prefix.
    return RedirectResponse(f"{'../' if request.url.path.endswith('/') else ''}readme#documentation")


def picture(name: str) -> Respond:
    return cached_text(partial(read, name), "image/svg+xml", page_headers(PICTURE_CSP))


def render(name: str) -> str:
    """Render a Markdown file as an HTML page."""
    from web import markdown  # noqa: PLC0415 - most servers are never asked for a page

    return markdown.render(name, read(name), read("web/document.html"))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")
