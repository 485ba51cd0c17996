"""The internals of dependencies that the project relies on: an upgrade that changes one fails here, with its name."""

import inspect
import re
import tomllib
from importlib import import_module
from importlib.metadata import version
from typing import Final

import pytest
import strawberry
from graphql.execution import Executor
from strawberry.schema.name_converter import NameConverter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import Server

from tests.project.source_tree import ROOT

BOUNDED: Final = ("graphql-core", "starlette", "strawberry-graphql", "uvicorn", "websockets")

OVERRIDDEN: Final[dict[type, str]] = {
    HttpToolsProtocol: """connection_lost connection_made data_received handle_websocket_upgrade on_body on_header
        on_headers_complete on_message_begin on_message_complete on_response_complete on_url pause_writing
        resume_writing""",
    RequestResponseCycle: "send",
    WebSocketsSansIOProtocol: """connection_lost connection_made data_received eof_received handle_cont handle_events
        handle_parser_exception handle_ping on_task_complete pause_writing resume_writing run_asgi send
        send_receive_event_to_app shutdown""",
    NameConverter: "apply_naming_config",
    Executor: "execute_collected_root_fields execute_fields",
    Server: "handle_exit shutdown startup",
}
"""Methods that subclasses here override."""

ATTRIBUTES: Final[dict[type, str]] = {
    HttpToolsProtocol: "cycle expect_100_continue headers loop parser scope server_state transport",
    RequestResponseCycle: """chunked_encoding default_headers disconnected expected_content_length flow keep_alive
        message_event on_response response_complete response_started scope transport waiting_for_100_continue""",
    WebSocketsSansIOProtocol: """close_sent close_timer conn curr_msg_data_type disconnected frames handshake_complete
        loop queue read_paused scope transport writable""",
    strawberry.Schema: "_schema",
}
"""Attributes of instances that the code here reads or sets."""

NAMES: Final = {
    "graphql.execution": "ExperimentalIncrementalExecutionResults Executor VariableValues create_source_event_stream",
    "graphql.execution.incremental": "IncrementalExecutor",
    "graphql.validation.validate": "ValidationAbortedError",
    "uvicorn.protocols.http.httptools_impl": "HEADER_RE HEADER_VALUE_RE STATUS_LINE",
    "uvicorn.server": "Server ServerState",
    "websockets.protocol": "State",
}


@pytest.mark.parametrize("base", OVERRIDDEN)
def test_overridden_methods_exist(base: type) -> None:
    assert [name for name in OVERRIDDEN[base].split() if not callable(getattr(base, name, None))] == []


@pytest.mark.parametrize("owner", ATTRIBUTES)
def test_attributes_in_use_exist(owner: type) -> None:
    source = inspect.getsource(owner)
    missing = [name for name in ATTRIBUTES[owner].split() if not re.search(rf"self\.{name}\b", source)]
    assert missing == []


@pytest.mark.parametrize("module", NAMES)
def test_names_in_use_exist(module: str) -> None:
    assert [name for name in NAMES[module].split() if not hasattr(import_module(module), name)] == []


@pytest.mark.parametrize("package", BOUNDED)
def test_package_has_bounds_that_hold_the_installed_version(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (bounds,) = [
        found
        for requirement in project["project"]["dependencies"]
        if (found := re.fullmatch(rf"{package}>=([\d.]+),<([\d.]+)", requirement))
    ]
    lower, installed, upper = (
        tuple(int(part) for part in text.split(".")) for text in (bounds[1], version(package), bounds[2])
    )
    assert lower <= installed < upper
