"""All scenarios. A new one is a function that measures, and an entry here."""

from functools import partial
from typing import Final

from bench.peers import READ_SPECS, TYPENAME_SPECS, WRITE_SPECS
from bench.scenarios import active_sessions, burst, live_queries, start
from bench.scenarios.base import Chart, Column, Scenario
from bench.scenarios.connections import STOP_TIMEOUT, measure_idle, measure_memory, measure_shutdown
from bench.scenarios.delivery import RATE, measure_fanout, measure_latency, measure_subscribers
from bench.scenarios.history import measure_history
from bench.scenarios.large_set import SESSIONS, measure_large_set
from bench.scenarios.requests import (
    COLUMNS,
    COST_COLUMNS,
    EQUAL_PAGES_BY_LAST_SEEN_WORK,
    EQUAL_PAGES_WORK,
    KEEPALIVE_WORK,
    MOVE_WORK,
    PAGE_BY_LAST_SEEN_WORK,
    PAGE_SIZE,
    PAGE_WORK,
    SESSION_WORK,
    TYPENAME_WORK,
    measure_connections,
    measure_requests,
)
from bench.scenarios.restart import MISSED_CHANGES, measure_reconnect_storm, measure_restart
from bench.scenarios.subscriptions import DISTINCT_DOCUMENTS, SHARED_DOCUMENTS
from bench.scenarios.walls import COLUMNS as WALL_COLUMNS
from bench.scenarios.walls import measure_walls

_FANOUT: Final = (Column("per s"), Column("per CPU s"), Column("load", ".0%"))
_RESTART: Final = (Column("s", ".1f"), Column("exit s", ".1f"), Column("ready s", ".1f"))
_PAGES: Final = (PAGE_WORK, PAGE_BY_LAST_SEEN_WORK, EQUAL_PAGES_WORK, EQUAL_PAGES_BY_LAST_SEEN_WORK)
_KEEPALIVES: Final = (KEEPALIVE_WORK, MOVE_WORK)
_REQUEST_COST: Final = "server CPU per request, µs"

SCENARIOS: Final = (
    Scenario(
        *("typename", "{ __typename } per second", "connections", COLUMNS),
        *(partial(measure_requests, [TYPENAME_WORK], TYPENAME_SPECS), False),
    ),
    Scenario(
        *("session", "single sessions by id, two fields, per second", "connections", COLUMNS),
        *(partial(measure_requests, [SESSION_WORK], READ_SPECS), False),
    ),
    Scenario(
        *(
            "page",
            f"pages of {PAGE_SIZE} sessions of two kinds, nine fields, per second",
            "order, connections",
            COLUMNS,
        ),
        *(partial(measure_requests, _PAGES, READ_SPECS), False),
    ),
    Scenario(
        *("keepalive", "durable keepalives per second", "connections", COLUMNS),
        *(partial(measure_requests, _KEEPALIVES, WRITE_SPECS), False),
    ),
    Scenario(
        *("burst", f"{burst.KEEPALIVES:,} keepalives within one second: until the last answer", "keepalives"),
        *(burst.COLUMNS, burst.measure_burst),
    ),
    Scenario(
        *("start", "from the start of the process to its first answer, and the import of the application", "case"),
        *(start.COLUMNS, start.measure_start),
    ),
    Scenario(
        *("connections", "cost of a request by the number of connections", "work, connections", COST_COLUMNS),
        *(measure_connections, True, Chart("connections", _REQUEST_COST)),
    ),
    Scenario(
        *("active_sessions", "cost of a request by the number of active sessions", "work, sessions", COST_COLUMNS),
        *(active_sessions.measure_active_sessions, True, Chart("active sessions", _REQUEST_COST)),
    ),
    Scenario(
        "sweep",
        f"{active_sessions.EXPIRIES:,} sessions that expire at once; promised: no pause over 50 ms for others",
        *("expiries", active_sessions.SWEEP_COLUMNS, active_sessions.measure_sweep),
    ),
    Scenario(
        "history",
        "statistics and lists over a long history",
        "query",
        (Column("ms"), Column("first ms")),
        measure_history,
    ),
    Scenario(
        *("equal", "deliveries to equal subscribers", "subs.", _FANOUT),
        *(partial(measure_fanout, SHARED_DOCUMENTS), False),
    ),
    Scenario(
        *("groups", f"deliveries to {len(DISTINCT_DOCUMENTS)} groups of subscribers", "subs.", _FANOUT),
        *(partial(measure_fanout, DISTINCT_DOCUMENTS), False),
    ),
    Scenario(
        "latency",
        f"from mutation to subscriber, at {RATE} changes a second",
        "subs.",
        (Column("p99 ms", ",.1f"), Column("p50 ms", ",.1f"), Column("refused"), Column("load", ".0%")),
        measure_latency,
    ),
    Scenario(
        *("subscribers", "cost of a delivery by the number of equal subscribers", "subs."),
        (Column("CPU µs", ".2f"), Column("per s"), Column("load", ".0%")),
        *(measure_subscribers, True, Chart("subscribers", "server CPU per delivery, µs")),
    ),
    Scenario(
        *("live_queries", "keepalives that different live queries all show", "queries", live_queries.COLUMNS),
        *(live_queries.measure_live_queries, True, Chart("different live queries", "server CPU per keepalive, µs")),
    ),
    Scenario(
        "walls",
        "changes per second that different live queries see; then twice what one core bears",
        "queries × rate",
        WALL_COLUMNS,
        measure_walls,
        False,
    ),
    Scenario(
        "large_set",
        f"a set of {SESSIONS:,} sessions; promised to one: < 10 s, ≤ 30 MB, no pause over 50 ms for others",
        "subs.",
        (
            *(Column("s", ".1f"), Column("CPU s", ".1f"), Column("MB", ".0f")),
            *(Column("others p50 ms", ".1f"), Column("p99 ms", ".1f"), Column("max ms", ".1f")),
        ),
        measure_large_set,
    ),
    Scenario(
        "memory",
        "memory per idle subscriber",
        "subs.",
        (Column("KB each", ",.1f"), Column("s to open", ".1f")),
        measure_memory,
    ),
    Scenario(
        "shutdown",
        f"from SIGTERM to exit; more than {STOP_TIMEOUT:.0f} s is ∞",
        "open",
        (Column("s", ".1f"),),
        measure_shutdown,
    ),
    Scenario(
        "restart",
        f"restart until all dashboards are back: ours resume {MISSED_CHANGES} changes later, the baseline starts anew",
        "subs.",
        _RESTART,
        measure_restart,
    ),
    Scenario(
        "idle",
        "idle dashboards; promised: ≤ 60 KB each, ≤ 10 % of a core, none closed",
        "subs.",
        (Column("KB each", ".1f"), Column("core", ".1%"), Column("live"), Column("closed"), Column("s", ".0f")),
        measure_idle,
    ),
    Scenario(
        "storm",
        "restart until all dashboards are back; promised: ≤ 20 s, keepalives meanwhile p99 < 500 ms",
        "subs.",
        (*_RESTART, Column("p50 ms", ".1f"), Column("p99 ms", ".1f")),
        measure_reconnect_storm,
    ),
)
