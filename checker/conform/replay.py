"""By which departures of known stacks is a whole connection explained?

``Monitor`` asks of a segment that no state explains whether one rule turned would explain it, from
the states that the end may be in by then. A stack may have gone another way long before: what it
sent was right, and only where it was led is not. So a short connection is followed once more, from
its beginning, under each departure of a known stack.
"""

from collections.abc import Sequence

from checker.conform.behaviour import KNOWN
from checker.conform.culprit import Sight
from checker.conform.explain import Seen
from checker.conform.inbound import SEQ
from checker.conform.monitor import Monitor
from checker.conform.patience import SEARCH, Patience
from checker.conform.steps import Stepper, switch


def replayed(monitor: Monitor, side: int, seen: Sequence[Sight]) -> list[str]:
    """The departures under which ``side`` sends all of ``seen``."""
    patience = monitor.seen.patience
    if not monitor.strict or patience.lost():
        return []
    patience.left -= SEARCH
    known = {name: one for name, one in monitor.departed.items() if switch(name) in KNOWN}
    return [name for name, one in known.items() if _explains(monitor, one, side, seen)]


def _explains(monitor: Monitor, stepper: Stepper, side: int, seen: Sequence[Sight]) -> bool:
    end = type(monitor)(stepper, {}, True, Seen(Patience()))
    end.seen.accused = True  # no other departure is looked for
    for one, p, edge in seen:
        if one != side:
            if edge is not None:
                end.seen.widest = max(end.seen.widest, SEQ.minus(edge, p.ack))
            end.on_its_way(p, edge)
            continue
        end.seen.before, end.seen.last = end.seen.last, p.time
        if not end.sent(p) or end.gaps or end.breach is not None:
            return False
    return True
