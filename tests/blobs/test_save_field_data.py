"""saveFieldData: named points change, the others stay; what it refuses, it refuses whole."""

import asyncio

import pytest

from models.enums import ActivityType
from tests.api.session_inputs import MINIMAL_INPUTS
from tests.blobs.form_client import FORM_FIELDS, JPEG, PNG, FilePart, FormClient, problem_paths, sha256, values_by_name

NOW = "2026-05-28T20:26:40.000Z"


async def test_named_points_change_and_the_others_stay(device: FormClient) -> None:
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
async def test_any_value_may_take_the_place_of_any_other(
    device: FormClient, first: str | bytes | FilePart, second: str | bytes | FilePart
) -> None:
    session = await device.started({"a": first})
    saved = await device.saved(session["id"], {"a": second})
    (point,) = saved["data"]
    shown = [name for name in ("value", "rawData", "file") if point[name] is not None]
    assert shown == ["value" if isinstance(second, str) else "rawData" if isinstance(second, bytes) else "file"]
    await device.collect_garbage()
    assert device.stored_digests() == ({sha256(JPEG)} if isinstance(second, FilePart) else set())


async def test_it_is_heard_and_on_the_timeline(device: FormClient) -> None:
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


async def test_a_save_without_points_only_tells_when(device: FormClient) -> None:
    session = await device.started({"a": "1"})
    saved = await device.saved(session["id"], {}, saved="2026-05-28T20:26:41Z")
    assert (saved["saved"], len(saved["data"]), saved["revision"]) == ("2026-05-28T20:26:41.000Z", 1, 2)


async def test_a_save_ahead_of_a_device_whose_clock_is_ahead_is_not_before_its_beginning(device: FormClient) -> None:
    session = await device.started({}, field={"unitId": "u1", "created": "2026-05-29T00:00:00Z"})
    saved = await device.saved(session["id"], {"a": "1"})
    assert (saved["saved"], saved["received"]) == ("2026-05-29T00:00:00.000Z", NOW)


async def test_saved_before_created_is_refused_and_nothing_changes(device: FormClient) -> None:
    session = await device.started({"a": "1"}, field={"unitId": "u1", "created": NOW, "saved": NOW})
    payload = await device.save(session["id"], {"a": "2"}, saved="2026-05-28T20:26:39.999Z")
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.saved")]
    assert values_by_name(payload["session"]) == {"a": "1"}
    assert payload["session"]["revision"] == 1


async def test_a_form_never_has_more_than_500_points(device: FormClient) -> None:
    session = await device.started({f"p{number}": "x" for number in range(400)})
    at_most = {f"q{number}": "x" for number in range(100)}
    await device.saved(session["id"], at_most)
    payload = await device.save(session["id"], {"p0": "y", "one": "too many"})
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.data")]
    assert payload["problems"][0]["message"] == "the form would have 501 data points; 500 are allowed"
    again = await device.saved(session["id"], {**{f"p{number}": "z" for number in range(400)}, "__timezone__": "0"})
    assert len(again["data"]) == 500


async def test_two_saves_at_once_do_not_grow_a_form_beyond_its_limit(device: FormClient) -> None:
    session = await device.started({f"p{number}": "x" for number in range(499)})
    payloads = await asyncio.gather(*(device.save(session["id"], {name: "1"}) for name in ("a", "b", "p0")))
    assert sorted(len(payload["problems"]) for payload in payloads) == [0, 0, 1]
    assert len(await device.form(session["id"])) == 500


async def test_all_that_is_wrong_is_told_together_and_nothing_is_kept(device: FormClient) -> None:
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
async def test_only_forms_have_data_points(device: FormClient, kind: str) -> None:
    session = await device.api.start_session(kind, MINIMAL_INPUTS[kind])
    payload = await device.save(session["id"], {"a": "1"})
    assert problem_paths(payload) == [("BAD_USER_INPUT", "input.id")]
    assert payload["session"]["revision"] == session["revision"]


async def test_an_ended_form_takes_nothing_more(device: FormClient) -> None:
    session = await device.started({"a": "1"})
    await device.api.mutate("stopSession", {"id": session["id"]})
    payload = await device.save(session["id"], {"a": FilePart(PNG)})
    assert problem_paths(payload) == [("SESSION_ENDED", "input.id")]
    assert values_by_name(payload["session"]) == {"a": "1"}
    await device.collect_garbage()
    assert device.stored_digests() == set()


async def test_a_form_that_fell_silent_takes_nothing_more(device: FormClient) -> None:
    session = await device.started({"a": "1"}, timeoutSeconds=60)
    await device.api.advance(60)
    assert problem_paths(await device.save(session["id"], {"a": "2"})) == [("SESSION_ENDED", "input.id")]
    kept = await device.started({"a": "1"}, timeoutSeconds=60)
    await device.api.advance(59)
    await device.saved(kept["id"], {"a": "2"})
    await device.api.advance(59)
    assert (await device.api.session(kept["id"]))["state"] == "ACTIVE"


async def test_a_form_that_is_not_there_is_not_found(device: FormClient) -> None:
    payload = await device.save("s_" + "x" * 22, {"a": FilePart(PNG)})
    assert (payload["session"], problem_paths(payload)) == (None, [("NOT_FOUND", "input.id")])


async def test_what_is_large_is_read_only_where_it_is_selected(device: FormClient) -> None:
    session = await device.started({"long": "x" * 2000, "raw": b"y" * 3000, "short": "z"})
    found = await device.api.session(session["id"], FORM_FIELDS)
    assert [(each["value"], each["rawData"] and len(each["rawData"])) for each in found["data"]] == [
        ("x" * 2000, None),
        (None, 4000),
        ("z", None),
    ]
