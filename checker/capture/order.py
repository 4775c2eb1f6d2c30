"""Frames in the order of their time stamps, as far as the file's own stamps say so.

A capture of several interfaces, or of an interface with several queues, is not written in the order
in which things happened, but its stamps are right. They are put right within bounds: of time, of
frames and of octets. A frame that is older by more than ``SPAN`` was stamped by a clock that was
set back, or is of a capture that was appended: the order stays the file's there.

So where frames come with a number that falls, one was moved; with a time that falls, one was not.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from operator import attrgetter
from pathlib import Path

from checker.capture.files import Damage, Frame, in_file_order

SPAN = 10.0
"""Seconds by which a frame may stand too late in the file."""
FRAMES, ROOM = 1 << 9, 1 << 24
"""So many frames, or octets of them, are waited for an older one."""
TAKEN = 1 << 8
"""Frames that are looked at in one go."""

_time, _data = attrgetter("time"), attrgetter("data")


def frames(path: Path) -> Iterator[Frame]:
    """The frames of a capture file. Raises UsageProblem if it is none, Damage if it breaks."""
    return ordered(in_file_order(path))


def ordered(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The same frames; those with equal stamps stay as they are."""
    source, held = iter(frames), list[Frame]()
    damage, more = None, True
    while more:
        before = len(held)
        try:
            held.extend(islice(source, TAKEN))  # what comes before damage is kept
        except Damage as error:
            damage = error
        more = damage is None and len(held) == before + TAKEN
        times = list(map(_time, held))
        if times != sorted(times):
            at = _back(times)
            yield from sorted(held[:at], key=_time)
            held = sorted(held[at:], key=_time)
        full = len(held) >= FRAMES or sum(map(len, map(_data, held))) > ROOM
        if full or not more:
            out = len(held) // 2 if more else len(held)
            yield from held[:out]
            del held[:out]
    if damage is not None:
        raise damage


def _back(times: list[float]) -> int:
    """Behind the last place where the clock was set back."""
    newest, place = times[0], 0
    for at, time in enumerate(times):
        if time < newest - SPAN:
            newest, place = time, at
        newest = max(newest, time)
    return place
