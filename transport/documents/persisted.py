"""Documents that a request names: by hash (automatic persisted queries), or by id (trusted documents).

Automatic: a client sends `extensions.persistedQuery {version: 1, sha256Hash}` alone; if the document is unknown, the
error is PERSISTED_QUERY_NOT_FOUND, and the client sends hash and document. Trusted: `documentId`, `doc_id` or `id`, or
the same extension, with an id of the manifest. `sha256:` and the hash names a document of either kind.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import structlog

from transport.documents.operation import PreparedDocument
from transport.documents.store import DocumentStore, WeightedCache
from transport.errors import Code, RequestError, bad_request, make_error
from transport.request import OperationRequest
from transport.settings import TransportSettings, TrustMode

log = structlog.get_logger(__name__)

HASH_PREFIX: Final = "sha256:"
# Some clients check the message, others the code; both are conventions of all implementations.
NOT_FOUND: Final = "PersistedQueryNotFound"
NOT_SUPPORTED: Final = "PersistedQueryNotSupported"


class PersistedQueries:
    """Resolves the document of a request from its text, hash or id."""

    def __init__(self, documents: DocumentStore, settings: TransportSettings) -> None:
        self._documents = documents
        self._automatic = settings.persisted_queries
        limits, trusted = settings.limits, settings.trusted_documents or {}
        self._registered = WeightedCache[str](
            limits.persisted_documents, limits.persisted_bytes, lambda text: len(text.encode())
        )
        self._trusted = {HASH_PREFIX + sha256_hex(text): text for text in trusted.values()} | dict(trusted)
        self._trusted_texts = frozenset(self._trusted.values())
        self._mode = TrustMode.OFF if settings.trusted_documents is None else settings.trusted_documents_mode
        self.checks_trust = self._mode is not TrustMode.OFF

    def resolve(self, request: OperationRequest) -> PreparedDocument:
        """Return the document of a request, and register it if the request asks for that and the document is valid.

        Raises RequestError: PERSISTED_QUERY_NOT_FOUND, PERSISTED_QUERY_NOT_SUPPORTED, BAD_REQUEST, FORBIDDEN, or those
        of `DocumentStore.get`.
        """
        hash_ = requested_hash(request.extensions)
        if request.query is None:
            return self._get(self._look_up(request.document_id, hash_))
        should_register = hash_ is not None and self._should_register(hash_, request.query)
        document = self._get(request.query)  # first: an invalid document must not take up space
        if hash_ is not None and should_register:
            self._registered[hash_] = request.query
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
        """Return whether to register the text. Raises RequestError if the hash is another document's."""
        if self._trusted.get(hash_) == text:
            return False  # it is known already, by its id in place of a hash
        if sha256_hex(text) != hash_:
            raise bad_request("The query does not match the sha256Hash of the request.")
        return self._automatic

    def _get(self, text: str) -> PreparedDocument:
        is_trusted = not self.checks_trust or text in self._trusted_texts
        if not is_trusted and self._mode is TrustMode.ENFORCE:
            message = "This server runs trusted documents only."
            raise RequestError([make_error(Code.FORBIDDEN, message)], well_formed=True)
        document = self._documents.get(text)
        if not is_trusted:
            log.warning("untrusted document", sha256=sha256_hex(text), operations=document.operation_names)
        return document


def sha256_hex(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def requested_hash(extensions: Mapping[str, Any]) -> str | None:
    """Return the hash by which a request names its document; None without one."""
    extension = extensions.get("persistedQuery")
    if extension is None:
        return None
    if not isinstance(extension, dict) or not isinstance(hash_ := extension.get("sha256Hash"), str):
        raise bad_request("extensions.persistedQuery must be an object with a string sha256Hash.")
    if extension.get("version") != 1:
        raise bad_request("extensions.persistedQuery must be of version 1.")
    return hash_


def persisted_query_error(code: Code, message: str) -> RequestError:
    return RequestError([make_error(code, message)], status=400, well_formed=True)
