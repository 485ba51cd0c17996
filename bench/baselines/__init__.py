"""Servers to compare with: the same work, as the documentation of other tools has it done."""
