"""Families of counterexamples: runs with open delays, one for each MSL, R and TIME-WAIT.

A theorem says that some length of TIME-WAIT is enough. A family says that none below a bound is, or
none at all: whatever MSL, R and TIME-WAIT are, as real numbers, there is a run of the
specification that violates the claim. It is one run with some of its delays left open, and what is
asked of them: ``where``. To be shown is that there are such delays, and that with any such delays
each step of the run is possible and its end violates the claim. ``checker.studies.prove.families``
does so.

A run is written as a list of ``Do`` (a user call or a timeout), ``Get`` (a segment in flight
arrives, known by its control bits) and ``Wait``. What is sent stays in flight until it arrives,
unless it is ``lost`` at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from proofs.theorems.invariants import Function, msl_and_max, two_msl
from spec.rules import Restart
from spec.tcp.inputs import Input
from spec.tcp.segment import Ticks

A, B = 0, 1


@dataclass(frozen=True, slots=True)
class Times:
    """MSL, R, TIME-WAIT, and the delays that are open."""

    msl: Ticks
    span: Ticks
    time_wait: Ticks
    d1: Ticks = 0
    d2: Ticks = 0


@dataclass(frozen=True, slots=True)
class Do:
    """A user call or a timeout at ``host``."""

    host: int
    what: Input
    isn: int | None = None  # the one selected, if any is
    lost: bool = False  # what it sends is lost


@dataclass(frozen=True, slots=True)
class Get:
    """The segment in flight with control bits ``flags`` arrives at ``host``."""

    host: int
    flags: str
    isn: int | None = None
    kept: bool = False  # a duplicate stays in flight
    lost: bool = False  # what it is answered with is lost


@dataclass(frozen=True, slots=True)
class Wait:
    """Time goes by."""

    how_long: Callable[[Times], Ticks]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One run for all MSL > 0, R >= 0 and TIME-WAIT >= 0 that are ``given`` and ``below``.

    It is of the system of ``theorem``, with ``rules`` and ``bounds`` changed, and meets the
    theorem's assumptions but for ``without``. ``delays`` are the names of those that are open,
    ``where`` what is asked of them. ``below`` is the bound on TIME-WAIT; None: there is none.
    ``example`` are whole numbers of the family, at which the explorer's system takes the run too.
    """

    id: str
    theorem: str
    title: str
    steps: Sequence[Do | Get | Wait]
    without: Function
    example: Mapping[str, int]
    delays: Sequence[str] = ()
    where: Callable[[Times], Sequence[bool]] = lambda _: ()
    given: Callable[[Times], Sequence[bool]] = lambda _: ()
    below: Callable[[Times], Ticks] | None = None
    rules: Mapping[str, object] = field(default_factory=dict)
    bounds: Mapping[str, object] = field(default_factory=dict)
    finding: str = ""


def two_msls(t: Times) -> Ticks:
    """2 MSL."""
    return t.msl + t.msl


def msl_and_r(t: Times) -> Ticks:
    """MSL + R."""
    return t.msl + t.span


def two_msls_and_r(t: Times) -> Ticks:
    """2 MSL + R."""
    return t.msl + t.msl + t.span


def some_r_within(t: Times) -> Sequence[bool]:
    """The peer retransmits at all, and for no longer than TIME-WAIT."""
    return (t.span > 0, t.span <= t.time_wait)


def some_r(t: Times) -> Sequence[bool]:
    """The peer retransmits at all."""
    return (t.span > 0,)


# Runs

_OPEN = (
    Do(A, Input.OPEN_ACTIVE, isn=0),
    Do(B, Input.OPEN_PASSIVE),
    Get(B, "SYN", isn=0),
    Get(A, "SYN,ACK"),
)
"""A calls B; A's ACK is in flight."""

_CLOSE = (
    Do(A, Input.CLOSE),
    Get(B, "FIN,ACK", lost=True),
    Do(B, Input.CLOSE),
    Get(A, "FIN,ACK", lost=True),
)
"""A closes and enters TIME-WAIT; B stays in LAST-ACK, since the last ACK is lost."""

_CLOSED_BY_B = (
    *_OPEN,
    Get(B, "ACK"),
    Do(B, Input.CLOSE),
    Get(A, "FIN,ACK", lost=True),
    Do(A, Input.CLOSE),
    Get(B, "FIN,ACK"),
    Get(A, "ACK"),
)
"""B closes and is in TIME-WAIT, A is CLOSED; nothing is in flight."""

_OVER = Do(A, Input.TIME_WAIT_TIMEOUT)

_LATE_ACK = (
    *_OPEN,
    *_CLOSE,
    Wait(lambda t: t.d1),
    Get(B, "ACK"),
    Wait(lambda t: t.time_wait - t.d1),
    _OVER,
)
"""The ACK of the handshake arrives late, and is answered."""

_LATE_FIN = (
    *_OPEN[:3],
    Get(A, "SYN,ACK", lost=True),
    *_CLOSE,
    Wait(lambda t: t.d1),
    Do(B, Input.RETRANSMISSION_TIMEOUT),
    Wait(lambda t: t.time_wait - t.d1),
    _OVER,
)
"""B retransmits its FIN as late as it may."""

_LATE_FIN_AFTER_TEXT = (
    *_OPEN,
    Get(B, "ACK"),
    Do(A, Input.CLOSE),
    Get(B, "FIN,ACK", lost=True),
    Do(B, Input.SEND),
    Do(B, Input.CLOSE),
    Get(A, "PSH,ACK"),
    Get(A, "FIN,ACK", lost=True),
    Wait(lambda t: t.d1),
    Get(B, "ACK"),
    Wait(lambda t: t.d2),
    Do(B, Input.RETRANSMISSION_TIMEOUT),
    Wait(lambda t: t.time_wait - t.d1 - t.d2),
    _OVER,
)
"""The ACK of B's octet arrives late, and R begins anew for the FIN behind it."""

_FIN_AS_A_PROBE = (
    *_OPEN,
    Get(B, "ACK"),
    Do(A, Input.CLOSE),
    Get(B, "FIN,ACK", lost=True),
    Do(B, Input.SEND),
    Do(B, Input.CLOSE),
    Get(A, "PSH,ACK"),
    Get(B, "ACK", kept=True),
    Do(A, Input.RECEIVE, lost=True),
    Get(A, "FIN,ACK", lost=True),
    Get(B, "ACK"),
    Wait(lambda t: t.time_wait),
    Do(B, Input.RETRANSMISSION_TIMEOUT),
    _OVER,
)
"""B's octet shuts A's window. A duplicate of the ACK that says so answers B's FIN as it would a
probe: R begins anew when the FIN is sent again, whenever that is."""

_FIN_WITHOUT_END = (
    *_OPEN[:3],
    Get(A, "SYN,ACK", lost=True),
    *_CLOSE,
    Wait(lambda t: t.time_wait),
    Do(B, Input.RETRANSMISSION_TIMEOUT),
    _OVER,
)
"""B retransmits its FIN when TIME-WAIT is at its end."""

_LATE_CHALLENGE = (
    *_CLOSED_BY_B,
    Wait(lambda t: t.time_wait),
    Do(A, Input.OPEN_ACTIVE, isn=2),
    Get(B, "SYN"),
    Do(B, Input.TIME_WAIT_TIMEOUT),
)
"""A opens again when B's TIME-WAIT is at its end, and B answers."""

_RESET_BY_OLD_SYN = (
    Get(A, "SYN,ACK"),
    Get(B, "ACK"),
    *_CLOSE[:3],
    Get(A, "FIN,ACK"),
    Get(B, "ACK"),
    Wait(lambda t: t.d1),
    Get(B, "SYN"),
    Wait(lambda t: t.time_wait - t.d1),
    _OVER,
)
"""From A's SYN,ACK on: d1 after A enters TIME-WAIT a duplicate of its SYN meets B in CLOSED, whose
reset is in flight when TIME-WAIT is over."""

_OLD_SYN_RESETS = (
    *_OPEN[:2],
    Get(B, "SYN", isn=0, kept=True),
    *_RESET_BY_OLD_SYN,
    Do(A, Input.OPEN_ACTIVE, isn=0, lost=True),
    Get(A, "RST,ACK"),
)
"""A duplicate of A's SYN is answered with a reset, which A's next connection takes for its own."""

_OLD_CHALLENGE_RESETS = (
    *_CLOSED_BY_B,
    Wait(lambda t: t.time_wait),
    Do(A, Input.OPEN_ACTIVE, isn=0),
    Get(B, "SYN", kept=True),
    Get(A, "ACK"),
    Do(B, Input.TIME_WAIT_TIMEOUT),
    Do(B, Input.OPEN_PASSIVE),
    Get(B, "SYN", isn=0),
    Get(A, "SYN,ACK"),
    Get(B, "ACK"),
    Do(A, Input.CLOSE),
    Get(B, "FIN,ACK", lost=True),
    Get(B, "RST"),
)
"""A opens again when B's TIME-WAIT is at its end. B's answer provokes a reset, and that reset, with
the numbers of the old connection, ends the new one."""

_ASSASSINATED = (
    *_OPEN[:3],
    Get(A, "SYN,ACK", kept=True),
    *_CLOSED_BY_B[4:-1],
    Get(A, "ACK", kept=True),
    Get(A, "ACK"),
    Get(B, "RST"),
)
"""A duplicate of TIME-WAIT's last ACK is answered with a reset, which ends TIME-WAIT at once."""

_ASSASSINATED_AND_REOPENED = (
    *_ASSASSINATED,
    Do(A, Input.OPEN_ACTIVE, isn=0),
    Get(A, "SYN,ACK"),
)
"""... and A's next connection takes a SYN,ACK of the last one."""


_OLD_SYN_RESETS_LATER = (
    Do(A, Input.OPEN_ACTIVE, isn=10),
    Do(B, Input.OPEN_PASSIVE),
    Get(B, "SYN", isn=10, kept=True),
    *_RESET_BY_OLD_SYN,
    Do(A, Input.OPEN_ACTIVE, isn=(1 << 32) - 1),
    Do(B, Input.OPEN_PASSIVE),
    Get(B, "SYN", isn=(1 << 32) - 1),
    Get(A, "SYN,ACK"),
    Get(A, "RST,ACK"),
)
"""A duplicate of A's SYN is answered with a reset. Its number is 0, as of every reset that answers
a segment without ACK, and so is RCV.NXT of A's next connection."""

_AGAIN = (
    *_OPEN,
    Get(B, "ACK"),
    Do(B, Input.CLOSE),
)
"""A calls B, with the same ISNs as ever, and B closes."""

_OLD_FIN_ENDS_BOTH = (
    *_AGAIN[:-1],
    Do(A, Input.CLOSE),
    Do(A, Input.USER_TIMEOUT),
    Do(B, Input.CLOSE, lost=True),
    Do(B, Input.USER_TIMEOUT),
    *_AGAIN,
    Get(A, "FIN,ACK"),
    Get(B, "ACK"),
    Get(B, "FIN,ACK", lost=True),
    Wait(lambda t: t.time_wait),
    Do(A, Input.CLOSE),
    Do(A, Input.USER_TIMEOUT),
    Do(B, Input.TIME_WAIT_TIMEOUT),
    *_AGAIN,
    Get(B, "FIN,ACK"),
)
"""Both give up, and A's FIN stays in flight. It is the next connection's, too, and takes B to
TIME-WAIT, though A has not closed. A closes when TIME-WAIT is at its end, and gives up; its FIN is
taken by the third connection."""

_OLD_FIN_ENDS_BOTH_AT_R = (
    *_AGAIN[:-1],
    Do(A, Input.CLOSE, lost=True),
    Do(B, Input.CLOSE, lost=True),
    Wait(lambda t: t.d1),
    Do(A, Input.RETRANSMISSION_TIMEOUT),
    Wait(lambda t: t.span - t.d1),
    Do(A, Input.RETRANSMISSION_TIMEOUT),
    Do(B, Input.RETRANSMISSION_TIMEOUT),
    *_AGAIN,
    Get(A, "FIN,ACK"),
    Get(B, "ACK"),
    Get(B, "FIN,ACK", lost=True),
    Wait(lambda t: t.time_wait - t.span),
    Do(A, Input.CLOSE, lost=True),
    Wait(lambda t: t.d2),
    Do(A, Input.RETRANSMISSION_TIMEOUT),
    Wait(lambda t: t.span - t.d2),
    Do(A, Input.RETRANSMISSION_TIMEOUT),
    Do(B, Input.TIME_WAIT_TIMEOUT),
    *_AGAIN,
    Get(B, "FIN,ACK"),
)
"""The same where they give up once R is used up, and A retransmits its FIN as late as it may."""


def _two_lives(t: Times) -> Sequence[bool]:
    return (t.d1 <= t.time_wait, t.d1 < t.msl, t.time_wait - t.d1 < t.msl)


def _retransmitted(t: Times) -> Sequence[bool]:
    return (t.d1 <= t.time_wait, t.d1 < t.span, t.time_wait - t.d1 < t.msl)


def _twice_retransmitted(t: Times) -> Sequence[bool]:
    late = (t.d1 < t.span, t.span - t.d1 < t.msl, t.d2 < t.span, t.span - t.d2 < t.msl)
    return (*late, t.span <= t.time_wait)


def _life_and_retransmitted(t: Times) -> Sequence[bool]:
    rest = t.time_wait - t.d1 - t.d2
    return (t.d1 < t.msl, t.d2 < t.span, rest >= 0, rest < t.msl)


FAMILIES = (
    Family(
        id="T3.2msl",
        theorem="T3",
        title="an ACK arrives late in LAST-ACK and is answered",
        steps=_LATE_ACK,
        without=msl_and_max,
        delays=("d1",),
        where=_two_lives,
        below=two_msls,
        example={"msl": 30, "span": 100, "time_wait": 58, "d1": 29},
        finding="One segment lives for MSL, and the answer that it provokes for another.",
    ),
    Family(
        id="T3.msl-r",
        theorem="T3",
        title="the FIN is retransmitted late",
        steps=_LATE_FIN,
        without=msl_and_max,
        delays=("d1",),
        where=_retransmitted,
        given=some_r,
        below=msl_and_r,
        example={"msl": 30, "span": 100, "time_wait": 128, "d1": 99},
        finding="The peer retransmits its FIN for R, and the last one lives for MSL.",
    ),
    Family(
        id="T3.data",
        theorem="T3",
        title="the ACK of an octet arrives late, and the FIN behind it is retransmitted late",
        steps=_LATE_FIN_AFTER_TEXT,
        without=msl_and_max,
        delays=("d1", "d2"),
        where=_life_and_retransmitted,
        given=some_r,
        below=two_msls_and_r,
        bounds={"octets": 1, "send_window": True},
        example={"msl": 30, "span": 100, "time_wait": 157, "d1": 29, "d2": 99},
        finding="With one octet of text. What is enough is proved without text only.",
    ),
    Family(
        id="T3.probe",
        theorem="T3",
        title="a shut window is told twice, and the FIN is sent again whenever it is",
        steps=_FIN_AS_A_PROBE,
        without=msl_and_max,
        bounds={"octets": 1, "send_window": True, "window": 1},
        example={"msl": 30, "span": 100, "time_wait": 260},
        finding="The persist timer has no length here.",
    ),
    Family(
        id="T3.never",
        theorem="T3",
        title="the peer opens again at the last moment, and its SYN is answered",
        steps=_LATE_CHALLENGE,
        without=msl_and_max,
        rules={"time_wait_restart": Restart.NEVER},
        example={"msl": 30, "span": 100, "time_wait": 160},
    ),
    Family(
        id="T3.fin",
        theorem="T3",
        title="the peer opens again at the last moment, and its SYN is answered",
        steps=_LATE_CHALLENGE,
        without=msl_and_max,
        rules={"time_wait_restart": Restart.FIN},
        example={"msl": 30, "span": 100, "time_wait": 160},
        finding="A SYN is no FIN.",
    ),
    Family(
        id="T3.unbounded",
        theorem="T3",
        title="the peer retransmits its FIN without end",
        steps=_FIN_WITHOUT_END,
        without=msl_and_max,
        rules={"retransmission_bounded": False},
        example={"msl": 30, "span": 100, "time_wait": 160},
    ),
    Family(
        id="T3.reset",
        theorem="T3",
        title="a duplicate of the last ACK is answered with a reset",
        steps=_ASSASSINATED,
        without=msl_and_max,
        rules={"time_wait_ignores_reset": False},
        example={"msl": 30, "span": 100, "time_wait": 160},
        finding="RFC 1337's assassination. It takes no time.",
    ),
    Family(
        id="T4.fresh.2msl",
        theorem="T4.fresh",
        title="a duplicate SYN provokes a reset, whose number is 0, and so is the next RCV.NXT",
        steps=_OLD_SYN_RESETS_LATER,
        without=msl_and_max,
        delays=("d1",),
        where=_two_lives,
        below=two_msls,
        example={"msl": 30, "span": 100, "time_wait": 58, "d1": 29},
        finding="All ISNs are fresh.",
    ),
    Family(
        id="T4.2msl",
        theorem="T4",
        title="a duplicate SYN provokes a reset, which the next connection accepts",
        steps=_OLD_SYN_RESETS,
        without=two_msl,
        delays=("d1",),
        where=_two_lives,
        below=two_msls,
        example={"msl": 30, "span": 100, "time_wait": 58, "d1": 29},
        finding="Both connections have the same ISN.",
    ),
    Family(
        id="T4.giveup",
        theorem="T4",
        title="users give up; an old FIN takes the peer to TIME-WAIT before its partner closes",
        steps=_OLD_FIN_ENDS_BOTH,
        without=two_msl,
        bounds={"user_timeout": True, "incarnations": 3},
        example={"msl": 30, "span": 100, "time_wait": 160},
        finding="All three connections have the same ISNs.",
    ),
    Family(
        id="T4.r",
        theorem="T4",
        title="R is used up; an old FIN takes the peer to TIME-WAIT before its partner closes",
        steps=_OLD_FIN_ENDS_BOTH_AT_R,
        without=two_msl,
        delays=("d1", "d2"),
        where=_twice_retransmitted,
        given=some_r_within,
        rules={"retransmission_bounded": True},
        bounds={"incarnations": 3},
        example={"msl": 30, "span": 100, "time_wait": 160, "d1": 90, "d2": 90},
        finding="All three connections have the same ISNs.",
    ),
    Family(
        id="T4.never",
        theorem="T4",
        title="a SYN at the last moment is answered, and that provokes a reset",
        steps=_OLD_CHALLENGE_RESETS,
        without=two_msl,
        rules={"time_wait_restart": Restart.NEVER},
        example={"msl": 30, "span": 100, "time_wait": 160},
        finding="All after TIME-WAIT's timer has run out happens at that instant.",
    ),
    Family(
        id="T4.fin",
        theorem="T4",
        title="a SYN at the last moment is answered, and that provokes a reset",
        steps=_OLD_CHALLENGE_RESETS,
        without=two_msl,
        rules={"time_wait_restart": Restart.FIN},
        example={"msl": 30, "span": 100, "time_wait": 160},
        finding="A SYN is no FIN.",
    ),
    Family(
        id="T4.reset",
        theorem="T4",
        title="a reset ends TIME-WAIT, and the next connection takes an old SYN,ACK",
        steps=_ASSASSINATED_AND_REOPENED,
        without=two_msl,
        rules={"time_wait_ignores_reset": False},
        example={"msl": 30, "span": 100, "time_wait": 60},
        finding="RFC 1337's assassination. It takes no time.",
    ),
)
"""Each with its run."""
