"""Reads of data points: statement counts, budgets, large values on demand."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from resolvers.forms import queries
from tests.api.test_statement_counts import statements
from tests.api_client import open_api
from tests.blobs.form_client import FILE_FIELDS, PNG, FilePart, FormClient, PointValues

FORMS_QUERY: Final = "query($first: Int) { sessions(first: $first) { nodes { id ... on FieldSession { SELECTED } } } }"


@pytest.fixture(scope="module")
async def forms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FormClient]:
    folder: Path = tmp_path_factory.mktemp("forms")
    async with open_api(folder / "test.db") as api:
        device = FormClient(api, folder / "test.db.files")
        for number in range(12):
            photo = FilePart(PNG, f"{number}.png")
            points: PointValues = {"short": "1", "long": "x" * 2_000, "raw": b"y" * 3_000, "photo": photo}
            await device.started(points)
        yield device


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ("id", 1),
        ("data { name }", 2),
        (f"data {{ name {FILE_FIELDS} }}", 2),
        ("data { name value }", 3),
        ("data { name rawData }", 3),
        (f"data {{ name value rawData {FILE_FIELDS} }}", 4),
        ('data(names: ["SHORT"]) { name value }', 2),
    ],
)
async def test_statement_count_does_not_depend_on_page_size(forms: FormClient, selected: str, expected: int) -> None:
    document = FORMS_QUERY.replace("SELECTED", selected)
    for first in (1, 12):
        with statements(forms.api) as sent:
            await forms.api.execute(document, first=first)
        assert len(sent) == expected


async def test_unselected_raw_data_is_not_read(forms: FormClient) -> None:
    with statements(forms.api) as sent:
        await forms.api.execute(
            f"{{ sessions {{ nodes {{ ... on FieldSession {{ data {{ name {FILE_FIELDS} }} }} }} }} }}"
        )
    assert [each for each in sent if "raw_data" in each.replace("length(data_point.raw_data)", "")] == []


async def test_data_points_are_selected_by_name(forms: FormClient) -> None:
    document = """{ sessions(first: 1) { nodes { ... on FieldSession {
        some: data(names: ["LONG", "short", "nothing"]) { name } none: data(names: []) { name } } } } }"""
    (form,) = (await forms.api.execute(document))["nodes"]
    assert ([point["name"] for point in form["some"]], form["none"]) == (["short", "long"], [])


async def test_operation_has_a_budget_of_points(forms: FormClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries.ReadBudget.__init__, "__defaults__", (20, 10_000))
    document = FORMS_QUERY.replace("SELECTED", "data { name }")
    assert len((await forms.api.execute(document, first=5))["nodes"]) == 5
    answer = await forms.api.post(document, {"first": 6})
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"QUERY_TOO_COMPLEX"}


async def test_operation_has_a_budget_of_bytes(forms: FormClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries.ReadBudget.__init__, "__defaults__", (1_000, 10_000))
    for content, most in (("value", 5), ("rawData", 3)):
        document = FORMS_QUERY.replace("SELECTED", f"data {{ {content} }}")
        await forms.api.execute(document, first=most)
        answer = await forms.api.post(document, {"first": most + 1})
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"QUERY_TOO_COMPLEX"}


async def test_raw_data_counts_towards_query_cost(forms: FormClient) -> None:
    document = FORMS_QUERY.replace("SELECTED", "data { rawData }")
    assert await forms.api.error_code(document, first=500) == "QUERY_TOO_COMPLEX"
    await forms.api.execute(document, first=100)
