"""Origins of web pages that tokens name."""

from models.clock import Clock, Instant
from models.database import Database
from models.errors import StorageUnavailable
from models.origins import Origins
from resolvers.tokens import repository


class PageOrigins:
    """The origins that valid tokens name, in memory until a commit changes tokens or one of these expires.

    A browser asks whether a page may call before it sends the token, so that the answer is the same for all tokens.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._origins = Origins(())
        self._is_current = False
        self._expires_at: Instant | None = None
        self._version = 0

    async def contain(self, origin: str) -> bool:
        if not self._is_current or (self._expires_at is not None and self._expires_at <= self._clock.now()):
            await self._load()
        return self._origins.contain(origin)

    async def _load(self) -> None:
        version = self._version
        try:
            found = await self._database.read(repository.read_origins, self._clock.now())
        except StorageUnavailable:
            return  # those that are known still count, and the next request reads again
        self._origins = Origins(origin for origins, _ in found for origin in origins)
        self._expires_at = min((expires_at for _, expires_at in found if expires_at is not None), default=None)
        self._is_current = version == self._version

    def on_commit(self) -> None:
        """Note that a commit has changed tokens."""
        self._version += 1
        self._is_current = False
