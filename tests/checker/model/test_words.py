"""Segments and steps in words: ``checker.model.words``."""

from __future__ import annotations

import pytest

from checker.model.words import brief, text
from spec.tcp.segment import Control, Segment


@pytest.mark.parametrize(
    ("bits", "shown"),
    [
        ("syn", "SYN"),
        ("syn ack", "SYN,ACK"),
        ("fin ack", "FIN,ACK"),
        ("ack psh", "PSH,ACK"),
        ("rst ack", "RST,ACK"),
        ("syn fin", "FIN,SYN"),
        ("urg ack psh", "PSH,ACK,URG"),
        ("", "no flags"),
    ],
)
def test_flags_are_shown_as_a_dissector_does(bits: str, shown: str) -> None:
    assert str(Control(**dict.fromkeys(bits.split(), True))) == shown


def test_a_segment_as_text() -> None:
    assert text(Segment(3, 1, ctl=Control(syn=True, ack=True))) == "SYN,ACK SEQ=3 ACK=1 LEN=1"
    assert text(Segment(3, 7, ctl=Control(rst=True))) == "RST SEQ=3 LEN=0"
    assert text(Segment(3, text=2, ctl=Control(syn=True, fin=True))).endswith("LEN=4")


def test_a_window_is_told_where_it_matters() -> None:
    assert text(Segment(3, 7, wnd=9, ctl=Control(ack=True)), True) == "ACK SEQ=3 ACK=7 LEN=0 WND=9"
    assert text(Segment(3, wnd=9, ctl=Control(rst=True)), True) == "RST SEQ=3 LEN=0"


@pytest.mark.parametrize(
    ("seg", "told"),
    [
        (Segment(3, 7, 9, text=2, ctl=Control(ack=True, psh=True)), "SEQ=3 LEN=2"),
        (Segment(3, 7, 9, ctl=Control(ack=True)), "ACK=7 WND=9"),
        (Segment(3, 7, 9, ctl=Control(ack=True, fin=True)), "FIN,ACK SEQ=3 LEN=1"),
        (Segment(3, ctl=Control(rst=True)), "RST SEQ=3"),
    ],
)
def test_what_is_worth_telling_of_a_segment(seg: Segment, told: str) -> None:
    assert brief(seg) == told
