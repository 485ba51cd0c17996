"""The pages for a browser: the landing page, GraphiQL, and the files that they load."""

import json
from collections.abc import Callable
from html import escape
from os import PathLike, stat_result
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB_DIR = Path(__file__).parent

BASE_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
INDEX_CSP = f"{BASE_CSP}; style-src 'unsafe-inline'; img-src 'self'"
# Monaco writes inline styles; the fonts and some icons are data: URLs in the vendored style.
GRAPHIQL_CSP = (
    f"{BASE_CSP}; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:"
)


def page_headers(csp: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": csp,
        "Cache-Control": "no-cache",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


INDEX_HEADERS = page_headers(INDEX_CSP)
GRAPHIQL_HEADERS = page_headers(GRAPHIQL_CSP)


def examples() -> list[dict[str, str]]:
    """The example tabs in order: `name`, `query`, and `variables` as JSON text, empty where it has none."""
    return [
        {"name": path.stem, "query": path.read_text(), "variables": _variables(path)}
        for path in sorted((WEB_DIR / "examples").glob("*.graphql"))
    ]


def _variables(path: Path) -> str:
    variables_file = path.with_suffix(".json")
    return variables_file.read_text() if variables_file.exists() else ""


def graphiql_html() -> bytes:
    """GraphiQL for whatever address it is served at, with the example tabs written into it."""
    data = json.dumps(examples()).replace("<", "\\u003c")  # no text of an example can close the script element
    return (WEB_DIR / "graphiql.html").read_text().replace("{{examples}}", data).encode()


def landing_page(*, graphiql: bool) -> Callable[[Request], Response]:
    """The landing page, which leads to GraphiQL only where that is served."""
    html = (WEB_DIR / "index.html").read_text()
    html = html.replace("{{open}}", '<p><a class="open" href="/graphql">Open GraphiQL</a></p>' if graphiql else "")
    html = html.replace(
        "{{graphiql}}", "; GraphiQL with examples and all descriptions for a browser" if graphiql else ""
    )

    def respond(request: Request) -> Response:
        origin = escape(str(request.base_url).rstrip("/"))
        return HTMLResponse(html.replace("{{origin}}", origin), headers=page_headers(INDEX_CSP))

    return respond


def readme(_: Request) -> Response:
    return FileResponse(WEB_DIR.parent / "README.md", media_type="text/plain; charset=utf-8")


class CachedStaticFiles(StaticFiles):
    """Files of one folder. A chunk has its content's hash in its name and is kept; the rest goes by ETag."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_hashed = Path(full_path).parent.name == "chunks"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def routes(*, graphiql: bool = True) -> list[BaseRoute]:
    """All but GraphiQL itself: its address is the endpoint's, which decides between client and browser."""
    return [
        Route("/", landing_page(graphiql=graphiql)),
        Route("/readme", readme),
        Mount("/static/vendor", CachedStaticFiles(directory=WEB_DIR / "vendor")),
        Mount("/static", CachedStaticFiles(directory=WEB_DIR / "static")),
    ]
