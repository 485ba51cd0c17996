"""Comparison of the compiled executor with graphql-core's own, on generated cases."""

import gc
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple, Protocol, Self

from graphql.execution import Executor

from transport.executor import CompiledExecutor

MAX_SHRINKS: Final = 600


class TestedExecutor(CompiledExecutor):
    """The compiled executor; it counts the fields that it leaves to graphql-core."""

    __test__ = False  # no test
    left_to_core: ClassVar[int] = 0

    def build_resolve_info(self, *args: Any) -> Any:
        TestedExecutor.left_to_core += 1
        return super().build_resolve_info(*args)


class Outcome(NamedTuple):
    """What one execution returned, and what it did."""

    data: bytes
    """The encoded result: values and the order of keys."""
    errors: tuple[Any, ...] = ()
    writes: Mapping[str, int] = MappingProxyType({})
    """How often each resolver was called that has effects."""
    reads: Mapping[str, int] = MappingProxyType({})
    """How often each other resolver was called, or each statement was sent."""
    oddities: tuple[str, ...] = ()
    """What made the case unusual, for `Case.without`."""
    is_usual: bool = False
    """Whether nothing in it should be left to graphql-core."""

    @property
    def is_faulty(self) -> bool:
        return b"INTERNAL_SERVER_ERROR" in self.data

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or b'"errors":[{' in self.data


class Case(Protocol):
    """A generated document, and what it is executed on. Its text shows how to repeat it."""

    async def run(self, executor_class: type[Executor[Any]]) -> Sequence[Outcome]: ...

    def smaller(self) -> Iterator[Self]:
        """Iterate over valid cases whose document has one node less."""

    def without(self, oddity: str) -> Self: ...


class Counts(NamedTuple):
    cases: int
    compiled: int
    """Cases of which graphql-core executed no field."""
    failing: int
    """Cases with errors in the result."""


def fresh_seed() -> int:
    """Return a seed that no run had before."""
    return secrets.randbelow(10**9) * 1_000


async def check_cases(make_case: Callable[[int], Case], seeds: Iterable[int]) -> Counts:
    """Fail with the smallest document found for the first case whose outcomes differ."""
    cases = compiled = failing = 0
    for seed in seeds:
        case = make_case(seed)
        with collecting_between():
            expected = await case.run(Executor)
            tested = await run_tested(case)
        if find_difference(expected, tested) is not None:
            raise AssertionError(await describe(await shrink(case)))
        cases += 1
        compiled += tested.is_compiled
        failing += any(outcome.has_errors for outcome in expected)
    return Counts(cases, compiled, failing)


@contextmanager
def collecting_between() -> Iterator[None]:
    """Let the collector run afterwards only.

    Both executors drop coroutines beside errors. Where the collector meets one within `NamedTuple.__new__`, which has
    no builtins, Python cannot even warn that it was never awaited.
    """
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.enable()
        gc.unfreeze()


class Tested(NamedTuple):
    outcomes: Sequence[Outcome]
    is_compiled: bool


async def run_tested(case: Case) -> Tested:
    before = TestedExecutor.left_to_core
    return Tested(await case.run(TestedExecutor), TestedExecutor.left_to_core == before)


def find_difference(expected: Sequence[Outcome], tested: Tested) -> str | None:
    """Return how the first different outcome differs from that of graphql-core."""
    for wanted, found in zip(expected, tested.outcomes, strict=True):
        if wanted.is_faulty:
            return f"graphql-core itself meets a fault of the application: {_show(wanted.data)}"
        for name in ("data", "errors", "writes"):
            if getattr(wanted, name) != getattr(found, name):
                return _contrast(name, getattr(wanted, name), getattr(found, name))
        # An operation is read again if graphql-core has to execute it: once.
        times = 1 if tested.is_compiled else 2
        too_many = any(number > times * wanted.reads.get(key, 0) for key, number in found.reads.items())
        if too_many and not wanted.has_errors:
            return _contrast(f"reads (allowed: {times} times as many)", wanted.reads, found.reads)
    if all(each.is_usual for each in expected) and not tested.is_compiled:
        return "a usual operation was left to graphql-core"
    return None


def _contrast(name: str, wanted: Any, found: Any) -> str:
    return f"{name}\n  of graphql-core: {_show(wanted)}\n  found:           {_show(found)}"


async def differs(case: Case) -> str | None:
    return find_difference(await case.run(Executor), await run_tested(case))


async def shrink(case: Case) -> Case:
    """Remove from a case what the difference does not need."""
    attempts = MAX_SHRINKS
    while (smaller := await _shrink_once(case, attempts)) is not None:
        case, attempts = smaller
    return case


async def _shrink_once(case: Case, attempts: int) -> tuple[Case, int] | None:
    for smaller in [*case.smaller(), *[case.without(oddity) for oddity in await oddities(case)]]:
        attempts -= 1
        if attempts < 0:
            return None
        if await differs(smaller) is not None:
            return smaller, attempts
    return None


async def oddities(case: Case) -> list[str]:
    return list(dict.fromkeys(each for outcome in await case.run(Executor) for each in outcome.oddities))


async def describe(case: Case) -> str:
    found = "\n  ".join(await oddities(case))
    return f"{case}\noddities:\n  {found}\n{await differs(case)}"


def _show(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
