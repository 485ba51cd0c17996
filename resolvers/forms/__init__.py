"""Data points of FIELD sessions."""
