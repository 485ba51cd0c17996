"""All cases over HTTP: expected response, log without client data, next request served."""

import logging
from typing import Final

import pytest
from structlog.testing import capture_logs

from tests.bad_inputs.case import CANARY, Case, ExistingSessions, operation
from tests.bad_inputs.document_cases import DOCUMENT_CASES
from tests.bad_inputs.http_cases import BODY_CASES, RAW_HTTP_CASES
from tests.bad_inputs.multipart_cases import MULTIPART_CASES
from tests.bad_inputs.session_cases import COMMAND_CASES, MEDIA_EVENT_CASES, START_CASES
from tests.bad_inputs.value_cases import FILTER_CASES, SCALAR_CASES
from tests.live_server import send_raw

ALL_CASES: Final[list[Case]] = [
    *BODY_CASES,
    *MULTIPART_CASES,
    *RAW_HTTP_CASES,
    *DOCUMENT_CASES,
    *COMMAND_CASES,
    *MEDIA_EVENT_CASES,
    *START_CASES,
    *SCALAR_CASES,
    *FILTER_CASES,
]
VALID_REQUEST: Final = operation("{ viewer { name } }")


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.title)
async def test_bad_input_is_refused_and_harmless(
    port: int, existing: ExistingSessions, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    with capture_logs() as logged:
        answer = await send_raw(port, case.request(existing) if callable(case.request) else case.request)
        assert answer.status == case.status, answer.body[:500]
        if case.graphql:
            assert answer.codes == ({case.code} if case.code else set()), answer.body[:500]
        assert case.header in answer.head
        assert b"Traceback" not in answer.body
        assert len(answer.body) < 20_000
        good = await send_raw(port, VALID_REQUEST)
        assert (good.status, good.codes) == (200, set())
    assert CANARY not in f"{logged} {caplog.text}"
    # One line per request; the bad one may be refused before it is logged as an operation.
    assert len(logged) == 2 or (not case.graphql and len(logged) == 1)
    assert {line["log_level"] for line in logged} == {"info"}
    assert {line["event"] for line in logged} <= {"operation", "request refused"}


def test_case_titles_are_unique() -> None:
    assert len({case.title for case in ALL_CASES}) == len(ALL_CASES)
