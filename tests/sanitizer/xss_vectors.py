"""XSS vectors: markup that tries to run a script, to load a resource, or to navigate away.

Scripts call `ran()`; resources and harmless links point to https://elsewhere.example.
"""

import json
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("xss_vectors.json")
_FAMILIES: Final[dict[str, list[str]]] = json.loads(FILE.read_text(encoding="utf-8"))
XSS_VECTORS: Final = [vector for family in _FAMILIES.values() for vector in family]
