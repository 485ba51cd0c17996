"""Markup that people write for others to see: made harmless, once and for all, before it is stored.

First it is cut into tags, of which only those that are allowed go on, each closed where HTML would close it
(`tokens`, `nesting`). What comes of that is small and tidy, so that the parser of nh3, which decides, has an easy time:
by itself it takes a hundred times longer for formatting that is never closed, and for depth, than for all else.
"""

from models.sanitizer.rebalance import MAX_DEPTH, MAX_LENGTH
from models.sanitizer.sanitize import sanitize_html

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "sanitize_html"]
