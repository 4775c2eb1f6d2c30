"""Each rule that a known stack has otherwise: a capture at its end on which ``conform`` notices it.

Or the reason why no capture shows it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import pytest

from checker.capture import Packet, frames, read
from checker.capture.segments import ACK, FIN, RST, SYN
from checker.conform import run
from checker.conform.behaviour import MAY, choose
from checker.conform.connection import Connection, Verdict
from checker.conform.follow import Position
from checker.model.options import parse_rules, show
from checker.stacks import PROFILES, costs
from checker.stacks.drivers import DRIVERS, peers
from checker.support.errors import OK, VIOLATED
from checker.support.program import checkout
from spec.rules import Rules
from spec.tcp.inputs import Input as I
from tests.helpers.acting import Script, acted, recorded
from tests.helpers.wire import followed

SYN_RECEIVED: Script = (I.OPEN_PASSIVE, (SYN, 299))
ESTABLISHED: Script = (I.OPEN_ACTIVE, (SYN | ACK, 299, 100))
BOTH_OPEN: Script = (I.OPEN_ACTIVE, (SYN, 299), 1.0)
FIN_WAIT_1: Script = (*ESTABLISHED, I.CLOSE)
FIN_WAIT_2: Script = (*FIN_WAIT_1, (ACK, 300, 101))
CLOSING: Script = (*FIN_WAIT_1, (ACK | FIN, 300, 100))
TIME_WAIT: Script = (*FIN_WAIT_2, (ACK | FIN, 300, 101))
LAST_ACK: Script = (*ESTABLISHED, (ACK | FIN, 300, 100), I.CLOSE)
AGAIN = I.RETRANSMISSION_TIMEOUT
OLD_ACK = (ACK, 300, 100)
"""Of an end that has sent an octet: who has no connection any more answers with a reset."""
FAR_RESET = (RST, 2_000_000_000)
"""Nobody answers it; it tells how late it is."""


class Shown(NamedTuple):
    """How a departure shows: a script, and what one has to know besides the capture."""

    script: Script
    assume: tuple[str, ...] = ()
    base: str = ""  # a MAY that both do


ALIVE = ("user-timeout>60s",)
SHOWN = {
    "syn_received_seq_check=off": Shown((*SYN_RECEIVED, (ACK, 250, 100), 1.0, I.SEND, 1.0)),
    "ack_of_nothing=on": Shown((*SYN_RECEIVED, (ACK, 300, 99), 1.0, I.SEND, 1.0)),
    "bad_ack_reset=off": Shown((*SYN_RECEIVED, (ACK, 300, 5000), 1.0, (ACK, 300, 100), I.SEND)),
    "syn_received_fin=off": Shown((*SYN_RECEIVED, (ACK | FIN, 300, 100), 1.0, AGAIN)),
    "simultaneous_open=off": Shown((*BOTH_OPEN, AGAIN)),
    "syn_sent_any_reset=off": Shown((I.OPEN_ACTIVE, (RST | ACK, 77, 100), 1.0, AGAIN)),
    "early_close=silent": Shown((*BOTH_OPEN, I.CLOSE, 1.0, (SYN, 299), 1.0), ALIVE),
    "early_close=instead": Shown((I.OPEN_ACTIVE, (SYN, 299), I.CLOSE, 1.0)),
    "fin_again=anew": Shown((*LAST_ACK, 1.0, AGAIN, (ACK, 301, 101), 1.0, (ACK | FIN, 300, 100))),
    "late_text_resets=on": Shown((*CLOSING, (ACK, 301, 100, 5), 1.0), ("no-abort", *ALIVE)),
    "time_wait_ignores_reset=on": Shown((*TIME_WAIT, (RST, 301), 1.0, (ACK | FIN, 300, 101))),
    "time_wait_challenge=off": Shown((*TIME_WAIT, 1.0, (SYN, 350), 1.0)),
    "time_wait_reuse=on": Shown((*TIME_WAIT, 1.0, I.OPEN_ACTIVE)),
    "reopen_returns=off": Shown(
        (*TIME_WAIT, 1.0, (SYN, 70_000), (RST, 70_001), 1.0, (ACK | FIN, 300, 101)),
        base="time_wait_reopen",
    ),
    "fin_wait_2_timeout=on": Shown(
        (*FIN_WAIT_2, (ACK, 300, 101, 5), 100.0, I.USER_TIMEOUT, (ACK | FIN, 305, 100), 1.0)
    ),
    "reset_exact=off": Shown((*ESTABLISHED, (RST, 350), 1.0, (ACK, 300, 100), 1.0)),
    "syn_received_reset_exact=off": Shown(
        (*SYN_RECEIVED, (RST, 350), 1.0, (ACK, 300, 100), 1.0), ALIVE
    ),
    "reset_below=fin": Shown(
        (*ESTABLISHED, I.SEND, (ACK | FIN, 300, 101), 1.0, (RST, 300), 1.0, OLD_ACK, 1.0)
    ),
    "reset_below=all": Shown(
        (*ESTABLISHED, I.SEND, (ACK, 300, 101), 1.0, (RST, 200), 1.0, OLD_ACK, 1.0)
    ),
    "syn_challenge=off": Shown((*ESTABLISHED, 1.0, (SYN, 350), 1.0)),
    "syn_silent=below": Shown((*ESTABLISHED, (SYN, 200), 1.0, FAR_RESET, 1.0)),
    "syn_silent=all": Shown((*ESTABLISHED, (SYN, 350), 1.0, FAR_RESET, 1.0)),
    "ack_floor=off": Shown((*ESTABLISHED, (ACK, 300, 100 - 5_000_000, 5), 1.0)),
    "bad_ack_answered=off": Shown((*ESTABLISHED, (ACK, 300, 5000, 5), 1.0, (ACK, 300, 100))),
    "unsent_text=taken": Shown((*ESTABLISHED, (ACK, 300, 5000, 5), 1.0, (ACK, 300, 100))),
    "unsent_text=answered": Shown((*FIN_WAIT_2, (ACK, 300, 5000, 5), 1.0, (ACK, 300, 101))),
    "reset_discarded=off": Shown((*ESTABLISHED, I.ABORT, 1.0, (RST, 300), 1.0)),
    "gap_answered=off": Shown((*ESTABLISHED, (ACK | FIN, 350, 100), 1.0, (ACK, 300, 100))),
    "ack_needed=off": Shown((*ESTABLISHED, (0, 300, 0, 5), 1.0, (ACK, 305, 100), 1.0)),
}
ALLOWED = {
    "time_wait_reopen=on": "MAY-2",
    "time_wait_restart=fin": "3.10.7.4, fifth and eighth",
    "syn_received_challenge=on": "RFC 5961 4",
}
"""The RFC, or another that it takes in, has both."""
HIDDEN: dict[str, tuple[str, Script]] = {
    "syn_sent_resends=on": (
        "a SYN may be sent again at any time",
        (I.OPEN_ACTIVE, (ACK, 5000, 7000), 1.0),
    ),
    "fin_again=closing": (
        "nothing says that what is sent too seldom would not have been sent after the capture",
        (*CLOSING, 5.0, AGAIN, 5.0),
    ),
    "time_wait_restart=emission": (
        "TIME-WAIT may last longer: 2 MSL is the least (MUST-13)",
        (*TIME_WAIT, 200.0, (ACK, 299, 101), 100.0, (ACK | FIN, 300, 101)),
    ),
    "reset_unanswered=off": (
        "an ACK may be sent at any time",
        (*ESTABLISHED, (RST, 5_000_000_000 % 2**32), 1.0),
    ),
    "reset_told=on": ("what the user is told is in no segment", (*CLOSING, 1.0, (RST, 301), 1.0)),
    "ack_floor_at_iss=on": (
        "an end need not take what arrives: as RFC 5961 5 it is answered with an ACK",
        (*ESTABLISHED, (ACK, 300, 50, 5), 1.0, (ACK, 300, 100), 1.0),
    ),
}
"""No capture shows it, and why; and what it does all the same."""


def judged(
    packets: Iterable[Packet], script: Script, assume: tuple[str, ...] = (), rules: str = ""
) -> list[Connection]:
    role = "server" if script[0] == I.OPEN_PASSIVE else "client"
    return followed(packets, choose([rules] if rules else [], assume), Position(role=role))


def stacks(words: str) -> list[str]:
    """Those that depart so."""
    ((switch, value),) = parse_rules([words]).items()
    return [stack.name for stack in costs.stacks(switch, value)]


def turned(words: str, base: str = "") -> tuple[Rules, Rules]:
    """The RFC's, and those that depart."""
    rfc = replace(Rules(), **({base: True} if base else {}))
    return rfc, replace(rfc, **parse_rules([words]))


def test_each_departure_of_each_stack_is_here():
    known = {f"{switch}={show(value)}" for switch, value in costs.departing()}
    assert known == {*SHOWN, *ALLOWED, *HIDDEN}
    assert len(known) == len(SHOWN) + len(ALLOWED) + len(HIDDEN)


def test_the_page_says_so():
    page = (checkout() / "docs/reference/captures.md").read_text()
    total, real = len(SHOWN) + len(ALLOWED) + len(HIDDEN), len({words for _, words in OF_ITSELF})
    assert f"from RFC 9293 by {total} values of switches" in page
    assert f"With `--at` {len(SHOWN)} of them show" in page
    assert f"{real} of the {len(SHOWN)} are\nnoticed in a real capture" in page
    assert all(f"| `{words.removesuffix('=on')}` (" in page for words in HIDDEN)


@pytest.mark.parametrize("words", SHOWN)
def test_a_departure_is_noticed(words):
    script, assume, base = SHOWN[words]
    rfc, departs = turned(words, base)
    conforms = judged(acted(script, rfc), script, assume)
    assert {one.verdict for one in conforms} == {Verdict.CONFORMS}
    last = judged(acted(script, departs), script, assume)[-1]
    assert last.verdict is Verdict.DEVIATES, last.life
    assert last.deviation is not None and words in last.deviation.departures
    assert len(last.deviation.departures) < 4  # not whatever there is
    # Whoever allows it finds nothing.
    for rules in (words, *stacks(words)):
        allowed = judged(acted(script, departs), script, assume, rules)
        assert Verdict.DEVIATES not in {one.verdict for one in allowed}, rules


@pytest.mark.parametrize("words", HIDDEN)
def test_no_capture_shows_it(words):
    """The two captures differ, or not; both conform."""
    _, script = HIDDEN[words]
    for rules in turned(words):
        assert {one.verdict for one in judged(acted(script, rules), script)} == {Verdict.CONFORMS}


def test_what_is_allowed_is_allowed():
    allowed = [f"{switch}={show(value)}" for may in MAY for switch, value in may.items()]
    assert {"time_wait_reopen=on", "time_wait_restart=fin"} <= set(allowed)


# Real stacks

BUILT = peers.place()


@pytest.fixture(autouse=True)
def _built_once(monkeypatch):
    """A test's own cache has no peers."""
    monkeypatch.setattr(peers, "place", lambda: BUILT)


LONG = "it takes a minute, or the clock of its timestamps"
OTHERWISE = {
    ("gvisor", "late_text_resets=on"): "its reset has SND.NXT and an ACK: a habit, and no switch",
    ("pytcp", "bad_ack_answered=off"): "in ESTABLISHED it answers",
    ("libslirp", "ack_of_nothing=on"): "with SND.UNA = ISS it sends nothing, which is no wrong",
    ("libslirp", "syn_challenge=off"): "of its two resets the first may be that of an ABORT",
    ("smoltcp", "syn_silent=all"): "its answer to the reset is an ACK, too (reset_unanswered=off)",
    ("smoltcp", "bad_ack_answered=off"): "it answers text, and no bare ACK",
    ("linux", "fin_wait_2_timeout=on"): LONG,
    ("linux", "time_wait_reuse=on"): LONG,
    ("linux-6.1", "fin_wait_2_timeout=on"): LONG,
    ("linux-6.1", "time_wait_reuse=on"): LONG,
}
"""What the script does not show of the stack itself."""
OF_ITSELF = [
    (name, words)
    for name in DRIVERS
    for words in SHOWN
    if name in stacks(words) and (name, words) not in OTHERWISE
]


def passive(script: Script) -> Script:
    """The same after a passive OPEN, and an octet of the peer, which is acknowledged."""
    assert script[: len(ESTABLISHED)] == ESTABLISHED
    opening: Script = (*SYN_RECEIVED, (ACK, 300, 100), (ACK, 300, 100, 1), 1.0)
    rest = script[len(ESTABLISHED) :]
    return opening + tuple(
        (step[0], step[1] + 1, *step[2:]) if isinstance(step, tuple) else step for step in rest
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(
            *each,
            marks=[
                pytest.mark.skipif(bool(why := DRIVERS[each[0]].missing()), reason=why or "-"),
                *([] if each[0] == "lwip" else [pytest.mark.slow]),
            ],
        )
        for each in OF_ITSELF
    ],
)
def test_a_real_stack_is_noticed(name, words, tmp_path):
    driver, (script, assume, _) = DRIVERS[name], SHOWN[words]
    if not driver.can.connect:
        script = passive(script)
    recorded(script, driver, capture := tmp_path / "stack.pcap")
    last = judged(read(frames(capture)), script, assume)[-1]
    assert last.deviation is not None and words in last.deviation.departures, last.life


@pytest.mark.skipif(bool(DRIVERS["lwip"].missing()), reason=DRIVERS["lwip"].missing() or "-")
def test_lwip_takes_text_without_ack_and_conform_says_what_it_costs(tmp_path, capsys):
    script = SHOWN["ack_needed=off"].script
    recorded(script, DRIVERS["lwip"], capture := tmp_path / "lwip.pcap")
    assert run.conform([capture], choose([]), at="10.83.0.1") == VIOLATED
    told = capsys.readouterr().out
    assert "deviates: packet 5: 3.10.7.4 seventh, eighth: RCV.NXT moves only over what" in told
    assert "explained by:        --rules ack_needed=off" in told
    assert f"known of lwip: {PROFILES['lwip'].seen}" in told and "costs T10" in told
    assert run.conform([capture], choose(["lwip"]), at="10.83.0.1") == OK


@pytest.mark.skipif(bool(DRIVERS["lwip"].missing()), reason=DRIVERS["lwip"].missing() or "-")
def test_the_reset_of_lwip_has_a_name(tmp_path):
    """In SYN-SENT, too."""
    _, script = HIDDEN["syn_sent_resends=on"]
    recorded(script, DRIVERS["lwip"], capture := tmp_path / "lwip.pcap")
    (found,) = judged(read(frames(capture)), script)
    assert found.deviation is not None and found.deviation.segment == 3
    assert found.deviation.habits == [
        "RST,ACK in answer to a segment that has an ACK, as lwIP sends"
    ]
