"""Distributions of subjects, paths, projects and field values: few are frequent, most are rare."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import Any, Final, Generic, TypeVar

from models.clock import DAY, HOUR, Instant
from models.enums import Kind, PlayerState
from models.kinds import KINDS
from models.kinds.base import ProjectDefaults
from models.kinds.validation import validate

T = TypeVar("T")

PROJECTS: Final = tuple(f"project-{number:02}" for number in range(12))
SYSTEMS: Final = ("iOS 18.1", "iOS 17.4", "Android 15", "Android 14", "Windows 11", "macOS 15")
LANGUAGES: Final = ("en", "fr", "es", "de", "ja", "pt")
VIEWS: Final = tuple(f"/view/{number:02}" for number in range(40))
TABS: Final = tuple(f"tab-{number}" for number in range(12))
PLAYER_STATES: Final = tuple(state.value for state in PlayerState)
DEFAULTS: Final = ProjectDefaults(geo_listen_enabled=False, language="en", timeouts={})

SUBJECTS: Final[dict[Kind, tuple[str, int]]] = {
    Kind.CLIENT: ("device", 80_000),
    Kind.MEDIA: ("visitor", 60_000),
    Kind.FIELD: ("unit", 2_000),
    Kind.USER: ("user", 20_000),
}
"""Name and number of the subjects of each kind. AGENDA sessions have none."""


class ZipfSampler(Generic[T]):
    """Samples values by Zipf's law: the n-th is 1/n times as frequent as the first."""

    def __init__(self, values: Sequence[T]) -> None:
        self._values = values
        self._weights = list(accumulate(1 / number for number in range(1, len(values) + 1)))

    def sample(self, rng: Random) -> T:
        return rng.choices(self._values, cum_weights=self._weights)[0]


def path_sampler() -> ZipfSampler[list[str]]:
    """Return a sampler of paths, one or two levels deep."""
    return ZipfSampler([[view, *tab] for tab in ([], *([name] for name in TABS)) for view in VIEWS])


def subject_sampler(kind: Kind) -> ZipfSampler[str | None]:
    if kind not in SUBJECTS:
        return ZipfSampler([None])
    name, count = SUBJECTS[kind]
    return ZipfSampler([f"{name}-{number}" for number in range(count)])


_GUIDES: Final = ZipfSampler(range(1, 201))
_MEDIA: Final = ZipfSampler([f"media-{number}" for number in range(2000)])


def high_cardinality_columns(kind: Kind, rng: Random) -> dict[str, Any]:
    """Return the columns with more values than the precomputed variants of a kind hold."""
    if kind == Kind.AGENDA:
        return {"guide": _GUIDES.sample(rng)}
    if kind == Kind.MEDIA:
        return {"media_id": _MEDIA.sample(rng), "player_state": rng.choice(PLAYER_STATES)}
    return {}


def variant_columns(kind: Kind, rng: Random, count: int = 64) -> list[dict[str, Any]]:
    """Return the kind's columns of `count` different start inputs."""
    rules, rows = KINDS[kind], []
    for _ in range(count):
        validated = validate(rules.fields, _START_INPUTS[kind](rng))
        assert validated.fields is not None, validated.problems
        rows.append(rules.to_columns(validated.fields, project=DEFAULTS, now=0))
    return rows


def start_times(rng: Random, count: int, until: Instant, days: int) -> Iterator[Instant]:
    """Return sorted instants in the days before `until`, more by day than by night."""
    hours = rng.choices(range(24), weights=[1] * 7 + [4] * 12 + [2] * 5, k=count)
    first = until // DAY - days
    moments = (DAY * rng.randrange(first, first + days) + HOUR * hour + rng.randrange(HOUR) for hour in hours)
    return iter(sorted(moments))


_START_INPUTS: Final[dict[Kind, Callable[[Random], dict[str, Any]]]] = {
    Kind.CLIENT: lambda rng: {"client_system": rng.choice(SYSTEMS), "language": rng.choice(LANGUAGES)},
    Kind.AGENDA: lambda rng: {
        "guide": 1,
        "name": f"Talk {rng.randrange(10_000)}",
        "description_html": "<p>What it is about, and who speaks.</p>" * rng.randrange(1, 8),
        "start_time": 0,
        "schedule_tracks": rng.sample(range(1, 20), 2),
        "rank": rng.randrange(5),
    },
    Kind.MEDIA: lambda rng: {
        "player_time": {"playhead": 0, "ts": 0},
        "tracking_server": "tracking.example.org",
        "report_suite": "suite",
        "organization_id": "organization",
        "media_id": "media",
        "length": rng.randrange(60, 7200),
        "content_type": rng.choice(["VOD", "Live", "Podcast"]),
        "player_name": "html5",
        "channel": rng.choice(["web", "app", "tv"]),
    },
    Kind.FIELD: lambda rng: {"unit_id": "unit", "created": 0, "saved": rng.randrange(1000)},
    Kind.USER: lambda _: {},
}
