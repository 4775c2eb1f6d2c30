"""The measurement beside other programs."""

from checker.conform import speed
from tests.helpers.mutate import CAPTURES


def test_bench_measures_and_says_who_is_missing(monkeypatch):
    monkeypatch.setitem(speed.PEERS, "tshark", ("no-such-program",))
    monkeypatch.setattr(speed, "ROUNDS", 1)
    told = list(speed.timed([CAPTURES / "lwip.pcap"]))
    assert "segments/s" in told[0]
    assert "conform, 2 processes" in told[1]
    assert "by the clock)" in told[1]
    assert told[2].endswith("tshark: not installed")
