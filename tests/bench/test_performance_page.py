"""docs/performance.md: what its results say, and its charts."""

from math import inf
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.charts import Axis, line_chart
from bench.harness import BenchConfig
from bench.performance_page import FOLDER, NOTES, RESULTS, cells_by_filter, chart, render
from bench.results import read_results, read_rows, save_rows
from bench.scenarios import SCENARIOS
from bench.scenarios.base import Row
from bench.scenarios.history import build_queries, filter_of

SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - we made it


def test_page_and_charts_are_made_from_the_results() -> None:
    """Otherwise: `python -m bench.performance_page`."""
    made = dict(render(read_results(RESULTS)))
    assert [str(file) for file, text in made.items() if file.read_text(encoding="utf-8") != text] == []
    assert {*FOLDER.iterdir()} == {RESULTS, *(file for file in made if file.suffix == ".svg")}


def test_every_scenario_is_explained() -> None:
    assert set(NOTES) == {scenario.name for scenario in SCENARIOS}


def test_results_of_a_scenario_are_replaced_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "results.json"
    row = Row("ours", "1", [(1.5, inf), (123.4567891, 0)], "line", 2.0)
    save_rows(file, "page", [row], BenchConfig())
    save_rows(file, "session", [row], BenchConfig())
    save_rows(file, "page", [Row("ours", "2", [(3.0,)])], BenchConfig())
    scenarios = read_results(file)["scenarios"]
    assert read_rows(scenarios["session"]) == [Row("ours", "1", [[1.5, inf], [123.457, 0]], "line", 2.0)]
    assert [row.case for row in read_rows(scenarios["page"])] == ["2"]
    monkeypatch.setattr("bench.results.describe_system", lambda: "another machine")
    save_rows(file, "page", [row], BenchConfig())
    assert list(read_results(file)["scenarios"]) == ["page"]


def test_chart_has_a_point_for_each_value() -> None:
    picture = parsed(line_chart("<a & b>", "x", "y", {"one": [(1, 5), (100, 5)], "two": [(1, 7)]}))
    assert picture.findtext(f"{SVG}title") == "<a & b>"
    lines = picture.findall(f"{SVG}g")
    assert [len(line.findall(f"{SVG}circle")) for line in lines] == [2, 1]
    first, second = lines[0].findall(f"{SVG}circle")
    assert float(first.attrib["cx"]) < float(second.attrib["cx"])
    assert first.attrib["cy"] == second.attrib["cy"]
    texts = [text.text for text in picture.findall(f"{SVG}text")]
    assert {"one", "two", "10", "100"} <= set(texts)


def test_names_of_lines_with_the_same_end_do_not_overlap() -> None:
    picture = parsed(line_chart("", "", "", {name: [(1, 5), (2, 5)] for name in "abc"}))
    places = {text.text: float(text.attrib["y"]) for text in picture.findall(f"{SVG}text")}
    assert places["b"] - places["a"] == places["c"] - places["b"] == 15


def test_requests_that_were_refused_are_not_drawn() -> None:
    scenario = next(each for each in SCENARIOS if each.name == "connections")
    rows = [Row("ours", "", [(cost, 0, 0, 0, failures, 0)], "page", x) for x, cost, failures in ((1, 9, 0), (2, 1, 5))]
    picture = parsed(chart(scenario, rows))
    assert len(picture.findall(f".//{SVG}circle")) == 1


def test_history_has_a_line_for_each_query_and_a_column_for_each_filter() -> None:
    names = ["total", "byPath, 2 deep", "total, a kind", "byPath, 2 deep, under a path"]
    rows = [Row("ours", name, [(number, 0)], filter_of(name)) for number, name in enumerate(names, start=1000)]
    assert cells_by_filter(rows) == [
        ["query, ms", "all", "a kind", "under a path"],
        ["total", "1,000", "1,002", ""],
        ["byPath, 2 deep", "1,001", "", "1,003"],
    ]
    assert len({filter_of(name) for name in build_queries()}) == 8


def test_ticks_are_round_numbers_within_the_axis() -> None:
    assert Axis(3, 60, 0, 1).ticks() == [5, 10, 20, 50]
    assert Axis(0.5, 70_000, 0, 1).ticks() == [1, 10, 100, 1_000, 10_000]
