"""GraphQL over HTTP and WebSocket for any schema, between Starlette and graphql-core. See README.md."""

from transport.clients import Access, Anonymous, Client, ContextFactory
from transport.documents.trusted import read_manifest
from transport.errors import Code
from transport.http.endpoint import GraphQLEndpoint
from transport.http.file_endpoint import FileEndpoint, ServedFile
from transport.http.middleware import middleware
from transport.http.responses import Page
from transport.http.restricted import RestrictedMiddleware
from transport.origins import AllowedOrigins, validate_origins
from transport.request import authorization, connection_params, is_forwarded
from transport.request_log import configure_log
from transport.settings import Limits, TransportSettings, TrustMode

__all__ = [
    "Access",
    "AllowedOrigins",
    "Anonymous",
    "Client",
    "Code",
    "ContextFactory",
    "FileEndpoint",
    "GraphQLEndpoint",
    "Limits",
    "Page",
    "RestrictedMiddleware",
    "ServedFile",
    "TransportSettings",
    "TrustMode",
    "authorization",
    "configure_log",
    "connection_params",
    "is_forwarded",
    "middleware",
    "read_manifest",
    "validate_origins",
]
