"""Transfers over a bad wire, on this machine's kernel: what is told of them is what the wire did.

Needs root, namespaces, TUN and tracefs; is skipped elsewhere, with the reason.
"""

import functools
from pathlib import Path

import pytest

from checker.conform.data import timing
from checker.dataplane.facts import Kind
from checker.dataplane.judge import DEVIATES, judge
from checker.dataplane.phases import AVOIDANCE, FAST, PERSIST, SLOW_START, TIMEOUT, phases
from tests.helpers.transfer import watched
from tests.lab.lab import lacking
from tests.lab.lossy import TRANSFERS, capture

WHY = functools.cache(lacking)
pytestmark = pytest.mark.lab
SEEN = {
    "clean": {SLOW_START},
    "one_lost": {FAST},
    "avoidance": {FAST, AVOIDANCE},
    "tail_lost": {TIMEOUT},
    "silence": {TIMEOUT},
    "stalls": {PERSIST},
}
"""Phases that a transfer must have; of others the wire does not decide."""


@pytest.mark.parametrize("name", TRANSFERS)
def test_transfer(name: str, tmp_path: Path):
    if WHY():
        pytest.skip(WHY())
    capture(name, 100 + list(TRANSFERS).index(name), tmp_path)
    here, there = (watched(tmp_path / f"{name}.{end}.pcap") for end in "AB")
    for plane in (here, there):
        bad = [one for one in judge(plane, timing(["linux"])) if one.verdict == DEVIATES]
        assert not bad, bad
    one, other = here.ways[0], there.ways[0]
    assert one.octets == (TRANSFERS[name].octets or 600)
    assert SEEN.get(name, set()) <= {phase.name for phase in phases(one)}
    again = [made for made in one.resends if made.kind is not Kind.PROBE and not made.control]
    if name == "clean":
        assert not again and not other.late
    if name == "swapped":
        assert any(made.reordered for made in other.late)
    if name == "doubled":
        assert other.copies >= 5 and one.copies == 0
