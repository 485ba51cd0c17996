"""How often the interpreter looks for objects that refer to each other and to which nobody refers any more.

By default it looks through everything that lives again and again while thousands of connections come: half of the time
that it takes to let them in, in pauses that everybody waits for. What a connection leaves behind is freed without, and
what a request does is found among the young.
"""

import gc
from typing import Final

YOUNG: Final = 10_000
"""New objects, more than have been freed, after which the new ones are looked through."""
MIDDLE: Final = 10
"""Such looks, after which those are that outlived one."""
OLD: Final = 100
"""Looks at those, after which all are, if there are a quarter more than the last time."""


def tune_gc() -> None:
    """To be called once, when everything is loaded that stays as long as the process: it is not looked through any
    more."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
