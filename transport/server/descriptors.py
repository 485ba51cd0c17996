"""File descriptors: as many as the system allows, and some of them kept for files.

A process without descriptors cannot open its database, a file that a client uploads or one that it serves. So
connections are refused before that: the system hands out the lowest free number, which shows how many are in use.
"""

import resource
from contextlib import suppress
from time import monotonic
from typing import Final

import structlog

RESERVED: Final = 64
"""Descriptors for files; fewer where the limit is low."""
LOG_SECONDS: Final = 60.0

log = structlog.get_logger(__name__)


def raise_descriptor_limit() -> None:
    """Raise the soft limit, which is 1,024 on many systems, to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # where the system reports no hard limit, but has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class DescriptorReserve:
    """Decides which connections would need a reserved descriptor. Logs that once a minute."""

    def __init__(self) -> None:
        self._refused = 0
        self._log_at = 0.0

    def admits(self, descriptor: int) -> bool:
        """Return whether a connection with this descriptor may stay open."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit == resource.RLIM_INFINITY or descriptor < limit - min(RESERVED, limit // 8):
            return True
        self._refused += 1
        if (now := monotonic()) >= self._log_at:
            log.warning("out of file descriptors: refusing connections", limit=limit, refused=self._refused)
            self._refused, self._log_at = 0, now + LOG_SECONDS
        return False
