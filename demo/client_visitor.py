"""CLIENT: people launch an app, look, put it away, come back, close it; some just walk off."""

from collections.abc import Iterator
from typing import Any, Final

from demo.plan import LATEST, Call, Mention, Scene, hide, keepalive, keepalive_many, start, stop
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
LOANED: Final = 4


def launch(scene: Scene) -> Iterator[Call]:
    """One launch; one in twelve tells its start twice, because the first answer did not reach it."""
    fields = _device(scene)
    walks_off = scene.chance(0.2)
    common: dict[str, Any] = {"path": SCREENS[0], "metadata": {"appVersion": f"3.{scene.rng.randint(0, 9)}"}}
    if walks_off:
        common["timeoutSeconds"] = scene.rng.randint(10, 25)
    first = start(Kind.CLIENT, fields, then=scene.pause(2, 6), idempotencyKey=scene.secret(), **common)
    yield first
    if scene.chance(1 / 12):
        yield first
    for _ in range(scene.rng.randint(2, 7)):
        yield keepalive(Kind.CLIENT, 0, path=scene.rng.choice(SCREENS), then=scene.pause(3, 8))
        if scene.chance(0.25):
            yield hide(Kind.CLIENT, 0, then=scene.pause(4, 9))
    if not walks_off:
        yield stop(Kind.CLIENT, 0)
    elif scene.chance(0.4):
        yield from _come_back(scene, fields, common["timeoutSeconds"])


def gateway(scene: Scene) -> Iterator[Call]:
    """The loan devices of one museum, whose gateway gives their signs of life in one call."""
    for _ in range(LOANED):
        fields = _device(scene) | {"geoListenEnabled": False, "demoStreamEnabled": True}
        yield start(Kind.CLIENT, fields, path=["tour"], then=scene.pause(0.2, 1))
    for _ in range(scene.rng.randint(3, 8)):
        yield keepalive_many(Kind.CLIENT, range(LOANED), then=scene.pause(4, 8))
    for number in range(LOANED):
        yield stop(Kind.CLIENT, number, then=scene.pause(0.5, 3))


def _come_back(scene: Scene, fields: dict[str, Any], timeout: int) -> Iterator[Call]:
    """Taken out of the pocket after its session is over: told so, the app carries on in a new one."""
    yield keepalive(Kind.CLIENT, 0, visible=False, then=timeout + scene.pause(2, 6))
    yield keepalive(Kind.CLIENT, 0, then=scene.pause(0.2, 0.5), may_find_ended=True)
    yield start(Kind.CLIENT, fields, previousId=Mention(0), then=scene.pause(4, 9))
    yield stop(Kind.CLIENT, LATEST)


def _device(scene: Scene) -> dict[str, Any]:
    system, model, _ = scene.rng.choices(DEVICES, [share for *_, share in DEVICES])[0]
    fields: dict[str, Any] = {"clientSystem": system, "clientType": model, "deviceId": scene.uuid()}
    if scene.chance(0.9):
        fields["language"] = scene.rng.choice(LANGUAGES)
        fields["timezone"] = scene.rng.choice(TIMEZONES)
    if scene.chance(0.5):
        fields["geoListenEnabled"] = scene.chance(0.8)
    return fields
