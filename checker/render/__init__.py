"""Runs made visible: as a text ladder, a sequence diagram, or a trace for other tools.

Nothing here knows TCP. Who has found a run tells it as a `Story`, and every drawing is made from
that; see `story`.
"""

from .itf import itf
from .ladder import ladder, show
from .sequence import dot, render, writable
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

__all__ = [
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
    "render",
    "show",
    "writable",
]
