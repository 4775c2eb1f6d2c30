"""How much of the machine's memory a process uses, and may use, in octets; and how often it looks
for what nobody needs any more."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COLLECTED = 1_000_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect garbage once in so many objects, and not in every 700: for what makes many objects
    that stay, and hardly any that refer to each other in a circle."""
    usual = gc.get_threshold()
    gc.set_threshold(COLLECTED, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def resident() -> int:
    """The memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def spare() -> int:
    """What a search may take by default: four fifths of what is free."""
    return free() * 4 // 5


def free() -> int:
    """The memory that is free, or can be made so, within the limit of a container."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        known = dict(line.split(":", 1) for line in lines)
        most = int(known["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    try:
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        most = min(most, limit - int((group / "memory.current").read_text()))
    except (OSError, ValueError):  # no group, or "max"
        pass
    return max(0, most)
