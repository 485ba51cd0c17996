"""The table of one scenario."""

from collections.abc import Sequence
from math import isfinite

from rich.box import SIMPLE
from rich.table import Table

from bench.scenarios.base import Column, Row, Scenario


def scenario_table(scenario: Scenario, rows: Sequence[Row]) -> Table:
    """Build a table of medians."""
    table = Table(title=scenario.title, title_justify="left", box=SIMPLE, collapse_padding=True)
    header, *lines = table_cells(scenario, rows)
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row, line in zip(rows, lines, strict=True):
        is_last = row is [each for each in rows if each.case == row.case][-1]
        table.add_row(*line, end_section=is_last and len(lines) > len({each.case for each in rows}))
    return table


def table_cells(scenario: Scenario, rows: Sequence[Row]) -> list[list[str]]:
    """Return the header, and a line for each row. ×: how many times better the first server of a case is than it."""
    first, *others = scenario.columns
    cells = [["server", scenario.case, first.heading, "spread", *(column.heading for column in others), "×"]]
    firsts: dict[str, Row] = {}
    for row in rows:
        ours = firsts.setdefault(row.case, row)
        low, high = (format_value(value, first) for value in row.spread)
        values = [format_value(row.median(number), column) for number, column in enumerate(others, start=1)]
        times = ratio(ours, row, lower_is_better=scenario.lower_is_better)
        cells.append([row.server, row.case, format_value(row.median(0), first), f"{low}–{high}", *values, times])
    return cells


def format_value(value: float, column: Column) -> str:
    return format(value, column.format_spec) if isfinite(value) else "∞"


def ratio(ours: Row, row: Row, *, lower_is_better: bool) -> str:
    """Return how many times better our row is than another; – where that cannot be said."""
    better, worse = (row.median(0), ours.median(0)) if lower_is_better else (ours.median(0), row.median(0))
    comparable = row is not ours and worse and isfinite(better) and isfinite(worse)
    return f"{better / worse:.2f}" if comparable else "–"
