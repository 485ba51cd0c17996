"""The table of one figure."""

from collections.abc import Sequence
from math import isfinite

from rich.box import SIMPLE
from rich.table import Table

from bench.scenarios.base import Column, Figure, Row


def figure_table(figure: Figure, rows: Sequence[Row]) -> Table:
    """A row for each server in each case: the medians of its runs. The last server of a case is what the others are
    compared with: how many times better they are."""
    peers = {row.case: row for row in rows}
    compared = len(peers) < len(rows)
    first, *others = figure.columns
    table = Table(title=figure.title, title_justify="left", box=SIMPLE, collapse_padding=True)
    table.add_column("server", no_wrap=True)
    for name in (figure.case, first.heading, "spread", *(column.heading for column in others), "×"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        low, high = (shown(value, first) for value in row.spread)
        table.add_row(
            row.server,
            row.case,
            shown(row.median(0), first),
            f"{low}–{high}",
            *(shown(row.median(number), column) for number, column in enumerate(others, start=1)),
            ratio(row, peers[row.case], less_is_better=figure.less_is_better),
            end_section=compared and row is peers[row.case],
        )
    return table


def shown(value: float, column: Column) -> str:
    """A number as its column has it."""
    return format(value, column.form) if isfinite(value) else "∞"


def ratio(row: Row, peer: Row, *, less_is_better: bool) -> str:
    """How many times better a row is than another."""
    better, worse = (peer.median(0), row.median(0)) if less_is_better else (row.median(0), peer.median(0))
    comparable = row is not peer and worse and isfinite(better) and isfinite(worse)
    return f"{better / worse:.1f}" if comparable else "–"
