"""Objects that reference counting does not free."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

PACKAGES: Final = ("graphql.", "models.tables.", "resolvers.", "schema.", "strawberry.", "transport.")
"""Without what statements are made of: SQLAlchemy's are cycles of their own, and hold no rows."""


@contextmanager
def finding_garbage() -> Iterator[set[str]]:
    """Add the types and functions whose objects and frames were left to the collector, when the context ends."""
    found: set[str] = set()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found |= {name for name in map(_name, gc.garbage) if name.startswith(PACKAGES)}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _name(garbage: object) -> str:
    if isinstance(garbage, FrameType):
        return f"{garbage.f_globals.get('__name__')}.{garbage.f_code.co_name}"
    return f"{type(garbage).__module__}.{type(garbage).__name__}"
