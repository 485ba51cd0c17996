"""Somebody who reads a page and tries what it says, from top to bottom."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.docs.code_blocks import Command, Example
from tests.polling import PATIENCE

ADDRESS: Final = "http://127.0.0.1:8000"
"""Where the pages say that the server is."""

_KIND: Final = re.compile(r'"?variant\\?"?: *\{\s*\\?"?(client|agenda|media|field|user)')
_NAMED: Final = re.compile(r"s_(…|client|agenda|media|field|user)")


class Reader:
    """Tries examples against a server.

    Args:
        origin: where the server really is.
        folder: where the reader works; the files that the pages name are there.
    """

    def __init__(self, origin: str, folder: Path) -> None:
        self._origin = origin
        self._folder = folder
        self._ids: dict[str, str] = {}
        self._file = ""

    def try_example(self, example: Example) -> None:
        """Send an operation; it answers what the page says, or at least no error and no problem."""
        variables = json.loads(self._meant(example.variables))
        body = {"query": self._meant(example.document), "variables": variables}
        told = httpx2.post(f"{self._origin}/graphql", json=body).json()
        assert "errors" not in told, (example.place, told)
        self._remember(told["data"], example.document + example.variables)
        if example.answer is None:
            assert problems(told["data"]) == [], example.place
        else:
            expected = json.loads(example.answer)
            assert agrees(told["data"], expected), (example.place, told["data"], expected)

    def run(self, command: Command) -> None:
        """Type a command; what it answers has no errors and no problems."""
        if command.text.startswith("curl -N"):
            assert self._first_event(command)["data"], command.place
            return
        told = self._output(command)
        if not command.text.startswith("gql") and "/graphql" not in command.text:
            assert told, command.place  # a file
            return
        answer = json.loads(told)
        assert "errors" not in answer, (command.place, answer)
        assert problems(answer["data"]) == [], (command.place, answer)
        self._remember(answer["data"], command.text)

    def _output(self, command: Command) -> bytes:
        done = subprocess.run(
            ["bash", "-c", self._typed(command)], cwd=self._folder, capture_output=True, timeout=PATIENCE, check=True
        )
        return done.stdout

    def _first_event(self, command: Command) -> Any:
        """What a stream says first; the command itself would go on for ever."""
        with subprocess.Popen(
            ["bash", "-c", self._typed(command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            try:
                line = next(line for line in process.stdout if line.startswith(b"data: {"))
            finally:
                os.killpg(process.pid, signal.SIGKILL)
        return json.loads(line.removeprefix(b"data: "))

    def _typed(self, command: Command) -> str:
        return self._meant(command.functions + command.text).replace(ADDRESS, self._origin)

    def _meant(self, text: str) -> str:
        """A text of the page with what its placeholders stand for."""
        return _NAMED.sub(lambda found: self._ids[found[1]], text).replace("/attachments/…", self._file)

    def _remember(self, data: Any, sent: str) -> None:
        for value in values(data):
            if isinstance(value, str) and value.startswith("/attachments/"):
                self._file = value
        if kind := _KIND.search(sent):
            started = data["startSession"]["session"]["id"]
            self._ids |= {"…": started, kind[1]: started}


def values(data: Any) -> list[Any]:
    """All that is in an answer, leaves and branches."""
    inside = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else []
    return [data, *(deeper for each in inside for deeper in values(each))]


def problems(data: Any) -> list[Any]:
    """All problems in an answer."""
    return [each for value in values(data) if isinstance(value, dict) for each in value.get("problems", [])]


def agrees(told: Any, expected: Any) -> bool:
    """Whether an answer is what the page says; `…` in a text stands for any text."""
    if isinstance(expected, dict):
        return (
            isinstance(told, dict)
            and told.keys() == expected.keys()
            and all(agrees(told[name], value) for name, value in expected.items())
        )
    if isinstance(expected, list):
        return isinstance(told, list) and len(told) == len(expected) and all(map(agrees, told, expected))
    if isinstance(expected, str) and "…" in expected:
        pattern = ".*".join(map(re.escape, expected.split("…")))
        return isinstance(told, str) and re.fullmatch(pattern, told, re.DOTALL) is not None
    return bool(told == expected)
