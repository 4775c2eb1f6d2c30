"""What the page computes with: results that are checked in, and small ones found here."""

import json
from pathlib import Path
from typing import Any

from checker.studies import flood, http

TIME_WAIT = Path("proofs/results/time_wait.json")
"""Where the least TIME-WAITs are checked in, from the top of the checkout."""


def tables(root: Path) -> dict[str, Any]:
    """Tables by name."""
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
