"""Runs made visible: as a text ladder, a sequence diagram, or a trace for other tools.

Nothing here knows TCP. Who has found a run tells it as a `Story`, and every drawing is made from
that; see `story`.
"""

from .curves import curves
from .itf import itf
from .ladder import ladder, show
from .sequence import dot
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
from .views import LADDER, VIEWS, chosen, render, writable
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
    "chosen",
    "curves",
    "dot",
    "itf",
    "ladder",
    "render",
    "show",
    "windows",
    "writable",
]
