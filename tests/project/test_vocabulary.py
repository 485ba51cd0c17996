"""One plain vocabulary: the terms of `docs/glossary.md`, and none of the words that once stood for them."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.project.source_tree import PACKAGES, ROOT, python_files, read, syntax_tree, tracked_files

PROSE: Final = re.compile(
    r"\b(who|whom|whoever|nobody|somebody|anybody|told|tells?|heard|hears?|crowds?|lets? go)\b", re.IGNORECASE
)
"""Words that hide the subject (a client, a subscriber, the server) or the term (notify, receive, fan-out, release)."""

DOCUMENTS: Final = re.compile(r"\b(whoever|nobody|somebody|told|heard|crowds?|lets? go)\b", re.IGNORECASE)

IDENTIFIER_WORD: Final = re.compile(
    r"who|whom|whoever|nobody|somebody|anybody|told|tells?|heard|hear|hears|hearing|crowd|birth|bear"
    r"|settled?|settling|wish|wishes|mend|mended"
)

CODE: Final = (*PACKAGES, "main.py", "demo", "bench", "tests")


def identifiers(path: Path) -> Iterator[tuple[int, str]]:
    """The names that a file defines: functions, classes, arguments, variables and attributes."""
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def words(identifier: str) -> set[str]:
    """The words of a snake_case or CamelCase name."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", identifier)}


def is_private_language(identifier: str) -> bool:
    return any(IDENTIFIER_WORD.fullmatch(word) for word in words(identifier))


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The comments of a file and the strings that stand as statements: docstrings and notes on attributes."""
    for token in tokenize.generate_tokens(io.StringIO(read(path) or "").readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def checked_files() -> list[Path]:
    """The Python files of the project but this one, which names the words."""
    return [path for path in python_files(*CODE) if path.name != Path(__file__).name]


def test_words_of_identifiers_are_split() -> None:
    assert words("HeardFields") == {"heard", "fields"}
    assert words("_take_told") == {"take", "told"}


def test_identifiers_use_the_terms_of_the_field() -> None:
    files = checked_files()
    assert len(files) > 400
    found = [f"{path}:{line} {name}" for path in files for line, name in identifiers(path) if is_private_language(name)]
    assert not found, "\n".join(found)


def test_docstrings_and_comments_use_plain_words() -> None:
    found = [
        f"{path}:{line} {match[0]}"
        for path in checked_files()
        for line, text in prose(path)
        if (match := PROSE.search(text))
    ]
    assert not found, "\n".join(found)


def test_schema_descriptions_use_plain_words() -> None:
    schema = (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")
    found = [line for line in schema.splitlines() if PROSE.search(line)]
    assert not found, "\n".join(found)


def test_documents_use_plain_words() -> None:
    documents = [path for path in tracked_files() if path.suffix == ".md"]
    assert Path("README.md") in documents
    found = [
        f"{path}:{number} {match[0]}"
        for path in documents
        for number, line in enumerate((read(path) or "").splitlines(), 1)
        if (match := DOCUMENTS.search(line))
    ]
    assert not found, "\n".join(found)
