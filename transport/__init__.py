"""GraphQL over HTTP and WebSocket for any schema, between Starlette and graphql-core. See README.md."""

from transport.clients import Access, Anonymous, Client, ContextFactory
from transport.documents.trusted import read_manifest
from transport.errors import Code
from transport.http.application import Application
from transport.http.endpoint import GraphQLEndpoint
from transport.http.file_endpoint import FileEndpoint, ServedFile
from transport.http.responses import Page
from transport.http.restricted import RestrictedMiddleware
from transport.origins import AllowedOrigins, validate_origins
from transport.request import authorization, connection_params, header, is_forwarded
from transport.request_log import configure_log
from transport.settings import Limits, TransportSettings, TrustMode

__all__ = [
    "Access",
    "AllowedOrigins",
    "Anonymous",
    "Application",
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
    "header",
    "is_forwarded",
    "read_manifest",
    "validate_origins",
]
