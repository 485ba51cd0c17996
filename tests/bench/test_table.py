"""A table has medians, and says how many times better each server is than the last one."""

from collections.abc import Sequence
from io import StringIO
from math import inf

import pytest
from rich.console import Console
from typer import BadParameter

from bench.__main__ import SCENARIO_NAMES, select_scenarios
from bench.harness import BenchConfig, Harness, interleaved
from bench.report import scenario_table
from bench.scenarios.base import Column, Row, Sample


class Deliveries:
    """A figure with some rows."""

    name = "deliveries"
    title = "deliveries to some"
    case = "subs."
    columns = (Column("per s"), Column("load", ".0%"))

    def __init__(self, *, lower_is_better: bool = False) -> None:
        self.lower_is_better = lower_is_better

    async def rows(self, harness: Harness) -> Sequence[Row]:
        raise NotImplementedError


def lines(rows: Sequence[Row], *, lower_is_better: bool = False) -> list[list[str]]:
    """The words of each line of the table."""
    console = Console(file=StringIO(), width=80, record=True)
    console.print(scenario_table(Deliveries(lower_is_better=lower_is_better), rows))
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


def test_where_lower_is_better_the_smaller_is_so_many_times_better() -> None:
    told = lines([row("ours", 5), row("peer", 20)], lower_is_better=True)
    assert ["ours", "32", "5", "5–5", "50%", "4.0"] in told


@pytest.mark.parametrize(("ours", "peer"), [((inf,), (2.0,)), ((2.0,), (inf,)), ((2.0,), (0.0,)), ((0.0,), (2.0,))])
def test_what_never_ends_or_is_nothing_is_not_compared(ours: Sample, peer: Sample) -> None:
    told = lines([row("ours", *ours), row("peer", *peer)], lower_is_better=True)
    assert [line[-1] for line in told if line and line[0] in ("ours", "peer")] in (["–", "–"], ["0.0", "–"])
    assert (["ours", "32", "∞", "∞–∞", "50%", "–"] in told) == (ours == (inf,))


async def test_all_have_a_turn_before_one_has_another() -> None:
    turns: list[str] = []

    async def sample(name: str) -> int:
        turns.append(name)
        return len(turns)

    assert await interleaved(["a", "b"], 2, sample) == [("a", [1, 3]), ("b", [2, 4])]
    assert turns == ["a", "b", "a", "b"]


def test_figures_are_chosen_by_name() -> None:
    assert [figure.name for figure in select_scenarios(None)] == SCENARIO_NAMES
    assert [figure.name for figure in select_scenarios(["storm", "page"])] == ["page", "storm"]
    with pytest.raises(BadParameter, match="no figure fast; there are keepalive, page"):
        select_scenarios(["page", "fast"])


def test_fewer_subscribers_are_still_some() -> None:
    assert [BenchConfig(scale_down=10).scaled(number) for number in (10_000, 500, 50)] == [1000, 50, 20]
