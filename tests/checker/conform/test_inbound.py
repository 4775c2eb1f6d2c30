"""What a peer was seen to send, kept as a summary."""

from checker.conform.inbound import Inbound


def test_gaps_are_bounded():
    inbound = Inbound(0)
    for i in range(3000):
        inbound.text(10 + 10 * i, 5)
    assert len(inbound.parts) <= 1 << 10
    assert inbound.full


def test_inbound_puts_parts_together():
    inbound = Inbound(2**32 - 5)
    assert inbound.text(10, 5) and inbound.text(20, 5) and not inbound.text(11, 2)
    assert inbound.top == 2**32 - 4
    assert inbound.text(15, 5) and inbound.parts == [(10, 25)]
    assert inbound.text(2**32 - 4, 20) and inbound.top == 25 and not inbound.parts
