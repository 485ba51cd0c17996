"""Every example of the pages works as the page says."""

import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docs.code_blocks import PAGES, ROOT, Command, Example, blocks, examples
from tests.docs.example_runner import ExampleRunner, matches
from tests.live_server import Server, running_server

PHOTO: Final = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

PROJECT_COMMANDS: Final = ("make ", ".venv/bin/python ")
"""Commands of the project itself, tried by those who build it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.mark.parametrize("page", PAGES)
def test_every_example_of_a_page_works(server: Server, tmp_path: Path, page: str) -> None:
    (tmp_path / "photo.png").write_bytes(PHOTO)
    reader = ExampleRunner(server.origin, tmp_path)
    tried = 0
    for example in examples(page):
        if isinstance(example, Example):
            reader.run_example(example)
        elif example.text.startswith(PROJECT_COMMANDS):
            continue
        else:
            reader.run_command(example)
        tried += 1
    assert tried >= 3


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    known = {"graphql", "json variables", "json answer", "json theirs", "sh", "js", "text", ""}
    assert {block.location: block.info for block in blocks(page) if block.info not in known} == {}
    commands = [example for example in examples(page) if isinstance(example, Command)]
    strange = [command for command in commands if not command.text.startswith((*PROJECT_COMMANDS, "gql ", "curl "))]
    assert strange == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_between_pages_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([a-z-]+))?\)", text):
        file = (ROOT / page).parent / target if target else ROOT / page
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}, heading


def test_a_page_for_each_of_the_five_systems() -> None:
    assert len(PAGES) == 6
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page for page in PAGES[1:] if f"({page})" not in readme] == []


def test_an_answer_that_is_not_the_page_s_is_noticed() -> None:
    assert matches({"id": "s_123", "n": [1, "x"]}, {"id": "s_…", "n": [1, "x"]})
    for other in ({"id": "t_1", "n": [1, "x"]}, {"id": "s_1", "n": [1]}, {"id": "s_1"}, {"id": "s_1", "n": [2, "x"]}):
        assert not matches(other, {"id": "s_…", "n": [1, "x"]})
