"""What the pictures that need no program have in common: plain SVG, for light and dark grounds."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .story import Kind
from .text import visible

FONT = "Helvetica, Arial, sans-serif"


class Ink(NamedTuple):
    """A colour on a light ground, and on a dark one."""

    light: str
    dark: str


GROUND = Ink("#ffffff", "#10161d")
INKS = {
    "ink": Ink("#1f2933", "#e6ebf0"),
    "grey": Ink("#6b7682", "#9aa6b2"),
    "faint": Ink("#d5dbe1", "#36424e"),
    "lost": Ink("#c62828", "#ff7b72"),
    "old": Ink("#a85400", "#f0a050"),
    "good": Ink("#2e7d32", "#7ee08a"),
    "bad": Ink("#b3261e", "#ff8a80"),
    Kind.PAST.name: Ink("#ccd4dc", "#3c4955"),
    Kind.BUSY.name: Ink("#2f6fb0", "#5aa0e6"),
    Kind.LOST.name: Ink("#e07a74", "#c9534c"),
    Kind.KEPT.name: Ink("#e5b04c", "#c08a28"),
    Kind.READY.name: Ink("#a9dcb5", "#2c6b43"),
    Kind.LATER.name: Ink("#e9e2f2", "#2f2a40"),
}
"""Colours by their names."""
PHASES = (
    Ink("#7fa8d6", "#5f8fc4"),
    Ink("#43a35f", "#55b872"),
    Ink("#d6b52c", "#d6b52c"),
    Ink("#e0772f", "#e88a4a"),
)
"""Those of phases, in the order in which a story has them: as in plots, but stronger."""


def number(value: float) -> str:
    """A coordinate: a tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")


def tag(name: str, content: str = "", **attributes: object) -> str:
    """An element. A name may end in ``_``, and has ``-`` for each other ``_``."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{number(value) if type(value) is float else value}"'
        for key, value in attributes.items()
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def text(x: float, y: float, content: str, look: str = "", **attributes: object) -> str:
    """A line of text; ``look`` has the classes of the stylesheet."""
    safe = html.escape(visible(content), quote=False)
    return tag("text", safe or " ", x=float(x), y=float(y), class_=look or "ink", **attributes)


def title(content: str) -> str:
    """What a reader sees who points at the element that has this as its content."""
    return f"<title>{html.escape(visible(content), quote=False)}</title>"


def document(width: float, height: float, name: str, body: Iterable[str]) -> str:
    """A picture, on a ground of its own."""
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}" '
        f'height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}" role="img" '
        f'font-family="{FONT}" font-size="10">',
        title(name),
        f"<style>{''.join(_style())}</style>",
        tag("rect", width="100%", height="100%", class_="ground"),
        *body,
        "</svg>",
    ]
    return "\n".join(rows) + "\n"


def _style() -> Iterator[str]:
    inks = {
        "ground": GROUND,
        **INKS,
        **{f"phase{n}": ink for n, ink in enumerate(PHASES)},
    }
    for dark in (False, True):
        yield "@media (prefers-color-scheme: dark) { " if dark else ""
        for name, ink in inks.items():
            colour = ink.dark if dark else ink.light
            yield f".{name}{{fill:{colour}}} .{name}-line{{stroke:{colour};fill:none}} "
        yield f".halo{{paint-order:stroke;stroke:{(GROUND.light, GROUND.dark)[dark]};"
        yield "stroke-width:3px;stroke-linejoin:round} "
        yield "}" if dark else ""
    yield " .b{font-weight:bold} .i{font-style:italic} "
    yield ".dash{stroke-dasharray:4 3}"


def ticks(end: float, most: int) -> Sequence[int]:
    """Round numbers from 0 to ``end``, not more than ``most`` and one."""
    step = 1
    while end / step > most:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return range(0, int(end) + 1, step)
