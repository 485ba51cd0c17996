"""The pages for readers, taken apart into their fenced blocks.

What a block is follows from the words behind its fence:

- `graphql`: an operation that is sent. A `json variables` block behind it says its variables, a `json answer` block
  what it answers: the `data`, whole, in which `…` stands for any text.
- `sh`: commands. `gql` and `curl` are run against a server, and what they answer must hold no errors and no problems.
- `json theirs` and others: what another system is sent, and what is tried elsewhere.

In what is sent, `s_…` stands for the session that the page started last, `s_user` for the last one of that kind, and
`/attachments/…` for the address of the file that was answered last.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))

_FENCE: Final = re.compile(r"^```(?P<words>[a-z ]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """What stands between two fences."""

    info: str
    text: str
    location: str
    """The page and the line of its first fence."""


class Example(NamedTuple):
    """An operation with what belongs to it; text as it stands on the page."""

    document: str
    variables: str
    answer: str | None
    location: str


class Command(NamedTuple):
    """One command of a shell block, with the functions that were defined before it on the page."""

    text: str
    functions: str
    location: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(found["words"], found["text"], f"{page}:{text.count(chr(10), 0, found.start()) + 1}")
        for found in _FENCE.finditer(text)
    ]


def examples(page: str) -> Iterator[Example | Command]:
    """What is to be tried of a page, in its order."""
    functions = ""
    found = blocks(page)
    for index, block in enumerate(found):
        if block.info == "graphql":
            attached = _attached_blocks(found[index + 1 :])
            yield Example(block.text, attached.get("json variables", "{}"), attached.get("json answer"), block.location)
        if block.info == "sh":
            for line in block.text.replace("\\\n", " ").splitlines():
                if re.match(r"\w+\(\) \{", line):
                    functions += line + "\n"
                elif line.strip():
                    yield Command(line, functions, block.location)


def _attached_blocks(following: list[Block]) -> dict[str, str]:
    """The variables and the answer of an operation: the blocks behind it, up to the next thing that is sent."""
    attached: dict[str, str] = {}
    for block in following:
        if block.info not in {"json variables", "json answer"} or block.info in attached:
            break
        attached[block.info] = block.text
    return attached
