"""Documents that a request only names: by a hash (automatic persisted queries), or by an id from a list that was given
to the server (trusted documents).

Automatic: a client sends `extensions.persistedQuery {version: 1, sha256Hash}` alone, is told PERSISTED_QUERY_NOT_FOUND
if nobody has sent the text lately, and then sends both. Trusted: `documentId`, `doc_id` or `id`, or the same extension,
with an id of the list. `sha256:` and the hash of the text names a document too, wherever it is known from.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import structlog

from transport.documents.lru_cache import LRUCache
from transport.documents.operation import PreparedDocument
from transport.documents.store import DocumentStore
from transport.errors import Code, RequestError, bad_request, make_error
from transport.request import OperationRequest
from transport.settings import Limits, TrustMode

log = structlog.get_logger(__name__)

HASH_PREFIX: Final = "sha256:"
# Some clients look at the message, others at the code: both are a convention of all who do this.
NOT_FOUND: Final = "PersistedQueryNotFound"
NOT_SUPPORTED: Final = "PersistedQueryNotSupported"


class PersistedQueries:
    """Finds the document of a request, whether it is sent or named.

    Args:
        documents: what is found here is prepared there.
        limits: how much is remembered for the automatic way.
        automatic: whether documents are remembered that clients send with their hash.
        trusted: texts by id.
        mode: what happens to other texts, if there are trusted ones.
    """

    def __init__(
        self,
        documents: DocumentStore,
        limits: Limits,
        *,
        automatic: bool = True,
        trusted: Mapping[str, str] | None = None,
        mode: TrustMode = TrustMode.ENFORCE,
    ) -> None:
        self._documents = documents
        self._automatic = automatic
        self._registered = LRUCache[str](count=limits.persisted_documents, weight=limits.persisted_bytes)
        self._trusted = {HASH_PREFIX + sha256_hex(text): text for text in (trusted or {}).values()} | dict(
            trusted or {}
        )
        self._trusted_texts = frozenset(self._trusted.values())
        self._mode = mode if trusted is not None else TrustMode.OFF
        self.checks_trust = self._mode is not TrustMode.OFF

    def resolve(self, request: OperationRequest) -> PreparedDocument:
        """The document of a request.

        Raises Refusal: PERSISTED_QUERY_NOT_FOUND, PERSISTED_QUERY_NOT_SUPPORTED, BAD_REQUEST, FORBIDDEN, or what
        `Documents.get` raises. Only a document that is valid is remembered.
        """
        hash_ = requested_hash(request.extensions)
        text = self._look_up(request.document_id, hash_) if request.query is None else request.query
        should_register = hash_ is not None and request.query is not None and self._should_register(hash_, text)
        if self._mode is TrustMode.OFF or text in self._trusted_texts:
            document = self._documents.get(text)
        else:
            document = self._get_untrusted(text)
        if hash_ is not None and should_register:
            self._registered.put(hash_, text, len(text.encode()))
        return document

    def _look_up(self, document_id: str | None, hash_: str | None) -> str:
        if document_id is not None:
            text = self._trusted.get(document_id) or self._by_hash(document_id.removeprefix(HASH_PREFIX))
        elif hash_ is not None:
            text = self._trusted.get(hash_) or self._by_hash(hash_)
            if text is None and not self._automatic and not self._trusted:
                raise persisted_query_error(Code.PERSISTED_QUERY_NOT_SUPPORTED, NOT_SUPPORTED)
        else:
            raise bad_request("The request has no query, and names none.")
        if text is None:
            raise persisted_query_error(Code.PERSISTED_QUERY_NOT_FOUND, NOT_FOUND)
        return text

    def _by_hash(self, hash_: str) -> str | None:
        return self._trusted.get(HASH_PREFIX + hash_) or self._registered.get(hash_)

    def _should_register(self, hash_: str, text: str) -> bool:
        """Whether the text is to be remembered; raises Refusal if it is not the one that is named."""
        if self._trusted.get(hash_) == text:
            return False
        if sha256_hex(text) != hash_:
            raise bad_request("The query is not the one whose sha256Hash the request gives.")
        return self._automatic

    def _get_untrusted(self, text: str) -> PreparedDocument:
        if self._mode is TrustMode.ENFORCE:
            message = "Only the documents that this server was given as trusted are run."
            raise RequestError([make_error(Code.FORBIDDEN, message)], well_formed=True)
        document = self._documents.get(text)
        log.warning("untrusted document", sha256=sha256_hex(text), operations=document.operation_names)
        return document


def sha256_hex(text: str) -> str:
    """The SHA-256 of a document as clients write it: in hexadecimal, lower case."""
    return sha256(text.encode()).hexdigest()


def requested_hash(extensions: Mapping[str, Any]) -> str | None:
    """The hash by which a request names its document; None if it has none."""
    extension = extensions.get("persistedQuery")
    if extension is None:
        return None
    if not isinstance(extension, dict) or not isinstance(hash_ := extension.get("sha256Hash"), str):
        raise bad_request("extensions.persistedQuery must be an object with a string sha256Hash.")
    if extension.get("version") != 1:
        raise bad_request("extensions.persistedQuery must be of version 1.")
    return hash_


def persisted_query_error(code: Code, message: str) -> RequestError:
    """The document is not known, and the request does not bring it along."""
    return RequestError([make_error(code, message)], status=400, well_formed=True)
