"""SECURITY.md names tests that exist, and each exception from the security rules of the linter has a reason."""

import re
import tomllib
from typing import Final

from tests.project.source_tree import ROOT, read, tracked_files

EXCEPTION: Final = re.compile(r"#\s*noqa:\s*(?P<codes>[A-Z0-9, ]*\bS\d{3}[A-Z0-9, ]*?)(?P<reason>\s+-\s+\S.*)?$")


def test_every_promise_names_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    table = text.partition("| promise | tests |")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if "`tests/" in line]
    assert len(rows) > 20
    paths = [path for row in rows for path in re.findall(r"`([^`]+)`", row[-1])]
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists() or not path.startswith("tests/")] == []
    tests = [path for path in paths if not re.search(r"\ndef test_|\nasync def test_", source_of(path))]
    assert tests == [], "each holds tests"


def source_of(path: str) -> str:
    files = [ROOT / path] if path.endswith(".py") else sorted((ROOT / path).rglob("test_*.py"))
    return "".join(file.read_text() for file in files)


def test_each_exception_from_security_rules_has_a_reason() -> None:
    found = [
        (str(path), line.strip(), match["reason"])
        for path in tracked_files()
        if path.suffix == ".py"
        for line in (read(path) or "").splitlines()
        if (match := EXCEPTION.search(line))
    ]
    assert len(found) > 10
    assert [(path, line) for path, line, reason in found if not reason] == []


def test_security_rules_of_the_linter_are_on() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    ignored = {code for codes in lint["per-file-ignores"].values() for code in codes if re.match(r"S\d", code)}
    # assert, subprocess and random numbers, which tests and benchmarks use; the first anywhere, as types need it.
    assert ignored | {code for code in lint["ignore"] if re.match(r"S\d", code)} == {"S101", "S311", "S603", "S607"}
