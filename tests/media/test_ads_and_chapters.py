"""Ads in their breaks, and chapters across them: timelines written by hand from the text of the domain."""

from tests.api_client import ApiClient
from tests.media.playback import metrics_of, subset
from tests.media.player_client import AD, EMPTY_METRICS, start_player


async def test_an_ad_needs_no_play_and_no_time_of_a_break_without_an_ad_counts(api: ApiClient) -> None:
    found = await metrics_of(
        api, (0, "AD_BREAK_START", 0), (2, "AD_START", 0), (17, "AD_COMPLETE", 0), (20, "AD_BREAK_COMPLETE", 0)
    )
    assert found == EMPTY_METRICS | {"adStarts": 1, "adCompletes": 1, "adSeconds": 15, "mediaSeconds": 15}


async def test_the_end_of_a_break_closes_an_open_ad_as_abandoned(api: ApiClient) -> None:
    found = await metrics_of(
        api,
        (0, "PLAY", 0),
        (10, "AD_BREAK_START", 10),
        (10, "AD_START", 10),
        (15, "AD_BREAK_COMPLETE", 10),
        (20, "PING", 15),
    )
    expected = {"adStarts": 1, "adCompletes": 0, "adSeconds": 5, "contentSeconds": 15, "mediaSeconds": 20}
    assert subset(found, **expected) == expected


async def test_a_skipped_ad_was_started_and_not_completed(api: ApiClient) -> None:
    found = await metrics_of(
        api, (0, "AD_BREAK_START", 0), (0, "AD_START", 0), (5, "AD_SKIP", 0), (9, "AD_BREAK_COMPLETE", 0)
    )
    assert found == EMPTY_METRICS | {"adStarts": 1, "adSeconds": 5, "mediaSeconds": 5}


async def test_a_second_ad_closes_the_open_one(api: ApiClient) -> None:
    other = {"params": AD | {"media.ad.id": "b"}}
    found = await metrics_of(
        api,
        (0, "AD_BREAK_START", 0),
        (0, "AD_START", 0),
        (5, "AD_START", 0, other),
        (9, "AD_COMPLETE", 0),
        (12, "AD_COMPLETE", 0),
        (15, "AD_BREAK_COMPLETE", 0),
    )
    assert found == EMPTY_METRICS | {"adStarts": 2, "adCompletes": 1, "adSeconds": 9, "mediaSeconds": 9}


async def test_an_ad_outside_a_break_is_none(api: ApiClient) -> None:
    found = await metrics_of(api, (0, "PLAY", 0), (5, "AD_START", 5), (10, "AD_COMPLETE", 10), (12, "PING", 12))
    expected = {"adStarts": 0, "adCompletes": 0, "adSeconds": 0, "contentSeconds": 12, "uniqueSeconds": 12}
    assert subset(found, **expected) == expected


async def test_content_starts_with_the_first_moment_of_playing_outside_a_break(api: ApiClient) -> None:
    found = await start_player(api)
    for given, started in [
        ((0, "AD_BREAK_START", 0), False),
        ((1, "PLAY", 0), False),
        ((2, "AD_START", 0), False),
        ((9, "PAUSE_START", 0), False),
        ((9, "AD_BREAK_COMPLETE", 0), False),
        ((10, "PLAY", 0), True),
    ]:
        assert (await found.send(given))["metrics"]["contentStarted"] == started, given
    quiet = await metrics_of(api, (0, "PLAY", 0), (0, "AD_BREAK_START", 0))
    assert (quiet["contentStarted"], quiet["contentSeconds"]) == (True, 0)


async def test_a_chapter_goes_on_across_ads_and_pauses_which_are_no_part_of_it(api: ApiClient) -> None:
    found = await metrics_of(
        api,
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
    assert subset(found, **expected) == expected
    assert (found["chapterStarts"], found["chapterCompletes"]) == (1, 1)


async def test_a_second_chapter_closes_the_open_one_and_a_skipped_one_is_not_completed(api: ApiClient) -> None:
    found = await metrics_of(
        api,
        (0, "PLAY", 0),
        (1, "CHAPTER_START", 1),
        (6, "CHAPTER_START", 6),
        (9, "CHAPTER_SKIP", 9),
        (12, "CHAPTER_COMPLETE", 12),
        (20, "PING", 20),
    )
    expected = {"chapterStarts": 2, "chapterCompletes": 0, "chapterSeconds": 8, "contentSeconds": 20}
    assert subset(found, **expected) == expected
