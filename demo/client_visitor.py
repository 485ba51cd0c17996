"""CLIENT: people launch an app, look, put it away, come back, close it; some just walk off."""

from collections.abc import Iterator
from typing import Any, Final

from demo.plan import LATEST, Call, SessionRef, VisitContext, hide, keepalive, keepalive_many, start, stop
from models.enums import Kind

DEVICES: Final = [
    ("iOS 18.5", "iPhone", 6),
    ("iOS 17.7", "iPhone", 3),
    ("iPadOS 18.5", "iPad", 2),
    ("Android 15", "Pixel 9", 4),
    ("Android 14", "Galaxy S24", 5),
    ("Android 11", "Fairphone 3", 1),
]
LANGUAGES: Final = ["en", "en-US", "fr", "fr-CA", "de", "es", "pt-BR", "ja", "nl", "ar"]
TIMEZONES: Final = ["Europe/Paris", "America/New_York", "+0200", "-0500", "Asia/Tokyo", "Z", "+05:30"]
SCREENS: Final = [["listen"], ["listen", "map"], ["listen", "tags"], ["speak"], ["speak", "record"], ["about"]]
LOAN_DEVICES: Final = 4


def use_app(context: VisitContext) -> Iterator[Call]:
    """One launch; one in twelve tells its start twice, because the first answer did not reach it."""
    fields = _device_fields(context)
    leaves_unstopped = context.chance(0.2)
    common: dict[str, Any] = {"path": SCREENS[0], "metadata": {"appVersion": f"3.{context.rng.randint(0, 9)}"}}
    if leaves_unstopped:
        common["timeoutSeconds"] = context.rng.randint(10, 25)
    first = start(
        Kind.CLIENT, fields, delay=context.random_seconds(2, 6), idempotencyKey=context.unique_text(), **common
    )
    yield first
    if context.chance(1 / 12):
        yield first
    for _ in range(context.rng.randint(2, 7)):
        yield keepalive(Kind.CLIENT, 0, path=context.rng.choice(SCREENS), delay=context.random_seconds(3, 8))
        if context.chance(0.25):
            yield hide(Kind.CLIENT, 0, delay=context.random_seconds(4, 9))
    if not leaves_unstopped:
        yield stop(Kind.CLIENT, 0)
    elif context.chance(0.4):
        yield from _resume_after_expiry(context, fields, common["timeoutSeconds"])


def run_gateway(context: VisitContext) -> Iterator[Call]:
    """The loan devices of one museum, whose gateway gives their signs of life in one call."""
    for _ in range(LOAN_DEVICES):
        fields = _device_fields(context) | {"geoListenEnabled": False, "demoStreamEnabled": True}
        yield start(Kind.CLIENT, fields, path=["tour"], delay=context.random_seconds(0.2, 1))
    for _ in range(context.rng.randint(3, 8)):
        yield keepalive_many(Kind.CLIENT, range(LOAN_DEVICES), delay=context.random_seconds(4, 8))
    for number in range(LOAN_DEVICES):
        yield stop(Kind.CLIENT, number, delay=context.random_seconds(0.5, 3))


def _resume_after_expiry(context: VisitContext, fields: dict[str, Any], timeout: int) -> Iterator[Call]:
    """Taken out of the pocket after its session is over: told so, the app carries on in a new one."""
    yield keepalive(Kind.CLIENT, 0, visible=False, delay=timeout + context.random_seconds(2, 6))
    yield keepalive(Kind.CLIENT, 0, delay=context.random_seconds(0.2, 0.5), may_be_ended=True)
    yield start(Kind.CLIENT, fields, previousId=SessionRef(0), delay=context.random_seconds(4, 9))
    yield stop(Kind.CLIENT, LATEST)


def _device_fields(context: VisitContext) -> dict[str, Any]:
    system, model, _ = context.rng.choices(DEVICES, [share for *_, share in DEVICES])[0]
    fields: dict[str, Any] = {"clientSystem": system, "clientType": model, "deviceId": context.uuid()}
    if context.chance(0.9):
        fields["language"] = context.rng.choice(LANGUAGES)
        fields["timezone"] = context.rng.choice(TIMEZONES)
    if context.chance(0.5):
        fields["geoListenEnabled"] = context.chance(0.8)
    return fields
