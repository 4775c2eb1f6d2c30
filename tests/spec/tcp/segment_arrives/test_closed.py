"""SEGMENT ARRIVES in CLOSED (RFC 9293 section 3.10.7.1)."""

import pytest

from tests.helpers.build import (
    CLOSED,
    arrive,
    endpoint,
    is_deleted,
)


@pytest.mark.parametrize(
    ("segment", "answer"),
    [
        ("<SEQ=300><CTL=SYN>", "<SEQ=0><ACK=301><CTL=RST,ACK>"),
        ("<SEQ=300><CTL=FIN>", "<SEQ=0><ACK=301><CTL=RST,ACK>"),
        ("<SEQ=300><CTL=SYN,FIN>", "<SEQ=0><ACK=302><CTL=RST,ACK>"),
        ("<SEQ=300><TEXT=5>", "<SEQ=0><ACK=305><CTL=RST,ACK>"),
        ("<SEQ=300><TEXT=5><CTL=SYN,FIN>", "<SEQ=0><ACK=307><CTL=RST,ACK>"),
        ("<SEQ=4294967295><TEXT=2><CTL=SYN>", "<SEQ=0><ACK=2><CTL=RST,ACK>"),
        ("<SEQ=300><ACK=77><CTL=ACK>", "<SEQ=77><CTL=RST>"),
        ("<SEQ=300><ACK=77><CTL=SYN,ACK>", "<SEQ=77><CTL=RST>"),
        ("<SEQ=300><ACK=77><TEXT=5><CTL=FIN,ACK>", "<SEQ=77><CTL=RST>"),
    ],
)
def test_closed_answers_with_a_reset(segment, answer):
    result = arrive(endpoint(CLOSED), segment)
    assert result.sent == [answer]
    assert is_deleted(result)


@pytest.mark.parametrize("ctl", ["RST", "RST,ACK", "SYN,RST", "FIN,RST,ACK"])
def test_closed_reset_is_discarded(ctl):
    result = arrive(endpoint(CLOSED), f"<SEQ=300><ACK=77><CTL={ctl}>")
    assert result.sent == []
    assert is_deleted(result)
