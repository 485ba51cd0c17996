"""A table has medians, and says how many times better each server is than the last one."""

from collections.abc import Sequence
from io import StringIO
from math import inf

import pytest
from rich.console import Console
from typer import BadParameter

from bench.__main__ import NAMES, chosen
from bench.harness import Effort, Ground, by_turns
from bench.report import figure_table
from bench.scenarios.base import Column, Reading, Row


class Deliveries:
    """A figure with some rows."""

    name = "deliveries"
    title = "deliveries to some"
    case = "subs."
    columns = (Column("per s"), Column("load", ".0%"))

    def __init__(self, *, less_is_better: bool = False) -> None:
        self.less_is_better = less_is_better

    async def rows(self, ground: Ground) -> Sequence[Row]:
        raise NotImplementedError


def lines(rows: Sequence[Row], *, less_is_better: bool = False) -> list[list[str]]:
    """The words of each line of the table."""
    console = Console(file=StringIO(), width=80, record=True)
    console.print(figure_table(Deliveries(less_is_better=less_is_better), rows))
    return [line.split() for line in console.export_text().splitlines()]


def row(server: str, *values: float, case: str = "32") -> Row:
    """A server whose runs gave these."""
    return Row(server, case, [(value, 0.5) for value in values])


def test_a_table_has_medians_and_compares_them_with_the_last_server_of_the_case() -> None:
    told = lines(
        [row("ours", 800, 1000, 2000), row("peer", 100), row("ours", 90, case="64"), row("peer", 30, case="64")]
    )
    assert ["ours", "32", "1,000", "800–2,000", "50%", "10.0"] in told
    assert ["peer", "32", "100", "100–100", "50%", "–"] in told
    assert ["ours", "64", "90", "90–90", "50%", "3.0"] in told


def test_where_less_is_better_the_smaller_is_so_many_times_better() -> None:
    told = lines([row("ours", 5), row("peer", 20)], less_is_better=True)
    assert ["ours", "32", "5", "5–5", "50%", "4.0"] in told


@pytest.mark.parametrize(("ours", "peer"), [((inf,), (2.0,)), ((2.0,), (inf,)), ((2.0,), (0.0,)), ((0.0,), (2.0,))])
def test_what_never_ends_or_is_nothing_is_not_compared(ours: Reading, peer: Reading) -> None:
    told = lines([row("ours", *ours), row("peer", *peer)], less_is_better=True)
    assert [line[-1] for line in told if line and line[0] in ("ours", "peer")] in (["–", "–"], ["0.0", "–"])
    assert (["ours", "32", "∞", "∞–∞", "50%", "–"] in told) == (ours == (inf,))


async def test_all_have_a_turn_before_one_has_another() -> None:
    turns: list[str] = []

    async def sample(name: str) -> int:
        turns.append(name)
        return len(turns)

    assert await by_turns(["a", "b"], 2, sample) == [("a", [1, 3]), ("b", [2, 4])]
    assert turns == ["a", "b", "a", "b"]


def test_figures_are_chosen_by_name() -> None:
    assert [figure.name for figure in chosen(None)] == NAMES
    assert [figure.name for figure in chosen(["storm", "page"])] == ["page", "storm"]
    with pytest.raises(BadParameter, match="no figure fast; there are keepalive, page"):
        chosen(["page", "fast"])


def test_fewer_subscribers_are_still_some() -> None:
    assert [Effort(shrink=10).of(number) for number in (10_000, 500, 50)] == [1000, 50, 20]
