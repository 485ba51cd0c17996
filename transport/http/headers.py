"""Request headers by name."""

from collections.abc import Iterable, KeysView
from typing import Final

from starlette.types import Scope

_KEY: Final = "transport.request_headers"
"""Of the ASGI scope."""


class RequestHeaders:
    """The headers of one request. ASGI has them as a list, which each of ten look-ups would go through."""

    __slots__ = ("_repeated", "_values")

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        sent = tuple(pairs)  # trailers, which follow the body, are none of them
        self._values = dict(sent)
        self._repeated = sent if len(self._values) < len(sent) else ()

    def __contains__(self, name: bytes) -> bool:
        return name in self._values

    @property
    def names(self) -> KeysView[bytes]:
        return self._values.keys()

    def values(self, name: bytes) -> list[str]:
        """Return all values of a header; `name` in lower case."""
        value = self._values.get(name)
        if value is None:
            return []
        if self._repeated:
            return [value.decode("latin-1") for key, value in self._repeated if key == name]
        return [value.decode("latin-1")]

    def joined(self, name: bytes) -> str:
        """Return the values of a list header as one list; "" if absent. Cut after 2,000 characters."""
        return ", ".join(self.values(name))[:2_000]


def request_headers(scope: Scope) -> RequestHeaders:
    """Return the headers of a request or handshake."""
    found: RequestHeaders | None = scope.get(_KEY)
    if found is None:
        found = scope[_KEY] = RequestHeaders(scope["headers"])
    return found
