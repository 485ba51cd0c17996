"""The audit log: what administrators did."""
