"""README.md: its length, and what it must name."""

import re
from typing import Final

import typer
from typer.main import get_command

from main import VERSION, cli
from tests.project.source_tree import ROOT

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
MAX_LINES: Final = 150
NOT_NAMED: Final = {"check", "clean"}
"""Targets of the Makefile that others run, or that need no explanation."""


def test_readme_is_short() -> None:
    assert README.count("\n") <= MAX_LINES


def test_readme_names_every_command_with_its_options() -> None:
    group = get_command(cli)
    assert isinstance(group, typer.core.TyperGroup)
    for name, command in group.commands.items():
        row = re.search(rf"^\| `{name}` \| (.*) \|$", README, re.MULTILINE)
        assert row, name
        named = {option for parameter in command.params for option in parameter.opts}
        options = {option for option in named if option.startswith("--") and option != "--help"}
        assert options == set(re.findall(r"`(--[a-z-]+)`", row[1])), name


def test_readme_names_every_target_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)) - NOT_NAMED
    assert [target for target in targets if f"make {target}" not in README] == []


def test_version_is_that_of_the_package() -> None:
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
