"""Rate limits: what a client may spend, by its token, or by its address where it has none.

Operations spend their cost (`documents.cost`), at least `BASE_COST`, and a document that is not in the cache spends its
length besides, before it is parsed. The address pays for what no token can pay for: operations without a credential,
and requests that are refused before their client is known, so that credentials cannot be guessed for long.
"""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from time import monotonic
from typing import ClassVar, Final

import structlog

from transport.clients import Access, Client
from transport.errors import Code, Headers, RequestError, make_error
from transport.rate_limiter import RateLimiter
from transport.results import error_headers
from transport.settings import TransportSettings

log = structlog.get_logger(__name__)

BASE_COST: Final = 10
"""Of any operation: a mutation takes about as long as reading ten objects."""
REFUSED_COST: Final = 50
"""Of a request that is refused before its client is known, such as one with a wrong credential."""
DEFAULT_ADDRESS_RATE: Final = 5_000
MAX_QUOTAS: Final = 10_000
"""Addresses, and tokens, whose quota is remembered; then those used the longest time ago are forgotten."""
LOG_SECONDS: Final = 60.0
"""Between log lines about one client."""


class RateLimited(RequestError):
    """The refusal of a request over a rate limit. There may be too many of them for the request log."""

    logged: ClassVar[bool] = False


def rate_limited(message: str, retry_after: float) -> RateLimited:
    seconds = max(1, ceil(retry_after * 10)) / 10
    error = make_error(Code.RATE_LIMITED, message, retryable=True, retryAfter=seconds)
    return RateLimited([error], headers=error_headers(error["extensions"]))


class Quota:
    """What one token or address may spend."""

    def __init__(self, policy: str, key: str, rate: float, seconds: float, time: Callable[[], float]) -> None:
        burst = max(1.0, rate * seconds)
        self._policy = policy
        self._key = key
        self._rate = rate
        self._time = time
        self._bucket = RateLimiter(rate, burst, time())
        self._policy_header = "ratelimit-policy", f'"{policy}";q={int(burst)};w={max(1, ceil(seconds))}'
        self._logged_at: float | None = None

    @property
    def is_full(self) -> bool:
        return self._bucket.is_full(self._time())

    def check(self) -> None:
        """Raise RateLimited if nothing may be spent now."""
        self.take(0)

    def take(self, cost: float) -> None:
        """Spend `cost`, on credit where there is less. Raises RateLimited, and spends nothing, if there is nothing."""
        now = self._time()
        if self._bucket.available(now) < 1:
            self._log(now)
            message = f"Too many requests from this {self._policy}: {self._rate:g} units of cost a second are allowed."
            raise rate_limited(message, self._bucket.seconds_until_one(now))
        self._bucket.consume(cost, now)

    def charge(self, cost: float) -> None:
        """Spend `cost` for what has been done already."""
        self._bucket.consume(cost, self._time())

    def headers(self) -> Headers:
        """Return the headers RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11)."""
        now = self._time()
        available = max(0, int(self._bucket.available(now)))
        seconds = max(1, ceil(self._bucket.seconds_until_one(now)))
        return (self._policy_header, ("ratelimit", f'"{self._policy}";r={available};t={seconds}'))

    def _log(self, now: float) -> None:
        if self._logged_at is None or now - self._logged_at >= LOG_SECONDS:
            self._logged_at = now
            log.warning("rate limit reached", limit=self._policy, client=self._key)


class Quotas:
    """The quotas that are in use. One that is full is as good as a new one, and may be forgotten."""

    def __init__(self, policy: str, seconds: float) -> None:
        self.time: Callable[[], float] = monotonic
        self._policy = policy
        self._seconds = seconds
        self._quotas: OrderedDict[str, Quota] = OrderedDict()

    def __len__(self) -> int:
        return len(self._quotas)

    def find(self, key: str) -> Quota | None:
        """Return the quota of a key that has spent some of it lately."""
        if (quota := self._quotas.get(key)) is not None:
            self._quotas.move_to_end(key)
        return quota

    def get(self, key: str, rate: float) -> Quota:
        quota = self.find(key)
        if quota is None:
            self._forget_idle()
            quota = self._quotas[key] = Quota(self._policy, key, rate, self._seconds, self.time)
        return quota

    def _forget_idle(self) -> None:
        while self._quotas and (len(self._quotas) >= MAX_QUOTAS or next(iter(self._quotas.values())).is_full):
            self._quotas.popitem(last=False)


class RateLimits:
    """The rate limits of one server."""

    def __init__(self, settings: TransportSettings) -> None:
        self._address_rate = settings.limit_of(settings.rate_address, DEFAULT_ADDRESS_RATE)
        self.addresses = Quotas("address", settings.rate_seconds)
        self.tokens = Quotas("token", settings.rate_seconds)

    def of_address(self, address: str) -> Quota | None:
        """Return the quota of an address that has spent some of it lately."""
        return self.addresses.find(address)

    def charge_refusal(self, address: str, error: RequestError) -> None:
        """Let an address pay for a request that was refused before its client was known."""
        if self._address_rate is not None and error.status < 500 and not isinstance(error, RateLimited):
            self.addresses.get(address, self._address_rate).charge(REFUSED_COST)

    def of_client(self, access: Access, client: Client, address: str) -> Quota | None:
        """Return the quota of a client; None if it is not limited."""
        if not client.id:
            return None if self._address_rate is None else self.addresses.get(address, self._address_rate)
        rate = access.rate_of(client)
        return None if rate is None else self.tokens.get(client.id, rate)
