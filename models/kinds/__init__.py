"""The five kinds of session. A new one is a file here, an entry in `KINDS`, and its types in `schema/kinds.py`."""

from typing import Final

from models.kinds.agenda import AgendaRules
from models.kinds.base import KindRules
from models.kinds.client import ClientRules
from models.kinds.field import FormRules
from models.kinds.media import MediaRules
from models.kinds.user import UserRules

KINDS: Final[dict[str, KindRules]] = {
    rules.kind: rules for rules in (ClientRules(), AgendaRules(), MediaRules(), FormRules(), UserRules())
}
