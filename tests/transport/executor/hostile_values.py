"""Values, errors and awaitables that resolvers of a hostile schema return where they should not."""

from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final, NoReturn, Self

from graphql import GraphQLError, Undefined

from tests.transport.executor.completion_order import CompletionOrder


class Strange:
    """A value that no type knows."""

    def __repr__(self) -> str:
        return "<strange>"


WRONG_VALUES: Final[tuple[Any, ...]] = (
    *(True, False, 0, 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 1.0, 1.5, -0.0, float("nan"), float("inf"), 1e300),
    *(
        "",
        "1",
        "RED",
        "PURPLE",
        "LOW",
        b"bytes",
        [],
        ["a"],
        [[None]],
        (),
        {},
        {"a": 1},
        {1},
        ("r", 2),
        Strange(),
        lambda *_: 7,
    ),
)

NEARLY_RIGHT: Final[dict[str, tuple[Any, ...]]] = {
    "Int": (True, False, 2**31, -(2**31) - 1, 3.0, 1.5, "3", float("nan")),
    "Float": (True, 3, 2**53 + 1, float("nan"), float("inf"), "1.5", 10**400),
    "String": (1, True, 1.5, {}, ["a"]),
    "ID": (7, True, 7.0, ["a"]),
    "Boolean": (0, 1, 1.0, "true", float("nan")),
    "Color": ("PURPLE", "red", 1, ["RED"]),
    "Level": ("LOW", 1.0, True, "HIGH", ["r", 2], {}),
}
"""Values that types coerce, or refuse, though others like them pass as they are."""


class CustomError(Exception):
    """An error with more than a message."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.message = f"message of {text}"
        self.extensions = {"code": "CUSTOM", "key": text}


def raise_error(random: Random, key: str) -> NoReturn:
    raise make_error(random, key)


def make_error(random: Random, key: str) -> Exception:
    errors: list[Callable[[], Exception]] = [
        lambda: ValueError(f"bad {key}"),
        lambda: GraphQLError(f"graphql {key}", extensions={"code": "CODE", "key": key}),
        lambda: GraphQLError(f"elsewhere {key}", path=["else", 1, "where"]),
        lambda: CustomError(key),
        lambda: KeyError(key),
        lambda: AttributeError(key),
        TypeError,
        lambda: TimeoutError("late"),
    ]
    return random.choice(errors)()


class AwaitableObject:
    """Awaitable, and no coroutine. It can be awaited again, and then does everything again."""

    def __init__(self, wait: Callable[[], Awaitable[Any]]) -> None:
        self._wait = wait

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()


class AsyncItems:
    """An asynchronous iterator. A generator would complain if it is left in the middle."""

    def __init__(self, order: CompletionOrder, key: str, items: Iterator[Any]) -> None:
        self._order = order
        self._key = key
        self._items = items

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        await self._order.turn(self._key)
        try:
            return next(self._items)
        except StopIteration:
            raise StopAsyncIteration from None


@dataclass(frozen=True)
class OddValue:
    """A value of the scalar `Odd` that its type cannot show as it should."""

    how: str
    world: Any
    """A `World`."""
    key: str


def coerce_odd_output(value: Any) -> Any:
    match value:
        case OddValue("raise", _, key):
            raise CustomError(key)
        case OddValue("null"):
            return None
        case OddValue("undefined"):
            return Undefined
        case OddValue("await", world, key):
            return world.later(f"{key}#coerced", lambda: f"awaited {key}")
        case OddValue("object"):
            return {"nested": [1, {"a": None}], 1: 2}
    return f"odd {value!r}"


def coerce_odd_input(value: Any) -> Any:
    if value == "refused":
        raise GraphQLError("An odd value is refused.")
    return ("odd", value)
