"""The table of one scenario."""

from collections.abc import Sequence
from math import isfinite

from rich.box import SIMPLE
from rich.table import Table

from bench.scenarios.base import Column, Row, Scenario


def scenario_table(scenario: Scenario, rows: Sequence[Row]) -> Table:
    """Build a table of medians. The last server of a case is its baseline: × says how many times better others are."""
    baselines = {row.case: row for row in rows}
    has_baseline = len(baselines) < len(rows)
    first, *others = scenario.columns
    table = Table(title=scenario.title, title_justify="left", box=SIMPLE, collapse_padding=True)
    table.add_column("server", no_wrap=True)
    for name in (scenario.case, first.heading, "spread", *(column.heading for column in others), "×"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        low, high = (format_value(value, first) for value in row.spread)
        table.add_row(
            row.server,
            row.case,
            format_value(row.median(0), first),
            f"{low}–{high}",
            *(format_value(row.median(number), column) for number, column in enumerate(others, start=1)),
            ratio(row, baselines[row.case], lower_is_better=scenario.lower_is_better),
            end_section=has_baseline and row is baselines[row.case],
        )
    return table


def format_value(value: float, column: Column) -> str:
    return format(value, column.format_spec) if isfinite(value) else "∞"


def ratio(row: Row, baseline: Row, *, lower_is_better: bool) -> str:
    """Return how many times better a row is than its baseline; – where that cannot be said."""
    better, worse = (baseline.median(0), row.median(0)) if lower_is_better else (row.median(0), baseline.median(0))
    comparable = row is not baseline and worse and isfinite(better) and isfinite(worse)
    return f"{better / worse:.1f}" if comparable else "–"
