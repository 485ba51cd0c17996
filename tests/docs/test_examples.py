"""Documentation pages: every example runs, every link resolves, every page is linked."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docs import configuration
from tests.docs.page_runner import ROOT, PageRunner, blocks, files, matches
from tests.live_server import Server, running_server
from tests.project.test_command_line import invoke

NAMES: Final = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "transport/README.md", "tests/README.md")
PAGES: Final = (
    *(name for name in NAMES if (ROOT / name).exists()),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
)
RUN: Final = [page for page in PAGES if page == "README.md" or page.startswith("docs/")]
ACCESS: Final = "docs/access.md"
KNOWN: Final = {
    "graphql",
    "json variables",
    "json answer",
    "json theirs",
    "json introspection",
    "sh",
    "js",
    "text",
    "mermaid",
    "",
}
MIGRATING: Final = ("canopsis", "guidebook", "media-collection", "mobile-data-anywhere", "roundware")

LINK: Final = re.compile(r"\]\((?!https?:|mailto:)([^)#]*)(?:#([a-z0-9-]+))?\)")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("docs")) as running:
        yield running


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def linked_files(page: str) -> set[Path]:
    return {((ROOT / page).parent / target).resolve() for target, _ in LINK.findall(text_of(page)) if target}


@pytest.mark.parametrize("page", [page for page in RUN if page != ACCESS])
def test_examples_of_page_run_as_it_says(server: Server, tmp_path: Path, page: str) -> None:
    PageRunner(server.origin, tmp_path).run(page)


def test_examples_of_the_access_page_run_on_a_server_that_needs_a_token(tmp_path: Path) -> None:
    command = next(line for block in blocks(ACCESS) for line in block.text.splitlines() if " token create " in line)
    options = command.partition(" main.py ")[2].partition(" > ")[0].split()
    code, secret = invoke(*options, "--database", str(tmp_path / "test.db"))
    assert code == 0
    (tmp_path / "admin.token").write_text(secret)
    with running_server(tmp_path) as own_server:
        PageRunner(own_server.origin, tmp_path).run(ACCESS)


@pytest.mark.parametrize("page", RUN)
def test_blocks_of_page_have_a_known_kind(page: str) -> None:
    unknown = {block.location: block.info for block in blocks(page) if block.info not in KNOWN}
    named = files(page)
    assert {place: info for place, info in unknown.items() if info.split()[-1] not in named} == {}


@pytest.mark.parametrize("page", RUN)
def test_commands_of_page_do_not_hide_their_failures(page: str) -> None:
    for block in blocks(page):
        for command in re.findall(r"\bcurl (?!-N )[^|;]*", block.text if block.info == "sh" else ""):
            assert command.startswith("curl -sS --fail-with-body "), block.location


@pytest.mark.parametrize("page", PAGES)
def test_links_of_page_resolve(page: str) -> None:
    for target, heading in LINK.findall(text_of(page)):
        file = (ROOT / page).parent / target if target else ROOT / page
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}, heading


def test_every_page_is_linked_from_an_index() -> None:
    linked = linked_files("README.md") | linked_files("docs/architecture.md") | linked_files("docs/clients/README.md")
    assert [page for page in PAGES if page.startswith("docs/") and (ROOT / page).resolve() not in linked] == []


def test_each_of_the_five_systems_has_a_migration_page() -> None:
    assert {path.stem for path in (ROOT / "docs" / "migrating").glob("*.md")} == set(MIGRATING)


def test_configuration_page_is_generated_from_the_settings() -> None:
    assert text_of("docs/configuration.md") == configuration.render(), "run make docs"


def test_answer_other_than_the_expected_one_is_noticed() -> None:
    assert matches({"id": "s_123", "n": [1, "x"]}, {"id": "s_…", "n": [1, "x"]})
    for other in ({"id": "t_1", "n": [1, "x"]}, {"id": "s_1", "n": [1]}, {"id": "s_1"}, {"id": "s_1", "n": [2, "x"]}):
        assert not matches(other, {"id": "s_…", "n": [1, "x"]})
