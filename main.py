"""Session Graph: one GraphQL API for every kind of session."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import structlog
import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute

from models.clock import Clock, SystemClock
from models.database import database_file, migrate_database
from models.errors import DatabaseUnusable
from models.settings import StorageSettings
from resolvers.access import LOCAL_ADMIN
from resolvers.blobs.downloads import find_download
from resolvers.blobs.signed_urls import DOWNLOAD_PATH
from resolvers.context import Context, open_context
from resolvers.metrics import FEED_LAG, MetricsCollector
from resolvers.startup import running_services
from schema import graphql_schema, sdl
from transport import FileEndpoint, GraphQLEndpoint, Page, TransportSettings, configure_log, middleware
from transport.health import health_routes
from transport.server import server
from transport.settings_text import error_lines, settings_table
from transport.websocket import WebSocketEndpoint
from web import pages

VERSION = "0.1.0"


class Settings(BaseSettings, TransportSettings, StorageSettings):
    """All settings, from environment variables of the same names in capitals. The command line overrides them."""

    model_config = SettingsConfigDict(env_nested_delimiter="__", env_ignore_empty=True, extra="ignore")


def create_app(
    settings: Settings | None = None, clock: Clock | None = None, *, background_jobs: bool = True
) -> Starlette:
    """Create the ASGI application. Without `background_jobs`, those of `app.state` run only when called."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            async with running_services(settings, clock or SystemClock(), background_jobs=background_jobs) as running:
                app.state.services, app.state.sweeper, app.state.collector = running
                endpoint.admission.add_lag(*FEED_LAG, app.state.services.log_reader.lag)
                collector = MetricsCollector(app.state.services, app.state.sweeper)
                with endpoint.metrics.registered(collector, collector.refresh):
                    async with endpoint.admission.monitor.sampling(active=background_jobs):
                        yield
        except Exception as error:
            app.state.failure = error  # uvicorn only logs it; `serve` prints it in one line
            raise

    def make_context(connection: HTTPConnection) -> AbstractAsyncContextManager[Context]:
        return open_context(connection.app.state.services, LOCAL_ADMIN)

    async def is_ready(request: HTTPConnection) -> bool:
        return await request.app.state.services.is_ready() and not endpoint.streams.draining.started

    page = None if settings.production else Page(*pages.graphiql())
    endpoint = GraphQLEndpoint(graphql_schema, make_context, settings, page=page)
    websocket = WebSocketEndpoint(endpoint.streams, make_context, settings)
    endpoint.metrics.add_gauge("graphql_sockets", "WebSockets that are open.", websocket.__len__)
    routes = [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", websocket),
        Route(
            f"{DOWNLOAD_PATH}/{{id}}",
            FileEndpoint(lambda r: find_download(r.app.state.services, r.path_params["id"], r.query_params), settings),
        ),
        *health_routes(is_ready),
        *([Route("/metrics", endpoint.metrics.endpoint)] if settings.exposes_metrics else []),
        *pages.routes(sdl, explorable=page is not None, metrics=settings.exposes_metrics, origin=settings.public_url),
    ]
    app = Starlette(routes=routes, middleware=middleware(settings), lifespan=lifespan)
    app.state.streams = endpoint.streams
    return app


cli = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)

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
        bool, typer.Option("--insecure", help="Listen on a public address without authentication.")
    ] = False,
) -> None:
    """Migrate the database if needed, then serve until SIGTERM or Ctrl-C. Its help lists all settings."""
    settings = read_settings(host=host, port=port, database_url=database, insecure=insecure or None)
    address = settings.host, settings.port, partial(announce, settings)
    try:
        if reload:
            # Workers are new processes: the settings reach them through the environment.
            exported = settings.model_dump(include={"database_url", "host", "insecure", "log_format", "log_level"})
            os.environ |= {name.upper(): str(value) for name, value in exported.items()}
            server.serve_reloading(serve_reloaded, Path(__file__).parent, *address)
        else:
            app = create_app(settings)
            server.serve(app, *address, app.state.streams)
    except server.CannotListenError as error:
        exit_with_error(str(error))
    except server.NotStartedError:
        exit_with_error(str(app.state.failure))


@cli.command()
def migrate(database: DatabaseOption = None) -> None:
    """Create the database, or bring its tables to the newest version."""
    file = database_file(read_settings(database_url=database, insecure=True).database_url)
    try:
        asyncio.run(migrate_database(file))
    except DatabaseUnusable as error:
        exit_with_error(str(error))
    typer.echo(f"{file} is up to date")


@cli.command()
def schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(sdl(), nl=False)


@cli.command()
def simulate(
    url: Annotated[str, typer.Option(help="URL of the server.")] = "http://127.0.0.1:8000/graphql",
    rate: Annotated[float, typer.Option(min=0.1, max=5000, help="Operations per second.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=1, max=86400, help="Duration.")] = 60.0,
    seed: Annotated[int | None, typer.Option(help="Same seed, same visits; default: random.")] = None,
) -> None:
    """Send simulated traffic of all five kinds to a server."""
    from demo.simulate import simulate as run  # noqa: PLC0415 - production does not load the demo

    raise typer.Exit(asyncio.run(run(url=url, rate=rate, seconds=seconds, seed=seed)))


def read_settings(**overrides: Any) -> Settings:
    """Read the settings and configure the log, or exit with a line for each setting that is wrong."""
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        exit_with_error("\n".join(error_lines(error)))
    configure_log(settings.log_level, settings.log_format)
    return settings


def exit_with_error(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)


def serve_reloaded(sockets: list[socket.socket] | None) -> None:
    """Serve in a worker process of `serve --reload`."""
    settings = read_settings()
    app = create_app(settings)
    try:
        server.run(app, sockets, lambda: None, app.state.streams)
    except server.NotStartedError:
        typer.echo(app.state.failure, err=True)


def announce(settings: Settings, origin: str) -> None:
    """Print the addresses, and log the start."""
    file = database_file(settings.database_url).absolute()
    graphiql = "" if settings.production else f"GraphiQL  {origin}/graphql (in a browser)\n"
    typer.echo(f"{graphiql}endpoint  {origin}/graphql\ndatabase  {file}")
    facts = {"version": VERSION, "address": origin, "database": str(file), "production": settings.production}
    structlog.get_logger("main").info("server started", **facts)


if __name__ == "__main__":
    cli()
