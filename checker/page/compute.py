"""What the page computes with: results that are checked in, and small ones found here."""

import json
from pathlib import Path
from typing import Any

from checker.studies import flood, http

TIME_WAIT = Path("proofs/results/time_wait.json")
"""Where the least TIME-WAITs are checked in, from the top of the checkout."""


def tables(root: Path) -> dict[str, Any]:
    """Tables by name. Margins are H3's formula, of the values that were searched (the slow tests
    find each of them)."""
    cells = json.loads((root / TIME_WAIT).read_text(encoding="utf-8"))["cells"]
    wanted = ("claim", "closes", "restart", "lifetimes", "msl", "span", "verdict", "least", "limit")
    return {
        "time_wait": [{name: cell[name] for name in wanted} | _length(cell) for cell in cells],
        "flood": [
            [rate.backlog, rate.retries, str(rate.least), rate.states]
            for backlog in flood.BACKLOGS
            for retries in flood.RETRIES
            for rate in [flood.least(backlog, retries)]
        ],
        "margins": [
            ["request" if from_request else "response", one.whole, limit, one.formula]
            for from_request in (False, True)
            for whole in sorted({delay + span - 1 for delay, span in http.DELAYS})
            for limit in http.LIMITS
            for one in [http.Margin(whole, 1, limit, from_request, None, 0)]
        ],
        "http": {
            version: {
                "kept": bounds.get("kept", True),
                "one": _values(http.cost(version, 1)),
                "two": _values(http.cost(version, 2)),
            }
            for version, bounds in http.VERSIONS.items()
        },
    }


def _length(cell: dict[str, Any]) -> dict[str, Any]:
    """That of the shortest run that violates the claim at the longest TIME-WAIT that is unsafe."""
    lengths = cell["lengths"]
    return {"steps": lengths[-1] if lengths else None}


def _values(cost: http.Cost) -> list[int]:
    return [cost.connections, cost.delays, cost.segments, cost.clients, cost.servers]
