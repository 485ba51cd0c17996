"""Contexts of operations."""

from typing import Final

from models.blobstore import open_blob_store
from models.clock import Instant, SystemClock
from models.database import Database
from models.enums import Scope
from resolvers.access import LOCAL_ADMIN, Caller
from resolvers.blobs.signed_urls import UrlSigner
from resolvers.blobs.uploader import BlobUploader
from resolvers.context import Context
from resolvers.feed.log_reader import LogReader
from resolvers.projects.cache import ProjectCache
from resolvers.server_liveness import ServerLiveness
from resolvers.services import Services
from resolvers.tokens.authenticator import Authenticator
from tests.factories import NOW

WRITER: Final = Caller("t1", "browser", frozenset({Scope.WRITE}), frozenset({"default"}))
READER: Final = Caller("t2", "reader", frozenset({Scope.READ}), frozenset({"p1"}))
ADMIN: Final = Caller("t3", "admin", frozenset({Scope.ADMIN}), None)


def make_context(database: Database, caller: Caller = LOCAL_ADMIN, now: Instant = NOW) -> Context:
    clock = SystemClock()
    presence = ServerLiveness(database, clock)
    files, links = BlobUploader(open_blob_store("never-made")), UrlSigner("key")
    services = Services(
        database, presence, LogReader(database, presence), ProjectCache(), files, links, Authenticator(database, clock)
    )
    return Context(services, caller, now)
