"""What a figure is."""

from typing import Protocol

from bench.load import Sample
from bench.servers import Server


class Figure(Protocol):
    """One kind of work, done in the same way to each server."""

    @property
    def name(self) -> str:
        """Its row in the table."""

    async def sample(self, server: Server, connections: int, seconds: float) -> Sample:
        """Does the work over so many connections for so long. Raises LoadFailed."""
