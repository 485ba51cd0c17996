"""Operations with files, by the GraphQL multipart request specification (github.com/jaydenseric, version 2).

The parts come in this order: `operations` (the request, null where a file goes), `map` (for each file the places in the
request, such as `{"0": ["variables.file"]}`), then the files. They are written to temporary files as they arrive; the
operation begins when all are there.
"""

from contextlib import ExitStack

from python_multipart.multipart import parse_options_header
from starlette.types import Scope

from transport.errors import Refusal, bad_request
from transport.http.headers import values
from transport.http.request_body import CLOSE, Arriving, declared_length
from transport.http.uploads.form import Form
from transport.request import OperationRequest
from transport.settings import Limits


def is_multipart(scope: Scope) -> bool:
    """Whether a request says that it is a form with files."""
    types = values(scope, b"content-type")
    return len(types) == 1 and types[0].partition(";")[0].strip().lower() == "multipart/form-data"


async def read_multipart(scope: Scope, arriving: Arriving, limits: Limits, keep: ExitStack) -> OperationRequest:
    """The request in a multipart body, its files among the variables. They are there until `keep` is closed.

    Raises Refusal: BAD_REQUEST (also with 413), what `Arriving.piece` and `parameters.from_body` raise, and
    SERVICE_UNAVAILABLE where files cannot be kept.
    """
    try:
        return await _read(scope, arriving, limits, keep)
    except Refusal as refusal:
        refusal.headers = (*(header for header in refusal.headers if header not in CLOSE), *CLOSE)
        raise


async def _read(scope: Scope, arriving: Arriving, limits: Limits, keep: ExitStack) -> OperationRequest:
    if (declared_length(scope) or 0) > limits.multipart_bytes:
        raise too_large(limits)
    form = Form(boundary(scope), limits, keep)
    received, more = 0, True
    while more:
        piece, more = await arriving.piece()
        received += len(piece)
        if received > limits.multipart_bytes:
            raise too_large(limits)
        await form.feed(piece)
    return form.request()


def boundary(scope: Scope) -> bytes:
    """What stands between the parts."""
    if any(value.strip().lower() != "identity" for value in values(scope, b"content-encoding")):
        raise bad_request("The body must not be compressed.", status=415)
    _, options = parse_options_header(values(scope, b"content-type")[0])
    found = options.get(b"boundary", b"")
    if not 1 <= len(found) <= 70:  # RFC 2046 §5.1.1
        raise bad_request("The Content-Type must give a boundary of 1 to 70 characters.")
    return found


def too_large(limits: Limits) -> Refusal:
    """The body is longer than allowed."""
    return bad_request(f"The body is longer than {limits.multipart_bytes:,} bytes.", status=413)
