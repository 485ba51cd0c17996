"""Where the playhead goes, and where it stands still: timelines written by hand from the text of the domain."""

import pytest

from tests.api_client import ApiClient
from tests.media.playback import metrics_of, subset
from tests.media.player_client import start_player


async def test_what_is_watched_again_is_content_and_not_unique(api: ApiClient) -> None:
    found = await metrics_of(
        api, (0, "PLAY", 0), (10, "PING", 10), (10, "PING", 2), (10.001, "PLAY", 2), (22, "PING", 14)
    )
    assert (found["contentSeconds"], found["uniqueSeconds"]) == (22, 14)


async def test_what_is_sought_through_is_not_played_and_marks_all_that_it_passes(api: ApiClient) -> None:
    found = await metrics_of(api, (0, "PLAY", 0), (5, "PING", 5), (6, "PING", 60), (8, "PING", 62))
    expected = {"contentSeconds": 8, "uniqueSeconds": 7, "progressMarks": [10, 25, 50], "averageMinuteAudience": 0.08}
    assert subset(found, **expected) == expected


@pytest.mark.parametrize(("playhead", "unique"), [(22, 22), (22.001, 0)])
async def test_faster_than_twice_the_clock_and_two_seconds_is_a_seek(
    api: ApiClient, playhead: float, unique: int
) -> None:
    found = await metrics_of(api, (0, "PLAY", 0), (10, "PING", playhead))
    assert found["uniqueSeconds"] == unique


async def test_marks_wait_for_the_content_to_start(api: ApiClient) -> None:
    found = await start_player(api, length=100)
    shown = await found.send((0, "PING", 60), (1, "AD_BREAK_START", 60), (1, "PLAY", 60), (2, "AD_START", 60))
    assert shown["metrics"]["progressMarks"] == []
    shown = await found.send((9, "AD_BREAK_COMPLETE", 60))
    assert shown["metrics"]["progressMarks"] == [10, 25, 50]
    shown = await found.send((10, "PAUSE_START", 61), (11, "PING", 95), (12, "PING", 3))
    assert shown["metrics"]["progressMarks"] == [10, 25, 50, 75, 95]


@pytest.mark.parametrize(
    ("playhead", "marks"), [(9.999, []), (10, [10]), (94.9, [10, 25, 50, 75]), (200, [10, 25, 50, 75, 95])]
)
async def test_a_mark_is_reached_exactly_at_its_share(api: ApiClient, playhead: float, marks: list[int]) -> None:
    assert (await metrics_of(api, (0, "PLAY", 0), (1, "PING", playhead)))["progressMarks"] == marks


async def test_content_without_a_length_has_no_share_of_it(api: ApiClient) -> None:
    found = await metrics_of(api, (0, "PLAY", 0), (10, "PING", 10), length=0)
    assert (found["contentSeconds"], found["uniqueSeconds"]) == (10, 10)
    assert (found["averageMinuteAudience"], found["progressMarks"]) == (None, [])


async def test_next_to_no_length_breaks_nothing(api: ApiClient) -> None:
    found = await metrics_of(api, (0, "PLAY", 0), (10, "PING", 10), length=5e-324)
    assert (found["averageMinuteAudience"], found["progressMarks"]) == (None, [10, 25, 50, 75, 95])


async def test_a_live_stream_plays_from_the_second_of_the_day_over_midnight(api: ApiClient) -> None:
    late = 86_400 - 15
    found = await metrics_of(
        api,
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
    assert subset(found, **expected) == expected
    assert found["averageMinuteAudience"] == pytest.approx(30 / 86_400)


# ---- stalls ----


async def test_three_events_with_one_playhead_while_content_plays_are_a_stall(api: ApiClient) -> None:
    found = await metrics_of(
        api, (0, "PLAY", 0), (10, "PING", 10), (20, "PING", 10), (30, "PING", 10), (40, "PING", 10), (50, "PING", 20)
    )
    expected = {"stallCount": 1, "contentSeconds": 20, "uniqueSeconds": 20, "mediaSeconds": 20}
    assert subset(found, **expected) == expected


async def test_two_events_with_one_playhead_are_none(api: ApiClient) -> None:
    found = await metrics_of(api, (0, "PLAY", 0), (10, "PING", 10), (20, "PING", 10), (30, "PING", 20))
    assert (found["stallCount"], found["contentSeconds"]) == (0, 30)


async def test_a_stall_counts_while_it_lasts_and_its_whole_length_leaves_the_chapter_too(api: ApiClient) -> None:
    found = await start_player(api)
    shown = await found.send((0, "PLAY", 0), (5, "CHAPTER_START", 5), (10, "PING", 10), (15, "PING", 10))
    expected = {"stallCount": 0, "contentSeconds": 15, "chapterSeconds": 10}
    assert subset(shown["metrics"], **expected) == expected
    shown = await found.send((20, "PING", 10))
    expected = {"stallCount": 1, "contentSeconds": 10, "chapterSeconds": 5}
    assert subset(shown["metrics"], **expected) == expected
    shown = await found.send((25, "CHAPTER_COMPLETE", 10), (30, "PING", 15))
    expected = {"stallCount": 1, "contentSeconds": 15, "chapterSeconds": 5}
    assert subset(shown["metrics"], **expected) == expected


@pytest.mark.parametrize("standing", ["PAUSE_START", "BUFFER_START"])
async def test_a_playhead_that_has_a_reason_to_stand_still_does_not_stall(api: ApiClient, standing: str) -> None:
    found = await metrics_of(api, (0, "PLAY", 0), (5, standing, 5), *((at, "PING", 5) for at in range(6, 16)))
    assert (found["stallCount"], found["contentSeconds"]) == (0, 5)
    in_break = await metrics_of(
        api, (0, "PLAY", 0), (5, "AD_BREAK_START", 5), *((at, "PING", 5) for at in range(6, 16))
    )
    assert (in_break["stallCount"], in_break["contentSeconds"]) == (0, 5)


async def test_a_pause_ends_a_stall_and_the_next_one_is_another(api: ApiClient) -> None:
    found = await metrics_of(
        api,
        (0, "PLAY", 0),
        (5, "PING", 0),
        (9, "PAUSE_START", 0),
        (20, "PLAY", 0),
        (22, "PING", 0),
        (24, "PING", 0),
        (30, "PING", 6),
    )
    expected = {"stallCount": 2, "contentSeconds": 6, "pauseSeconds": 11}
    assert subset(found, **expected) == expected


async def test_several_events_of_one_moment_are_no_stall(api: ApiClient) -> None:
    found = await metrics_of(
        api,
        (0, "PLAY", 0),
        (0, "CHAPTER_START", 0),
        (0.001, "STATE_START", 0, {"name": "fullScreen"}),
        (0.9, "BITRATE_CHANGE", 0),
        (10, "PING", 9.1),
    )
    assert (found["stallCount"], found["contentSeconds"]) == (0, 10)
