"""GraphQL between Starlette and graphql-core. Knows nothing of sessions: it is handed a schema and a context maker."""

from transport.errors import Code
from transport.http.answer import Page
from transport.http.endpoint import GraphQLEndpoint, MakeContext
from transport.log import configure_log
from transport.settings import Limits, TransportSettings

__all__ = [
    "Code",
    "GraphQLEndpoint",
    "Limits",
    "MakeContext",
    "Page",
    "TransportSettings",
    "configure_log",
]
