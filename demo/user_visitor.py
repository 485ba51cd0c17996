"""USER visits: browsing a web UI, switching windows, logging out or leaving."""

from typing import Any, Final

from demo.visit import Visit

USERS: Final = [
    *("amina", "bjorn", "chen", "dolores", "emeka", "fatima", "goran", "hana", "ines", "jamal", "kaja", "liam"),
    *("mei", "noor", "otto", "priya", "quentin", "rosa", "sven", "tomas", "uma", "vera", "wanda", "yusuf"),
]
PAGES: Final[dict[str, dict[str, list[str]]]] = {
    "/view/overview": {"tab-alarms": [], "tab-weather": []},
    "/view/plants": {"plant-north": ["trend", "log"], "plant-south": ["trend", "log"], "plant-east": ["trend"]},
    "/view/reports": {"report-daily": ["chart", "table"], "report-monthly": ["chart"]},
    "/view/settings": {"tab-users": [], "tab-rules": []},
}


async def browse(visit: Visit) -> None:
    """Browse from login to logout. One visit in four just leaves, one in 25 is terminated."""
    ending = visit.rng.choices(["logout", "silence", "terminated"], [70, 26, 4])[0]
    login = {"username": visit.rng.choice(USERS), "clientId": visit.unique_text()}
    path = _random_page(visit)
    common: dict[str, Any] = {"path": path}
    if ending == "silence":
        common["timeoutSeconds"] = visit.rng.randint(10, 25)
    session = await visit.start(login, **common)
    await visit.wait(2, 5)
    for sequence in range(1, visit.rng.randint(4, 11)):
        roll = visit.rng.random()
        if roll < 0.15:
            await visit.call("hideSession", id=session, path=path, sequence=sequence)
            await visit.wait(3, 8)
            continue
        if roll < 0.7:
            path = _random_page(visit)
        await visit.call("keepaliveSession", id=session, visible=True, path=path, sequence=sequence)
        await visit.wait(2, 7)
        if roll > 0.97:
            # The page was reloaded: with the same clientId the server returns the active session.
            await visit.start(login, **common)
    if ending == "logout":
        await visit.call("stopSession", id=session, path=path)
    elif ending == "terminated":
        await visit.call("terminateSession", id=session, reason="Maintenance")
        await visit.wait(2, 5)
        await visit.call("keepaliveSession", id=session, may_be_ended=True)


def _random_page(visit: Visit) -> list[str]:
    """Return a page of the tree, one to three levels deep."""
    view = visit.rng.choice(list(PAGES))
    if not visit.chance(0.85):
        return [view]
    part = visit.rng.choice(list(PAGES[view]))
    details = PAGES[view][part]
    return [view, part, visit.rng.choice(details)] if details and visit.chance(0.6) else [view, part]
