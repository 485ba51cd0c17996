"""The log of an overload: one line a minute at most."""

from structlog.testing import capture_logs

from transport.admission.refusals import RefusalLog


def test_overload_is_logged_at_once_then_once_a_minute_then_its_end() -> None:
    journal = RefusalLog()
    with capture_logs() as logs:
        for now in range(250):
            journal.tick(now)
            if 10 <= now <= 100:
                journal.add("mutation", "streams", 0.7, now)
                journal.add("short", "streams", 0.7, now)
    lines = [(line["event"], line["log_level"], line.get("refused")) for line in logs]
    assert lines == [
        ("overload: refusing operations", "warning", {"mutation": 1}),
        ("overload: refusing operations", "warning", {"mutation": 60 - 1, "short": 60}),
        ("overload: refusing operations", "warning", {"mutation": 31, "short": 31}),
        ("overload: over", "warning", 182),
    ]
    assert (logs[0]["reason"], logs[0]["seconds"]) == ("streams", 0.7)
    assert logs[-1]["lasted_seconds"] == 120


def test_next_overload_is_logged_at_once() -> None:
    journal = RefusalLog()
    with capture_logs() as logs:
        for now in range(0, 1000, 200):
            journal.add("heavy", "feed", 1.0, now)
            for second in range(200):
                journal.tick(now + second)
    assert [line["event"] for line in logs] == ["overload: refusing operations", "overload: over"] * 5
