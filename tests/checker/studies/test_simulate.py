"""The walks, pinned: the state of both ends, and every segment with its flags, SEQ and ACK.

A transcript has a row for each step: the state of A after it, what happened, the state of B.
``-->`` is a segment that B receives, ``<--`` one that A receives. Quotations in Chinese are from
the two articles in ``seeds/``; where they are wrong, a test shows what the specification does
instead. Figures are RFC 9293's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as File
from typing import Any

import pytest

from checker.model.words import state
from checker.render import Story, ladder
from checker.studies.simulate import (
    established,
    simulate,
    tell,
    walk,
)
from checker.support.errors import Problem, UsageProblem
from proofs.claims.scenarios import SCENARIOS, Move, Scenario
from spec.rules import Restart
from spec.tcp.inputs import Input
from spec.world.system import World


def transcript(story: Story) -> list[str]:
    rows = []
    for line in story.lines:
        if line.received is not None:
            arrow = "<--" if line.actor == 0 else "-->"
            what = f"{arrow} {line.received.text}"
        elif line.lost:
            what = f"lost {line.lost[0].text}"
        elif line.actor is None:
            what = line.action
        else:
            what = f"{story.lifelines[line.actor]}: {line.action}"
        rows.append(f"{line.states[0]} | {what} | {line.states[1]}")
    for flight in story.flights:
        if flight.in_flight:
            rows.append(f"in flight: {flight.message.text}")
    return rows


def rows(text: str) -> list[str]:
    return [
        " | ".join(part.strip() for part in row.split("|")) for row in text.strip().splitlines()
    ]


def told(name: str, rules: Mapping[str, Any] | None = None) -> list[str]:
    return transcript(tell(SCENARIOS[name], rules))


def changed(name: str, **changes: Any) -> Story:
    return tell(replace(SCENARIOS[name], **changes))


def sent(story: Story) -> list[str]:
    return [message.text for line in story.lines for message in line.sent]


# The captures of the articles


def test_handshake_of_the_capture() -> None:
    """The article: "客户端序号Seq=0", "服务器端序号Seq=0;确认号Ack=1", then SEQ 1, ACK 1."""
    assert told("three-way-handshake") == rows("""
        CLOSED      | B: OPEN (passive)           | LISTEN
        SYN-SENT    | A: OPEN (active)            | LISTEN
        SYN-SENT    | --> SYN SEQ=0 LEN=1         | SYN-RECEIVED
        ESTABLISHED | <-- SYN,ACK SEQ=0 ACK=1 LEN=1 | SYN-RECEIVED
        ESTABLISHED | --> ACK SEQ=1 ACK=1 LEN=0   | ESTABLISHED
    """)


@pytest.mark.parametrize(("x", "y"), [(1, 7), (2**32 - 1, 2**31)])
def test_handshake_of_the_article(x: int, y: int) -> None:
    """The article: "Seq=x", "Seq=y", "Ack=x+1", "Seq=x+1", "Ack=y+1"; modulo 2^32."""
    x1, y1 = (x + 1) % 2**32, (y + 1) % 2**32
    assert sent(changed("three-way-handshake", numbers=((x,), (y,)))) == [
        f"SYN SEQ={x} LEN=1",
        f"SYN,ACK SEQ={y} ACK={x1} LEN=1",
        f"ACK SEQ={x1} ACK={y1} LEN=0",
    ]


def test_the_server_leaves_syn_received() -> None:
    """The article has the server "结束SYN-SENT阶段,进入ESTABLISHED阶段" with the third segment.

    It cannot: a server that listened is never in SYN-SENT. It leaves SYN-RECEIVED, which the
    same article has it enter with the first ("随后服务器端进入SYN-RCVD阶段").
    """
    story = tell(SCENARIOS["three-way-handshake"])
    server = [line.states[1] for line in story.lines]
    assert server == ["LISTEN", "LISTEN", "SYN-RECEIVED", "SYN-RECEIVED", "ESTABLISHED"]
    assert "SYN-SENT" not in server
    assert story.lines[-1].rule.startswith("3.10.7.4 fifth SYN-RECEIVED")


def test_close_of_the_capture() -> None:
    """The article: "[FIN,ACK] ... Seq=2445;确认号Ack=558" to "[ACK] ... Seq=2446;确认号Ack=559"."""
    assert told("four-way-close") == rows("""
        FIN-WAIT-1 | A: CLOSE                            | ESTABLISHED
        FIN-WAIT-1 | --> FIN,ACK SEQ=2445 ACK=558 LEN=1  | CLOSE-WAIT
        FIN-WAIT-2 | <-- ACK SEQ=558 ACK=2446 LEN=0      | CLOSE-WAIT
        FIN-WAIT-2 | B: CLOSE                            | LAST-ACK
        TIME-WAIT  | <-- FIN,ACK SEQ=558 ACK=2446 LEN=1  | LAST-ACK
        TIME-WAIT  | --> ACK SEQ=2446 ACK=559 LEN=0      | CLOSED
        TIME-WAIT  | tick                                | CLOSED
        TIME-WAIT  | tick                                | CLOSED
        CLOSED     | A: TIME-WAIT TIMEOUT                | CLOSED
    """)


def test_the_ack_of_a_fin_at_2445_is_2446() -> None:
    """The article reads "确认号Ack=2246" off its capture, twice.

    It cannot be: the ACK of a FIN is its SEQ plus one, as the article says itself ("Ack=U+1"), and
    its own fourth segment has "Seq=2446", which is "前一次...Ack值". Were it 2246, A would stay in
    FIN-WAIT-1: its FIN is not acknowledged.
    """
    story = tell(SCENARIOS["four-way-close"])
    answers = [text for text in sent(story) if " SEQ=558 " in text]
    assert answers == ["ACK SEQ=558 ACK=2446 LEN=0", "FIN,ACK SEQ=558 ACK=2446 LEN=1"]
    assert not any("2246" in text for text in sent(story))

    system, path = walk(SCENARIOS["four-way-close"])
    world = path.steps[1][1]  # B has answered
    (right,) = world.links[1]
    wrong = system.segment(replace(right, ack=2246))
    forged = world._replace(links=((), (wrong,)))
    _, after = system.take(forged, Move(0, Input.SEGMENT.value, "ACK SEQ=558 ACK=2246"))
    assert state(after.hosts[0]) == "FIN-WAIT-1"
    assert after.hosts[0].tcb.snd.una == 2445


@pytest.mark.parametrize(("u", "w"), [(2445, 558), (2**32 - 1, 0)])
def test_close_of_the_article(u: int, w: int) -> None:
    """The article: "Seq=U", "Ack=U+1", "Seq=W", "Seq=U+1", "Ack=W+1"; modulo 2^32."""
    u1, w1 = (u + 1) % 2**32, (w + 1) % 2**32
    numbers = (((u - 1) % 2**32,), ((w - 1) % 2**32,))
    assert sent(changed("four-way-close", numbers=numbers)) == [
        f"FIN,ACK SEQ={u} ACK={w} LEN=1",
        f"ACK SEQ={w} ACK={u1} LEN=0",
        f"FIN,ACK SEQ={w} ACK={u1} LEN=1",
        f"ACK SEQ={u1} ACK={w1} LEN=0",
    ]


# What else the articles tell


def test_a_lost_segment_does_not_end_the_handshake() -> None:
    """The article: "一旦出现某一方发出的TCP报文丢失,便无法继续'握手'": not so, it is sent again."""
    assert told("lost-syn-ack") == rows("""
        CLOSED      | B: OPEN (passive)             | LISTEN
        SYN-SENT    | A: OPEN (active)              | LISTEN
        SYN-SENT    | --> SYN SEQ=0 LEN=1           | SYN-RECEIVED
        SYN-SENT    | lost SYN,ACK SEQ=0 ACK=1 LEN=1 | SYN-RECEIVED
        SYN-SENT    | B: RETRANSMISSION TIMEOUT     | SYN-RECEIVED
        ESTABLISHED | <-- SYN,ACK SEQ=0 ACK=1 LEN=1 | SYN-RECEIVED
        ESTABLISHED | --> ACK SEQ=1 ACK=1 LEN=0     | ESTABLISHED
    """)


def test_two_way_handshake() -> None:
    """The article: "如果服务器端就直接创建了这个连接", "服务器端的端口就一直开着"."""
    assert told("two-way-handshake") == rows("""
        CLOSED   | B: OPEN (passive)              | LISTEN
        SYN-SENT | A: OPEN (active)               | LISTEN
        SYN-SENT | --> SYN SEQ=0 LEN=1            | ESTABLISHED
        SYN-SENT | lost SYN,ACK SEQ=0 ACK=1 LEN=1 | ESTABLISHED
        CLOSED   | A: USER TIMEOUT                | ESTABLISHED
    """)
    with_three = told("two-way-handshake", {"three_way": True})
    assert with_three[-1] == "CLOSED | A: USER TIMEOUT | SYN-RECEIVED"


def test_three_segment_close() -> None:
    """The article: "响应了 [ACK] ,然后立马响应 [FIN, ACK]". In one segment, if the ACK waits."""
    assert told("three-segment-close") == rows("""
        FIN-WAIT-1 | A: CLOSE                          | ESTABLISHED
        FIN-WAIT-1 | --> FIN,ACK SEQ=100 ACK=300 LEN=1 | CLOSE-WAIT
        FIN-WAIT-1 | B: CLOSE                          | LAST-ACK
        TIME-WAIT  | <-- FIN,ACK SEQ=300 ACK=101 LEN=1 | LAST-ACK
        TIME-WAIT  | --> ACK SEQ=101 ACK=301 LEN=0     | CLOSED
    """)


def test_half_close() -> None:
    """The article: "客户端仍然能接收从服务器端传输过来的数据 ... 客户端仍然能发送ACK确认报文"."""
    assert told("half-close") == rows("""
        FIN-WAIT-1 | A: CLOSE                          | ESTABLISHED
        FIN-WAIT-1 | --> FIN,ACK SEQ=100 ACK=300 LEN=1 | CLOSE-WAIT
        FIN-WAIT-2 | <-- ACK SEQ=300 ACK=101 LEN=0     | CLOSE-WAIT
        FIN-WAIT-2 | B: SEND                           | CLOSE-WAIT
        FIN-WAIT-2 | <-- PSH,ACK SEQ=300 ACK=101 LEN=1 | CLOSE-WAIT
        FIN-WAIT-2 | --> ACK SEQ=101 ACK=301 LEN=0     | CLOSE-WAIT
        FIN-WAIT-2 | A: RECEIVE                        | CLOSE-WAIT
        FIN-WAIT-2 | B: CLOSE                          | LAST-ACK
        TIME-WAIT  | <-- FIN,ACK SEQ=301 ACK=101 LEN=1 | LAST-ACK
        TIME-WAIT  | --> ACK SEQ=101 ACK=302 LEN=0     | CLOSED
    """)


_LAST_ACK = """
        FIN-WAIT-1 | A: CLOSE                          | ESTABLISHED
        FIN-WAIT-1 | --> FIN,ACK SEQ=100 ACK=300 LEN=1 | CLOSE-WAIT
        FIN-WAIT-2 | <-- ACK SEQ=300 ACK=101 LEN=0     | CLOSE-WAIT
        FIN-WAIT-2 | B: CLOSE                          | LAST-ACK
        TIME-WAIT  | <-- FIN,ACK SEQ=300 ACK=101 LEN=1 | LAST-ACK
        TIME-WAIT  | lost ACK SEQ=101 ACK=301 LEN=0    | LAST-ACK
        TIME-WAIT  | tick                              | LAST-ACK
        TIME-WAIT  | B: RETRANSMISSION TIMEOUT         | LAST-ACK
        TIME-WAIT  | <-- FIN,ACK SEQ=300 ACK=101 LEN=1 | LAST-ACK
        TIME-WAIT  | --> ACK SEQ=101 ACK=301 LEN=0     | CLOSED
"""


def test_lost_last_ack() -> None:
    """By the letter of 3.10.7.4 the FIN that comes again restarts nothing: 4 ticks in all."""
    left = ["TIME-WAIT | tick | CLOSED"] * 3 + ["CLOSED | A: TIME-WAIT TIMEOUT | CLOSED"]
    assert told("lost-last-ack") == rows(_LAST_ACK) + left


def test_lost_last_ack_with_the_timer_restarted() -> None:
    """The article: "再次向服务器端发出ACK确认报文,计时器重置". That is a switch, not the letter."""
    left = ["TIME-WAIT | tick | CLOSED"] * 4 + ["CLOSED | A: TIME-WAIT TIMEOUT | CLOSED"]
    assert told("lost-last-ack-restarted") == rows(_LAST_ACK) + left
    assert told("lost-last-ack-restarted", {"time_wait_restart": Restart.EMISSION}) == (
        rows(_LAST_ACK) + left
    )
    with pytest.raises(UsageProblem, match="step 14 of 14, A: TIME-WAIT TIMEOUT is not possible"):
        tell(SCENARIOS["lost-last-ack"], {"time_wait_restart": Restart.FIN})


def test_without_time_wait_the_fin_is_answered_with_a_reset() -> None:
    """The article: "客户端将响应 RST 分节,服务器将此分节解释成一个错误".

    The reset comes as the article says. An error it is to the implementations that report one:
    in LAST-ACK, RFC 9293 enters CLOSED and tells the user nothing.
    """
    story = tell(SCENARIOS["time-wait-skipped"])
    assert transcript(story)[-2:] == [
        "CLOSED | <-- FIN,ACK SEQ=300 ACK=101 LEN=1 | LAST-ACK",
        "CLOSED | --> RST SEQ=101 LEN=0 | CLOSED",
    ]
    assert story.lines[-1].notes == ()
    assert "reset, enter CLOSED" in story.lines[-1].rule


def test_refused() -> None:
    assert told("refused") == rows("""
        SYN-SENT | A: OPEN (active)              | CLOSED
        SYN-SENT | --> SYN SEQ=0 LEN=1           | CLOSED
        CLOSED   | <-- RST,ACK SEQ=0 ACK=1 LEN=0 | CLOSED
    """)
    story = tell(SCENARIOS["refused"])
    assert story.lines[-1].notes == ("to the user: error: connection reset",)


def test_syn_flood() -> None:
    """The article: "Client 端不进行回复,导致 Server 端大量的链接处在 SYN_RCVD 状态"."""
    story = tell(SCENARIOS["syn-flood"])
    assert [line.states[1] for line in story.lines[3:]] == ["SYN-RECEIVED"] * 6 + ["CLOSED"]
    assert sent(story) == ["SYN SEQ=0 LEN=1"] + ["SYN,ACK SEQ=0 ACK=1 LEN=1"] * 3


def test_close_wait_leak() -> None:
    """The article: "在那服务器这个连接就会一直处于 CLOSE_WAIT 状态,而在客户机已经不存在这个连接了".

    From the last state on, only users (or a new connection of A) can change anything.
    """
    system, path = walk(SCENARIOS["close-wait-leak"])
    last = path.steps[-1][1]
    assert (state(last.hosts[0]), state(last.hosts[1])) == ("CLOSED", "CLOSE-WAIT")
    assert {(step.host, step.action) for step, _ in system.steps(last)} == {
        (0, "OPEN (passive)"),
        (0, "OPEN (active)"),
        (0, "crash"),
        (1, "CLOSE"),
        (1, "ABORT"),
    }


# The figures of RFC 9293


def test_figure_6() -> None:
    moves = (Move(0, Input.SEND.value), Move(1, Input.SEGMENT.value, "PSH,ACK"))
    story = changed(
        "three-way-handshake",
        numbers=((100,), (300,)),
        moves=SCENARIOS["three-way-handshake"].moves + moves,
        bounds={"octets": 1},
    )
    assert transcript(story)[1:] == rows("""
        SYN-SENT    | A: OPEN (active)                  | LISTEN
        SYN-SENT    | --> SYN SEQ=100 LEN=1             | SYN-RECEIVED
        ESTABLISHED | <-- SYN,ACK SEQ=300 ACK=101 LEN=1 | SYN-RECEIVED
        ESTABLISHED | --> ACK SEQ=101 ACK=301 LEN=0     | ESTABLISHED
        ESTABLISHED | A: SEND                           | ESTABLISHED
        ESTABLISHED | --> PSH,ACK SEQ=101 ACK=301 LEN=1 | ESTABLISHED
        in flight: ACK SEQ=301 ACK=102 LEN=0
    """)


def test_figure_7_is_not_what_happens() -> None:
    """Lines 1 to 5 are; in line 6 the figure enters ESTABLISHED with ``<SEQ=300>``.

    Section 3.10.7.4 cannot: RCV.NXT is 301 since line 3, so that the segment, of length 1, is not
    acceptable. It is answered with an ACK (first step) and dropped; the ACK establishes.
    """
    assert told("simultaneous-open") == rows("""
        SYN-SENT     | A: OPEN (active)                  | CLOSED
        SYN-SENT     | B: OPEN (active)                  | SYN-SENT
        SYN-RECEIVED | <-- SYN SEQ=300 LEN=1             | SYN-SENT
        SYN-RECEIVED | --> SYN SEQ=100 LEN=1             | SYN-RECEIVED
        SYN-RECEIVED | <-- SYN,ACK SEQ=300 ACK=101 LEN=1 | SYN-RECEIVED
        SYN-RECEIVED | --> SYN,ACK SEQ=100 ACK=301 LEN=1 | SYN-RECEIVED
        SYN-RECEIVED | --> ACK SEQ=101 ACK=301 LEN=0     | ESTABLISHED
        ESTABLISHED  | <-- ACK SEQ=301 ACK=101 LEN=0     | ESTABLISHED
    """)
    story = tell(SCENARIOS["simultaneous-open"])
    for line in story.lines[4:6]:
        assert line.rule == "3.10.7.4 first: not acceptable, answered with an ACK"


def test_figure_8() -> None:
    assert told("stale-syn")[3:] == rows("""
        SYN-SENT    | A: OPEN (active)                  | LISTEN
        SYN-SENT    | --> SYN SEQ=90 LEN=1              | SYN-RECEIVED
        SYN-SENT    | <-- SYN,ACK SEQ=300 ACK=91 LEN=1  | SYN-RECEIVED
        SYN-SENT    | --> RST SEQ=91 LEN=0              | LISTEN
        SYN-SENT    | --> SYN SEQ=100 LEN=1             | SYN-RECEIVED
        ESTABLISHED | <-- SYN,ACK SEQ=400 ACK=101 LEN=1 | SYN-RECEIVED
        ESTABLISHED | --> ACK SEQ=101 ACK=401 LEN=0     | ESTABLISHED
    """)
    received = [line.received for line in tell(SCENARIOS["stale-syn"]).lines if line.received]
    assert [message.old for message in received] == [True] + [False] * 5


def test_figure_9() -> None:
    """After line 7 B must listen again, for "the basic three-way handshake of Figure 6"."""
    assert told("half-open-discovery") == rows("""
        CLOSED (down) | A: crash                          | ESTABLISHED
        CLOSED        | A: restart                        | ESTABLISHED
        SYN-SENT      | A: OPEN (active)                  | ESTABLISHED
        SYN-SENT      | --> SYN SEQ=400 LEN=1             | ESTABLISHED
        SYN-SENT      | <-- ACK SEQ=300 ACK=100 LEN=0     | ESTABLISHED
        SYN-SENT      | --> RST SEQ=100 LEN=0             | CLOSED
        SYN-SENT      | B: OPEN (passive)                 | LISTEN
        SYN-SENT      | A: RETRANSMISSION TIMEOUT         | LISTEN
        SYN-SENT      | --> SYN SEQ=400 LEN=1             | SYN-RECEIVED
        ESTABLISHED   | <-- SYN,ACK SEQ=700 ACK=401 LEN=1 | SYN-RECEIVED
        ESTABLISHED   | --> ACK SEQ=401 ACK=701 LEN=0     | ESTABLISHED
    """)


def test_figure_10() -> None:
    """One octet, where the figure has ten."""
    assert told("half-open-data") == rows("""
        CLOSED (down) | A: crash                          | ESTABLISHED
        CLOSED        | A: restart                        | ESTABLISHED
        CLOSED        | B: SEND                           | ESTABLISHED
        CLOSED        | <-- PSH,ACK SEQ=300 ACK=100 LEN=1 | ESTABLISHED
        CLOSED        | --> RST SEQ=100 LEN=0             | CLOSED
    """)


def test_figure_11() -> None:
    """Z = 90, X = 300."""
    assert told("two-listeners")[3:] == rows("""
        LISTEN | B: OPEN (passive)                | LISTEN
        LISTEN | --> SYN SEQ=90 LEN=1             | SYN-RECEIVED
        LISTEN | <-- SYN,ACK SEQ=300 ACK=91 LEN=1 | SYN-RECEIVED
        LISTEN | --> RST SEQ=91 LEN=0             | LISTEN
    """)


def test_figure_12() -> None:
    story = changed("four-way-close", numbers=((99,), (299,)))
    assert transcript(story) == rows("""
        FIN-WAIT-1 | A: CLOSE                          | ESTABLISHED
        FIN-WAIT-1 | --> FIN,ACK SEQ=100 ACK=300 LEN=1 | CLOSE-WAIT
        FIN-WAIT-2 | <-- ACK SEQ=300 ACK=101 LEN=0     | CLOSE-WAIT
        FIN-WAIT-2 | B: CLOSE                          | LAST-ACK
        TIME-WAIT  | <-- FIN,ACK SEQ=300 ACK=101 LEN=1 | LAST-ACK
        TIME-WAIT  | --> ACK SEQ=101 ACK=301 LEN=0     | CLOSED
        TIME-WAIT  | tick                              | CLOSED
        TIME-WAIT  | tick                              | CLOSED
        CLOSED     | A: TIME-WAIT TIMEOUT              | CLOSED
    """)


def test_figure_13() -> None:
    assert told("simultaneous-close") == rows("""
        FIN-WAIT-1 | A: CLOSE                          | ESTABLISHED
        FIN-WAIT-1 | B: CLOSE                          | FIN-WAIT-1
        CLOSING    | <-- FIN,ACK SEQ=300 ACK=100 LEN=1 | FIN-WAIT-1
        CLOSING    | --> FIN,ACK SEQ=100 ACK=300 LEN=1 | CLOSING
        TIME-WAIT  | <-- ACK SEQ=301 ACK=101 LEN=0     | CLOSING
        TIME-WAIT  | --> ACK SEQ=101 ACK=301 LEN=0     | TIME-WAIT
        TIME-WAIT  | tick                              | TIME-WAIT
        TIME-WAIT  | tick                              | TIME-WAIT
        CLOSED     | A: TIME-WAIT TIMEOUT              | TIME-WAIT
        CLOSED     | B: TIME-WAIT TIMEOUT              | CLOSED
    """)


def test_data_on_syn() -> None:
    story = tell(SCENARIOS["data-on-syn"])
    assert transcript(story)[2:] == rows("""
        SYN-SENT    | A: SEND                           | LISTEN
        SYN-SENT    | --> SYN,PSH SEQ=100 LEN=2         | SYN-RECEIVED
        ESTABLISHED | <-- SYN,ACK SEQ=300 ACK=101 LEN=1 | SYN-RECEIVED
        ESTABLISHED | --> ACK SEQ=102 ACK=301 LEN=0     | ESTABLISHED
        ESTABLISHED | <-- ACK SEQ=301 ACK=102 LEN=0     | ESTABLISHED
    """)
    assert "text taken" not in story.lines[3].rule
    assert "text taken" in story.lines[5].rule


# The machinery


def test_established_is_what_a_handshake_leaves() -> None:
    scenario = replace(SCENARIOS["three-way-handshake"], numbers=((2444,), (557,)))
    system, path = walk(scenario)
    by_handshake = path.steps[-1][1]
    by_hand = established(2445, 558, system.bounds)
    assert system.host(by_hand.hosts[0]) is by_handshake.hosts[0]
    assert system.host(by_hand.hosts[1]) is by_handshake.hosts[1]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_drawn(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    simulate(name)
    drawn = capsys.readouterr().out
    assert drawn == ladder(tell(SCENARIOS[name])) + "\n"
    assert max(map(len, drawn.splitlines())) <= 100
    assert SCENARIOS[name].title in drawn


@pytest.mark.parametrize("suffix", ["txt", "dot", "svg", "png", "json"])
def test_every_format_is_written(suffix: str, tmp_path: File) -> None:
    simulate("stale-syn", tmp_path / f"walk.{suffix}")
    assert [file.name for file in tmp_path.iterdir()] == [f"walk.{suffix}"]


def test_what_cannot_be_simulated(tmp_path: File) -> None:
    with pytest.raises(UsageProblem, match="did you mean three-way-handshake"):
        simulate("three-way-handshak")
    with pytest.raises(
        UsageProblem, match=r"there are \d+, such as three-way-handshake, lost-syn-ack, "
    ):
        simulate("xyzzy")
    with pytest.raises(UsageProblem, match="No such file or directory"):
        simulate("refused", tmp_path / "nowhere" / "walk.svg")


def test_a_move_must_be_one_of_the_specification_and_only_one() -> None:
    a, b = Move(0, Input.OPEN_ACTIVE.value), Move(1, Input.SEGMENT.value, "SYN")
    with pytest.raises(UsageProblem, match="step 1 of 1, B: deliver <SYN> is not possible"):
        walk(Scenario("", "", (b,)))
    twice = (a, Move(0, Input.ABORT.value), a, b)
    with pytest.raises(Problem, match="step 4 of 4, B: deliver <SYN> may be any of several"):
        walk(Scenario("", "", twice, ((1, 2), ())))


def test_a_walk_starts_with_nothing_in_flight() -> None:
    for name, scenario in SCENARIOS.items():
        _, path = walk(scenario)
        assert isinstance(path.start, World)
        assert not path.start.links[0] and not path.start.links[1], name
