"""The rows of contents: claimed, held, let go, condemned, erased. See the top of this package."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select, text
from sqlalchemy.engine import Connection

from models.clock import MINUTE, Instant
from models.dialect import greatest, insert_new
from models.tables import attachment, stored_file
from resolvers.errors import DomainError

GRACE: Final = 10 * MINUTE
"""For how long a claim counts. No operation lives as long; and who does after all is refused, not betrayed."""

BATCH: Final = 200
"""Contents in one transaction of the collector."""


# In the words of the indexes: SQLite looks nothing up in one whose condition a statement says otherwise.
_STANDS: Final = text("NOT condemned")
_LOOSE: Final = text("loose")
_IS_HELD: Final[ColumnElement[bool]] = exists().where(attachment.c.file_key == stored_file.c.key)


class Content(NamedTuple):
    """What is in a file."""

    sha256: str
    size: int


class Claim(NamedTuple):
    """The contents that somebody is about to store."""

    now: Instant
    contents: tuple[Content, ...]


class Claimed(NamedTuple):
    """Where a content goes, and whether this claim is the first: then it is not there yet."""

    content: Content
    key: str
    is_new: bool


class Look(NamedTuple):
    """The collector's question: what can go at `now`, but for the contents that this process is storing."""

    now: Instant
    storing: frozenset[str]


class FilesLost(DomainError):
    """A content was collected before it was held, after its claim had run out; nothing was kept."""

    code = "SERVICE_UNAVAILABLE"

    @property
    def extensions(self) -> dict[str, Any]:
        return {"code": self.code, "retryable": True}


def claim(tx: Connection, claims: Sequence[Claim]) -> list[Mapping[str, Claimed]]:
    """Give every content of these claims its key, by SHA-256: the one that it has, or a new one."""
    contents = {content.sha256: content for each in claims for content in each.contents}
    fresh = {sha256: f"{sha256[:2]}/{sha256}.{secrets.token_hex(8)}" for sha256 in contents}
    until = max(each.now for each in claims) + GRACE
    rows = [
        {
            "key": fresh[content.sha256],
            "sha256": content.sha256,
            "size": content.size,
            "claimed_until": until,
            "loose": True,
            "condemned": False,
        }
        for content in contents.values()
    ]
    if rows:
        tx.execute(insert_new(tx, stored_file, key=("sha256",), where=_STANDS), rows)
    wanted = and_(_STANDS, stored_file.c.sha256.in_(contents))
    longer = greatest(stored_file.c.claimed_until, until)
    tx.execute(stored_file.update().where(wanted).values(claimed_until=longer))
    found = tx.execute(select(stored_file.c.sha256, stored_file.c.key).where(wanted))
    known = {sha256: Claimed(contents[sha256], key, key == fresh[sha256]) for sha256, key in found}
    return [{content.sha256: known[content.sha256] for content in each.contents} for each in claims]


def hold(tx: Connection, keys: Collection[str]) -> None:
    """See that contents stay: data points of this transaction have them.

    Raises:
        FilesLost: one of them is being removed, or gone.
    """
    if not keys:
        return
    held = stored_file.update().where(_STANDS, stored_file.c.key.in_(sorted(keys))).values(loose=False)
    if tx.execute(held).rowcount != len(keys):
        raise FilesLost("a file could not be kept; repeat the call")


def let_go(tx: Connection, owned: Select[tuple[str]], values: Sequence[Mapping[str, str]] | None = None) -> None:
    """Have the collector look at contents whose attachments are about to go: `owned` selects their keys."""
    tx.execute(stored_file.update().where(stored_file.c.key.in_(owned)).values(loose=True), values)


def condemn(tx: Connection, looks: Sequence[Look]) -> list[list[str]]:
    """Contents that nobody has and nobody is about to have, at most `BATCH`, by their keys: from now on they are lost.

    Those that were condemned earlier and are not yet erased are among them.
    """
    return [_condemn(tx, look) for look in looks]


def _condemn(tx: Connection, look: Look) -> list[str]:
    mine = stored_file.c.sha256.in_(sorted(look.storing))
    unclaimed = and_(stored_file.c.claimed_until <= look.now, not_(mine))
    due = select(stored_file.c.key).where(_LOOSE, or_(stored_file.c.condemned, unclaimed))
    keys = tx.execute(due.order_by(stored_file.c.claimed_until).limit(BATCH)).scalars().all()
    among = stored_file.c.key.in_(keys)
    tx.execute(stored_file.update().where(among, _IS_HELD).values(loose=False))
    tx.execute(stored_file.update().where(among, not_(_IS_HELD)).values(condemned=True))
    return list(tx.execute(select(stored_file.c.key).where(among, stored_file.c.condemned)).scalars())


def erase(tx: Connection, removed: Sequence[Sequence[str]]) -> list[None]:
    """Forget contents that were condemned and are no longer in the store."""
    keys = [key for each in removed for key in each]
    tx.execute(stored_file.delete().where(stored_file.c.condemned, stored_file.c.key.in_(keys)))
    return [None] * len(removed)
