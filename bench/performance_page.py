"""`python -m bench.performance_page`: docs/performance.md and its charts, from the file of results."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench.charts import line_chart
from bench.peers import ALL_SPECS
from bench.report import table_cells
from bench.results import read_results, read_rows
from bench.scenarios import SCENARIOS
from bench.scenarios.base import Row, Scenario

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
FOLDER: Final = PAGE.with_suffix("")
RESULTS: Final = FOLDER / "results.json"

INTRODUCTION: Final = """# Performance

<!-- Generated from docs/performance/results.json: make performance -->

What one server process does on one core, beside other servers that do the same work in the same run. Only ratios of
one run carry over to another machine.

```text
{machine}
```

## Repeat it

```sh
make bench                                                    # print everything; 30 minutes
.venv/bin/python -m bench --quick                             # a tenth of the subscribers, one short run
.venv/bin/python -m bench page keepalive --runs 5             # single scenarios
.venv/bin/python -m bench walls --tree OTHER --seconds 12     # another version of the source
.venv/bin/python -m bench.dataset FILE                        # a database with a million sessions
make performance                                              # measure, and write this page and its charts
```

It needs Linux and 10,500 open files, and says so if the machine is busy. The servers of other projects are pinned
by lock files in `bench/baselines/` and installed with `npm ci` when they are first measured. What the machine
cannot run is left out, with the reason: Mercurius and Yoga need Node.js 20, PostGraphile needs Node.js 22 and the
programs of a PostgreSQL server.

## What counts as the same work

- Servers run on one core, all their threads and processes included, the load on another. Servers are measured by
  turns, so that a slow minute affects all of them. A number is the median of the runs; the spread is from the least
  to the greatest.
- Requests are GraphQL over HTTP/1.1 with variables, in a closed loop: each connection sends its next request when
  it has its answer. The client checks every answer, and is not the bound: it needs 11 µs for a small answer, and
  `load` says how busy it kept its core.
- The rows are the same: 5,000 active sessions of two kinds, in SQLite with WAL and synchronous=FULL. A keepalive is
  answered after its commit; commits may be shared.
- `CPU µs` is user and system time of the server and its children for each request. `×` says how many times better
  Session Graph is than the server of the line; below 1, the other is better.

| server | what it is |
|---|---|
"""

NOTES: Final = {
    "typename": "The cost of a request itself: HTTP, JSON, the look-up of the document, the answer.",
    "session": "`session(id: …) { id state }`, for 5,000 sessions in turn.",
    "page": "`sessions(first: 50, filter: {startedAfter: …})` with `id kind state subject visible path startedAt"
    " lastSeenAt` and a field of each kind. Each request has another instant, before the start of all"
    " sessions, so the rows are the same; with `equal queries` all have the same, which Session Graph"
    " executes once for those that wait at the same moment.",
    "keepalive": "Keepalives of 5,000 sessions in turn, in place and to another path than before. A move of"
    " Session Graph also writes an entry of the timeline and the times by path, which the others"
    " do not keep.",
    "burst": "Over 500 connections, at an even rate. A server may refuse work with `SERVICE_UNAVAILABLE`,"
    " which is counted, when answers take too long.",
    "start": "Polled every 20 ms; the database is empty.",
    "connections": "A closed loop over 1 to 256 connections.",
    "active_sessions": "64 connections. Sessions of all five kinds; the filtered page shows active ones of two kinds.",
    "sweep": "Another client sends short queries one after another, and waits as long as the server is busy.",
    "history": "Each query by itself over a million sessions of half a year, of which 3 % are active.",
    "equal": "1,000 WebSockets with the same subscription; 8 changes in flight.",
    "groups": "20 different subscriptions, 50 WebSockets each: four selections, five filters, which every"
    " session matches.",
    "latency": "1,000 WebSockets, 10 changes per second, whether those before were delivered or not.",
    "subscribers": "As `equal`, with fewer and more of them.",
    "live_queries": "Subscriptions that differ in their filter and show every change, while keepalives move"
    " sessions over 64 connections; with the most of them at an even rate, which the chart leaves"
    " out. Its point at 0.5 stands for none.",
    "walls": "A change concerns about half of the live queries, and some read projects and times by path.",
    "large_set": "Until every subscriber has all sessions, while another client sends short queries.",
    "memory": "Resident memory of the server, before and after 5,000 WebSockets with the same subscription.",
    "shutdown": "Streams are open whose clients stay.",
    "restart": "Every subscriber reconnects by itself after 0.2 to 1.8 s.",
    "idle": "10,000 WebSockets with the same subscription, and nothing that changes.",
    "storm": "10,000 WebSockets, while 50 keepalives per second go on.",
}


def render(results: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the page and each chart, with its file."""
    text = [INTRODUCTION.format(machine=results["machine"])]
    text += [f"| {spec.name} | {spec.description} |\n" for spec in ALL_SPECS]
    for scenario in SCENARIOS:
        if (result := results["scenarios"].get(scenario.name)) is None:
            continue
        rows = read_rows(result)
        text.append(f"\n## {scenario.title[0].upper()}{scenario.title[1:]}\n\n")
        text.append(f"`{scenario.name}`, {result['runs']} runs, {result['date']}. {NOTES[scenario.name]}\n\n")
        cells = cells_by_filter(rows) if scenario.name == "history" else table_cells(scenario, rows)
        text.append(markdown_table(cells))
        if scenario.chart is not None:
            text.append(f"\n![{scenario.title}]({FOLDER.name}/{scenario.name}.svg)\n")
            yield FOLDER / f"{scenario.name}.svg", chart(scenario, rows)
    yield PAGE, "".join(text)


def cells_by_filter(rows: Sequence[Row]) -> list[list[str]]:
    """Return a line for each query of the history scenario, and a column of milliseconds for each filter."""
    filters = list(dict.fromkeys(row.series for row in rows))
    lines: dict[str, dict[str, str]] = {}
    for row in rows:
        lines.setdefault(row.case.removesuffix(row.series), {})[row.series] = f"{row.median(0):,.0f}"
    header = ["query, ms", *(filter_.removeprefix(", ") or "all" for filter_ in filters)]
    return [header, *([query, *(line.get(filter_, "") for filter_ in filters)] for query, line in lines.items())]


def markdown_table(cells: Sequence[Sequence[str]]) -> str:
    header, *lines = cells
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (header, rule, *lines))


def chart(scenario: Scenario, rows: Sequence[Row]) -> str:
    """Draw the rows of each series. Those with failures are left out: a refusal does not cost what the work does."""
    assert scenario.chart is not None
    headings = [column.heading for column in scenario.columns]
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        failures = row.median(headings.index("failures")) if "failures" in headings else 0
        if row.series and row.median(0) > 0 and not failures:
            lines.setdefault(row.series, []).append((row.x, row.median(0)))
    return line_chart(scenario.title, scenario.chart.x_label, scenario.chart.y_label, lines)


if __name__ == "__main__":
    for file, content in render(read_results(RESULTS)):
        file.write_text(content, encoding="utf-8")
