"""What is said of each segment, compared with tshark's analysis; every difference has a reason.

What tshark said is written down (``tests/captures/tshark-facts.txt``), so that this needs no
tshark. Where the same version is installed, it is asked again.
"""

from functools import cache

import pytest

from tests.helpers import data, tshark
from tests.helpers.tshark import Both


@cache
def both() -> list[Both]:
    return tshark.everything(tshark.facts()[1])


def test_every_difference_has_a_reason():
    without = [one for one in both() if one.differ() and not tshark.reason(one)]
    assert not without, without[:5]


def test_each_reason_is_needed():
    """... and explains something that no other does: of a difference, nothing is excused twice."""
    used = {tshark.reason(one) for one in both() if one.differ()}
    assert used == {one.name for one in tshark.REASONS}


def test_the_tables_are_not_stale():
    assert tshark.TABLE.read_text() == tshark.table(both())
    page = tshark.PAGE.read_text("utf-8")
    assert tshark.renewed(page, both()) == page, "python -m tests.helpers.tshark renews it"


def test_a_word_that_is_not_said_is_noticed():
    """Of a segment of which both say the same: without the word, nothing would explain it."""
    excused = [
        (one.capture, one.frame, word)
        for one in both()
        if not one.differ()
        for word in one.theirs
        if tshark.reason(one._replace(ours=one.ours - {word}))
    ]
    assert len(excused) <= 2, excused


def test_most_of_it_is_the_same():
    found = both()
    assert sum(not one.differ() for one in found) > 600 and len(found) > 1200


QUICK = ("lossy20_dup_bulk.A.pcap", "stalls.A.pcap", "swapped.B.pcap", "tcp__reassembly.pcap")


@pytest.mark.parametrize("which", ["some", pytest.param("all", marks=pytest.mark.slow)])
def test_tshark_says_still_the_same(which):
    version, facts = tshark.facts()
    if tshark.version() != version:
        pytest.skip(f"no tshark {version} here")
    chosen = [one for one in tshark.captures() if which == "all" or one.name in QUICK]
    assert len(chosen) >= len(QUICK)
    for path in chosen:
        assert tshark.asked(path) == facts.get(tshark.name(path), {}), path


def test_what_conform_finds_in_the_captures():
    assert data.TABLE.read_text() == data.table(), "python -m tests.helpers.data writes it again"
