"""Session Graph: the application and the command line. `python main.py --help` tells more."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from models.clock import Clock, SystemClock
from models.database import database_file, open_database
from models.errors import DatabaseInUse, DatabaseUnusable, DatabaseVersionError, StorageUnavailable
from models.settings import StorageSettings
from resolvers.access import LOCAL_ADMIN
from resolvers.blobs.downloads import Download, find_download
from resolvers.blobs.garbage_collector import BlobGarbageCollector
from resolvers.blobs.signed_urls import DOWNLOAD_PATH, create_url_signer
from resolvers.blobs.uploader import BlobUploader
from resolvers.context import Context, open_context
from resolvers.feed.log_reader import LogReader
from resolvers.lifecycle.sweeper import Sweeper
from resolvers.metrics import MetricsCollector
from resolvers.server_liveness import ServerLiveness
from resolvers.services import Services
from schema import graphql_schema, sdl
from transport import FileEndpoint, GraphQLEndpoint, Page, TransportSettings, configure_log, middleware
from transport.server import server
from transport.websocket import WebSocketEndpoint
from web import pages


class Settings(BaseSettings, TransportSettings, StorageSettings):
    """What an operator may set: by the environment, under these names in capitals, or by the command line."""

    model_config = SettingsConfigDict(env_nested_delimiter="__", env_ignore_empty=True, extra="ignore")


@asynccontextmanager
async def running_services(
    app: Starlette, settings: Settings, clock: Clock, *, background_jobs: bool
) -> AsyncIterator[None]:
    """What the application lives on: the storage, the present, the feed, the sweeper; started so, stopped back up."""
    async with open_database(database_file(settings.database_url)) as database:
        presence = ServerLiveness(database, clock)
        sweeper = Sweeper(database, presence, clock, retention=settings.retention_ms)
        feed, files = LogReader(database, presence), BlobUploader(settings.blob_store())
        links = await create_url_signer(database, settings.signing_key, settings.public_url)
        app.state.services = Services(database, presence, feed, files, links)
        app.state.sweeper, app.state.collector = sweeper, BlobGarbageCollector(database, files, clock)
        await sweeper.sweep()
        async with feed.running(), files.running(), AsyncExitStack() as jobs:
            if background_jobs:
                await jobs.enter_async_context(sweeper.running(settings.sweep_interval))
                await jobs.enter_async_context(app.state.collector.running())
            yield


def create_app(
    settings: Settings | None = None, clock: Clock | None = None, *, background_jobs: bool = True
) -> Starlette:
    """The application for an ASGI server that speaks the lifespan protocol.

    Args:
        settings: from the environment where not given.
        clock: the wall clock of this machine where not given.
        sweeping: whether the sweeper works by itself; else only when told to (`app.state.sweeper`).
    """
    resolved = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            async with running_services(app, resolved, clock or SystemClock(), background_jobs=background_jobs):
                figures = MetricsCollector(app.state.services, app.state.sweeper)
                with endpoint.metrics.registered(figures, figures.refresh):
                    yield
        except Exception as error:
            app.state.failure = error  # for whoever started the server: to be told in one line
            raise

    @asynccontextmanager
    async def make_context(connection: HTTPConnection) -> AsyncIterator[Context]:
        yield await open_context(connection.app.state.services, LOCAL_ADMIN)

    page = None if resolved.production else Page(pages.graphiql_html(), pages.GRAPHIQL_HEADERS)
    endpoint = GraphQLEndpoint(graphql_schema, make_context, resolved, page=page)
    sockets = WebSocketEndpoint(endpoint.streams, make_context, endpoint.settings)
    endpoint.metrics.add_gauge("graphql_sockets", "WebSockets that are open.", sockets.__len__)
    graphql = [Route("/graphql", endpoint), WebSocketRoute("/graphql", sockets)]
    files = Route(f"{DOWNLOAD_PATH}/{{id}}", FileEndpoint(find_file, endpoint.settings))
    operational = [Route("/livez", livez), Route("/readyz", readyz)]
    if resolved.exposes_metrics:
        operational.append(Route("/metrics", endpoint.metrics.endpoint))
    routes = [*graphql, files, *operational, *pages.routes(graphiql=page is not None)]
    app = Starlette(routes=routes, middleware=middleware(endpoint.settings), lifespan=lifespan)
    app.state.streams = endpoint.streams
    return app


async def find_file(request: HTTPConnection) -> Download | None:
    """The file that a signed address leads to."""
    return await find_download(request.app.state.services, request.path_params["id"], request.query_params)


async def livez(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """The database answers, its migrations are current, and the server does not stop; else 503."""
    services: Services = request.app.state.services
    try:
        ready = await services.database.is_ready() and not request.app.state.streams.draining.started
    except StorageUnavailable:
        ready = False
    return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)


cli = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

HostOption = Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 where not given.")]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one; 8000 where not given.")]
DatabaseOption = Annotated[str | None, typer.Option(help="SQLite file (path or sqlite:///path); sessions.db.")]


@cli.command()
def serve(
    host: HostOption = None,
    port: PortOption = None,
    database: DatabaseOption = None,
    reload: Annotated[bool, typer.Option(help="Start anew whenever a file of the code changes.")] = False,
    insecure: Annotated[bool, typer.Option(help="Let anybody in who reaches the address.")] = False,
) -> None:
    """Migrate the database where needed, then serve until told to stop."""
    settings = read_settings(host=host, port=port, database_url=database, insecure=insecure or None)
    if not (settings.is_loopback or settings.insecure):
        exit_with_error(
            f"HOST: {settings.host} can be reached from other machines, and anybody could do anything; add --insecure"
        )
    configure_log(settings.log_level)
    if reload:
        serve_with_reload(settings)
    else:
        serve_once(settings)


@cli.command()
def migrate(database: DatabaseOption = None) -> None:
    """Make the database, or bring its tables to the newest version, and stop."""
    settings = read_settings(database_url=database)

    async def run() -> None:
        async with open_database(database_file(settings.database_url)):
            pass

    try:
        asyncio.run(run())
    except (DatabaseInUse, DatabaseVersionError, DatabaseUnusable, OSError) as error:
        exit_with_error(str(error))
    typer.echo(f"{database_file(settings.database_url)} is up to date")


@cli.command()
def schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(sdl(), nl=False)


@cli.command()
def simulate(
    url: Annotated[str, typer.Option(help="Where the server is.")] = "http://127.0.0.1:8000/graphql",
    rate: Annotated[float, typer.Option(min=0.1, max=5000, help="Operations per second.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=1, max=86400, help="How long.")] = 60.0,
    seed: Annotated[int | None, typer.Option(help="The same number makes the same traffic.")] = None,
) -> None:
    """Drive a server with believable traffic of all five kinds."""
    from demo.simulate import simulate as run  # noqa: PLC0415 - its client is needed for nothing else

    raise typer.Exit(asyncio.run(run(url=url, rate=rate, seconds=seconds, seed=seed)))


def read_settings(**overrides: Any) -> Settings:
    """The settings: what the command line says, over the environment, over the defaults."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problem = error.errors()[0]
        exit_with_error(
            f"{'__'.join(map(str, problem['loc'])).upper()}: {problem['msg'].removeprefix('Value error, ')}"
        )
    except SettingsError as error:
        exit_with_error(f"the environment: {error}")  # a group of settings that is no JSON; the error names it


def exit_with_error(message: str) -> NoReturn:
    """End with one line that says what is wrong."""
    typer.echo(message, err=True)
    raise typer.Exit(2)


def serve_once(settings: Settings) -> None:
    """Serve in this process."""

    app = create_app(settings)
    try:
        server.serve(app, settings.host, settings.port, partial(print_addresses, settings), app.state.streams)
    except server.CannotListenError as error:
        exit_with_error(str(error))
    except server.NotStartedError:
        exit_with_error(str(app.state.failure))


def print_addresses(settings: Settings, origin: str) -> None:
    """Say where everything is."""
    typer.echo(f"GraphiQL  {origin}/graphql (in a browser)")
    typer.echo(f"endpoint  {origin}/graphql")
    typer.echo(f"database  {database_file(settings.database_url).absolute()}")


def serve_with_reload(settings: Settings) -> None:
    """Serve in a process that starts anew with each change of the code; the settings reach it by the environment."""
    os.environ |= {
        "DATABASE_URL": settings.database_url,
        "HOST": settings.host,
        "INSECURE": str(settings.insecure),
        "LOG_LEVEL": settings.log_level,
    }
    folder = Path(__file__).parent
    try:
        server.serve_reloading(serve_reloaded, folder, settings.host, settings.port, partial(print_addresses, settings))
    except server.CannotListenError as error:
        exit_with_error(str(error))


def serve_reloaded(sockets: list[socket.socket] | None) -> None:
    """Serve in a process of its own, which has to find its settings and set up its log itself."""
    settings = Settings()
    configure_log(settings.log_level)
    app = create_app(settings)
    try:
        server.run(app, sockets, lambda: None, app.state.streams)
    except server.NotStartedError:
        typer.echo(app.state.failure, err=True)


if __name__ == "__main__":
    cli()
