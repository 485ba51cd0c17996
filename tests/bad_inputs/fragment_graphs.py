"""Random documents of up to 64 KiB whose fragments spread one another in every shape."""

from random import Random
from typing import Final

MAX_CHARACTERS: Final = 64 * 1024
LEAVES: Final = {"Query": "__typename", "Session": "id", "Viewer": "name"}


class FragmentGraphs:
    """A sequence of documents: chains, trees, doubled spreads, cycles, unused and undefined fragments, at random."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - the documents are to be the same each time

    def document(self) -> str:
        """Build the next document."""
        choose = self._random.choice
        count = int(2 ** self._random.uniform(0, 9.5))
        self._types = [choose(("Query", "Query", "Session", "Viewer")) for _ in range(count)]
        self._name = choose(("f", "fragment_with_a_long_name_", "x" * self._random.randint(1, 200)))
        self._spreads, has_cycles = choose((1, 2, 2, 3, 8, 30)), self._random.random() < 0.2
        parts = [f"query {{ {self._selection('Query', range(count))} }}"]
        length = len(parts[0])
        for index, type_ in enumerate(self._types):
            later = range(index + 1, min(count, index + choose((2, 4, count))))
            selection = self._selection(type_, range(count) if has_cycles else later)
            parts.append(f"fragment {self._name}{index} on {type_} {{ {selection} }}")
            length += len(parts[-1])
            if length > MAX_CHARACTERS:
                break
        return "\n".join(parts)[:MAX_CHARACTERS]

    def _selection(self, type_: str, targets: range) -> str:
        """Select a leaf, and spread some of the fragments on the type, or on a type below it."""
        choose = self._random.choice
        selections = [LEAVES[type_]]
        for _ in range(self._random.randint(0, self._spreads) if targets else 0):
            target = choose(targets)
            spread, alias = f"...{self._name}{target}", choose(("", f"a{target}: "))
            match type_, self._types[target]:
                case (outer, inner) if outer == inner:
                    selections.append(choose((spread, spread, f"... on {type_} {{ {spread} }}")))
                case ("Query", "Viewer"):
                    selections.append(f"{alias}viewer {{ {spread} }}")
                case ("Query", "Session"):
                    selections.append(f'{alias}session(id: "x") {{ {spread} }}')
        return " ".join(selections)
