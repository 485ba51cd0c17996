"""What a client asks for, whatever it travelled over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transport.uploads import VariablePath


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """The members of a request. Those that are not there are empty; `query` is None where the document is only named,
    by `document_id` or by a hash in the extensions (see `transport.documents.persisted`)."""

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)
    document_id: str | None = None
    upload_paths: tuple[VariablePath, ...] = ()
    """Where files stand in the variables."""
