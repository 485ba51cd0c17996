"""Server whose resolvers fail with client data in their exceptions: `python -m tests.security.faulty_server serve …`.

`session(id:)` and `stopSession` fail as the beginning of the id says, and a `UserSession.username` that begins with
`RAISE` fails. With `HOLE` in the environment it also logs each credential, as a control for the test.
"""

import asyncio
import os
from functools import partial
from typing import Any

import structlog
from sqlalchemy.engine import Connection

from main import cli
from resolvers import startup
from resolvers.tokens.authenticator import Authenticator
from schema import graphql_schema


async def fail(context: Any, id_: str) -> None:
    """Fail as an id says, in a way that quotes it."""
    match id_.partition("-")[0]:
        case "RAISE":
            try:
                dict[str, str]().pop(id_)
            except KeyError as error:
                raise ValueError(f"no such thing: {id_}") from error
        case "SQL":
            await context.database.read(bind_too_few, id_)
        case "SYNTAX":
            await context.database.read(lambda tx: tx.exec_driver_sql(f"SELECT '{id_}' FROM {id_}"))  # noqa: S608 - its error quotes it
        case "HANG":
            await asyncio.sleep(60)
        case "TASK":
            asyncio.get_running_loop().call_soon(raise_in_loop, id_)
            asyncio.get_running_loop().create_task(raise_unawaited(id_))
            await asyncio.sleep(0)


def bind_too_few(tx: Connection, id_: str) -> None:
    tx.exec_driver_sql("SELECT ?, ?", (id_,))


def raise_in_loop(id_: str) -> None:
    raise RuntimeError(id_)


async def raise_unawaited(id_: str) -> None:
    raise RuntimeError(id_)


def raise_at_start(message: str, *_: Any, **__: Any) -> None:
    raise ValueError(message)


def plant_faults() -> None:
    query, mutation = graphql_schema.query_type, graphql_schema.mutation_type
    assert query is not None
    assert mutation is not None
    session, stop = query.fields["session"], mutation.fields["stopSession"]
    get_session, stop_session = session.resolve, stop.resolve
    assert get_session is not None
    assert stop_session is not None

    async def resolve_session(source: Any, info: Any, **arguments: Any) -> Any:
        await fail(info.context, arguments["id_"])
        result = get_session(source, info, **arguments)
        return await result if hasattr(result, "__await__") else result

    async def resolve_stop(source: Any, info: Any, **arguments: Any) -> Any:
        await fail(info.context, arguments["input_"]["id"])
        return await stop_session(source, info, **arguments)

    session.resolve, stop.resolve = resolve_session, resolve_stop
    username = graphql_schema.type_map["UserSession"].fields["username"]  # type: ignore[attr-defined]  # an object
    read = username.extensions.pop("read")
    username.extensions.pop("attribute", None)

    def resolve_username(source: Any, info: Any) -> Any:
        if (name := read(source, info.context)).startswith("RAISE"):
            raise ValueError(name)
        return name

    username.resolve = resolve_username


def plant_hole() -> None:
    authenticate = Authenticator.authenticate

    async def logging_authenticate(self: Authenticator, authorization: str | None, *args: Any, **options: Any) -> Any:
        structlog.get_logger("hole").debug("credential", sent=authorization)
        return await authenticate(self, authorization, *args, **options)

    Authenticator.authenticate = logging_authenticate  # type: ignore[method-assign]  # the hole


if __name__ == "__main__":
    plant_faults()
    if message := os.environ.get("START_FAULT"):
        vars(startup)["open_database"] = partial(raise_at_start, message)
    if os.environ.get("HOLE"):
        plant_hole()
    cli()
