"""What an operator may set of the storage. `main.Settings` reads it from the environment."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from models.clock import DAY
from models.database import database_file


def _checked_url(url: str) -> str:
    database_file(url)
    return url


class StorageOptions(BaseModel):
    """Where sessions are kept, and for how long."""

    database_url: Annotated[str, AfterValidator(_checked_url)] = "sessions.db"
    # Rounds further apart than the tolerance of `resolvers.presence` would each count as an absence: nothing would end.
    sweep_interval: Annotated[float, Field(gt=0, le=2.5)] = 1.0
    retention_days: Annotated[float, Field(gt=0, le=36_500)] | None = None

    @property
    def retention(self) -> int | None:
        """How long ended sessions are kept, in milliseconds; null: for ever."""
        return None if self.retention_days is None else int(self.retention_days * DAY)
