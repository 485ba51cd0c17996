"""Extensions of fields and abstract types that an application may set in its schema, so that they run faster.

Of a field without arguments, where the values of its lists are not awaitable:

- `"read"`: a function of source and context. It returns what the resolver would, which may be awaitable.
- `"attribute"`: a name; the resolver would return `source.<name>`.

Of any field:

- `"reads"`: a frozenset of the attributes of the source that the resolver reads, for look-ahead (`selection.py`). A
  field with `"attribute"` reads that one. A field with neither may read any.

- `"shareable"`: True if the field shows nothing of the client but what its access permits, so that its value is the
  same for all clients with an equal `Access.representative`. Identical queries in flight share an execution if all of
  their fields are shareable. Set it where an execution costs more than 50 µs, and on the fields below.

Of an interface or union:

- `"type_name"`: a function of a value that returns the name of its concrete type, as `resolve_type` would.
- `"reads"`: a frozenset of the attributes of the value that this function reads. Without it, it may read any.
"""

from typing import Final

READ: Final = "read"
ATTRIBUTE: Final = "attribute"
READS: Final = "reads"
TYPE_NAME: Final = "type_name"
SHAREABLE: Final = "shareable"
