"""USER: people wander through the pages of a web UI, turn to another window, come back, log out or just leave."""

from collections.abc import Iterator
from typing import Any, Final

from demo.plan import Call, VisitContext, hide, keepalive, start, stop, terminate
from models.enums import Kind

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


def browse(context: VisitContext) -> Iterator[Call]:
    """One login, from the first page to the last word, where there is one."""
    path = _random_page(context)
    ending = context.rng.choices(["logs out", "leaves", "is sent away"], [70, 26, 4])[0]
    common: dict[str, Any] = {"timeoutSeconds": context.rng.randint(10, 25)} if ending == "leaves" else {}
    start_call = start(Kind.USER, _login_fields(context), path=path, delay=context.random_seconds(2, 5), **common)
    yield start_call
    for sequence in range(1, context.rng.randint(4, 11)):
        roll = context.rng.random()
        if roll < 0.15:
            yield hide(Kind.USER, 0, path=path, sequence=sequence, delay=context.random_seconds(3, 8))
            continue
        if roll < 0.7:
            path = _random_page(context)
        yield keepalive(Kind.USER, 0, path=path, sequence=sequence, delay=context.random_seconds(2, 7))
        if roll > 0.97:
            # The page was loaded again: with the same clientId it is answered the session it has.
            yield start_call
    if ending == "logs out":
        yield stop(Kind.USER, 0, path=path)
    elif ending == "is sent away":
        yield terminate(Kind.USER, 0, "Maintenance", delay=context.random_seconds(2, 5))
        yield keepalive(Kind.USER, 0, delay=0, may_be_ended=True)


def _login_fields(context: VisitContext) -> dict[str, Any]:
    return {"username": context.rng.choice(USERS), "clientId": context.unique_text()}


def _random_page(context: VisitContext) -> list[str]:
    """Some page of the tree, one to three levels deep."""
    view = context.rng.choice(list(PAGES))
    path = [view]
    if context.chance(0.85):
        part = context.rng.choice(list(PAGES[view]))
        path.append(part)
        if PAGES[view][part] and context.chance(0.6):
            path.append(context.rng.choice(PAGES[view][part]))
    return path
