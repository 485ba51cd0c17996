"""Tables, without ORM relations or polymorphic mapping, so that each read is a single statement."""

from models.tables.activity import ActivityTable
from models.tables.attachment import AttachmentTable
from models.tables.audit_entry import AuditEntryTable
from models.tables.blob import BlobTable
from models.tables.columns import TableModel
from models.tables.data_point import DataPointTable
from models.tables.idempotency import IdempotencyTable
from models.tables.media_event import MediaEventTable
from models.tables.media_state import MediaStateTable
from models.tables.path_time import PathTimeTable
from models.tables.project import ProjectTable
from models.tables.server import ServerTable
from models.tables.session import SessionTable
from models.tables.session_track import SessionTrackTable
from models.tables.token import TokenTable

METADATA = TableModel.metadata

activity = ActivityTable.__table__
attachment = AttachmentTable.__table__
audit_entry = AuditEntryTable.__table__
data_point = DataPointTable.__table__
idempotency = IdempotencyTable.__table__
media_event = MediaEventTable.__table__
media_state = MediaStateTable.__table__
path_time = PathTimeTable.__table__
project = ProjectTable.__table__
server = ServerTable.__table__
session = SessionTable.__table__
session_track = SessionTrackTable.__table__
token = TokenTable.__table__
blob = BlobTable.__table__
