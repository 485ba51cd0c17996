"""The table of bad inputs: what each is answered, and that the server is none the worse for it."""

import logging
from typing import Final

import pytest
from structlog.testing import capture_logs

from tests.bad_inputs.body_cases import BODIES
from tests.bad_inputs.case import CANARY, Known, Row, asking
from tests.bad_inputs.command_cases import CALLS
from tests.bad_inputs.document_cases import DOCUMENTS
from tests.bad_inputs.filter_cases import FILTERS
from tests.bad_inputs.media_event_cases import PLAYERS
from tests.bad_inputs.multipart_cases import FORMS
from tests.bad_inputs.raw_http_cases import WIRES
from tests.bad_inputs.scalar_cases import VALUES
from tests.bad_inputs.start_cases import STARTS
from tests.in_process_server import sent

TABLE: Final[list[Row]] = [*BODIES, *FORMS, *WIRES, *DOCUMENTS, *CALLS, *PLAYERS, *STARTS, *VALUES, *FILTERS]
GOOD: Final = asking("{ viewer { name } }")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
async def test_a_bad_input_is_answered_and_harms_nothing(
    port: int, known: Known, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    with capture_logs() as logged:
        answer = await sent(port, row.sent(known) if callable(row.sent) else row.sent)
        assert answer.status == row.status, answer.body[:500]
        if row.graphql:
            assert answer.codes == ({row.code} if row.code else set()), answer.body[:500]
        assert row.header in answer.head
        assert b"Traceback" not in answer.body
        assert len(answer.body) < 20_000
        good = await sent(port, GOOD)
        assert (good.status, good.codes) == (200, set())
    assert CANARY not in f"{logged} {caplog.text}"
    # One line each: for the bad one, which may not get as far as GraphQL, and for the good one.
    assert len(logged) == 2 or (not row.graphql and len(logged) == 1)
    assert {line["log_level"] for line in logged} == {"info"}
    assert {line["event"] for line in logged} <= {"operation", "request refused"}


def test_no_row_is_there_twice() -> None:
    assert len({row.what for row in TABLE}) == len(TABLE)
