"""Clients: the callers of operations, as the transport knows them, and what is open for them."""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from starlette.requests import HTTPConnection


class Client(Hashable, Protocol):
    """A client that has been authenticated. Requests of equal clients have the same access."""

    @property
    def id(self) -> str:
        """Identifies the credential without being secret; empty where none is needed."""

    @property
    def may_introspect(self) -> bool:
        """Whether it may read the schema in production mode."""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """The client of an application without authentication."""

    id: str = ""
    may_introspect: bool = False


async def accept_anonymous(_connection: HTTPConnection) -> Client:
    return Anonymous()


Authenticate: TypeAlias = Callable[[HTTPConnection], Awaitable[Client]]
"""Finds the client of a request or socket. `GraphQLEndpoint` says what its exceptions mean."""
BoundContextFactory: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
ContextFactory: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]
"""Returns what is entered for the context of one operation of a client."""
AdmitsOrigin: TypeAlias = Callable[[str], Awaitable[bool]]
"""Whether pages of an origin that the settings do not allow may call. Their requests are authenticated all the same."""


async def admit_no_other(_origin: str) -> bool:
    return False


def unlimited(_client: Client) -> float | None:
    return None


def represented_by_none(_client: Client) -> Client | None:
    return None


class Access(NamedTuple):
    """How an application authenticates its clients, the contexts of their operations, and how much they may do."""

    make_context: ContextFactory
    authenticate: Authenticate = accept_anonymous
    admits_origin: AdmitsOrigin = admit_no_other
    rate_of: Callable[[Any], float | None] = unlimited
    """Returns the cost per second that a client with an id may spend; None: unlimited."""
    representative: Callable[[Any], Client | None] = represented_by_none
    """Returns a client without identity that has the same access, and is equal for all clients that have it: what it
    is shown, they may see. None: the client shares no query with others."""


class OpenResources:
    """Sockets and streams by client, to end them when the client's access ends."""

    def __init__(self) -> None:
        self._by_client: dict[Client, dict[Hashable, Callable[[], None]]] = {}

    @property
    def clients(self) -> Iterable[Client]:
        """The clients for which something is open."""
        return list(self._by_client)

    def add(self, client: Client, resource: Hashable, end: Callable[[], None]) -> None:
        """Call `end` once if the access of `client` ends before `remove`. It must not raise."""
        self._by_client.setdefault(client, {})[resource] = end

    def remove(self, client: Client, resource: Hashable) -> None:
        if (resources := self._by_client.get(client)) is not None:
            resources.pop(resource, None)
            if not resources:
                del self._by_client[client]

    def end(self, client: Client) -> None:
        for end in list(self._by_client.get(client, {}).values()):
            end()
