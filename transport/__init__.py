"""GraphQL between Starlette and graphql-core. Knows nothing of sessions: it is handed a schema and a context maker."""

from transport.errors import Code
from transport.http.answer import Page
from transport.http.endpoint import GraphQLEndpoint, MakeContext
from transport.http.files import FileEndpoint, ServedFile
from transport.http.middleware import middleware
from transport.log import configure_log
from transport.manifest import read_manifest
from transport.origins import Origins, checked_origins
from transport.settings import Limits, TransportSettings, TrustMode

__all__ = [
    "Code",
    "FileEndpoint",
    "GraphQLEndpoint",
    "Limits",
    "MakeContext",
    "Origins",
    "Page",
    "ServedFile",
    "TransportSettings",
    "TrustMode",
    "checked_origins",
    "configure_log",
    "middleware",
    "read_manifest",
]
