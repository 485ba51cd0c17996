"""USER: people wander through the pages of a web UI, turn to another window, come back, log out or just leave."""

from collections.abc import Iterator
from typing import Any, Final

from demo.plan import Call, Scene, hide, keepalive, start, stop, terminate
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


def visit(scene: Scene) -> Iterator[Call]:
    """One login, from the first page to the last word, where there is one."""
    here = _page(scene)
    ending = scene.rng.choices(["logs out", "leaves", "is sent away"], [70, 26, 4])[0]
    common: dict[str, Any] = {"timeoutSeconds": scene.rng.randint(10, 25)} if ending == "leaves" else {}
    opening = start(Kind.USER, _login(scene), path=here, then=scene.pause(2, 5), **common)
    yield opening
    for sequence in range(1, scene.rng.randint(4, 11)):
        mood = scene.rng.random()
        if mood < 0.15:
            yield hide(Kind.USER, 0, path=here, sequence=sequence, then=scene.pause(3, 8))
            continue
        if mood < 0.7:
            here = _page(scene)
        yield keepalive(Kind.USER, 0, path=here, sequence=sequence, then=scene.pause(2, 7))
        if mood > 0.97:
            # The page was loaded again: with the same clientId it is answered the session it has.
            yield opening
    if ending == "logs out":
        yield stop(Kind.USER, 0, path=here)
    elif ending == "is sent away":
        yield terminate(Kind.USER, 0, "Maintenance", then=scene.pause(2, 5))
        yield keepalive(Kind.USER, 0, then=0, may_find_ended=True)


def _login(scene: Scene) -> dict[str, Any]:
    return {"username": scene.rng.choice(USERS), "clientId": scene.secret()}


def _page(scene: Scene) -> list[str]:
    """Some page of the tree, one to three levels deep."""
    view = scene.rng.choice(list(PAGES))
    path = [view]
    if scene.chance(0.85):
        part = scene.rng.choice(list(PAGES[view]))
        path.append(part)
        if PAGES[view][part] and scene.chance(0.6):
            path.append(scene.rng.choice(PAGES[view][part]))
    return path
