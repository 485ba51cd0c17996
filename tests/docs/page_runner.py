"""Runs the examples of a Markdown page against a server.

The info string of a block says what it is:

- `graphql`: an operation. `json variables` and `json answer` blocks may follow; an answer is compared as a whole, and
  `…` in a string stands for any text.
- `sh`: a script, run as a whole. Its lines of JSON must have no errors and no problems, and a `json answer` block after
  it is compared with the last one. Functions and variables are known to later scripts of the page. Commands of the
  project itself (`make`, `.venv/bin/python`) and installations are not run.
- A language and a file name, as in `js session.js`: a file of the page's application, which `tests/clients` runs.
- `json theirs` and others are not run.

In operations `s_…` stands for the session that the page started last, `/attachments/…` for the last file URL.
"""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx2

from tests.polling import TIMEOUT_SECONDS

ROOT: Final = Path(__file__).parents[2]
DOCUMENTED_ORIGIN: Final = "http://127.0.0.1:8000"
SKIPPED_COMMANDS: Final = ("make ", ".venv/bin/", "npm install", "pip install")
_FENCE: Final = re.compile(r"^```(?P<info>[^`\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_ASSIGNMENT: Final = re.compile(r"^(\w+)=", re.MULTILINE)


class Block(NamedTuple):
    info: str
    text: str
    location: str
    """Page and line."""


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(found["info"], found["text"], f"{page}:{text.count(chr(10), 0, found.start()) + 1}")
        for found in _FENCE.finditer(text)
    ]


def files(page: str) -> dict[str, str]:
    """Return the blocks of a page that are files, by name."""
    found = [(block.info.split(), block.text) for block in blocks(page)]
    return {info[1]: text for info, text in found if len(info) == 2 and "." in info[1]}


class PageRunner:
    """Runs the blocks of one page in order. `folder` is the working directory of its scripts."""

    def __init__(self, origin: str, folder: Path) -> None:
        self._origin = origin
        self._folder = folder
        self._state = folder / "state.sh"
        self._state.touch()
        self._session = ""
        self._attachment = ""

    def run(self, page: str) -> None:
        found = blocks(page)
        for index, block in enumerate(found):
            if block.info not in ("graphql", "sh"):
                continue
            attached: dict[str, str] = {}
            for other in found[index + 1 :]:
                if other.info not in ("json variables", "json answer") or other.info in attached:
                    break
                attached[other.info] = other.text
            if block.info == "sh":
                data = self._run_script(block)
            else:
                data = self._run_operation(block, attached.get("json variables", "{}"))
            if "json answer" in attached:
                expected = json.loads(attached["json answer"])
                assert matches(data, expected), (block.location, data, expected)
            elif data is not None:
                assert problems(data) == [], (block.location, data)

    def _run_operation(self, block: Block, variables: str) -> Any:
        body = {"query": self._substitute(block.text), "variables": json.loads(self._substitute(variables))}
        response = httpx2.post(f"{self._origin}/graphql", json=body).json()
        return self._data(response, block)

    def _run_script(self, block: Block) -> Any:
        """Run a script and return the data of its last line of JSON."""
        text = block.text.replace("\\\n", " ")
        lines = [line for line in text.splitlines() if not line.startswith(SKIPPED_COMMANDS)]
        streams = [line for line in lines if line.startswith("curl -N")]
        for line in streams:
            assert self._first_event(line)["data"], block.location
        saved = "".join(f"\ndeclare -p {name} >> {self._state}" for name in _ASSIGNMENT.findall(text))
        script = "\n".join(line for line in lines if line not in streams)
        saved += f"\ndeclare -f >> {self._state}"
        done = subprocess.run(
            ["bash", "-ec", f". {self._state}\n{self._substitute(script)}{saved}"],
            cwd=self._folder,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        responses = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b'{"data"')]
        assert b'"errors"' not in done.stdout, (block.location, done.stdout)
        return [self._data(response, block) for response in responses][-1] if responses else None

    def _first_event(self, command: str) -> Any:
        # The command itself never ends.
        with subprocess.Popen(
            ["bash", "-c", self._substitute(command)],
            cwd=self._folder,
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

    def _substitute(self, text: str) -> str:
        text = text.replace(DOCUMENTED_ORIGIN, self._origin)
        return text.replace("s_…", self._session).replace("/attachments/…", self._attachment)

    def _data(self, response: Any, block: Block) -> Any:
        """Return the data, and remember the session and the file URL in it."""
        assert "errors" not in response, (block.location, response)
        data = response["data"]
        for value in values(data):
            if isinstance(value, str) and value.startswith("/attachments/"):
                self._attachment = value
        if session := data.get("startSession", {}).get("session"):
            self._session = session["id"]
        return data


def values(data: Any) -> list[Any]:
    """Return all values in a response, objects and lists included."""
    inside = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else []
    return [data, *(deeper for each in inside for deeper in values(each))]


def problems(data: Any) -> list[Any]:
    return [each for value in values(data) if isinstance(value, dict) for each in value.get("problems", [])]


def matches(actual: Any, expected: Any) -> bool:
    """Whether data is as expected; `…` in a string matches any text."""
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
