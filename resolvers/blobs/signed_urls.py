"""Signed URLs of attachments, valid for 10 minutes.

`<img src>` sends no token, so the URL itself is the permission. It is issued to callers that may read the session.
"""

import hashlib
import re
from collections.abc import Mapping
from hmac import compare_digest
from typing import Final

from itsdangerous import Signer
from pydantic import SecretStr

from models.clock import MINUTE, Instant
from models.database import Database
from resolvers.blobs.repository import read_signing_key

DOWNLOAD_PATH: Final = "/attachments"
URL_TTL: Final = 10 * MINUTE

_TIMESTAMP: Final = re.compile(r"\d{1,16}", re.ASCII)


class UrlSigner:
    """Signs and verifies URLs; servers with the same key accept each other's.

    Args:
        key: secret of at least 32 characters.
        origin: public URL of the server, such as `https://sessions.example.org`. Empty: signed URLs are paths, which
            clients resolve against the URL of the endpoint.
    """

    def __init__(self, key: str, origin: str = "") -> None:
        # Not TimestampSigner: it reads the machine's clock, in whole seconds; expiry must follow the server's clock.
        self._signer = Signer(key, salt="attachment", key_derivation="hmac", digest_method=hashlib.sha256)
        self._origin = origin.rstrip("/")

    def sign(self, attachment_id: str, now: Instant) -> str:
        expires = str(now + URL_TTL)
        signature = self._signature(attachment_id, expires)
        return f"{self._origin}{DOWNLOAD_PATH}/{attachment_id}?until={expires}&signature={signature}"

    def verify(self, attachment_id: str, query: Mapping[str, str], now: Instant) -> bool:
        expires, signature = query.get("until", ""), query.get("signature", "")
        if _TIMESTAMP.fullmatch(expires) is None or not signature.isascii():
            return False
        # Compare the text: Signer.verify_signature accepts several encodings of one signature.
        return compare_digest(signature, self._signature(attachment_id, expires)) and now < int(expires)

    def _signature(self, attachment_id: str, expires: str) -> str:
        return self._signer.get_signature(f"{attachment_id}.{expires}").decode()


async def create_url_signer(database: Database, key: SecretStr | None, origin: str) -> UrlSigner:
    """Create the signer with the configured key, or the database's own where none is configured."""
    return UrlSigner(await database.read(read_signing_key) if key is None else key.get_secret_value(), origin)
