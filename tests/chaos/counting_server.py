"""Server that also says how many tasks it has: `python -m tests.chaos.counting_server serve …`."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import main

_create_app = main.create_app


async def count_tasks(_request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(asyncio.all_tasks())))


def _create_counting_app(*args: Any, **kwargs: Any) -> Any:
    app = _create_app(*args, **kwargs)
    app.router.routes.append(Route("/tasks", count_tasks))
    return app


if __name__ == "__main__":
    main.create_app = _create_counting_app
    main.cli()
