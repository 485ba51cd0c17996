"""What an overloaded server accepts, on a model with a fake clock."""

import pytest

from bench.load_generator import percentile
from tests.transport.admission.model import ModelServer
from transport.admission import Overloaded
from transport.documents.operation import Work
from transport.settings import Limits


def test_server_with_room_refuses_nothing() -> None:
    server = ModelServer(capacity=500, event_capacity=400)
    assert server.run(60, mutation=350, short=80, heavy=20) == {Work.MUTATION: 0, Work.SHORT: 0, Work.HEAVY: 0}


@pytest.mark.parametrize("load", [1.5, 2, 4])
def test_too_many_operations_are_refused_until_the_rest_is_in_time(load: float) -> None:
    server = ModelServer(capacity=500)
    server.run(2, mutation=load * 500)  # until this, some wait longer
    refused = server.run(60, mutation=load * 500)
    assert refused[Work.MUTATION] == pytest.approx(1 - 1 / load, abs=0.02)
    assert percentile(server.waits, 0.99) < 1
    assert server.run(3, mutation=250)[Work.MUTATION] < 0.2
    assert server.run(30, mutation=400)[Work.MUTATION] == 0


@pytest.mark.parametrize("load", [1.5, 2, 4])
def test_mutations_are_refused_until_subscriptions_keep_up(load: float) -> None:
    server = ModelServer(capacity=10_000, event_capacity=100)
    server.run(5, mutation=load * 100)
    refused = server.run(60, mutation=load * 100)
    assert refused[Work.MUTATION] == pytest.approx(1 - 1 / load, abs=0.02)
    assert min(server.lags) > 0.25
    assert max(server.lags) < 1.2
    assert max(server.lags[-200:]) - min(server.lags[-200:]) < 0.15  # it does not oscillate
    assert server.run(3, mutation=50)[Work.MUTATION] < 0.3
    assert server.run(30, mutation=80)[Work.MUTATION] == 0


def test_refusals_begin_within_a_second_of_the_overload() -> None:
    server = ModelServer(capacity=500, event_capacity=100)
    assert server.run(10, mutation=80)[Work.MUTATION] == 0
    server.run(1, mutation=400)
    assert server.run(1, mutation=400)[Work.MUTATION] > 0.4


def test_operations_of_low_priority_are_refused_first() -> None:
    server = ModelServer(capacity=500)
    server.run(5, mutation=400, short=100, heavy=500)
    refused = server.run(30, mutation=400, short=100, heavy=500)
    assert refused[Work.MUTATION] < 0.01
    assert refused[Work.SHORT] < 0.5 < refused[Work.HEAVY]
    lagging = ModelServer(capacity=10_000, event_capacity=100)
    lagging.run(5, mutation=150, short=100, heavy=100)
    refused = lagging.run(30, mutation=150, short=100, heavy=100)
    assert refused[Work.MUTATION] == pytest.approx(1 / 3, abs=0.05)
    assert min(refused[Work.SHORT], refused[Work.HEAVY]) > 0.85


def test_mutations_that_wait_for_a_lock_are_not_refused() -> None:
    server = ModelServer(capacity=500)
    server.run(5, mutation=200)
    server.capacity = 0.0  # another process locks the database: the event loop is idle
    assert server.run(3, mutation=200)[Work.MUTATION] == 0
    server.capacity = 500
    assert server.run(0.5, mutation=200)[Work.MUTATION] == 0


def test_pause_and_stopped_process_are_no_overload() -> None:
    server = ModelServer(capacity=500, event_capacity=400)
    server.run(5, mutation=200)
    for seconds in (0.5, 60):  # stopped: nothing arrives, and one timer is late
        server.now += seconds
        server.monitor.sample(seconds)
        assert server.run(5, mutation=200)[Work.MUTATION] == 0


def test_age_of_what_waited_for_a_stopped_process_is_no_overload() -> None:
    server = ModelServer(capacity=500)
    ages = iter([0.0] * 20 + [60.0] * 5 + [0.0] * 100)
    server.monitor.add_lag("feed", lambda: next(ages))
    server.run(1, mutation=100, heavy=10)
    server.now += 60
    assert server.run(5, mutation=100, heavy=10) == {Work.MUTATION: 0, Work.HEAVY: 0}


def test_burst_on_an_idle_server_is_no_overload() -> None:
    server = ModelServer(capacity=500)
    assert server.run(0.05, mutation=5000) == {Work.MUTATION: 0}
    assert server.run(10, mutation=100)[Work.MUTATION] == 0


def test_slow_operations_in_small_numbers_are_no_overload() -> None:
    server = ModelServer(capacity=2)  # each takes half a second
    server.run(10, heavy=1.9)
    assert server.run(30, heavy=1.9) == {Work.HEAVY: 0}


@pytest.mark.parametrize("capacity", [500, 0.001])
def test_large_limits_switch_admission_off(capacity: float) -> None:
    off = Limits(overload_wait_seconds=1e9, overload_lag_seconds=1e9)
    server = ModelServer(capacity, event_capacity=100, limits=off)
    assert server.run(20, mutation=2000, heavy=2000) == {Work.MUTATION: 0, Work.HEAVY: 0}


def test_a_lag_of_any_length_lets_a_tenth_through() -> None:
    server = ModelServer(capacity=10_000, event_capacity=10)
    server.events = 1e6
    server.run(2, mutation=100)
    assert server.run(10, mutation=100, short=100, heavy=100) == pytest.approx(dict.fromkeys(Work, 0.9), abs=0.02)


def test_tickets_are_spread_evenly() -> None:
    admission = ModelServer(capacity=1).admission
    for _ in range(50):
        tickets = [admission.check_any() for _ in range(20)]
        assert 9 <= sum(ticket < 0.5 for ticket in tickets) <= 11
        assert 1 <= sum(ticket < 0.1 for ticket in tickets) <= 3


def test_clients_are_asked_to_come_back_at_different_times() -> None:
    server = ModelServer(capacity=500, event_capacity=1)
    server.events = 1e6
    server.run(2, mutation=100)
    waits = set()
    for _ in range(100):
        with pytest.raises(Overloaded) as refusal:
            server.admission.check(Work.HEAVY, 0.0)
        extensions = refusal.value.errors[0]["extensions"]
        assert (extensions["code"], extensions["retryable"]) == ("SERVICE_UNAVAILABLE", True)
        assert 1 <= extensions["retryAfter"] <= 3
        assert 1 <= int(dict(refusal.value.headers)["retry-after"]) <= 3
        waits.add(extensions["retryAfter"])
    assert len(waits) > 10
