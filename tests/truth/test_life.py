"""Whatever happens to sessions, in whatever order: the server says what counting second by second says."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from tests.truth.playing import Play
from tests.truth.steps import LIVES, Step
from tests.world import open_world

EXAMPLES = 80
MANY_EXAMPLES = 10_000


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """A database file that was made and not used, to be copied."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "empty.db")
        asyncio.run(_make(file))
        yield file


async def _make(file: Path) -> None:
    async with open_world(file):
        pass


def play(empty: Path, steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(Play(Path(shutil.copy(empty, folder))).run(steps))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=LIVES)
def test_a_life_goes_as_it_is_counted(empty: Path, steps: list[Step]) -> None:
    play(empty, steps)


@pytest.mark.long
@settings(max_examples=MANY_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=LIVES)
def test_many_lives_go_as_they_are_counted(empty: Path, steps: list[Step]) -> None:
    play(empty, steps)
