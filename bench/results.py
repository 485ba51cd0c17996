"""The file of results: what each scenario gave, on which machine and when."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from bench.harness import BenchConfig
from bench.scenarios.base import Row
from bench.system_info import describe_system

_OPTIONS: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
INFINITE: Final = None
"""JSON has no infinity."""


def save_rows(file: Path, scenario: str, rows: Sequence[Row], config: BenchConfig) -> None:
    """Replace the results of a scenario. Those of another machine are dropped: they do not compare."""
    results = read_results(file) if file.exists() else {}
    machine = describe_system()
    if results.get("machine") != machine:
        results = {"machine": machine, "scenarios": {}}
    results["scenarios"][scenario] = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "runs": config.runs,
        "seconds": config.seconds,
        "rows": [_without_infinity(asdict(row)) for row in rows],
    }
    file.write_bytes(orjson.dumps(results, option=_OPTIONS))


def read_results(file: Path) -> dict[str, Any]:
    results: dict[str, Any] = orjson.loads(file.read_bytes())
    return results


def read_rows(result: dict[str, Any]) -> list[Row]:
    """Return the rows of a scenario's result."""
    return [
        Row(
            **{
                **row,
                "samples": [
                    [float("inf") if value is INFINITE else value for value in each] for each in row["samples"]
                ],
            }
        )
        for row in result["rows"]
    ]


def _without_infinity(row: dict[str, Any]) -> dict[str, Any]:
    """orjson writes infinity as null; round what is not measured to more than six digits."""
    samples = [[float(f"{value:.6g}") for value in sample] for sample in row["samples"]]
    return {**row, "samples": samples}
