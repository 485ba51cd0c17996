"""Markup that tries to run a script, to load something, or to lead away from the page.

Where a script runs it says `ran()`. What is loaded comes from https://elsewhere.example, where the harmless ones
among the links lead, too.
"""

import json
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("xss_vectors.json")
_FAMILIES: Final[dict[str, list[str]]] = json.loads(FILE.read_text(encoding="utf-8"))
XSS_VECTORS: Final = [vector for family in _FAMILIES.values() for vector in family]
