"""Small captures of what is met in the wild, and what is right of each."""

import tomllib
from pathlib import Path

import pytest

from checker.conform import run
from checker.conform.behaviour import choose
from tests.helpers.mutate import CAPTURES
from tests.helpers.wire import captured

CASES = CAPTURES.parent / "cases"
RIGHT = tomllib.loads((CASES / "right.toml").read_text())
AGAIN = {
    "client_reuses_after_61s": (["linux"], ["conforms", "conforms"]),
    "split_handshake_five": (["split_handshake=on"], ["conforms"]),
    "timewait_reopened_low_isn": (["reopen_seq_check=off"], ["conforms", "conforms"]),
    "timewait_cut_short_reset": (["time_wait_cut=239690"], ["conforms"]),
}
"""Under rules that a verdict offers, or of a stack."""


def judged(name: str, words: list[str], at: str = ""):
    return captured(CASES / f"{name}.pcap", choose(words), run.position(at))


@pytest.mark.parametrize("name", RIGHT)
def test_right(name):
    right = RIGHT[name]
    found = judged(name, [], right.get("at", ""))
    assert [c.verdict.value for c in found] == right["verdicts"]
    last = found[-1]
    told = "\n".join(str(event) for c in found for event in c.life)
    assert right.get("reason", "") in last.reason
    assert last.states == right.get("left", last.states)
    for words in right.get("life", ()):
        assert words in told
    for words in right.get("without", ()):
        assert words not in told
    if last.deviation is not None:
        assert last.deviation.departures == right.get("explained", last.deviation.departures)
        assert last.deviation.nearest == right.get("nearest", last.deviation.nearest)


@pytest.mark.parametrize("name", AGAIN)
def test_what_is_offered_explains(name):
    words, verdicts = AGAIN[name]
    assert [c.verdict.value for c in judged(name, words)] == verdicts


def test_every_capture_has_its_right():
    assert {path.stem for path in Path(CASES).glob("*.pcap")} == {*RIGHT}
