"""Protection against cross-site request forgery.

Before a browser sends JSON, or a header of the page's choice, to another origin, it asks the server (a CORS preflight).
It sends multipart bodies without: they need such a header to show that there was a preflight, or no browser.
"""

from typing import Final

from starlette.types import Scope

from transport.errors import bad_request
from transport.http.headers import header_values
from transport.http.request_body import CONNECTION_CLOSE

PREFLIGHT_HEADERS: Final = (b"graphql-require-preflight", b"apollo-require-preflight", b"x-apollo-operation-name")


def check_preflight(scope: Scope) -> None:
    """Raise RequestError unless one of the headers is present and not empty."""
    if not any(value.strip() for name in PREFLIGHT_HEADERS for value in header_values(scope, name)):
        message = (
            "A request of this kind could come from any web page (CSRF): it needs the header "
            "GraphQL-Require-Preflight: 1 (or Apollo-Require-Preflight, or X-Apollo-Operation-Name)."
        )
        raise bad_request(message, headers=CONNECTION_CLOSE)
