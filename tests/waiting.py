"""How long tests wait for what must come."""

from typing import Final

PATIENCE: Final = 60.0
"""Seconds after which a test gives up: more than anything takes, however busy the machine is. No test waits so long."""
