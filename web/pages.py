"""The pages for a browser: the landing page, GraphiQL, the documentation, and the files that they load."""

import json
from collections.abc import Iterator
from html import escape
from os import PathLike, stat_result
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from web import documentation
from web.cached_text import Respond
from web.headers import GRAPHIQL_CSP, PAGE_CSP, page_headers

WEB_DIR = Path(__file__).parent


def examples() -> list[dict[str, str]]:
    """The example tabs in order: `name`, `query`, and `variables` as JSON text, empty where it has none."""
    return [
        {"name": path.stem, "query": path.read_text(), "variables": _variables(path)}
        for path in sorted((WEB_DIR / "examples").glob("*.graphql"))
    ]


def _variables(path: Path) -> str:
    variables_file = path.with_suffix(".json")
    return variables_file.read_text() if variables_file.exists() else ""


def graphiql() -> tuple[bytes, dict[str, str]]:
    """GraphiQL for whatever address it is served at, with the example tabs written into it; and its headers."""
    data = json.dumps(examples()).replace("<", "\\u003c")  # no text of an example can close the script element
    return (WEB_DIR / "graphiql.html").read_text().replace("{{examples}}", data).encode(), page_headers(GRAPHIQL_CSP)


def landing_page(*, graphiql: bool, metrics: bool, origin: str) -> Respond:
    """The landing page, which links what is served."""
    open_link = '<p><a class="open" href="graphql">Open GraphiQL</a></p>' if graphiql else ""
    places = "\n        ".join(_places(graphiql=graphiql, metrics=metrics))
    html = (WEB_DIR / "index.html").read_text().replace("{{open}}", open_link).replace("{{places}}", places)

    def respond(request: Request) -> Response:
        own_origin = (origin or str(request.base_url)).rstrip("/")
        return HTMLResponse(html.replace("{{origin}}", escape(own_origin)), headers=page_headers(PAGE_CSP))

    return respond


def _places(*, graphiql: bool, metrics: bool) -> Iterator[str]:
    if graphiql:
        yield _place("graphql", "the endpoint; GraphiQL with examples and all descriptions for a browser")
    else:
        yield "<dt>/graphql</dt> <dd>the endpoint</dd>"
    yield _place("schema.graphql", "the schema as text, for code generators")
    yield _place("readme", "the documentation: start, first session, all pages")
    yield _place("docs/access.md", "tokens: how to get one, how to send it, what it allows")
    if metrics:
        yield _place("metrics", "figures for Prometheus")
    yield _place("livez", "the process answers")
    yield _place("readyz", "the database answers too, and its migrations are current")


def _place(path: str, description: str) -> str:
    return f'<dt><a href="{path}">/{path}</a></dt> <dd>{description}</dd>'


class CachedStaticFiles(StaticFiles):
    """Files of one folder. A chunk has its content's hash in its name and is kept; the rest goes by ETag."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_hashed = Path(full_path).parent.name == "chunks"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        return response


def routes(*, graphiql: bool, metrics: bool, origin: str) -> list[BaseRoute]:
    """All but GraphiQL itself: its address is the endpoint's, which decides between client and browser.

    Args:
        graphiql: whether GraphiQL is served.
        metrics: whether `/metrics` is served.
        origin: the URL under which clients reach the server; empty: that of each request.
    """
    return [
        Route("/", landing_page(graphiql=graphiql, metrics=metrics, origin=origin)),
        *documentation.routes(),
        Mount("/static/vendor", CachedStaticFiles(directory=WEB_DIR / "vendor")),
        Mount("/static", CachedStaticFiles(directory=WEB_DIR / "static")),
    ]
