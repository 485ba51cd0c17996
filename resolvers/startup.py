"""Start and stop of the services and of the background jobs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from shlex import quote
from typing import TYPE_CHECKING, Final

import structlog

from models.clock import Clock
from models.database import database_file, open_database
from models.settings import ServiceSettings
from resolvers.blobs.garbage_collector import BlobGarbageCollector
from resolvers.blobs.signed_urls import create_url_signer
from resolvers.blobs.uploader import BlobUploader
from resolvers.feed.log_reader import LogReader
from resolvers.lifecycle.sweeper import Sweeper
from resolvers.projects.cache import ProjectCache
from resolvers.server_liveness import ServerLiveness
from resolvers.services import Services
from resolvers.tokens import repository as tokens
from resolvers.tokens.authenticator import Authenticator

if TYPE_CHECKING:
    from resolvers.tokens.jwt.verifier import JwtVerifier

_log = structlog.get_logger("startup")

NO_CREDENTIAL: Final = (
    "every caller needs a token, and there is none with the scope ADMIN. Create it: "
    "python main.py token create --name admin --scope ADMIN --scope READ --scope WRITE"
)
DEFAULT_DATABASE: Final = ServiceSettings().database_url


def no_credential(database_url: str) -> str:
    """Say how to make the first token."""
    return NO_CREDENTIAL if database_url == DEFAULT_DATABASE else f"{NO_CREDENTIAL} --database {quote(database_url)}"


class NoCredentialError(Exception):
    """The server requires credentials, and none exists."""


def describe_failure(error: Exception) -> str:
    """Return the line about a failed start. Messages other than our own may quote stored data or secrets."""
    if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in ("models", "resolvers"):
        return str(error)
    _log.error("unexpected error", exc_info=error)
    return f"the server cannot start: unexpected {type(error).__qualname__}"


@asynccontextmanager
async def running_services(
    settings: ServiceSettings, clock: Clock, *, requires_credentials: bool | None, background_jobs: bool
) -> AsyncIterator[tuple[Services, Sweeper, BlobGarbageCollector]]:
    """Open the database and run the services over it. Without `background_jobs` the caller runs the two jobs.

    Raises:
        NoCredentialError: credentials are required, and there is none.
        UnusableKey: no key of JSON Web Tokens can be used.
    """
    async with (
        _running_jwt_verifier(settings, clock, background_jobs=background_jobs) as jwt_verifier,
        open_database(database_file(settings.database_url)) as database,
    ):
        with database.reporting_to_operator():
            needs_token = requires_credentials and jwt_verifier is None
            if needs_token and not await database.read(tokens.has_admin_token, valid_at=clock.now()):
                raise NoCredentialError(no_credential(settings.database_url))
            authenticator = Authenticator(
                database, clock, requires_credentials=requires_credentials, jwt_verifier=jwt_verifier
            )
            await authenticator.load_requirement()
            liveness = ServerLiveness(database, clock)
            sweeper = Sweeper(database, liveness, clock, retention=settings.retention_ms)
            url_signer = await create_url_signer(database, settings.signing_key, settings.public_url)
            # Extends the deadlines after a downtime before the first request is answered.
            await sweeper.sweep()
        log_reader, uploader = LogReader(database, liveness), BlobUploader(settings.blob_store())
        projects = ProjectCache()
        collector = BlobGarbageCollector(database, uploader, clock)
        async with log_reader.running(), uploader.running(), AsyncExitStack() as jobs:
            jobs.enter_context(database.on_commit(projects.on_commit))
            jobs.enter_context(database.on_commit(authenticator.on_commit))
            if background_jobs:
                await jobs.enter_async_context(sweeper.running(settings.sweep_interval))
                await jobs.enter_async_context(collector.running())
            services = Services(database, liveness, log_reader, projects, uploader, url_signer, authenticator)
            yield services, sweeper, collector


@asynccontextmanager
async def _running_jwt_verifier(
    settings: ServiceSettings, clock: Clock, *, background_jobs: bool
) -> AsyncIterator["JwtVerifier | None"]:
    if not settings.accepts_jwts:
        yield None
        return
    from resolvers.tokens.jwt.verifier import running_verifier  # noqa: PLC0415 - heavy, see `Authenticator`

    async with running_verifier(settings, clock, background_jobs=background_jobs) as verifier:
        yield verifier
