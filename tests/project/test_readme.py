"""README.md names what there is."""

import re
from typing import Final

import typer
from pydantic_settings import BaseSettings
from typer.main import get_command

from main import Settings, cli
from tests.project.source_tree import ROOT

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_table() -> None:
    assert issubclass(Settings, BaseSettings)
    told = set(re.findall(r"^\| `([A-Z_]+)(?:…)?` \|", README, re.MULTILINE))
    assert {name.upper() for name in Settings.model_fields} == {name.removesuffix("__") for name in told}


def test_every_command_is_named_with_its_options() -> None:
    group = get_command(cli)
    assert isinstance(group, typer.core.TyperGroup)
    for name, command in group.commands.items():
        row = re.search(rf"^\| `{name}` \| (.*) \|$", README, re.MULTILINE)
        assert row, name
        options = {option for parameter in command.params for option in parameter.opts if option != "--help"}
        assert options == set(re.findall(r"`(--[a-z]+)`", row[1])), name


def test_every_command_of_make_is_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)) - {"check", "clean"}
    assert [target for target in targets if f"make {target}" not in README] == []


def test_every_floor_is_on_the_plan() -> None:
    for floor in ("main.py", "schema/", "resolvers/", "models/", "transport/", "web/", "tests/", "bench/", "docs/"):
        assert re.search(rf"^{re.escape(floor)}\s+\S", README, re.MULTILINE), floor
        assert (ROOT / floor).exists()
