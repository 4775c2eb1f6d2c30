"""What the watcher of timestamps records: a segment without one, where the connection has them."""

import pytest

from spec.observe.ghosts import Ghost
from spec.observe.sights import Sight
from spec.observe.stamped import Stamped
from spec.observe.watcher import Moment
from spec.rules import Rules
from spec.tcp.context import Tcp
from spec.tcp.inputs import Input
from spec.tcp.tcb import State, Tcb
from tests.helpers.build import BOUNDS, seg


@pytest.mark.parametrize(
    ("stamped", "control", "tsval", "lacks"),
    [
        (True, "ACK", 0, True),
        (True, "ACK", 1, False),
        (True, "RST", 0, False),
        (False, "ACK", 0, False),
    ],
)
def test_a_segment_without_a_timestamp(
    stamped: bool, control: str, tsval: int, lacks: bool
) -> None:
    tcb, tcp, ghost = (
        Tcb(state=State.ESTABLISHED, stamped=stamped),
        Tcp(Rules(), BOUNDS, 0),
        Ghost(),
    )
    sent = seg(f"<SEQ=1><ACK=1><CTL={control}>")
    sent.tsval = tsval
    tcp.sent.append(sent)
    Stamped().stepped(ghost, Moment(tcb, tcb, Input.SEGMENT, None, False, tcp, Sight()))
    assert ghost.conduct.sent == lacks
    tcp.sent.clear()
    Stamped().stepped(ghost, Moment(tcb, tcb, Input.SEGMENT, None, False, tcp, Sight()))
    assert ghost.conduct.sent == lacks, "it is not forgotten"
