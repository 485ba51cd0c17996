"""Session Graph: one GraphQL API for every kind of session."""

import gc
import sys

# What is imported stays: collecting garbage meanwhile takes a fifth of the time to start.
gc.disable()
# For tracebacks that we format ourselves, structlog imports rich and Pygments: a twentieth of the time to start.
if hides_rich := "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # an import of it fails
import structlog

if hides_rich:
    del sys.modules["rich"]

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute

from models.clock import Clock, SystemClock
from models.database import database_file
from models.enums import Kind, Scope
from models.settings import ServiceSettings
from resolvers.access import Caller, require, require_all_projects, without_identity
from resolvers.blobs.downloads import find_download
from resolvers.blobs.signed_urls import DOWNLOAD_PATH
from resolvers.command_line.console import exit_with_error
from resolvers.command_line.token_options import TokenFileOption, read_secret
from resolvers.context import Context, open_context
from resolvers.metrics import FEED_LAG, MetricsCollector
from resolvers.services import Services
from resolvers.startup import describe_failure, running_services
from resolvers.tokens.access_check import AccessCheck
from schema import graphql_schema, sdl
from transport import (
    Access,
    Application,
    FileEndpoint,
    GraphQLEndpoint,
    Page,
    RestrictedMiddleware,
    TransportSettings,
    authorization,
    configure_log,
    header,
    is_forwarded,
)
from transport.health import health_routes
from transport.server import server
from transport.settings_text import error_lines, settings_table
from transport.websocket import WebSocketEndpoint
from web import pages
from web.cached_text import cached_text

gc.freeze()  # else the first collection looks at all of it
gc.enable()

VERSION = "0.1.0"

DEFAULT_RATES: Final = {Scope.READ: 5_000, Scope.WRITE: 5_000, Scope.ADMIN: 10_000}


def rate_setting(scope: Scope) -> Any:
    description = (
        f"cost per second that one token with {scope} may spend, and with several scopes the largest of their rates; "
        f"then RATE_LIMITED; 0: unlimited; default: {DEFAULT_RATES[scope]}, or unlimited for a local server"
    )
    return Field(None, ge=0, description=description)


class Settings(BaseSettings, TransportSettings, ServiceSettings):
    """All settings, from environment variables of the same names in capitals. The command line overrides them."""

    model_config = SettingsConfigDict(env_nested_delimiter="__", env_ignore_empty=True, extra="ignore")

    rate_read: float | None = rate_setting(Scope.READ)
    rate_write: float | None = rate_setting(Scope.WRITE)
    rate_admin: float | None = rate_setting(Scope.ADMIN)

    @property
    def requires_credentials(self) -> bool | None:
        """Whether every caller needs a credential; None: once a token with ADMIN has been created."""
        if self.insecure:
            return False
        return True if self.production or self.accepts_jwts or not self.is_loopback else None

    def rate_of(self, caller: Caller) -> float | None:
        """Return the cost per second that a caller with a token may spend; None: unlimited."""
        scopes = caller.scopes or {Scope.READ}  # the claims of a JSON Web Token may give none
        rates = [self.limit_of(getattr(self, f"rate_{scope.lower()}"), DEFAULT_RATES[scope]) for scope in scopes]
        limits = [rate for rate in rates if rate is not None]
        return max(limits) if len(limits) == len(rates) else None


def create_app(
    settings: Settings | None = None, clock: Clock | None = None, *, background_jobs: bool = True
) -> Starlette:
    """Create the ASGI application. Without `background_jobs`, those of `app.state` run only when called."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            async with running(app, settings, clock or SystemClock(), endpoint, background_jobs=background_jobs):
                yield
        except Exception as error:
            app.state.failure = error  # uvicorn only logs it; `serve` prints it in one line
            raise

    async def is_ready(request: HTTPConnection) -> bool:
        return await request.app.state.services.is_ready() and not endpoint.streams.draining.started

    access = access_by_tokens(settings, lambda: app.state.services)
    page = Page(*pages.graphiql()) if settings.serves_graphiql else None
    endpoint = GraphQLEndpoint(graphql_schema, access, settings, page=page)
    websocket = WebSocketEndpoint(endpoint.streams, access, settings)
    endpoint.metrics.add_gauge("graphql_sockets", "WebSockets that are open.", websocket.__len__)
    routes = [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", websocket),
        Route(
            f"{DOWNLOAD_PATH}/{{id}}",
            FileEndpoint(lambda r: find_download(r.app.state.services, r.path_params["id"], r.query_params), settings),
        ),
        *health_routes(is_ready),
        *restricted_routes(endpoint, settings),
        *pages.routes(graphiql=page is not None, metrics=settings.metrics is not False, origin=settings.public_url),
    ]
    app = Application(settings, routes, access.admits_origin, lifespan)
    app.state.streams = endpoint.streams
    return app


def access_by_tokens(settings: Settings, services: Callable[[], Services]) -> Access:
    """Authenticate callers by their tokens; `services` are those of a running application."""

    async def authenticate(connection: HTTPConnection) -> Caller:
        origin = header(connection, "origin")
        is_configured = origin is None or settings.origins.allows(origin, header(connection, "host"))
        return await services().authenticator.authenticate(
            authorization(connection), origin, is_configured=is_configured, is_forwarded=is_forwarded(connection)
        )

    def make_context(caller: Caller) -> AbstractAsyncContextManager[Context]:
        return open_context(services(), caller)

    async def admits_origin(origin: str) -> bool:
        return await services().authenticator.page_origins.contain(origin)

    return Access(make_context, authenticate, admits_origin, settings.rate_of, without_identity)


def restricted_routes(endpoint: GraphQLEndpoint, settings: Settings) -> Iterator[Route]:
    """The schema as text, and the metrics: for every client, or for callers with a token that allows them."""

    def restricted(check: Callable[[Caller], None], *, is_open: bool) -> list[Middleware]:
        return [] if is_open else [Middleware(RestrictedMiddleware, endpoint, check)]

    schema_access = restricted(lambda caller: require(caller, Scope.ADMIN), is_open=not settings.production)
    yield Route("/schema.graphql", cached_text(sdl, "text/plain"), middleware=schema_access)
    if settings.metrics is not False:
        metrics_access = restricted(require_all_projects, is_open=settings.metrics or settings.is_open)
        yield Route("/metrics", endpoint.metrics.endpoint, middleware=metrics_access)


@asynccontextmanager
async def running(
    app: Starlette, settings: Settings, clock: Clock, endpoint: GraphQLEndpoint, *, background_jobs: bool
) -> AsyncIterator[None]:
    """Run the services, in `app.state`, and the background jobs."""
    requires_credentials = settings.requires_credentials
    async with running_services(
        settings, clock, requires_credentials=requires_credentials, background_jobs=background_jobs
    ) as (services, app.state.sweeper, app.state.collector):
        app.state.services = services
        endpoint.admission.add_lag(*FEED_LAG, services.log_reader.lag)
        metrics = MetricsCollector(services, app.state.sweeper)
        app.state.access_check = AccessCheck(services.database, services.authenticator, clock, endpoint.streams)
        async with AsyncExitStack() as jobs:
            jobs.enter_context(endpoint.metrics.registered(metrics, metrics.refresh))
            await jobs.enter_async_context(endpoint.admission.monitor.sampling(active=background_jobs))
            if background_jobs:
                await jobs.enter_async_context(app.state.access_check.running())
            yield


cli = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)

token_cli = typer.Typer(
    no_args_is_help=True,
    help="Tokens, the credentials of callers. While a server uses the database, `list` works, and the server's API.",
)
cli.add_typer(token_cli, name="token")

DatabaseOption = Annotated[str | None, typer.Option(help="SQLite file (path or sqlite:///path); default: sessions.db.")]


@cli.callback(help=__doc__, invoke_without_command=True)
def print_version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"session-graph {VERSION}")
        raise typer.Exit


@cli.command(epilog=f"All settings, from environment variables of these names:\n\n{settings_table(Settings)}")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one; default: 8000.")] = None,
    database: DatabaseOption = None,
    reload: Annotated[bool, typer.Option("--reload", help="Restart when a source file changes.")] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Serve callers without a credential, as administrators.")
    ] = False,
) -> None:
    """Migrate the database if needed, then serve until SIGTERM or Ctrl-C. Its help lists all settings."""
    settings = read_settings(host=host, port=port, database_url=database, insecure=insecure or None)
    address, on_start = (settings.host, settings.port), partial(announce, settings)
    try:
        if reload:
            # Workers are new processes: the settings reach them through the environment.
            exported = settings.model_dump(include={"database_url", "host", "insecure", "log_format", "log_level"})
            os.environ |= {name.upper(): str(value) for name, value in exported.items()}
            server.serve_reloading(serve_reloaded, Path(__file__).parent, *address, on_start)
        else:
            app = create_app(settings)
            server.serve(app, address, on_start, app.state.streams, lambda: app.state.services.sync_failure)
    except server.CannotListenError as error:
        exit_with_error(str(error))
    except server.StoppedError as error:
        exit_with_error(str(error), code=1)
    except server.NotStartedError:
        exit_with_error(describe_failure(app.state.failure))


@cli.command()
def migrate(database: DatabaseOption = None) -> None:
    """Create the database, or bring its tables to the newest version."""
    from resolvers.command_line.maintenance import migrate_tables

    migrate_tables(read_settings(database_url=database))


@token_cli.command("create")
def create_token(  # noqa: PLR0913, PLR0917 - one for each option
    name: Annotated[str, typer.Option(help="Name of the caller, 1 to 255 characters.")],
    scope: Annotated[
        list[Scope], typer.Option(case_sensitive=False, help="READ, WRITE or ADMIN; repeat it for several.")
    ],
    project: Annotated[list[str] | None, typer.Option(help="Id of a project; default: all projects.")] = None,
    kind: Annotated[
        list[Kind] | None,
        typer.Option(case_sensitive=False, help="Kind of session that it may start; default: all."),
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="Origin of web pages that may use it; default: any program.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Days until it expires; default: never.")] = None,
    database: DatabaseOption = None,
) -> None:
    """Create a token, and print its secret, which is shown only once."""
    from resolvers.command_line import tokens

    values = {"name": name, "scopes": scope, "project_ids": project, "kinds": kind, "origins": origin}
    tokens.create(read_settings(database_url=database), values, days)


@token_cli.command("list")
def list_tokens(database: DatabaseOption = None) -> None:
    """List the tokens, without their secrets, also while a server runs; with tabs where the output is no terminal."""
    from resolvers.command_line import tokens

    tokens.print_list(read_settings(database_url=database))


@token_cli.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as `list` shows it.")],
    database: DatabaseOption = None,
) -> None:
    """Revoke a token."""
    from resolvers.command_line import tokens

    tokens.revoke(read_settings(database_url=database), token_id)


@cli.command()
def backup(
    to: Annotated[Path, typer.Option("--to", help="File of the backup; attachments go to the folder FILE.files.")],
    database: DatabaseOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a backup that exists.")] = False,
) -> None:
    """Copy the database and its files, also while a server uses them. To restore it, copy both back."""
    from resolvers.command_line.maintenance import write_backup

    write_backup(read_settings(database_url=database), to, force=force)


@cli.command("check")
def check_database(database: DatabaseOption = None) -> None:
    """Check a database, in use or not, or a backup: pages, rows, counters, files. Exit code 1: something is wrong."""
    from resolvers.command_line.maintenance import print_findings

    print_findings(read_settings(database_url=database))


@cli.command()
def schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(sdl(), nl=False)


@cli.command("compile")
def print_functions(
    document: Annotated[typer.FileText, typer.Argument(encoding="utf-8", help="File of a GraphQL document; -: input.")],
    operation: Annotated[str | None, typer.Option(help="Its operation, if it has several.")] = None,
) -> None:
    """Print the Python functions that the server generates for an operation, to see what it does for it."""
    from graphql import GraphQLError

    from transport.executor.listing import generated_source
    from transport.executor.plan import Unplanned

    try:
        typer.echo(generated_source(graphql_schema, document.read(), operation))
    except GraphQLError as error:
        exit_with_error(str(error))
    except Unplanned:
        exit_with_error("graphql-core executes this operation: no functions are generated for it", code=1)


@cli.command()
def simulate(
    url: Annotated[str, typer.Option(help="URL of the server.")] = "http://127.0.0.1:8000/graphql",
    rate: Annotated[float, typer.Option(min=0.1, max=5000, help="Operations per second.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=1, max=86400, help="Duration.")] = 60.0,
    seed: Annotated[int | None, typer.Option(help="Same seed, same visits; default: random.")] = None,
    token_file: TokenFileOption = None,
) -> None:
    """Send simulated traffic of all five kinds to a server."""
    from demo.simulate import simulate as run

    token = None if token_file is None else read_secret(token_file)
    raise typer.Exit(asyncio.run(run(url=url, rate=rate, seconds=seconds, seed=seed, token=token)))


def read_settings(**overrides: Any) -> Settings:
    """Read the settings and configure the log, or exit with a line for each setting that is wrong."""
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        exit_with_error("\n".join(error_lines(error)))
    configure_log(settings.log_level, settings.log_format)
    return settings


def serve_reloaded(sockets: list[socket.socket] | None) -> None:
    """Serve in a worker process of `serve --reload`."""
    settings = read_settings()
    app = create_app(settings)
    try:
        server.run(app, sockets, lambda: None, app.state.streams)
    except server.NotStartedError:
        typer.echo(describe_failure(app.state.failure), err=True)


def announce(settings: Settings, origin: str) -> None:
    """Print the addresses, and log the start."""
    file = database_file(settings.database_url).absolute()
    graphiql = "" if not settings.serves_graphiql else f"GraphiQL  {origin}/graphql (in a browser)\n"
    typer.echo(f"{graphiql}endpoint  {origin}/graphql\ndatabase  {file}")
    facts = {"version": VERSION, "address": origin, "database": str(file), "production": settings.production}
    structlog.get_logger("main").info("server started", **facts)


if __name__ == "__main__":
    cli()
