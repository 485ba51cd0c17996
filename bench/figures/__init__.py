"""What is measured, one figure a file. A new one is a file here and an entry in `FIGURES`."""

from typing import Final

from bench.figures.figure import Figure
from bench.figures.keepalive import KeepaliveFigure
from bench.figures.page import PageFigure

FIGURES: Final[tuple[Figure, ...]] = (KeepaliveFigure(), PageFigure())
