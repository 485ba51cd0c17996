"""What an operator may set: the limits of one request, and how much the server says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from transport.origins import AllowedOrigins


class TrustMode(StrEnum):
    """What happens to documents that are not trusted, where there are trusted ones."""

    OFF = "off"
    """They run."""
    LOG = "log"
    """They run, and each leaves a line in the log."""
    ENFORCE = "enforce"
    """They are refused: FORBIDDEN."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may ask for. Every default is far above what honest clients send.

    Whatever is counted in a document is counted as if each fragment were written out where it is spread.
    Over a limit: error code QUERY_TOO_COMPLEX with the number and the limit, or HTTP status 413 for the body.
    """

    body_bytes: int = 2 * 1024 * 1024
    body_idle_seconds: float = 15.0
    """How long a client may pause while it sends a body, in seconds; then status 408."""
    body_seconds: float = 30.0
    """How long it may take to send a body, in seconds, beside the time that this takes at the slowest rate allowed."""
    body_bytes_per_second: float = 4096.0
    """The slowest rate allowed."""
    multipart_bytes: int = 64 * 1024 * 1024
    """Length of a body with files, all its parts together."""
    upload_bytes: int = 64 * 1024 * 1024
    """Length of one file. Resolvers that take less tell so in their own way; what is longer does not reach them."""
    upload_files: int = 10
    upload_paths: int = 10
    """Places in the variables where files go."""
    json_depth: int = 64
    """Arrays and objects inside one another in a body."""
    json_values: int = 50_000
    """Strings, names among them, in a body; arrays and objects likewise. Over it status 413: in 2 MiB there could be
    700,000, which take a second and a hundred megabytes."""
    variables_depth: int = 32
    """Arrays and objects inside one another in the variables, the outermost object counted."""

    characters: int = 128 * 1024
    """Length of a document in characters, comments and white space too."""
    tokens: int = 2_000
    """Lexical tokens of a document; as many comments may stand between them."""
    operations: int = 20
    """Operations in one document."""
    selections: int = 2_000
    """Fields and fragment spreads in all operations of a document together."""
    merges: int = 5_000
    """Pairs of selections that name the same response field, or are fragments, side by side: validation compares each
    pair, so 500 times the same field would cost it 125,000 comparisons."""
    depth: int = 12
    """Fields inside one another, from the root field (1) on."""
    introspection_depth: int = 16
    """The same for fields under `__schema` and `__type`; the query that GraphiQL sends has 15."""
    aliases: int = 30
    root_fields: int = 10
    directives: int = 20
    cost: int = 20_000
    """Weight of all fields, each multiplied by the sizes of the lists it stands in. See `transport.documents.cost`."""
    default_list_size: int = 10
    """What a list counts in the cost where the operation asks for no size."""
    list_size: int = 500
    """Items in one list argument; and the most that `first` or `last` counts in the cost (what is out of bounds there
    is refused by the resolver, which knows its bounds)."""

    errors: int = 20
    """Validation or coercion errors told at once; one more says that there were others."""
    operation_seconds: float = 10.0
    """How long an operation may run, in seconds; then error code TIMEOUT."""

    stream_queue_bytes: int = 1024 * 1024
    """What may wait for the reader of one subscription; over it the queue is dropped, and what it held is read again
    from the source."""
    stream_heartbeat_seconds: float = 15.0
    """How long a subscription over HTTP may be silent, in seconds; then the client is told that it still stands."""
    stream_stall_seconds: float = 30.0
    """How long a client may take nothing of a subscription while something waits for it, in seconds; then it is cut
    off."""

    socket_operations: int = 50
    """Operations at once on one WebSocket."""
    message_rate: float = 50.0
    """Messages a second that a client may send on one WebSocket, in the long run; then close code 1013."""
    message_burst: int = 200
    """The same at a stretch."""
    init_seconds: float = 10.0
    """How long a WebSocket may wait for `connection_init`, in seconds; then close code 4408."""
    ping_seconds: float = 20.0
    """How often a WebSocket's client is asked whether it is still there, in seconds."""
    pong_seconds: float = 10.0
    """How long it may take to answer that, in seconds; then close code 4408."""

    cached_documents: int = 1_000
    """Documents kept parsed and validated, and refusals kept with their errors."""
    cached_tokens: int = 100_000
    """Lexical tokens of all documents kept: about 35 MB."""
    persisted_documents: int = 1_000
    """Documents remembered by the hash that a client sent along (automatic persisted queries)."""
    persisted_bytes: int = 4 * 1024 * 1024
    """Length of all of them."""


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """What `GraphQLEndpoint` may be told."""

    limits: Limits = field(default_factory=Limits)
    introspection: bool = True
    """Off: `__schema` and `__type` answer FORBIDDEN."""
    suggestions: bool = True
    """Off: validation errors do not name fields and types that the client may have meant."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names (without port) this server answers to; `*.example.org` allows every name below. Empty: any that is
    well formed."""
    origins: AllowedOrigins = field(default_factory=AllowedOrigins)
    """Whose pages may use the server, beside its own."""
    sockets_per_address: int | None = None
    """WebSockets at once from one address, more are refused with status 429; None: any number."""
    cors_credentials: bool = False
    """Whether browsers may send cookies and the like along from pages of other origins."""
    gzip_bytes: int = 1024
    """Length from which on an answer is compressed, if it is no stream; 0: never."""
    uploads: bool = True
    """Whether requests may come as multipart forms, with files."""
    csrf_prevention: bool = True
    """Whether a request of a kind that browsers send for any page needs a header that they do not; see
    `transport.http.csrf`."""
    persisted_queries: bool = True
    """Whether a document that a client sends with its hash is remembered, to be named by the hash alone."""
    trusted_documents: Mapping[str, str] | None = None
    """Texts by id; see `transport.documents.trusted`. A request may name one instead of sending it."""
    trusted_documents_mode: TrustMode = TrustMode.ENFORCE
    log_error_messages: bool = False
    """On: the log has the messages of unexpected exceptions too. They may quote what a client sent."""
