"""Ads in breaks, and chapters across them."""

from tests.api_client import ApiClient
from tests.media.player_client import EMPTY_METRICS, assert_metrics, metrics_of, start_player


async def test_ad_counts_without_play_and_break_without_ad_does_not(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 AD_BREAK_START 0; 2 AD_START 0; 17 AD_COMPLETE 0; 20 AD_BREAK_COMPLETE 0")
    assert metrics == EMPTY_METRICS | {"adStarts": 1, "adCompletes": 1, "adSeconds": 15, "mediaSeconds": 15}


async def test_end_of_break_abandons_open_ad(api: ApiClient) -> None:
    metrics = await metrics_of(
        api, "0 PLAY 0; 10 AD_BREAK_START 10; 10 AD_START 10; 15 AD_BREAK_COMPLETE 10; 20 PING 15"
    )
    assert_metrics(metrics, adStarts=1, adCompletes=0, adSeconds=5, contentSeconds=15, mediaSeconds=20)


async def test_skipped_ad_is_started_and_not_completed(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 AD_BREAK_START 0; 0 AD_START 0; 5 AD_SKIP 0; 9 AD_BREAK_COMPLETE 0")
    assert metrics == EMPTY_METRICS | {"adStarts": 1, "adSeconds": 5, "mediaSeconds": 5}


async def test_second_ad_closes_open_ad(api: ApiClient) -> None:
    events = "0 AD_BREAK_START 0; 0 AD_START 0; 5 AD_START 0 ad=b; 9 AD_COMPLETE 0; 12 AD_COMPLETE 0"
    metrics = await metrics_of(api, f"{events}; 15 AD_BREAK_COMPLETE 0")
    assert metrics == EMPTY_METRICS | {"adStarts": 2, "adCompletes": 1, "adSeconds": 9, "mediaSeconds": 9}


async def test_ad_outside_break_is_not_counted(api: ApiClient) -> None:
    metrics = await metrics_of(api, "0 PLAY 0; 5 AD_START 5; 10 AD_COMPLETE 10; 12 PING 12")
    assert_metrics(metrics, adStarts=0, adCompletes=0, adSeconds=0, contentSeconds=12, uniqueSeconds=12)


async def test_content_starts_with_first_playing_outside_break(api: ApiClient) -> None:
    player = await start_player(api)
    for event, started in [
        ("0 AD_BREAK_START 0", False),
        ("1 PLAY 0", False),
        ("2 AD_START 0", False),
        ("9 PAUSE_START 0", False),
        ("9 AD_BREAK_COMPLETE 0", False),
        ("10 PLAY 0", True),
    ]:
        assert (await player.send(event))["metrics"]["contentStarted"] == started, event
    assert_metrics(await metrics_of(api, "0 PLAY 0; 0 AD_BREAK_START 0"), contentStarted=True, contentSeconds=0)


async def test_chapter_spans_ads_and_pauses_without_their_time(api: ApiClient) -> None:
    ads = "15 AD_BREAK_START 15; 15 AD_START 15; 30 AD_COMPLETE 15; 31 AD_BREAK_COMPLETE 15"
    pause = "35 PAUSE_START 19; 45 PLAY 19"
    metrics = await metrics_of(api, f"0 PLAY 0; 5 CHAPTER_START 5; {ads}; {pause}; 50 CHAPTER_COMPLETE 24; 60 PING 34")
    assert_metrics(
        metrics, chapterSeconds=10 + 4 + 5, contentSeconds=5 + 10 + 4 + 5 + 10, adSeconds=15, pauseSeconds=10
    )
    assert_metrics(metrics, chapterStarts=1, chapterCompletes=1)


async def test_second_chapter_closes_open_one_and_skipped_one_is_not_completed(api: ApiClient) -> None:
    chapters = "1 CHAPTER_START 1; 6 CHAPTER_START 6; 9 CHAPTER_SKIP 9; 12 CHAPTER_COMPLETE 12"
    metrics = await metrics_of(api, f"0 PLAY 0; {chapters}; 20 PING 20")
    assert_metrics(metrics, chapterStarts=2, chapterCompletes=0, chapterSeconds=8, contentSeconds=20)
