"""Timelines written by hand from the text of the domain, each for one thing that a player can do."""

from typing import Any

import pytest

from tests.media.player import AD, NOTHING, Player, player
from tests.world import World

Shown = dict[str, Any]


async def told(world: World, *events: tuple[Any, ...], **own: Any) -> Shown:
    """The figures of a playback with these events, of content a hundred seconds long."""
    found: Player = await player(world, **{"length": 100, **own})
    await found.tell(*events)
    return await found.metrics()


def some(found: Shown, **names: Any) -> Shown:
    """Those of the figures that are named."""
    return {name: found[name] for name in names}


async def test_nothing_is_counted_before_the_first_play(world: World) -> None:
    found = await told(world, (10, "PING", 0), (20, "PING", 10), (30, "CHAPTER_START", 20), (40, "PING", 30))
    assert found == NOTHING | {"chapterStarts": 1}


async def test_nothing_is_counted_after_the_last_event(world: World) -> None:
    found = await player(world, length=100)
    await found.tell((0, "PLAY", 0), (10, "PING", 10))
    await world.advance(500)
    assert (await found.metrics())["contentSeconds"] == 10
    await world.mutate("stopSession", {"id": found.id})
    assert (await found.metrics())["contentSeconds"] == 10


async def test_the_last_play_pause_or_buffering_holds_inside_an_ad_too(world: World) -> None:
    found = await player(world, length=100)
    shown = await found.tell(
        (0, "PLAY", 0), (5, "AD_BREAK_START", 5), (5, "AD_START", 5), (8, "PAUSE_START", 5), (10, "BUFFER_START", 5)
    )
    assert shown["playerState"] == "BUFFERING"
    shown = await found.tell((14, "AD_COMPLETE", 5), (16, "AD_BREAK_COMPLETE", 5), (20, "PLAY", 5), (21, "PING", 6))
    assert shown["playerState"] == "PLAYING"
    expected = {"contentSeconds": 6, "adSeconds": 3, "mediaSeconds": 9, "pauseSeconds": 2, "bufferSeconds": 10}
    assert some(shown["metrics"], **expected) == expected


async def test_a_player_may_wait_for_data_before_it_plays_at_all(world: World) -> None:
    found = await told(world, (1, "BUFFER_START", 0), (4, "PLAY", 0), (6, "PING", 2))
    expected = {"bufferSeconds": 3, "bufferCount": 1, "contentSeconds": 2, "contentStarted": True}
    assert some(found, **expected) == expected


async def test_every_pause_and_every_wait_counts(world: World) -> None:
    found = await told(
        world,
        (0, "PLAY", 0),
        (1, "PAUSE_START", 1),
        (2, "PAUSE_START", 1),
        (3, "BUFFER_START", 1),
        (5, "BUFFER_START", 1),
    )
    expected = {"pauseCount": 2, "pauseSeconds": 2, "bufferCount": 2, "bufferSeconds": 2}
    assert some(found, **expected) == expected


async def test_an_error_changes_only_its_count(world: World) -> None:
    with_errors = await told(
        world,
        (0, "PLAY", 0),
        (4, "ERROR", 4, {"params": {"media.errorId": "e1", "media.errorSource": "player"}}),
        (4, "ERROR", 4, {"params": {"media.errorId": "e2"}}),
        (9, "ERROR", 9),
        (10, "PING", 10),
    )
    without = await told(world, (0, "PLAY", 0), (4, "PING", 4), (9, "PING", 9), (10, "PING", 10))
    assert with_errors == without | {"errorCount": 3}


# ---- ads ----


async def test_an_ad_needs_no_play_and_no_time_of_a_break_without_an_ad_counts(world: World) -> None:
    found = await told(
        world, (0, "AD_BREAK_START", 0), (2, "AD_START", 0), (17, "AD_COMPLETE", 0), (20, "AD_BREAK_COMPLETE", 0)
    )
    assert found == NOTHING | {"adStarts": 1, "adCompletes": 1, "adSeconds": 15, "mediaSeconds": 15}


async def test_the_end_of_a_break_closes_an_open_ad_as_abandoned(world: World) -> None:
    found = await told(
        world,
        (0, "PLAY", 0),
        (10, "AD_BREAK_START", 10),
        (10, "AD_START", 10),
        (15, "AD_BREAK_COMPLETE", 10),
        (20, "PING", 15),
    )
    expected = {"adStarts": 1, "adCompletes": 0, "adSeconds": 5, "contentSeconds": 15, "mediaSeconds": 20}
    assert some(found, **expected) == expected


async def test_a_skipped_ad_was_started_and_not_completed(world: World) -> None:
    found = await told(
        world, (0, "AD_BREAK_START", 0), (0, "AD_START", 0), (5, "AD_SKIP", 0), (9, "AD_BREAK_COMPLETE", 0)
    )
    assert found == NOTHING | {"adStarts": 1, "adSeconds": 5, "mediaSeconds": 5}


async def test_a_second_ad_closes_the_open_one(world: World) -> None:
    other = {"params": AD | {"media.ad.id": "b"}}
    found = await told(
        world,
        (0, "AD_BREAK_START", 0),
        (0, "AD_START", 0),
        (5, "AD_START", 0, other),
        (9, "AD_COMPLETE", 0),
        (12, "AD_COMPLETE", 0),
        (15, "AD_BREAK_COMPLETE", 0),
    )
    assert found == NOTHING | {"adStarts": 2, "adCompletes": 1, "adSeconds": 9, "mediaSeconds": 9}


async def test_an_ad_outside_a_break_is_none(world: World) -> None:
    found = await told(world, (0, "PLAY", 0), (5, "AD_START", 5), (10, "AD_COMPLETE", 10), (12, "PING", 12))
    expected = {"adStarts": 0, "adCompletes": 0, "adSeconds": 0, "contentSeconds": 12, "uniqueSeconds": 12}
    assert some(found, **expected) == expected


async def test_content_starts_with_the_first_moment_of_playing_outside_a_break(world: World) -> None:
    found = await player(world)
    for given, started in [
        ((0, "AD_BREAK_START", 0), False),
        ((1, "PLAY", 0), False),
        ((2, "AD_START", 0), False),
        ((9, "PAUSE_START", 0), False),
        ((9, "AD_BREAK_COMPLETE", 0), False),
        ((10, "PLAY", 0), True),
    ]:
        assert (await found.tell(given))["metrics"]["contentStarted"] == started, given
    quiet = await told(world, (0, "PLAY", 0), (0, "AD_BREAK_START", 0))
    assert (quiet["contentStarted"], quiet["contentSeconds"]) == (True, 0)


# ---- chapters ----


async def test_a_chapter_goes_on_across_ads_and_pauses_which_are_no_part_of_it(world: World) -> None:
    found = await told(
        world,
        (0, "PLAY", 0),
        (5, "CHAPTER_START", 5),
        (15, "AD_BREAK_START", 15),
        (15, "AD_START", 15),
        (30, "AD_COMPLETE", 15),
        (31, "AD_BREAK_COMPLETE", 15),
        (35, "PAUSE_START", 19),
        (45, "PLAY", 19),
        (50, "CHAPTER_COMPLETE", 24),
        (60, "PING", 34),
    )
    expected = {
        "chapterSeconds": 10 + 4 + 5,
        "contentSeconds": 5 + 10 + 4 + 5 + 10,
        "adSeconds": 15,
        "pauseSeconds": 10,
    }
    assert some(found, **expected) == expected
    assert (found["chapterStarts"], found["chapterCompletes"]) == (1, 1)


async def test_a_second_chapter_closes_the_open_one_and_a_skipped_one_is_not_completed(world: World) -> None:
    found = await told(
        world,
        (0, "PLAY", 0),
        (1, "CHAPTER_START", 1),
        (6, "CHAPTER_START", 6),
        (9, "CHAPTER_SKIP", 9),
        (12, "CHAPTER_COMPLETE", 12),
        (20, "PING", 20),
    )
    expected = {"chapterStarts": 2, "chapterCompletes": 0, "chapterSeconds": 8, "contentSeconds": 20}
    assert some(found, **expected) == expected


# ---- where the playhead goes ----


async def test_what_is_watched_again_is_content_and_not_unique(world: World) -> None:
    found = await told(world, (0, "PLAY", 0), (10, "PING", 10), (10, "PING", 2), (10.001, "PLAY", 2), (22, "PING", 14))
    assert (found["contentSeconds"], found["uniqueSeconds"]) == (22, 14)


async def test_what_is_sought_through_is_not_played_and_marks_all_that_it_passes(world: World) -> None:
    found = await told(world, (0, "PLAY", 0), (5, "PING", 5), (6, "PING", 60), (8, "PING", 62))
    expected = {"contentSeconds": 8, "uniqueSeconds": 7, "progressMarks": [10, 25, 50], "averageMinuteAudience": 0.08}
    assert some(found, **expected) == expected


@pytest.mark.parametrize(("playhead", "unique"), [(22, 22), (22.001, 0)])
async def test_faster_than_twice_the_clock_and_two_seconds_is_a_seek(
    world: World, playhead: float, unique: int
) -> None:
    found = await told(world, (0, "PLAY", 0), (10, "PING", playhead))
    assert found["uniqueSeconds"] == unique


async def test_marks_wait_for_the_content_to_start(world: World) -> None:
    found = await player(world, length=100)
    shown = await found.tell((0, "PING", 60), (1, "AD_BREAK_START", 60), (1, "PLAY", 60), (2, "AD_START", 60))
    assert shown["metrics"]["progressMarks"] == []
    shown = await found.tell((9, "AD_BREAK_COMPLETE", 60))
    assert shown["metrics"]["progressMarks"] == [10, 25, 50]
    shown = await found.tell((10, "PAUSE_START", 61), (11, "PING", 95), (12, "PING", 3))
    assert shown["metrics"]["progressMarks"] == [10, 25, 50, 75, 95]


@pytest.mark.parametrize(
    ("playhead", "marks"), [(9.999, []), (10, [10]), (94.9, [10, 25, 50, 75]), (200, [10, 25, 50, 75, 95])]
)
async def test_a_mark_is_reached_exactly_at_its_share(world: World, playhead: float, marks: list[int]) -> None:
    assert (await told(world, (0, "PLAY", 0), (1, "PING", playhead)))["progressMarks"] == marks


async def test_content_without_a_length_has_no_share_of_it(world: World) -> None:
    found = await told(world, (0, "PLAY", 0), (10, "PING", 10), length=0)
    assert (found["contentSeconds"], found["uniqueSeconds"]) == (10, 10)
    assert (found["averageMinuteAudience"], found["progressMarks"]) == (None, [])


async def test_next_to_no_length_breaks_nothing(world: World) -> None:
    found = await told(world, (0, "PLAY", 0), (10, "PING", 10), length=5e-324)
    assert (found["averageMinuteAudience"], found["progressMarks"]) == (None, [10, 25, 50, 75, 95])


async def test_a_live_stream_plays_from_the_second_of_the_day_over_midnight(world: World) -> None:
    late = 86_400 - 15
    found = await told(
        world,
        (0, "PLAY", late),
        (10, "PING", late + 10),
        (20, "PING", 5),
        (30, "PING", 15),
        playerTime={"playhead": late, "ts": "2026-05-28T20:26:40Z"},
        length=86_400,
        contentType="Live",
    )
    # From before midnight to after it the playhead seems to go back.
    expected = {"contentSeconds": 30, "uniqueSeconds": 20, "progressMarks": [10, 25, 50, 75, 95]}
    assert some(found, **expected) == expected
    assert found["averageMinuteAudience"] == pytest.approx(30 / 86_400)


# ---- stalls ----


async def test_three_events_with_one_playhead_while_content_plays_are_a_stall(world: World) -> None:
    found = await told(
        world, (0, "PLAY", 0), (10, "PING", 10), (20, "PING", 10), (30, "PING", 10), (40, "PING", 10), (50, "PING", 20)
    )
    expected = {"stallCount": 1, "contentSeconds": 20, "uniqueSeconds": 20, "mediaSeconds": 20}
    assert some(found, **expected) == expected


async def test_two_events_with_one_playhead_are_none(world: World) -> None:
    found = await told(world, (0, "PLAY", 0), (10, "PING", 10), (20, "PING", 10), (30, "PING", 20))
    assert (found["stallCount"], found["contentSeconds"]) == (0, 30)


async def test_a_stall_counts_while_it_lasts_and_its_whole_length_leaves_the_chapter_too(world: World) -> None:
    found = await player(world)
    shown = await found.tell((0, "PLAY", 0), (5, "CHAPTER_START", 5), (10, "PING", 10), (15, "PING", 10))
    expected = {"stallCount": 0, "contentSeconds": 15, "chapterSeconds": 10}
    assert some(shown["metrics"], **expected) == expected
    shown = await found.tell((20, "PING", 10))
    expected = {"stallCount": 1, "contentSeconds": 10, "chapterSeconds": 5}
    assert some(shown["metrics"], **expected) == expected
    shown = await found.tell((25, "CHAPTER_COMPLETE", 10), (30, "PING", 15))
    expected = {"stallCount": 1, "contentSeconds": 15, "chapterSeconds": 5}
    assert some(shown["metrics"], **expected) == expected


@pytest.mark.parametrize("standing", ["PAUSE_START", "BUFFER_START"])
async def test_a_playhead_that_has_a_reason_to_stand_still_does_not_stall(world: World, standing: str) -> None:
    found = await told(world, (0, "PLAY", 0), (5, standing, 5), *((at, "PING", 5) for at in range(6, 16)))
    assert (found["stallCount"], found["contentSeconds"]) == (0, 5)
    in_break = await told(world, (0, "PLAY", 0), (5, "AD_BREAK_START", 5), *((at, "PING", 5) for at in range(6, 16)))
    assert (in_break["stallCount"], in_break["contentSeconds"]) == (0, 5)


async def test_a_pause_ends_a_stall_and_the_next_one_is_another(world: World) -> None:
    found = await told(
        world,
        (0, "PLAY", 0),
        (5, "PING", 0),
        (9, "PAUSE_START", 0),
        (20, "PLAY", 0),
        (22, "PING", 0),
        (24, "PING", 0),
        (30, "PING", 6),
    )
    expected = {"stallCount": 2, "contentSeconds": 6, "pauseSeconds": 11}
    assert some(found, **expected) == expected


async def test_several_events_of_one_moment_are_no_stall(world: World) -> None:
    found = await told(
        world,
        (0, "PLAY", 0),
        (0, "CHAPTER_START", 0),
        (0.001, "STATE_START", 0, {"name": "fullScreen"}),
        (0.9, "BITRATE_CHANGE", 0),
        (10, "PING", 9.1),
    )
    assert (found["stallCount"], found["contentSeconds"]) == (0, 10)


# ---- bitrates and states ----


async def test_the_bitrate_is_averaged_over_the_time_that_content_and_ads_play(world: World) -> None:
    def at(bitrate: int) -> dict[str, Any]:
        return {"qoe": {"bitrate": bitrate}}

    found = await told(
        world,
        (0, "PLAY", 0),
        (10, "BITRATE_CHANGE", 10, at(1000)),
        (20, "PAUSE_START", 20, at(9000)),
        (30, "PLAY", 20, at(2000)),
        (40, "AD_BREAK_START", 30),
        (50, "AD_START", 30, {"qoe": {"media.qoe.bitrate": 4000}}),
        (70, "AD_COMPLETE", 30),
    )
    assert found["averageBitrate"] == (10 * 1000 + 10 * 2000 + 20 * 4000) / 40
    assert found["bitrateChanges"] == 1


async def test_the_bitrate_of_the_start_counts_until_another_is_told(world: World) -> None:
    found = await told(world, (0, "PLAY", 0), (10, "PING", 10), qoe={"bitrate": 800})
    assert (found["averageBitrate"], found["bitrateChanges"]) == (800, 0)
    assert (await told(world, (0, "PLAY", 0), (10, "PING", 10)))["averageBitrate"] is None
    assert (await told(world, (0, "PING", 0), (10, "PING", 10), qoe={"bitrate": 800}))["averageBitrate"] is None


async def test_named_states_are_counted_and_timed_while_they_are_open(world: World) -> None:
    full, mute = {"name": "fullScreen"}, {"name": "mute"}
    found = await told(
        world,
        (0, "STATE_START", 0, full),
        (5, "PLAY", 0),
        (6, "STATE_START", 1, mute),
        (8, "STATE_START", 3, mute),
        (10, "STATE_END", 5, full),
        (20, "STATE_START", 15, full),
        (22, "PAUSE_START", 17),
        (30, "PING", 17),
    )
    assert found["states"] == [
        {"name": "fullScreen", "count": 2, "seconds": 20},
        {"name": "mute", "count": 2, "seconds": 24},
    ]


async def test_only_ten_states_have_times(world: World) -> None:
    found = await player(world)
    shown = await found.tell(*((at, "STATE_START", 0, {"name": f"n{at}"}) for at in range(12)), (20, "PING", 0))
    assert [each["name"] for each in shown["metrics"]["states"]] == [f"n{at}" for at in range(10)]
    shown = await found.tell((30, "STATE_END", 0, {"name": "n11"}), (31, "STATE_START", 0, {"name": "n0"}))
    assert [each["count"] for each in shown["metrics"]["states"]] == [2] + [1] * 9
    flags = [entry["data"].get("flag") for entry in await found.activities()]
    assert flags == [None] * 10 + ["TOO_MANY_STATES"] * 2 + ["CLOSES_NOTHING", None]


async def test_content_is_completed_by_word_only_and_the_session_goes_on(world: World) -> None:
    found = await player(world, length=10)
    shown = await found.tell((0, "PLAY", 0), (10, "PING", 10))
    assert not shown["metrics"]["contentCompleted"]
    shown = await found.tell((11, "SESSION_COMPLETE", 10))
    assert (shown["metrics"]["contentCompleted"], shown["state"], shown["playerState"]) == (True, "ACTIVE", "PLAYING")
