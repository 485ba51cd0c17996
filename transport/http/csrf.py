"""Cross-site request forgery: foreign pages that let a browser send requests with the user's access to this server.

Browsers ask the server first (CORS's preflight) before they send JSON, or a header of one's own, from a foreign page.
Forms they send without asking, and so would a multipart body be sent: it needs such a header to show that the browser
has asked, or that it is none. (Text and URL-encoded forms are not taken at all.)
"""

from typing import Final

from starlette.types import Scope

from transport.errors import bad_request
from transport.http.headers import header_values
from transport.http.request_body import CONNECTION_CLOSE

PREFLIGHT_HEADERS: Final = (b"graphql-require-preflight", b"apollo-require-preflight", b"x-apollo-operation-name")


def check_preflight(scope: Scope) -> None:
    """Refuse a request without one of the headers, or with an empty one."""
    if not any(value.strip() for name in PREFLIGHT_HEADERS for value in header_values(scope, name)):
        message = (
            "A request of this kind could come from any web page (CSRF): it needs the header "
            "GraphQL-Require-Preflight: 1 (or Apollo-Require-Preflight, or X-Apollo-Operation-Name)."
        )
        raise bad_request(message, headers=CONNECTION_CLOSE)
