"""Operations with files, by the GraphQL multipart request specification (github.com/jaydenseric, version 2).

The parts come in this order: `operations` (the request, null where a file goes), `map` (for each file the places in the
request, such as `{"0": ["variables.file"]}`), then the files. They are written to temporary files as they arrive; the
operation begins when all are there.
"""

from contextlib import ExitStack

from python_multipart.multipart import parse_options_header
from starlette.types import Scope

from transport.errors import RequestError, bad_request
from transport.http.headers import header_values
from transport.http.request_body import CONNECTION_CLOSE, BodyReader, body_too_large, check_content_length
from transport.http.uploads.form import MultipartForm
from transport.request import OperationRequest
from transport.settings import Limits


async def read_multipart(scope: Scope, reader: BodyReader, limits: Limits, resources: ExitStack) -> OperationRequest:
    """The request in a multipart body, its files among the variables. They are there until `keep` is closed.

    Raises Refusal: BAD_REQUEST (also with 413), what `Arriving.piece` and `parameters.from_body` raise, and
    SERVICE_UNAVAILABLE where files cannot be kept.
    """
    try:
        return await _read(scope, reader, limits, resources)
    except RequestError as refusal:
        refusal.headers = (*(header for header in refusal.headers if header not in CONNECTION_CLOSE), *CONNECTION_CLOSE)
        raise


async def _read(scope: Scope, reader: BodyReader, limits: Limits, resources: ExitStack) -> OperationRequest:
    check_content_length(scope, limits.multipart_bytes)
    form = MultipartForm(parse_boundary(scope), limits, resources)
    received, more = 0, True
    while more:
        chunk, more = await reader.read_chunk()
        received += len(chunk)
        if received > limits.multipart_bytes:
            raise body_too_large(limits.multipart_bytes)
        await form.feed(chunk)
    return form.build_request()


def parse_boundary(scope: Scope) -> bytes:
    """What stands between the parts."""
    _, options = parse_options_header(header_values(scope, b"content-type")[0])
    delimiter = options.get(b"boundary", b"")
    if not 1 <= len(delimiter) <= 70:  # RFC 2046 §5.1.1
        raise bad_request("The Content-Type must give a boundary of 1 to 70 characters.")
    return delimiter
