"""Requests with files, by the GraphQL multipart request specification (github.com/jaydenseric, version 2).

The parts come in this order: `operations` (the request, with null for each file), `map` (for each file its paths in the
request, such as `{"0": ["variables.file"]}`), then the files. They are spooled to temporary files while they arrive;
the operation begins when all are complete.
"""

from contextlib import ExitStack

from python_multipart.multipart import parse_options_header

from transport.errors import RequestError, bad_request
from transport.http.headers import RequestHeaders
from transport.http.request_body import CONNECTION_CLOSE, BodyReader, body_too_large, check_content_length
from transport.http.uploads.form import MultipartForm
from transport.request import OperationRequest
from transport.settings import Limits


async def read_multipart(
    headers: RequestHeaders, reader: BodyReader, limits: Limits, resources: ExitStack
) -> OperationRequest:
    """Read the request from a multipart body, with its files among the variables until `resources` is closed.

    Raises RequestError: BAD_REQUEST (also with 413), those of `BodyReader.read_chunk` and `request_params.from_body`,
    and SERVICE_UNAVAILABLE if files cannot be stored.
    """
    try:
        check_content_length(headers, limits.multipart_bytes)
        form = MultipartForm(parse_boundary(headers), limits, resources)
        received, more = 0, True
        while more:
            chunk, more = await reader.read_chunk()
            received += len(chunk)
            if received > limits.multipart_bytes:
                raise body_too_large(limits.multipart_bytes)
            await form.feed(chunk)
        return form.build_request()
    except RequestError as error:
        error.headers = (*(header for header in error.headers if header not in CONNECTION_CLOSE), *CONNECTION_CLOSE)
        raise


def parse_boundary(headers: RequestHeaders) -> bytes:
    _, options = parse_options_header(headers.values(b"content-type")[0])
    delimiter = options.get(b"boundary", b"")
    if not 1 <= len(delimiter) <= 70:  # RFC 2046 §5.1.1
        raise bad_request("The Content-Type must have a boundary of 1 to 70 characters.")
    return delimiter
