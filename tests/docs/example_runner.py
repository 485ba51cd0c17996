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
from tests.polling import TIMEOUT_SECONDS

DOCUMENTED_ORIGIN: Final = "http://127.0.0.1:8000"
"""Where the pages say that the server is."""

_START_KIND: Final = re.compile(r'"?variant\\?"?: *\{\s*\\?"?(client|agenda|media|field|user)')
_PLACEHOLDER: Final = re.compile(r"s_(…|client|agenda|media|field|user)")


class ExampleRunner:
    """Tries examples against a server.

    Args:
        origin: where the server really is.
        folder: where the reader works; the files that the pages name are there.
    """

    def __init__(self, origin: str, folder: Path) -> None:
        self._origin = origin
        self._folder = folder
        self._ids: dict[str, str] = {}
        self._attachment_path = ""

    def run_example(self, example: Example) -> None:
        """Send an operation; it answers what the page says, or at least no error and no problem."""
        variables = json.loads(self._substitute(example.variables))
        body = {"query": self._substitute(example.document), "variables": variables}
        response = httpx2.post(f"{self._origin}/graphql", json=body).json()
        assert "errors" not in response, (example.location, response)
        self._store_ids(response["data"], example.document + example.variables)
        if example.answer is None:
            assert problems(response["data"]) == [], example.location
        else:
            expected = json.loads(example.answer)
            assert matches(response["data"], expected), (example.location, response["data"], expected)

    def run_command(self, command: Command) -> None:
        """Type a command; what it answers has no errors and no problems."""
        if command.text.startswith("curl -N"):
            assert self._first_event(command)["data"], command.location
            return
        output = self._output(command)
        if not command.text.startswith("gql") and "/graphql" not in command.text:
            assert output, command.location  # a file
            return
        response = json.loads(output)
        assert "errors" not in response, (command.location, response)
        assert problems(response["data"]) == [], (command.location, response)
        self._store_ids(response["data"], command.text)

    def _output(self, command: Command) -> bytes:
        done = subprocess.run(
            ["bash", "-c", self._shell_text(command)],
            cwd=self._folder,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        return done.stdout

    def _first_event(self, command: Command) -> Any:
        """What a stream says first; the command itself would go on for ever."""
        with subprocess.Popen(
            ["bash", "-c", self._shell_text(command)],
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

    def _shell_text(self, command: Command) -> str:
        return self._substitute(command.functions + command.text).replace(DOCUMENTED_ORIGIN, self._origin)

    def _substitute(self, text: str) -> str:
        """A text of the page with what its placeholders stand for."""
        return _PLACEHOLDER.sub(lambda found: self._ids[found[1]], text).replace(
            "/attachments/…", self._attachment_path
        )

    def _store_ids(self, data: Any, sent: str) -> None:
        for value in values(data):
            if isinstance(value, str) and value.startswith("/attachments/"):
                self._attachment_path = value
        if kind := _START_KIND.search(sent):
            started = data["startSession"]["session"]["id"]
            self._ids |= {"…": started, kind[1]: started}


def values(data: Any) -> list[Any]:
    """All that is in an answer, leaves and branches."""
    inside = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else []
    return [data, *(deeper for each in inside for deeper in values(each))]


def problems(data: Any) -> list[Any]:
    """All problems in an answer."""
    return [each for value in values(data) if isinstance(value, dict) for each in value.get("problems", [])]


def matches(actual: Any, expected: Any) -> bool:
    """Whether an answer is what the page says; `…` in a text stands for any text."""
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and actual.keys() == expected.keys()
            and all(matches(actual[name], value) for name, value in expected.items())
        )
    if isinstance(expected, list):
        return isinstance(actual, list) and len(actual) == len(expected) and all(map(matches, actual, expected))
    if isinstance(expected, str) and "…" in expected:
        pattern = ".*".join(map(re.escape, expected.split("…")))
        return isinstance(actual, str) and re.fullmatch(pattern, actual, re.DOTALL) is not None
    return bool(actual == expected)
