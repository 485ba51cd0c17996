"""State machine test of leases: uploads, deletions, collections and crashes of two servers, interleaved at random.

Invariants: no attachment lacks its blob, no blob lacks its row.
"""

from dataclasses import dataclass, field
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import create_engine, select

from models import tables
from models.clock import MINUTE
from resolvers.blobs.leases import LEASE_MS, GcQuery, LeaseExpired, LeaseRequest
from resolvers.blobs.repository import acquire, delete_rows, mark_deleting, pin, release

DIGESTS: Final = ("aa", "bb")
SERVERS: Final = 2


@dataclass
class Upload:
    server: int
    digest: str
    leased_at: int = 0
    key: str = ""
    is_new: bool = False
    is_stored: bool = False


@dataclass
class GcRound:
    server: int
    keys: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


class BlobStateMachine(RuleBasedStateMachine):
    """Rows in a real database, the store in memory, operations in progress in each of two servers."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = create_engine("sqlite://")
        tables.METADATA.create_all(self.engine)
        self.store: set[str] = set()
        self.now = 1_000_000_000
        self.forms = 0
        self.uploads: list[Upload] = []
        self.collecting: list[GcRound] = []

    def teardown(self) -> None:
        self.engine.dispose()

    # ---- forms ----

    @rule(server=st.integers(0, SERVERS - 1), digest=st.sampled_from(DIGESTS))
    def acquire_lease(self, server: int, digest: str) -> None:
        with self.engine.begin() as tx:
            lease = acquire(tx, LeaseRequest(self.now, {digest: 1}))[digest]
        self.uploads.append(Upload(server, digest, self.now, lease.key, lease.is_new))

    @rule(data=st.data())
    def upload_blob(self, data: st.DataObject) -> None:
        """No upload takes longer than a lease."""
        if pending := [each for each in self.uploads if not each.is_stored and self.now < each.leased_at + LEASE_MS]:
            upload = data.draw(st.sampled_from(pending))
            if upload.is_new or upload.key not in self.store:
                self.store.add(upload.key)
            upload.is_stored = True

    @rule(data=st.data())
    def commit_form(self, data: st.DataObject) -> None:
        if ready := [each for each in self.uploads if each.is_stored]:
            upload = data.draw(st.sampled_from(ready))
            self.uploads.remove(upload)
            self.forms += 1
            row = {"id": f"f{self.forms}", "session_id": f"s{self.forms}", "name": "a", "file_key": upload.key}
            try:
                with self.engine.begin() as tx:
                    pin(tx, {upload.key})
                    tx.execute(tables.attachment.insert(), {**row, "filename": "", "content_type": ""})
            except LeaseExpired:
                assert self.now >= upload.leased_at + LEASE_MS, "a valid lease protects its blob"

    @rule(data=st.data())
    def remove_form(self, data: st.DataObject) -> None:
        with self.engine.begin() as tx:
            ids = tx.execute(select(tables.attachment.c.session_id)).scalars().all()
            if ids:
                is_removed = tables.attachment.c.session_id == data.draw(st.sampled_from(sorted(ids)))
                release(tx, select(tables.attachment.c.file_key).where(is_removed))
                tx.execute(tables.attachment.delete().where(is_removed))

    # ---- collectors ----

    @rule(server=st.integers(0, SERVERS - 1))
    def select_garbage(self, server: int) -> None:
        in_flight = frozenset(each.digest for each in self.uploads if each.server == server)
        with self.engine.begin() as tx:
            self.collecting.append(GcRound(server, mark_deleting(tx, GcQuery(self.now, in_flight))))

    @rule(data=st.data())
    def delete_blob(self, data: st.DataObject) -> None:
        if rounds := [each for each in self.collecting if each.keys]:
            gc_round = data.draw(st.sampled_from(rounds))
            gc_round.deleted.append(gc_round.keys.pop())
            self.store.discard(gc_round.deleted[-1])

    @rule(data=st.data())
    def delete_blob_rows(self, data: st.DataObject) -> None:
        if rounds := [each for each in self.collecting if each.deleted]:
            gc_round = data.draw(st.sampled_from(rounds))
            with self.engine.begin() as tx:
                delete_rows(tx, gc_round.deleted)
            gc_round.deleted = []

    # ---- time and crashes ----

    @rule(minutes=st.sampled_from([1, 5, 10]))
    def advance_clock(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(server=st.integers(0, SERVERS - 1))
    def kill_server(self, server: int) -> None:
        self.uploads = [each for each in self.uploads if each.server != server]
        self.collecting = [each for each in self.collecting if each.server != server]

    @invariant()
    def attachments_have_their_blobs(self) -> None:
        assert self.referenced_keys() <= self.store

    @invariant()
    def blobs_have_their_rows(self) -> None:
        with self.engine.begin() as tx:
            assert self.store <= set(tx.execute(select(tables.blob.c.key)).scalars())

    @rule()
    def collect_everything(self) -> None:
        """Crash both servers, let leases expire, collect: what is left is referenced."""
        for server in range(SERVERS):
            self.kill_server(server)
        self.now += LEASE_MS
        with self.engine.begin() as tx:
            keys = mark_deleting(tx, GcQuery(self.now, frozenset()))
        self.store -= set(keys)
        with self.engine.begin() as tx:
            delete_rows(tx, keys)
            assert set(tx.execute(select(tables.blob.c.key)).scalars()) == self.store == self.referenced_keys()

    def referenced_keys(self) -> set[str]:
        with self.engine.begin() as tx:
            return set(tx.execute(select(tables.attachment.c.file_key)).scalars())


TestBlobStateMachine = BlobStateMachine.TestCase
TestBlobStateMachine.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
