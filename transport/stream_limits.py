"""Limits of open streams: WebSockets, and subscriptions over HTTP, by the address and the token of their client."""

from collections import Counter

from transport.rate_limits import RateLimited, rate_limited
from transport.settings import TransportSettings

DEFAULT_PER_ADDRESS = 1_000
DEFAULT_PER_TOKEN = 20_000
RETRY_SECONDS = 5.0


class StreamLimit:
    """Counts the open streams of each address, or of each token, up to a limit."""

    def __init__(self, name: str, maximum: float | None) -> None:
        self._name = name
        self._maximum = maximum
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    def add(self, key: str) -> None:
        """Count a stream. Raises RateLimited, and counts none, if as many as allowed are open."""
        if self.is_reached(key):
            raise self._refusal(self._open[key] + 1)
        self._open[key] += 1

    def remove(self, key: str) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def is_reached(self, key: str) -> bool:
        return self._maximum is not None and self._open[key] >= self._maximum

    def _refusal(self, number: int) -> RateLimited:
        message = f"Too many streams of this {self._name}: {number:,}, where {self._maximum:,g} is the limit."
        return rate_limited(message, RETRY_SECONDS)


class StreamLimits:
    """The open streams of one server. A client without an id is limited by its address alone."""

    def __init__(self, settings: TransportSettings) -> None:
        self.addresses = StreamLimit("address", settings.limit_of(settings.streams_per_address, DEFAULT_PER_ADDRESS))
        self.tokens = StreamLimit("token", settings.limit_of(settings.streams_per_token, DEFAULT_PER_TOKEN))

    def add(self, address: str, client_id: str) -> None:
        """Count a stream over HTTP. Raises RateLimited, and counts none, if it is one too many."""
        self.addresses.add(address)
        if client_id:
            try:
                self.tokens.add(client_id)
            except RateLimited:
                self.addresses.remove(address)
                raise

    def remove(self, address: str, client_id: str) -> None:
        self.addresses.remove(address)
        if client_id:
            self.tokens.remove(client_id)
