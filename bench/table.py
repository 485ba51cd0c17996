"""The table of one figure."""

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.table import Table

from bench.compare import Result


def figure_table(results: Sequence[Result]) -> Table:
    """A row for each server and number of connections; the last server of a number is what the others are
    compared with."""
    peers = {result.connections: result for result in results}
    table = Table("server", title=results[0].figure, title_justify="left", box=SIMPLE, collapse_padding=True)
    for name in ("conn.", "per s", "spread", "p50 ms", "p99 ms", "wrong", "load", "×"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        peer = peers[result.connections]
        low, high = result.spread
        table.add_row(
            result.server,
            str(result.connections),
            f"{result.rate:,.0f}",
            f"{low:,.0f}–{high:,.0f}",
            *(f"{1000 * result.latency(share):.1f}" for share in (0.50, 0.99)),
            str(result.wrong),
            f"{result.client_share:.0%}",
            f"{result.rate / peer.rate:.1f}" if peer.rate else "–",
            end_section=result is peer,
        )
    return table
