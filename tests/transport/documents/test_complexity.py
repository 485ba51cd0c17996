"""Complexity analysis, compared with a naive one that expands every fragment."""

from collections import Counter as Multiset
from dataclasses import dataclass
from typing import Any

from graphql import FragmentDefinitionNode, OperationDefinitionNode, build_schema, parse, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from transport import Limits
from transport.documents.complexity import ComplexityAnalyzer
from transport.documents.overlapping_fields import count_overlaps

SCHEMA = build_schema("""
type Query { thing: Thing }
type Thing { id: ID thing: Thing things: [Thing] grid: [[Thing]] page(first: Int): Page byIds(ids: [ID!]): [Thing] }
type Page { nodes: [Thing] total: Int thing: Thing }
""")
LIMITS = Limits()
VARIABLES = {"n": 3, "ids": ["a", "b", "c", "d"]}
INNER = {"thing": "Thing", "things": "Thing", "grid": "Thing", "page": "Page", "byIds": "Thing", "nodes": "Thing"}
FIELDS = {"Thing": ["id", "thing", "things", "grid", "page", "byIds"], "Page": ["nodes", "total", "thing"]}
ARGUMENTS: dict[str, list[tuple[str, int | None]]] = {
    "page": [("", 10), ("(first:2)", 2), ("(first:$n)", 3), ("(first:900)", 900)],
    "byIds": [("", None), ("(ids:[1,2])", 2), ("(ids:$ids)", 4)],
}


@dataclass(frozen=True)
class Field:
    """A field of a generated document."""

    name: str
    alias: str
    arguments: str
    size: int | None
    directive: bool
    children: tuple[Any, ...]

    def render(self) -> str:
        alias = f"{self.alias}:" if self.alias else ""
        directive = "@include(if:true)" if self.directive else ""
        return f"{alias}{self.name}{self.arguments}{directive}{render_selection_set(self.children)}"


@dataclass(frozen=True)
class Spread:
    """A fragment spread, or an inline fragment if it has children."""

    name: str
    children: tuple[Any, ...] = ()

    def render(self) -> str:
        return f"...{self.name}{render_selection_set(self.children)}"


def render_selection_set(children: tuple[Any, ...]) -> str:
    return "{" + " ".join(child.render() for child in children) + "}" if children else ""


def selections(on: str, names: list[str], depth: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """Generate selection sets on a type that spread only fragments of these names."""
    usable = [name for name in names if name.startswith(on)]
    kinds: list[st.SearchStrategy[Any]] = [fields(on, names, depth)]
    if usable:
        kinds.append(st.sampled_from(usable).map(Spread))
    if depth:
        kinds.append(selections(on, names, depth - 1).map(lambda children: Spread("", children)))
    return st.lists(st.one_of(kinds), min_size=1, max_size=3).map(tuple)


def fields(on: str, names: list[str], depth: int) -> st.SearchStrategy[Field]:
    usable = [name for name in FIELDS[on] if depth or name not in INNER]

    def build(name: str) -> st.SearchStrategy[Field]:
        inner = INNER.get(name)
        children = selections(inner, names, depth - 1) if inner else st.just(())
        arguments = st.sampled_from(ARGUMENTS.get(name, [("", None)]))
        return st.builds(
            lambda alias, given, directive, under: Field(name, alias, given[0], given[1], directive, under),
            st.sampled_from(["", "", "", "x", "y"]),
            arguments,
            st.booleans(),
            children,
        )

    return st.sampled_from(usable).flatmap(build)


@st.composite
def documents(draw: st.DrawFn) -> tuple[tuple[Any, ...], dict[str, tuple[Any, ...]]]:
    """Generate an operation and its fragments; each fragment spreads only later ones."""
    names = [f"{draw(st.sampled_from(['Thing', 'Page']))}{number}" for number in range(draw(st.integers(0, 5)))]
    fragments = {
        name: draw(selections(name.rstrip("012345"), names[position + 1 :], 1)) for position, name in enumerate(names)
    }
    return draw(selections("Thing", names, 2)), fragments


def expand(children: tuple[Any, ...], fragments: dict[str, tuple[Any, ...]]) -> list[Any]:
    """Expand a selection set: fields as (field, expanded children), spreads as their name."""
    result: list[Any] = []
    for child in children:
        if isinstance(child, Field):
            result.append((child, expand(child.children, fragments)))
        elif child.children:
            result.extend(expand(child.children, fragments))
        else:
            result.append(child.name)
            result.extend(expand(fragments[child.name], fragments))
    return result


def only_fields(level: list[Any]) -> list[tuple[Field, list[Any]]]:
    return [entry for entry in level if not isinstance(entry, str)]


def naive_counts(level: list[Any]) -> Multiset[str]:
    total: Multiset[str] = Multiset(selections=len(level))
    for field, inner in only_fields(level):
        total += Multiset(aliases=int(bool(field.alias)), directives=int(field.directive)) + naive_counts(inner)
    return total


def naive_depth(level: list[Any]) -> int:
    return max((1 + naive_depth(inner) for _, inner in only_fields(level)), default=0)


def naive_cost(level: list[Any], size_from_above: int) -> int:
    total = 0
    for field, inner in only_fields(level):
        if field.name == "page":
            total += 1 + naive_cost(inner, field.size or 0)
        elif field.name in INNER:
            times = {"thing": 1, "byIds": field.size or size_from_above, "grid": size_from_above * 10}
            total += times.get(field.name, size_from_above) * (1 + naive_cost(inner, 10))
    return total


def naive_overlaps(level: list[Any]) -> int:
    """Count pairs of entries with one response name, and of spreads."""
    names = Multiset("..." if isinstance(entry, str) else entry[0].alias or entry[0].name for entry in level)
    pairs = sum(count * (count - 1) // 2 for count in names.values())
    for name in names - Multiset({"...": names["..."]}):
        same = [inner for field, inner in only_fields(level) if (field.alias or field.name) == name]
        pairs += naive_overlaps([entry for inner in same for entry in inner])
    return pairs


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_shared_fragments_equal_expanded_document(document: tuple[tuple[Any, ...], dict[str, tuple[Any, ...]]]) -> None:
    children, fragments = document
    text = f"query($n:Int $ids:[ID!]){{thing{render_selection_set(children)}}}"
    text += "".join(
        f" fragment {name} on {name.rstrip('012345')}{render_selection_set(under)}" for name, under in fragments.items()
    )
    expanded = [(Field("thing", "", "", None, False, children), expand(children, fragments))]
    counts = naive_counts(expanded)
    assume(counts["selections"] < 3_000)

    parsed = parse(text)
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    tally = ComplexityAnalyzer(SCHEMA, parsed, LIMITS).analyze(operation)

    assert tally.selections == counts["selections"]
    assert tally.aliases == counts["aliases"]
    assert tally.directives == counts["directives"]
    assert tally.depth == naive_depth(expanded)
    assert tally.fields == 1
    assert tally.introspection_depth == 0
    assert tally.cost.evaluate(VARIABLES) == naive_cost(expanded, 10)
    definitions = {node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)}
    assert count_overlaps(operation, definitions) == naive_overlaps(expanded)


def test_unknown_fields_are_counted_without_cost() -> None:
    document = parse("{nothing(first:3){of{this ...{exists}} ...on Nowhere{x} ...on ID{y}}}")
    assert validate(SCHEMA, document)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    tally = ComplexityAnalyzer(SCHEMA, document, LIMITS).analyze(operation)
    assert (tally.selections, tally.depth, tally.cost.evaluate({})) == (6, 3, 0)
