"""The audit log: what administrators did."""

import strawberry

from schema.enums import AuditAction
from schema.field_helpers import computed_field
from schema.node import Connection, Node
from schema.scalars import JSON, DateTime


@strawberry.type(description="What an administrator did. It is never changed, and stays when its target is deleted.")
class AuditEntry(Node):
    at: DateTime = strawberry.field(description="When it was done.")
    action: AuditAction = computed_field(lambda entry, _: AuditAction(entry.action), "What was done.", reads=["action"])
    actor_id: strawberry.ID | None = strawberry.field(
        description="Id of the credential that did it, such as that of a token; null if none was needed."
    )
    actor_name: str = strawberry.field(
        description="Name of the caller at that time: `local` without a credential, `command line` for commands."
    )
    target_id: strawberry.ID | None = strawberry.field(
        description="Id of the token, project or session; null if there were several."
    )
    project_id: strawberry.ID | None = strawberry.field(
        description="Id of the project that it concerns; null if it concerns several, or all."
    )
    details: JSON = strawberry.field(description="More about it, by its action: see `AuditAction`.")


@strawberry.type(description="An entry of the audit log in a list.")
class AuditEntryEdge:
    cursor: str = strawberry.field(description="Position in the list, for `after` and `before`.")
    node: AuditEntry = strawberry.field(description="The entry.")


@strawberry.type(description="A page of the audit log, the newest entry first.")
class AuditEntryConnection(Connection):
    edges: list[AuditEntryEdge] = strawberry.field(description="The entries of this page with their cursors.")
    nodes: list[AuditEntry] = strawberry.field(description="The entries of this page.")


@strawberry.input(description="Which entries of the audit log. An empty list matches nothing.")
class AuditLogFilter:
    actions: list[AuditAction] | None = strawberry.field(
        default=strawberry.UNSET, description="Only entries with one of these actions."
    )
    actor_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only what was done with one of these credentials."
    )
    target_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Only what was done to one of these tokens, projects or sessions."
    )
