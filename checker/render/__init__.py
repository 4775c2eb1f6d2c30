"""Runs made visible: as a text ladder, a sequence diagram, or a trace for other tools.

Nothing here knows TCP. Who has found a run tells it as a `Story`, and every drawing is made from
that; see `story`.
"""

from .itf import itf
from .ladder import ladder, show
from .plot import plot
from .sequence import LADDER, VIEWS, dot, render, writable
from .story import (
    Bar,
    Event,
    Flight,
    Kind,
    Line,
    Measure,
    Message,
    Part,
    RenderError,
    Story,
)
from .windows import windows

__all__ = [
    "LADDER",
    "VIEWS",
    "Bar",
    "Event",
    "Flight",
    "Kind",
    "Line",
    "Measure",
    "Message",
    "Part",
    "RenderError",
    "Story",
    "dot",
    "itf",
    "ladder",
    "plot",
    "render",
    "show",
    "windows",
    "writable",
]
