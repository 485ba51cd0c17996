"""Admission: an overloaded server refuses some operations at once, so that it answers the others in time.

`monitor` measures the load, `admission` decides by it, and `refusals` counts and logs what was refused.
"""

from transport.admission.admission import Admission, Overloaded
from transport.admission.monitor import LoadMonitor

__all__ = ["Admission", "LoadMonitor", "Overloaded"]
