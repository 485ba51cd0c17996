"""HTML sanitizer: a linear pre-check that bounds the work of the parser, then nh3."""

from models.sanitizer.precheck import MAX_DEPTH, MAX_LENGTH, MarkupTooComplex
from models.sanitizer.sanitize import sanitize_html

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "MarkupTooComplex", "sanitize_html"]
