"""The fuzzer: a few hundred inputs, and that it tells a traceback, a loop and a glutton."""

from collections import Counter

import pytest

from checker.conform import follow
from checker.narrate import dns
from tests.programs import fuzz


@pytest.fixture(scope="module")
def maker() -> fuzz.Maker:
    return fuzz.Maker(20_260_101)


@pytest.mark.parametrize("inputs", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_garbage_gives_verdicts_or_one_line(maker, inputs):
    tally = fuzz.fuzz(maker, range(inputs))
    assert tally.failures == []
    assert tally.inputs == inputs
    assert {"conforms", "deviates", "inconclusive", "unsupported"} == set(tally.verdicts)
    ends = {"exit 0", "exit 1", "exit 3", "one line: UsageProblem"}
    assert {name.removeprefix("conform ") for name in tally.outcomes if "conform" in name} == ends
    assert {"narrate exit 0", "narrate exit 3"} <= set(tally.outcomes)


def test_inputs_are_of_all_kinds_and_made_again(maker):
    again = fuzz.Maker(maker.seed)
    kinds: Counter[str] = Counter()
    magics = set()
    for number in range(60):
        kind, content, _ = maker.make(number)
        kinds[kind] += 1
        magics.add(content[:4])
        assert again.make(number)[:2] == (kind, content)
    assert set(kinds) == set(fuzz.KINDS)
    assert {b"\x0a\x0d\x0d\x0a", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4"} <= magics


def test_a_traceback_is_told_and_its_input_kept(maker, monkeypatch, tmp_path):
    """A parser that forgets that an option may be missing."""

    def careless(octets: bytes) -> dict[int, bytes]:
        return {3: fine(octets)[3]}

    fine = follow.options
    monkeypatch.setattr(follow, "options", careless)
    tally = fuzz.fuzz(maker, range(50), tmp_path)
    assert tally.failures
    number, kind, wrong = tally.failures[0]
    assert wrong.startswith("KeyError: 3") and "test_fuzz.py" in wrong
    assert maker.make(number)[0] == kind
    kept = tmp_path / f"{maker.seed}-{number}.capture"
    assert kept.read_bytes() == maker.make(number)[1]


def test_what_narrate_alone_reads_is_read(maker, monkeypatch):
    monkeypatch.setattr(dns, "printable", lambda label: label.decode())
    assert any("Unicode" in wrong for _, _, wrong in fuzz.fuzz(maker, range(150)).failures)


def test_a_loop_is_told(maker, monkeypatch):
    monkeypatch.setattr(fuzz, "SECONDS", 0.3)

    def loop(_octets: bytes) -> dict[int, bytes]:
        while True:
            pass

    monkeypatch.setattr(follow, "options", loop)
    tally = fuzz.fuzz(maker, range(3, 4))
    assert [wrong for _, _, wrong in tally.failures] == ["more than 0.3 s"]


def test_a_glutton_is_told(maker, monkeypatch):
    """What the system says of the peak goes up with each SYN, and beyond the limit with some."""
    peak = fuzz._peak()
    assert peak << 10 > 8 << 20

    def take(_octets: bytes) -> dict[int, bytes]:
        nonlocal peak
        peak += 5 << 10
        return {}

    monkeypatch.setattr(fuzz, "MEMORY", 4 << 20)
    monkeypatch.setattr(fuzz, "_peak", lambda: peak)
    monkeypatch.setattr(follow, "options", take)
    (told, *_) = fuzz.fuzz(maker, range(3, 4)).failures
    assert told[2].endswith("MiB more than before")


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b2J", "a\rb", "\x07"])
def test_what_steers_a_terminal_is_told(text):
    with pytest.raises(AssertionError, match="not for a terminal"):
        fuzz._fit(f"a line\n{text}")


def test_processes_make_the_same(maker, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(fuzz, "BATCH", 20)
    tally = fuzz.main(60, maker.seed, 2, tmp_path)
    assert tally.outcomes == fuzz.fuzz(maker, range(60)).outcomes
    assert "60 inputs of seed 20260101" in capsys.readouterr().out
