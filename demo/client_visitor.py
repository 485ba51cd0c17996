"""CLIENT visits: an app that is opened, used, put away, and closed or abandoned."""

from typing import Any, Final

from demo.visit import Visit

DEVICES: Final = {
    ("iOS 18.5", "iPhone"): 6,
    ("iOS 17.7", "iPhone"): 3,
    ("iPadOS 18.5", "iPad"): 2,
    ("Android 15", "Pixel 9"): 4,
    ("Android 14", "Galaxy S24"): 5,
    ("Android 11", "Fairphone 3"): 1,
}
LANGUAGES: Final = ["en", "en-US", "fr", "fr-CA", "de", "es", "pt-BR", "ja", "nl", "ar"]
TIMEZONES: Final = ["Europe/Paris", "America/New_York", "+0200", "-0500", "Asia/Tokyo", "Z", "+05:30"]
SCREENS: Final = [["listen"], ["listen", "map"], ["listen", "tags"], ["speak"], ["speak", "record"], ["about"]]
LOAN_DEVICES: Final = 4


async def use_app(visit: Visit) -> None:
    """Use an app once. One start in twelve is sent twice, as after a lost response."""
    fields = _device_fields(visit)
    common: dict[str, Any] = {"path": SCREENS[0], "metadata": {"appVersion": f"3.{visit.rng.randint(0, 9)}"}}
    leaves = visit.chance(0.2)
    if leaves:
        common["timeoutSeconds"] = visit.rng.randint(10, 25)
    common["idempotencyKey"] = visit.unique_text()
    for _ in range(2 if visit.chance(1 / 12) else 1):
        session = await visit.start(fields, **common)
        await visit.wait(2, 6)
    for _ in range(visit.rng.randint(2, 7)):
        await visit.call("keepaliveSession", id=session, visible=True, path=visit.rng.choice(SCREENS))
        await visit.wait(3, 8)
        if visit.chance(0.25):
            await visit.call("hideSession", id=session)
            await visit.wait(4, 9)
    if not leaves:
        await visit.call("stopSession", id=session)
    elif visit.chance(0.4):
        await _resume_after_expiry(visit, session, fields, common["timeoutSeconds"])


async def run_gateway(visit: Visit) -> None:
    """Lend a museum's devices, whose gateway sends their keepalives in one call."""
    sessions = []
    for _ in range(LOAN_DEVICES):
        fields = _device_fields(visit) | {"geoListenEnabled": False, "demoStreamEnabled": True}
        sessions.append(await visit.start(fields, path=["tour"]))
        await visit.wait(0.2, 1)
    for _ in range(visit.rng.randint(3, 8)):
        await visit.call("keepaliveSessions", may_be_ended=True, sessions=[{"id": session} for session in sessions])
        await visit.wait(4, 8)
    for session in sessions:
        await visit.call("stopSession", id=session)
        await visit.wait(0.5, 3)


async def _resume_after_expiry(visit: Visit, session: str, fields: dict[str, Any], timeout_seconds: int) -> None:
    """Come back after the session expired: the app learns so and goes on in a new session."""
    await visit.call("keepaliveSession", id=session, visible=False)
    await visit.wait(timeout_seconds + 2, timeout_seconds + 6)
    await visit.call("keepaliveSession", id=session, may_be_ended=True)
    successor = await visit.start(fields, previousId=session)
    await visit.wait(4, 9)
    await visit.call("stopSession", id=successor)


def _device_fields(visit: Visit) -> dict[str, Any]:
    system, model = visit.rng.choices(list(DEVICES), list(DEVICES.values()))[0]
    fields: dict[str, Any] = {
        "clientSystem": system,
        "clientType": model,
        "deviceId": f"{visit.rng.getrandbits(128):032x}",
    }
    if visit.chance(0.9):
        fields |= {"language": visit.rng.choice(LANGUAGES), "timezone": visit.rng.choice(TIMEZONES)}
    if visit.chance(0.5):
        fields["geoListenEnabled"] = visit.chance(0.8)
    return fields
