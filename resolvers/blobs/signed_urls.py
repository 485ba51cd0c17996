"""Addresses of files: signed, and good for 10 minutes. Whoever has one may fetch the file, without a token.

A page shows a picture with `<img src>`, which sends no token; so the address itself is the permission, given to whoever
may read the session, and for no longer than a page needs.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.engine import Connection

from models.clock import MINUTE, Instant
from models.database import Database
from models.tables import server

DOWNLOAD_PATH: Final = "/attachments"
URL_TTL: Final = 10 * MINUTE

_PURPOSE: Final = "attachment"
_TIMESTAMP: Final = re.compile(r"\d{1,16}", re.ASCII)


class UrlSigner:
    """Makes addresses and knows its own again: so does every server with the same key.

    Args:
        key: what they are signed with.
        origin: what clients find this server under, such as `https://sessions.example.org`; "" where they know that
            themselves: then an address is a path, for them to resolve against that of the endpoint.
    """

    def __init__(self, key: str, origin: str = "") -> None:
        self._key = key.encode()
        self._origin = origin.rstrip("/")

    def sign(self, attachment_id: str, now: Instant) -> str:
        """Where to fetch an attachment, until `VALID` from now."""
        expires = str(now + URL_TTL)
        signature = self._signature(attachment_id, expires)
        return f"{self._origin}{DOWNLOAD_PATH}/{attachment_id}?until={expires}&signature={signature}"

    def verify(self, attachment_id: str, query: Mapping[str, str], now: Instant) -> bool:
        """Whether an address with these parameters is one of these, and still good."""
        expires, signature = query.get("until", ""), query.get("signature", "")
        if _TIMESTAMP.fullmatch(expires) is None or not signature.isascii():
            return False
        return hmac.compare_digest(signature, self._signature(attachment_id, expires)) and now < int(expires)

    def _signature(self, attachment_id: str, expires: str) -> str:
        digest = hmac.digest(self._key, f"{_PURPOSE}\n{attachment_id}\n{expires}".encode(), "sha256")
        return urlsafe_b64encode(digest).decode().rstrip("=")


async def create_url_signer(database: Database, key: SecretStr | None, origin: str) -> UrlSigner:
    """What makes the addresses of a server.

    Args:
        database: has a key of its own, made with it, which all its servers share.
        key: the operator's, in place of that.
        origin: as `Links` takes it.
    """
    return UrlSigner(await database.read(_read_signing_key) if key is None else key.get_secret_value(), origin)


def _read_signing_key(tx: Connection) -> str:
    return str(tx.execute(select(server.c.signing_key)).scalar_one())
