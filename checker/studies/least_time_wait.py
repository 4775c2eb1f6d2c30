"""``time-wait``: the exact least TIME-WAIT that is safe, by exhaustive search.

For T3 (TIME-WAIT drains) and T4 (no confusion whatever the ISNs), a *cell* is a choice of MSL, of R
(``span``: for how long a segment is retransmitted), of what restarts the timer, and of how
connections may end. In each cell TIME-WAIT of 0, 1, 2 ... ticks is tried, each by a search of all
states up to the bounds, until the claim holds: that length is the least, since every shorter one
was refuted by a run of its own. Longer ones are not tried. If the claim holds at no length up to 2
MSL + R, the cell says only that. Whether any length at all is enough is a question for
``proofs/theorems/families.py``.

Rules and bounds are otherwise those of the claims (profile ``time``): two incarnations of one pair
of sockets, A opening actively and B passively, two segments in flight, no text. Both users may call
CLOSE at any time, so that simultaneous close is among the graceful ones. *Every* close adds ABORT,
which goes by way of TIME-WAIT (``abort_time_wait``).

Times are whole ticks. A lifetime is *exclusive*: what was sent with MSL = m may arrive until m-1
ticks have gone by, and the m-th removes it; inclusive, it may still arrive at that instant. The
timer of TIME-WAIT is inclusive of its last instant: when n ticks have gone by it expires before the
next tick, but before or after whatever else happens at that instant. R is exclusive: nothing is
retransmitted once R ticks have gone by.
"""

import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.model.search import Options
from checker.studies.explorations import Job, jobs, run_job
from checker.support import files, machine
from checker.support.errors import INCONCLUSIVE, OK
from checker.support.journal import Journal, Told
from checker.support.workers import forked
from proofs.claims.claim import Claim
from proofs.claims.least_time_wait import ASKED_OF, CLOSES, EVERY, GRACEFUL, MSLS, RESTARTS, SPANS
from proofs.claims.table import witnesses
from spec.rules import Restart

DATA, PAGE = Path("proofs/results/time_wait.json"), Path("docs/reference/time-wait.md")
"""Where the table is checked in, from the top of the checkout."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One choice; ``inclusive`` is of lifetimes."""

    claim: Claim
    closes: str
    restart: Restart
    msl: int
    span: int
    inclusive: bool = False

    @property
    def limit(self) -> int:
        """The longest TIME-WAIT that is tried, in ticks: 2 MSL + R, MSL being one longer where
        lifetimes are inclusive."""
        return 2 * (self.msl + self.inclusive) + self.span

    def key(self, ticks: int) -> str:
        """Of the search at one length."""
        lifetimes = "inclusive" if self.inclusive else "exclusive"
        return (
            f"{self.claim.id} {self.closes} {self.restart.value} {self.msl} {self.span} "
            f"{lifetimes} {ticks}"
        )

    def job(self, ticks: int, memory: int | None = None) -> Job:
        """The search at one length."""
        rules = {
            "time_wait_restart": self.restart,
            "time_wait_cut": 2 * self.msl - ticks,
            "lifetime_inclusive": self.inclusive,
            "abort_time_wait": self.closes == EVERY,
        }
        bounds = {"msl": self.msl, "span": self.span, "abort": self.closes == EVERY}
        options = Options(engine="native", max_memory=memory)
        (job,) = jobs([self.claim], rules, bounds, options)
        return dataclasses.replace(job, claims=(self.claim, *witnesses(self.claim)))


def cells() -> list[Cell]:
    """Every cell of the table. Inclusive lifetimes only where a length is safe at all."""
    found = [
        Cell(claim, closes, restart, msl, span)
        for claim, closes, restart, msl, span in itertools.product(
            ASKED_OF, CLOSES, RESTARTS, MSLS, SPANS
        )
    ]
    return found + [
        dataclasses.replace(cell, inclusive=True)
        for cell in found
        if cell.restart == Restart.EMISSION and cell.closes == GRACEFUL
    ]


# Search


def search(cell: Cell, ticks: int, memory: int | None) -> dict[str, Any] | None:
    """What comes of TIME-WAIT of ``ticks`` ticks; None if that is not known.

    It is not known if a limit ended the search, or if the claim is vacuous there.
    """
    found = run_job(cell.job(ticks, memory))
    length = found.lengths.get(cell.claim.id)
    result = found.exploration
    if length is not None:
        return {"holds": False, "length": length}
    if not result.complete or any(w not in found.lengths for w in cell.claim.witnesses):
        return None
    return {"holds": True, "states": result.states, "transitions": result.transitions}


def explore(journal: Journal, workers: int, told: Told | None = None) -> None:
    """Search every cell, length by length, as far as the journal does not know it."""
    todo = cells()
    memory = machine.spare() // max(1, workers)
    done = 0
    waiting: list[tuple[Cell, int]] = []
    for cell in todo:
        ticks = _next(journal, cell)
        if ticks is None:
            done += 1
        else:
            waiting.append((cell, ticks))
    if not waiting:
        return
    waiting.reverse()
    with forked(workers) as pool:
        running: dict[Future[dict[str, Any] | None], tuple[Cell, int]] = {}
        while waiting or running:
            while waiting and len(running) < workers:
                cell, ticks = waiting.pop()
                running[pool.submit(search, cell, ticks, memory)] = (cell, ticks)
            for future in wait(running, 1.0, FIRST_COMPLETED).done:
                cell, ticks = running.pop(future)
                result = future.result()
                if result is not None:
                    journal.add(cell.key(ticks), result)
                    following = _next(journal, cell)
                    if following is not None:
                        waiting.append((cell, following))
                        continue
                done += 1
                if told is not None:
                    told(cell.key(ticks), done, len(todo))


def _next(journal: Journal, cell: Cell) -> int | None:
    """The next length to try; None if the cell is decided."""
    for ticks in range(cell.limit + 1):
        known = journal.known.get(cell.key(ticks))
        if known is None:
            return ticks
        if known["holds"]:
            return None
    return None


def table(journal: Journal) -> list[dict[str, Any]]:
    """The cells as data, of what the journal knows."""
    return [_row(journal, cell) for cell in cells()]


def _row(journal: Journal, cell: Cell) -> dict[str, Any]:
    row = {
        "claim": cell.claim.id,
        "closes": cell.closes,
        "restart": cell.restart.value,
        "msl": cell.msl,
        "span": cell.span,
        "lifetimes": "inclusive" if cell.inclusive else "exclusive",
    }
    lengths: list[int] = []
    least, states, transitions, verdict = None, None, None, "none"
    for ticks in range(cell.limit + 1):
        known = journal.known.get(cell.key(ticks))
        if known is None:
            verdict = "inconclusive"
            break
        if known["holds"]:
            least, verdict = ticks, "safe"
            states, transitions = known["states"], known["transitions"]
            break
        lengths.append(known["length"])
    return row | {
        "verdict": verdict,
        "least": least,
        "states": states,
        "transitions": transitions,
        "below": lengths[-1] if least is not None and lengths else None,
        "limit": cell.limit,
        "lengths": lengths,
    }


def exit_code(rows: Iterable[Mapping[str, Any]]) -> int:
    """3 if a cell is not decided."""
    return INCONCLUSIVE if any(row["verdict"] == "inconclusive" for row in rows) else OK


# As files


def document(rows: list[dict[str, Any]]) -> str:
    """The table as JSON."""
    lines = ",\n".join(f" {json.dumps(row)}" for row in rows)
    return f'{{"cells": [\n{lines}\n]}}\n'


def read(kept: str) -> list[dict[str, Any]]:
    """The cells of a document; none if it is not one."""
    try:
        rows = json.loads(kept)["cells"]
    except (ValueError, KeyError, TypeError):
        return []
    return rows if isinstance(rows, list) else []


def page(rows: list[dict[str, Any]]) -> str:
    """``docs/reference/time-wait.md``."""
    return "\n".join([*_INTRODUCTION.splitlines(), *_sections(rows)]) + "\n"


def _sections(rows: list[dict[str, Any]]) -> Iterator[str]:
    by_cell = {
        (r["claim"], r["closes"], r["restart"], r["msl"], r["span"], r["lifetimes"]): r
        for r in rows
    }
    for claim, closes in itertools.product(ASKED_OF, CLOSES):
        ways = "graceful closes" if closes == GRACEFUL else "every close"
        yield from ("", f"## {claim.id}, {ways}", "")
        inclusive = closes == GRACEFUL
        heads = ["MSL", "R", "restart on every emission", "states", "a tick less"]
        heads += ["inclusive lifetimes"] if inclusive else []
        heads += ["restart on FIN", "no restart"]
        yield _line(heads)
        yield _line(["---"] * len(heads))
        for msl, span in itertools.product(MSLS, SPANS):
            part = (claim.id, closes)
            one = by_cell[*part, Restart.EMISSION.value, msl, span, "exclusive"]
            cells = [str(msl), str(span), _least(one), *_found(one)]
            if inclusive:
                cells.append(_least(by_cell[*part, Restart.EMISSION.value, msl, span, "inclusive"]))
            for restart in (Restart.FIN, Restart.NEVER):
                cells.append(_least(by_cell[*part, restart.value, msl, span, "exclusive"]))
            yield _line(cells)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _least(row: Mapping[str, Any]) -> str:
    if row["verdict"] == "safe":
        return f"**{row['least']}**"
    if row["verdict"] == "inconclusive":
        return "inconclusive"
    return f"none up to {row['limit']} ({row['lengths'][-1]} steps)"


def _found(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["verdict"] != "safe":
        return "", ""
    return f"{row['states']:,}", "" if row["below"] is None else f"{row['below']} steps"


_INTRODUCTION = """\
# The least safe TIME-WAIT

How short may TIME-WAIT be before a claim about it is violated? `python -m checker time-wait
--write` generates this page, and `time-wait --check` searches everything again and compares. The
same as data, with the length of the shortest violation at every TIME-WAIT tried:
[time_wait.json](../../proofs/results/time_wait.json).

**How to read a cell.** A TIME-WAIT of 0, 1, 2 ... ticks is tried in turn, each by an exhaustive
search of the profile `time` at the small scale, until the claim holds.

- A bold number is the least TIME-WAIT at which the claim holds. At every shorter one a run violates
  it. *A tick less* gives the length of the shortest such run at one tick less. Longer TIME-WAITs
  were not tried.
- *None up to n (k steps)* means that the claim is violated at every TIME-WAIT from 0 to n, where n
  is 2 MSL + R; k is the length of the shortest run at n. The search does not show that no TIME-WAIT
  at all is safe. For graceful closes with a restart on FIN, or with no restart, that is
  [proved](../findings.md#the-least-time-wait-for-all-values).

**What is explored.** Two connections, one after the other, on one pair of sockets. A opens actively
and B passively. At most two segments are in flight, and none carries data. Both users call CLOSE
whenever they like, so simultaneous closes are included. *Every close* adds ABORT in any state; who
aborts waits in TIME-WAIT, as section 3.5.2 says (`abort_time_wait=on`). TIME-WAIT ignores resets
(RFC 1337, fix F1). T3 assumes that no initial sequence number is used twice; T4 assumes nothing of
them.

**Time** passes in whole ticks. R is how long an end retransmits a segment. *Exclusive lifetimes*,
which hold unless a column says otherwise: with MSL = m, a segment sent at time 0 may arrive until
m - 1 ticks have passed, and the m-th tick removes it. With *inclusive lifetimes* it may still
arrive at m. When the ticks of TIME-WAIT have passed, its timer expires before the next tick; other
events of that instant may come before or after it.
"""


def write(rows: list[dict[str, Any]], top: Path) -> None:
    """Write what is checked in."""
    files.write(top / DATA, document(rows).encode())
    files.write(top / PAGE, page(rows).encode())


def check(rows: list[dict[str, Any]], kept: str, shown: str) -> list[str]:
    """What is checked in, data and page, and is not what was found, a line each."""
    stale = []
    if kept != document(rows):
        old = {_key(row): row for row in read(kept)}
        for row in rows:
            was = old.pop(_key(row), None)
            if was != row:
                stale.append(f"{DATA}: {_key(row)}: {'missing' if was is None else 'differs'}")
        stale += [f"{DATA}: {key} is not a cell" for key in old]
        stale = stale or [f"{DATA}: not written as it would be now"]
    if shown != page(rows):
        stale.append(f"{PAGE}: stale")
    return stale


def _key(row: Mapping[str, Any]) -> str:
    names = ("claim", "closes", "restart", "msl", "span", "lifetimes")
    return " ".join(str(row.get(name)) for name in names)


def check_page(kept: str, shown: str) -> list[str]:
    """Is the page what the checked-in data say?"""
    rows = read(kept)
    try:
        same = bool(rows) and page(rows) == shown
    except (KeyError, TypeError, IndexError):
        same = False
    return [] if same else [f"{PAGE} is not what {DATA} says"]
