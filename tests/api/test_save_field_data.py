"""Mutation saveFieldData."""

import asyncio
import itertools

import pytest

from models.enums import ActivityType
from tests.api.session_inputs import MINIMAL_INPUTS
from tests.blobs.form_client import FORM_FIELDS, JPEG, PNG, FilePart, FormClient, problem_paths, sha256, values_by_name
from tests.statements import capture_statements

NOW = "2026-05-28T20:26:40.000Z"


async def test_save_changes_named_points_only(device: FormClient) -> None:
    session = await device.started({"a": "1", "b": "2", "c": b"3"})
    await device.api.advance(5)
    saved = await device.saved(session["id"], {"B": "two", "d": "4"})
    assert [(each["name"], each["value"] or each["rawData"]) for each in saved["data"]] == [
        ("a", "1"),
        ("b", "two"),
        ("c", "Mw=="),
        ("d", "4"),
    ]
    assert saved["revision"] == session["revision"] + 1
    assert (saved["saved"], saved["received"]) == ("2026-05-28T20:26:45.000Z", "2026-05-28T20:26:45.000Z")
    assert await device.form(session["id"]) == values_by_name(saved)


@pytest.mark.parametrize("first", ["text", b"bytes", FilePart(PNG, "a.png")])
@pytest.mark.parametrize("second", ["other", b"other", FilePart(JPEG, "b.jpg")])
async def test_any_value_can_replace_any_other(
    device: FormClient, first: str | bytes | FilePart, second: str | bytes | FilePart
) -> None:
    session = await device.started({"a": first})
    saved = await device.saved(session["id"], {"a": second})
    (point,) = saved["data"]
    shown = [name for name in ("value", "rawData", "file") if point[name] is not None]
    assert shown == ["value" if isinstance(second, str) else "rawData" if isinstance(second, bytes) else "file"]
    await device.collect_garbage()
    assert device.stored_digests() == ({sha256(JPEG)} if isinstance(second, FilePart) else set())


async def test_save_is_a_heartbeat_and_an_activity(device: FormClient) -> None:
    session = await device.started({"a": "1"}, path=["page"])
    await device.api.advance(30)
    saved = await device.saved(session["id"], {"b": "2", "__timezone__": "3600"}, saved="2026-05-28T20:27:00Z")
    assert (saved["visibleSeconds"], saved["lastSeenAt"]) == (30, "2026-05-28T20:27:10.000Z")
    assert (saved["saved"], saved["received"]) == ("2026-05-28T20:27:00.000Z", "2026-05-28T20:27:10.000Z")
    assert saved["timezoneOffsetSeconds"] == 3600
    assert [each["name"] for each in saved["data"]] == ["a", "b"]
    found = await device.api.session(session["id"], "activities { edges { node { type clientTime data } } }")
    assert found["activities"]["edges"][-1]["node"] == {
        "type": ActivityType.SAVED.value,
        "clientTime": "2026-05-28T20:27:00.000Z",
        "data": {"count": 1, "names": ["b"]},
    }


async def test_save_without_points_sets_saved(device: FormClient) -> None:
    session = await device.started({"a": "1"})
    saved = await device.saved(session["id"], {}, saved="2026-05-28T20:26:41Z")
    assert (saved["saved"], len(saved["data"]), saved["revision"]) == ("2026-05-28T20:26:41.000Z", 1, 2)


async def test_saved_is_not_before_created_if_device_clock_is_ahead(device: FormClient) -> None:
    session = await device.started({}, field={"unitId": "u1", "created": "2026-05-29T00:00:00Z"})
    saved = await device.saved(session["id"], {"a": "1"})
    assert (saved["saved"], saved["received"]) == ("2026-05-29T00:00:00.000Z", NOW)


async def test_saved_before_created_is_refused(device: FormClient) -> None:
    session = await device.started({"a": "1"}, field={"unitId": "u1", "created": NOW, "saved": NOW})
    payload = await device.save(session["id"], {"a": "2"}, saved="2026-05-28T20:26:39.999Z")
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.saved")]
    assert values_by_name(payload["session"]) == {"a": "1"}
    assert payload["session"]["revision"] == 1


async def test_form_has_at_most_500_points(device: FormClient) -> None:
    session = await device.started({f"p{number}": "x" for number in range(400)})
    at_most = {f"q{number}": "x" for number in range(100)}
    await device.saved(session["id"], at_most)
    payload = await device.save(session["id"], {"p0": "y", "one": "too many"})
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.data")]
    assert payload["problems"][0]["message"] == "must give the form at most 500 data points, not 501"
    again = await device.saved(session["id"], {**{f"p{number}": "z" for number in range(400)}, "__timezone__": "0"})
    assert len(again["data"]) == 500


async def test_concurrent_saves_respect_the_limit(device: FormClient) -> None:
    session = await device.started({f"p{number}": "x" for number in range(499)})
    payloads = await asyncio.gather(*(device.save(session["id"], {name: "1"}) for name in ("a", "b", "p0")))
    assert sorted(len(payload["problems"]) for payload in payloads) == [0, 0, 1]
    assert len(await device.form(session["id"])) == 500


async def test_all_problems_of_a_save_are_reported_together(device: FormClient) -> None:
    session = await device.started({"a": "1"})
    payload = await device.save(
        session["id"],
        {
            "big": FilePart(bytes(25 * 1024 * 1024 + 1)),
            "wrong": FilePart(b"text", "x.png", "image/png"),
            "fine": FilePart(PNG, "x.png"),
            "long": "x" * (64 * 1024 + 1),
            "__timezone__": "ten",
        },
    )
    assert sorted(problem_paths(payload)) == [
        ("BAD_USER_INPUT", "input.data.1.file"),
        ("BAD_USER_INPUT", "input.data.3.value"),
        ("BAD_USER_INPUT", "input.data.4.value"),
        ("TOO_LARGE", "input.data.0.file"),
    ]
    assert await device.form(session["id"]) == {"a": "1"}
    assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})


@pytest.mark.parametrize("kind", ["client", "agenda", "media", "user"])
async def test_other_kinds_have_no_data_points(device: FormClient, kind: str) -> None:
    session = await device.api.start_session(kind, MINIMAL_INPUTS[kind])
    payload = await device.save(session["id"], {"a": "1"})
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.id")]
    assert payload["session"]["revision"] == session["revision"]


async def test_unknown_points_are_removed_without_a_problem(device: FormClient) -> None:
    session = await device.started({"a": "1", "b": "2"})
    saved = await device.saved(session["id"], {}, remove=["A", "a", "nowhere"])
    assert (values_by_name(saved), saved["revision"]) == ({"b": "2"}, 2)
    again = await device.saved(session["id"], {}, remove=["a"])
    assert (values_by_name(again), again["revision"]) == ({"b": "2"}, 3)


async def test_removed_point_returns_at_the_end_of_the_form(device: FormClient) -> None:
    session = await device.started({"a": "1", "b": "2"})
    await device.saved(session["id"], {"c": "3"}, remove=["a"])
    saved = await device.saved(session["id"], {"a": "4"})
    assert list(values_by_name(saved).items()) == [("b", "2"), ("c", "3"), ("a", "4")]


async def test_concurrent_saves_and_removals_are_applied_one_after_another(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG), "b": "2"})
    calls: list[tuple[dict[str, str], list[str]]] = [
        ({"b": "1"}, []),
        ({"a": "text"}, ["b"]),
        ({"b": "3"}, ["a"]),
        ({"c": "4"}, ["B"]),
    ]
    await asyncio.gather(*(device.saved(session["id"], points, remove=names) for points, names in calls))
    outcomes: list[dict[str, str]] = []
    for order in itertools.permutations(calls):
        form = {"a": "", "b": "2"}
        for points, names in order:
            form = {name: value for name, value in form.items() if name not in {n.lower() for n in names}} | points
        outcomes.append(form)
    assert await device.form(session["id"]) in outcomes
    await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})


async def test_removed_file_is_collected_unless_another_point_has_it(device: FormClient) -> None:
    session = await device.started({"a": FilePart(PNG), "b": FilePart(PNG), "c": FilePart(JPEG)})
    await device.saved(session["id"], {}, remove=["a", "c"])
    await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == ({sha256(PNG)}, {"stored_file": 1, "attachment": 1})
    await device.saved(session["id"], {}, remove=["b"])
    await device.collect_garbage()
    assert (device.stored_digests(), await device.row_counts()) == (set(), {"stored_file": 0, "attachment": 0})


async def test_removal_of_many_points_takes_as_many_statements_as_of_one(device: FormClient) -> None:
    counts = []
    for number in (1, 400):
        points = {f"p{index}": FilePart(PNG) if index < 5 else "x" for index in range(number)}
        session = await device.started(points)
        with capture_statements(device.api.app.state.services.database, readers=False, writer=True) as sent:
            await device.saved(session["id"], {}, remove=list(points))
        counts.append(len(sent))
    assert counts[0] == counts[1]


async def test_removal_makes_room_for_new_points(device: FormClient) -> None:
    session = await device.started({f"p{number}": "x" for number in range(500)})
    payload = await device.save(session["id"], {"q0": "x", "q1": "x"}, remove=["P0", "nowhere"])
    assert payload["problems"][0]["message"] == "must give the form at most 500 data points, not 501"
    saved = await device.saved(session["id"], {"q0": "x", "q1": "x"}, remove=["P0", "p1"])
    assert len(saved["data"]) == 500


async def test_point_is_either_saved_or_removed(device: FormClient) -> None:
    session = await device.started({"a": "1"})
    points = {"a": "2", "__timezone__": "60"}
    payload = await device.save(session["id"], points, remove=["b", "A", "__TIMEZONE__", "", "x" * 256])
    paths = [f"input.remove.{index}" for index in (1, 2, 3, 4)]
    assert problem_paths(payload) == [("BAD_USER_INPUT", path) for path in paths]
    assert (values_by_name(payload["session"]), payload["session"]["revision"]) == ({"a": "1"}, 1)
    payload = await device.save(session["id"], {}, remove=["a"] * 501)
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.remove")]


async def test_removal_of_the_time_zone_point_clears_the_offset(device: FormClient) -> None:
    session = await device.started({"__timezone__": "3600"})
    assert session["timezoneOffsetSeconds"] == 3600
    assert (await device.saved(session["id"], {}, remove=["a"]))["timezoneOffsetSeconds"] == 3600
    assert (await device.saved(session["id"], {}, remove=["__timezone__"]))["timezoneOffsetSeconds"] is None


async def test_activity_of_a_save_names_the_removed_points(device: FormClient) -> None:
    session = await device.started({f"p{number}": "x" for number in range(60)})
    await device.saved(session["id"], {"q": "1"}, remove=["nowhere", *(f"P{number}" for number in range(60))])
    found = await device.api.session(session["id"], "activities(last: 1) { edges { node { type data } } }")
    names = [f"p{number}" for number in range(50)]
    changed = {"count": 1, "names": ["q"], "removedCount": 60, "removedNames": names}
    assert found["activities"]["edges"][0]["node"] == {"type": "SAVED", "data": changed}


async def test_unknown_form_is_not_found(device: FormClient) -> None:
    payload = await device.save("s_" + "x" * 22, {"a": FilePart(PNG)})
    assert (payload["session"], problem_paths(payload)) == (None, [("NOT_FOUND", "input.id")])


async def test_large_values_are_read_whole(device: FormClient) -> None:
    session = await device.started({"long": "x" * 2000, "raw": b"y" * 3000, "short": "z"})
    found = await device.api.session(session["id"], FORM_FIELDS)
    assert [(each["value"], each["rawData"] and len(each["rawData"])) for each in found["data"]] == [
        ("x" * 2000, None),
        (None, 4000),
        ("z", None),
    ]
