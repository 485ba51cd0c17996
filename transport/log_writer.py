"""Output of the log, which never makes the server wait.

A line is written at once, with those before it. Only lines that are deferred, of which a busy server has thousands a
second, wait until the event loop has had its turn, and are then written together. Where standard error is a pipe or a
terminal that takes nothing, lines are kept up to a limit, and what is lost beyond is counted.
"""

import asyncio
import io
import os
import select
import stat
from collections import deque
from threading import RLock
from time import monotonic
from typing import Final, TextIO

import structlog

log = structlog.get_logger(__name__)

MAX_UNSENT_BYTES: Final = 1024 * 1024
"""What is kept while nothing can be written."""
RETRY_SECONDS: Final = 0.05
EXIT_SECONDS: Final = 1.0
"""For how long the end of the process waits for a reader of the log."""


class LogWriter:
    """Writes lines to a text stream; has the methods of structlog's `WriteLogger`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: deque[str] = deque()
        self._unsent = b""
        self._lost = 0
        self._is_scheduled = False
        self._lock = RLock()  # threads write too; a line about lost lines is written within another
        self._descriptor = _descriptor(stream)
        self._poll: select.poll | None = None
        if self._descriptor is not None and not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self._poll = select.poll()
            self._poll.register(self._descriptor, select.POLLOUT)

    def msg(self, line: str) -> None:
        """Write a line now, after those that were deferred."""
        self._lines.append(line)
        self.flush()

    debug = info = warning = error = critical = exception = msg

    def defer(self, line: str) -> None:
        """Write a line when the running event loop has had its turn."""
        self._lines.append(line)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self, seconds: float = 0) -> None:
        """Write what can be written without waiting, or within so many seconds."""
        with self._lock:
            self._is_scheduled = False
            self._collect()
            is_written = self._write(seconds)
            if self._unsent:
                self._retry_later()
            elif is_written and self._lost:
                lost, self._lost = self._lost, 0
                log.warning("log lines lost", lines=lost)

    def _collect(self) -> None:
        # Taken one by one: another thread may append at any time.
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        if len(self._unsent) > MAX_UNSENT_BYTES:
            self._lost += len(lines)
        elif lines:
            text = "\n".join((*lines, ""))
            self._unsent += text.encode(self._stream.encoding or "utf-8", "backslashreplace")

    def _write(self, seconds: float) -> bool:
        """Write what has not been sent. Returns False if that is lost."""
        try:
            if self._descriptor is None:
                self._stream.write(self._unsent.decode(self._stream.encoding or "utf-8"))
                self._stream.flush()
                self._unsent = b""
            elif self._poll is None:
                self._unsent = self._unsent[os.write(self._descriptor, self._unsent) :]
            else:
                self._write_to_reader(self._descriptor, self._poll, monotonic() + seconds)
        except (OSError, ValueError):  # its reader has ended, the disk is full, the stream was closed
            self._lost += self._unsent.count(b"\n")
            self._unsent = b""
            return False
        return True

    def _write_to_reader(self, descriptor: int, poll: select.poll, deadline: float) -> None:
        # A pipe that can be written takes PIPE_BUF bytes without waiting, and keeps them together.
        while self._unsent and poll.poll(max(0, deadline - monotonic()) * 1000):
            end = self._unsent.rfind(b"\n", 0, select.PIPE_BUF) + 1 or select.PIPE_BUF
            self._unsent = self._unsent[os.write(descriptor, self._unsent[:end]) :]

    def _retry_later(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # with the next line
        self._is_scheduled = True
        loop.call_later(RETRY_SECONDS, self.flush)


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, io.UnsupportedOperation):  # it is in memory
        return None
