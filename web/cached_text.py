"""Text that stays the same while the server runs: made on the first request, then served by entity tag."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

NO_HEADERS: Final[Mapping[str, str]] = {}
Respond: TypeAlias = Callable[[Request], Response]


def cached_text(make: Callable[[], str], media_type: str, headers: Mapping[str, str] = NO_HEADERS) -> Respond:
    """Return an endpoint for what `make` returns. Starlette runs it in a thread, so `make` may take its time."""

    @cache
    def content() -> tuple[bytes, str]:
        body = make().encode()
        return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'

    def respond(request: Request) -> Response:
        body, etag = content()
        tags = request.headers.get("If-None-Match", "").split(",")
        is_known = any(tag.strip().removeprefix("W/") in (etag, "*") for tag in tags)
        answer = Response(status_code=304) if is_known else Response(body, media_type=media_type)
        answer.headers.update({"ETag": etag, "Cache-Control": "no-cache"} | dict(headers))
        return answer

    return respond
