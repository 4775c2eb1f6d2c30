"""What other projects' scripts expect is replayed against the specification."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.stacks import PROFILES
from checker.stacks.foreign.facts import (
    AGREES,
    DEPARTURE,
    UNEXPLAINED,
    Fact,
    Judge,
    Table,
    derive,
    derive_by_hand,
    dump,
    load,
)
from checker.stacks.foreign.page import page
from checker.stacks.foreign.sources import SOURCES
from checker.stacks.foreign.terms import switches
from spec.rules import Rules
from spec.tcp import host, sending
from spec.tcp.segment_arrives import listen, others, syn_sent
from tests.programs import foreign

ALL = pytest.mark.parametrize("source", sorted(SOURCES))


@functools.cache
def table_of(source: str) -> Table:
    """A project's facts; they are not to be changed."""
    return load(foreign.file(source))


@functools.cache
def quick() -> list[Fact]:
    """The facts of connections without text that agree."""
    facts = [fact for source in SOURCES for fact in table_of(source).facts]
    return [fact for fact in facts if not fact.start.setup.mss and fact.verdict == AGREES]


@ALL
def test_each_fact_has_its_verdict(source: str) -> None:
    table = table_of(source)
    judge = Judge(SOURCES[source])
    wrong = []
    for fact in table.facts:
        again = dataclasses.replace(fact)
        judge.judge(again)
        if (again.verdict, again.reason, again.ours) != (fact.verdict, fact.reason, fact.ours):
            wrong.append((fact.script, fact.state, fact.event, fact.wants, again.ours))
    assert not wrong, wrong[:5]


@ALL
def test_no_fact_is_unexplained(source: str) -> None:
    assert not [fact for fact in table_of(source).facts if fact.verdict == UNEXPLAINED]


def test_each_departure_of_freebsd_stands_in_a_fact() -> None:
    source = SOURCES["freebsd-net/tcp-testsuite"]
    named = {f.reason for f in table_of(source.name).facts if f.verdict == DEPARTURE}
    known = (*PROFILES["freebsd"].departures, *source.more.values())
    assert {departure.name for departure in known} == named


def test_the_page_is_fresh() -> None:
    fresh = page(foreign.tables(), foreign.COMMAND)
    assert (foreign.ROOT / foreign.PAGE).read_text() == fresh, f"run {foreign.COMMAND}"


def test_what_was_read_by_hand_is_in_its_table(tmp_path: Path) -> None:
    source = "google/gvisor packetimpact"
    again = tmp_path / "table.toml"
    again.write_text(dump(derive_by_hand(SOURCES[source], foreign.HERE / "packetimpact.hand.toml")))
    assert load(again) == table_of(source)


@ALL
def test_a_table_is_what_it_was_written_from(source: str, tmp_path: Path) -> None:
    again = tmp_path / "table.toml"
    again.write_text(dump(table_of(source)))
    assert load(again) == table_of(source)


# A fault is noticed


def noticed(facts: list[Fact], rules: Rules) -> int:
    """How many facts no longer agree."""
    judge = Judge(SOURCES["freebsd-net/tcp-testsuite"])
    missed = 0
    for fact in facts:
        set_ = dataclasses.replace(rules, **switches(fact.start.settings))
        _, done, agreed = judge.replay(fact, set_)
        missed += not agreed or done.before.state.value != fact.state
    return missed


@pytest.mark.parametrize(
    "switch",
    [
        "reset_exact",
        "syn_challenge",
        "syn_sent_ack_check",
        "reset_discarded",
        "reset_unanswered",
        "three_way",
    ],
)
def test_a_rule_that_is_off_is_noticed(switch: str) -> None:
    assert noticed(quick(), Rules(**{switch: False}))


def _ack(tcb: Any, tcp: Any) -> None:
    """An ACK that acknowledges one too few."""
    tcb.rcv.nxt = tcp.seq.minus(tcb.rcv.nxt, 1)
    sending.acknowledge(tcb, tcp)
    tcb.rcv.nxt = tcp.seq.plus(tcb.rcv.nxt, 1)


FAULTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "all is acceptable": (others, "acceptable", lambda *_: True),
    "nothing is acceptable": (others, "acceptable", lambda *_: False),
    "no reset in LISTEN": (listen, "reset", lambda *_: None),
    "no reset in SYN-SENT": (syn_sent, "reset", lambda *_: None),
    "no challenge ACK": (others, "challenge", lambda *_: None),
    "an ACK of one too few": (others, "acknowledge", _ack),
    "TIME-WAIT is not entered": (others, "enter_time_wait", lambda *_: None),
    "a FIN is not counted": (others, "check_fin_bit", lambda *_: True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, wrong = FAULTS[fault]
    monkeypatch.setattr(module, name, wrong)
    assert noticed(quick(), Rules())


def test_a_fault_in_what_sack_reports_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    every = table_of("freebsd-net/tcp-testsuite").facts
    reported = [fact for fact in every if any(" sack=" in want for want in fact.wants)][:20]
    assert not noticed(reported, Rules())
    monkeypatch.setattr(host.sack, "report", _reports_too_much)
    assert noticed(reported, Rules()) == len(reported)


def _reports_too_much(tcb: Any, tcp: Any) -> None:
    for seg in tcp.sent:
        seg.sack = 1 << len(tcb.transfers[0].places) - 1


# Reading


def _clone(tmp_path: Path, *lines: str) -> Table:
    (tmp_path / "one.pkt").write_text("\n".join(lines) + "\n")
    return derive(SOURCES["freebsd-net/tcp-testsuite"], tmp_path, "0")


OPENED = (
    "+0.00 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
    "+0.00 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)",
    "+0.00 > S  0:0(0) win 65535 <...>",
    "+0.10 < S. 0:0(0) ack 1 win 65535 <mss 1460>",
    "+0.00 >  . 1:1(0) ack 1 win 65535",
)


def test_a_script_is_read(tmp_path: Path) -> None:
    table = _clone(tmp_path, *OPENED, "+0 close(3) = 0", "+0 > F. 1:1(0) ack 1 win 65535")
    assert [fact.event for fact in table.facts] == [
        "OPEN active",
        "SYN,ACK seq=IRS ack=ISS+1",
        "CLOSE",
    ]
    assert {fact.verdict for fact in table.facts} == {AGREES}
    assert table.whole == 1


def test_a_wrong_script_is_unexplained(tmp_path: Path) -> None:
    table = _clone(tmp_path, *OPENED, "+0 close(3) = 0", "+0 > F. 1:1(0) ack 2 win 65535")
    assert table.facts[-1].verdict == UNEXPLAINED
    assert table.facts[-1].ours == ("FIN,ACK seq=ISS+1 ack=IRS+1", "FIN-WAIT-1")


def test_silence_is_a_fact_only_if_it_would_be_noticed(tmp_path: Path) -> None:
    reset = "+0 < R 9:9(0) win 65535"
    table = _clone(tmp_path, *OPENED, reset)
    assert table.unseen == 1
    assert table.facts[-1].event == "SYN,ACK seq=IRS ack=ISS+1"
    table = _clone(tmp_path, *OPENED, reset, "+0 close(3) = 0", "+0 > F. 1:1(0) ack 1 win 1")
    assert table.facts[2].verdict == UNEXPLAINED  # a challenge ACK is due


def test_what_is_not_read_is_counted(tmp_path: Path) -> None:
    table = _clone(tmp_path, *OPENED, "+0 < icmp unreachable frag_needed mtu 800")
    assert table.ended == {"ICMP": 1}
    assert table.whole == 0


def test_a_timer_runs_out_only_after_a_while(tmp_path: Path) -> None:
    late = _clone(tmp_path, *OPENED[:3], "+1.0 > S 0:0(0) win 65535 <...>")
    assert late.facts[-1].event == "RETRANSMISSION TIMEOUT"
    early = _clone(tmp_path, *OPENED[:3], "+0.0 > S 0:0(0) win 65535 <...>")
    assert early.facts[-1].verdict == UNEXPLAINED


def test_ifdef_is_read_for_each_word(tmp_path: Path) -> None:
    choice = ("#ifdef A", "+0 close(3) = 0", "#endif", "#ifdef B", "+0 shutdown(3, SHUT_WR) = 0")
    table = _clone(tmp_path, *OPENED, *choice, "#endif", "+0 > F. 1:1(0) ack 1 win 65535")
    assert table.walks == 2
    assert {fact.event for fact in table.facts if fact.state == "ESTABLISHED"} == {
        "CLOSE",
        "SHUTDOWN",
    }
