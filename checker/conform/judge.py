"""What came of a connection: its verdict, its life, and its deviation, if it has one."""

from collections.abc import Mapping, Sequence

from checker.capture import Packet
from checker.capture.segments import ACK, flags, socket
from checker.conform.arrived import Due
from checker.conform.candidate import LIFE, Edge
from checker.conform.connection import Connection, Deviation, Event, Flow, Verdict
from checker.conform.culprit import Suspect, likeliest
from checker.conform.ends import likeliest as likeliest_states
from checker.conform.explain import WINDOW_RULE, Refusal, shown
from spec.tcp.tcb import State

NEEDLESS = 10
"""From so many ACKs on that repeat the one before, with no news between, it is told."""
GIVEN_UP = "not followed on: too many segments of the capture are not explained"
ONE_SIDED = "one-sided: the capture has segments of one end only"
LADDER = 24
"""Segments before a deviation that are kept for its picture."""


def who(side: int) -> str:
    return "AB"[side]


def deviation(
    flow: Flow, side: int, p: Packet, best: Refusal, before: list[str], departures: list[str]
) -> Deviation:
    seen = [(s, q) for s, q, _ in flow.seen if q.number <= p.number][-LADDER:]
    return Deviation(
        segment=p.number,
        sender=socket(p.src),
        text=describe(p),
        candidates=list(dict.fromkeys(before))[:6],
        rule=best.rule,
        nearest=best.nearest if isinstance(best.nearest, str) else shown(best.nearest),
        departures=departures,
        seen=[q for _, q in seen],
        sides=[s for s, _ in seen],
    )


def unanswered(flow: Flow, side: int, due: Due, p: Packet | None = None) -> Deviation:
    """``side`` did not send what was due, as its later segment ``p`` tells or the end does."""
    departures = flow.ends.spares(side, due, p)
    made = deviation(flow, side, due.to, due.missing(), due.states(), departures)
    made.sender = socket(flow.sockets[side])
    return made


def describe(p: Packet) -> str:
    """A packet, for the reader."""
    ack = f"<ACK={p.ack}>" if p.flags & ACK else ""
    text = f"<{p.text} octets>" if p.text else ""
    place = f" (frame {p.frame} of the file)" if p.frame != p.number else ""
    return f"<SEQ={p.seq}>{ack}{text}<CTL={flags(p.flags)}>{place}"


def _edges(edge: Edge | None, first: int) -> list[Edge]:
    """The changes of state of a candidate, from packet ``first`` on."""
    found: list[Edge] = []
    while edge is not None and len(found) < LIFE:
        if edge.number >= first:
            found.append(edge)
        edge = edge.rest
    return found[::-1]


def _told(stories: Sequence[Edge | None], first: int, spoke: int) -> list[tuple[Edge, bool]]:
    """The likeliest life, and of each change, whether it is inferred.

    It is evidence if each candidate has it, and if the end has sent something since (``spoke``: its
    last packet). Else there were candidates without it that are not followed any more, since they
    presume too much.
    """
    likeliest = _edges(stories[0], first)
    inferred = [edge.number > spoke for edge in likeliest]
    for story in stories[1:]:
        rest = _edges(story, first)
        for i, edge in enumerate(likeliest):
            place = next((k for k, one in enumerate(rest) if _alike(edge, one)), None)
            if place is None:
                inferred[i] = True
            else:
                del rest[: place + 1]
    return list(zip(likeliest, inferred, strict=True))


def _alike(edge: Edge, other: Edge) -> bool:
    """Are two of the three the same: from which state, to which, and at which packet?

    A reset shows that a connection ended there, whatever the state was that it ended in.
    """
    one, two = edge.change, other.change
    before, after = one.before is two.before, one.after is two.after
    return before + after + (edge.number == other.number) >= 2


def judge(
    connection: Connection, flow: Flow, hidden: Sequence[Mapping[tuple[bytes, bytes], str]] = ()
) -> None:
    """The verdict, and the life. ``hidden``: of which sockets, and of which addresses, frames could
    not be read, and why."""
    told: list[tuple[int, int, Event]] = []
    ends, named = flow.ends, _culprit(connection)
    for side in (0, 1):
        life = _told(ends.stories(side), connection.first, connection.spoke[side])
        connection.states[side] = ends.left(side)
        if named is not None and named.side == side:
            # Of an end that did not send it, which is what the verdict says.
            life = [(edge, inferred) for edge, inferred in life if edge.number < named.since]
            stories = [c.story for c in named.monitor.candidates]
            life += _told(stories, connection.first, connection.spoke[side])
            connection.states[side] = likeliest_states(named.monitor)
        if _unheard(connection, side):
            # It may be that no answer ever reached it, or that it was never there.
            connection.states[side] = f"{State.SYN_SENT.value} or {connection.states[side]}"
            while life and life[-1][0].change.after is not State.SYN_SENT:
                life.pop()
        for i, (edge, inferred) in enumerate(life):
            change = edge.change
            connection.edges[side].append((edge.number, change.before, change.after))
            if flow.at is None or flow.at == side:
                # The far end's own capture shows what happens there.
                states = change.before.value, change.after.value
                event = Event(edge.number, who(side), "", *states, change.rule, inferred)
                told.append((edge.number, i, event))
        if life and connection.unanswered[side] > 2:
            connection.states[side] = _silent(connection.states[side], *life[-1])
        if connection.needless[side] >= NEEDLESS:
            connection.note(0, who(side), f"needless ACKs: {connection.needless[side]}")
        isn = connection.isn[side]
        if isn is not None:
            connection.octets[side] = ends.octets(side, isn)
    for one in connection.notes:
        told.append((one.packet, 99, one))
    told.sort(key=lambda one: (one[0], one[1], str(one[2])))
    connection.life = [one for _, _, one in told[:LIFE]]
    connection.more = max(0, len(told) - LIFE)
    connection.lacks = [ends.lacks(0), ends.lacks(1)]
    open_gaps = _gaps(connection, flow)
    connection.verdict, connection.reason = _verdict(connection, flow, hidden, open_gaps)
    if connection.verdict is not Verdict.DEVIATES:
        connection.deviation = None


def _silent(states: str, last: Edge, inferred: bool) -> str:
    """The states of an end that leaves FIN after FIN of its peer without an answer.

    It may not have got what it must have got to be in its last state, or be done with TIME-WAIT.
    """
    found = {*states.split(" or ")}
    if inferred:
        found.add(last.change.before.value)
    elif State.TIME_WAIT.value in found:
        found.add(State.CLOSED.value)
    return " or ".join(sorted(found))


def _culprit(connection: Connection) -> Suspect | None:
    """The likeliest of the segments that may be injected: it is named, and not what was refused."""
    found, culprits = connection.deviation, connection.suspects
    connection.suspects = []
    if found is None or not culprits:
        return None
    named, refused = likeliest(culprits, found.segment), found.segment
    found.culprits = [one.packet.number for one in culprits]
    found.forged = True
    if named.packet.number != refused:
        found.refused, found.segment = refused, named.packet.number
        found.text = describe(named.packet)
        found.rule = (
            f"all else is explained if {found.sender} did not send it; if it did, packet "
            f"{refused} is not: {found.rule}"
        )
    return named


def _gaps(connection: Connection, flow: Flow) -> list[str]:
    """What was acknowledged and not seen, and may not have been sent; in words.

    What certainly was not sent is a deviation of who acknowledged it.
    """
    found = []
    for side in (0, 1) if flow.at is None else (flow.at,):
        for gap in flow.ends.gaps(side):
            if gap.denied and not gap.sent and not gap.filled:
                first = connection.deviation
                if first is None or gap.packet < first.segment:
                    made = deviation(flow, side, gap.p, gap.best, gap.before, [])
                    connection.deviation = made
            elif not gap.holes and gap.edge is None:
                found.append(
                    f"packet {gap.packet} has text, and the capture has no ACK of the SYN before: "
                    f"it lacks the segment of {who(1 - side)}, or {who(side)} did not wait for it"
                )
            elif not gap.holes:
                found.append(
                    f"packet {gap.packet} lies beyond the window: the capture lacks the segment of "
                    f"{who(1 - side)} that opens it, or {who(side)} does not heed the window"
                )
            elif gap.filled:
                found.append(f"packet {gap.packet} acknowledges what comes later in the capture")
            else:
                found.append(
                    f"the capture lacks {gap.missing} octets that packet {gap.packet} "
                    f"acknowledges, or {who(1 - side)} did not send them"
                )
    return found


def _unheard(connection: Connection, side: int) -> bool:
    """Did ``side`` send a SYN, and never anything that says that it got an answer?"""
    return (
        connection.states[side] in (State.ESTABLISHED.value, State.CLOSE_WAIT.value)
        and connection.isn[side] is not None
        and not connection.mid
        and not connection.acknowledged[side]
    )


def _verdict(
    connection: Connection,
    flow: Flow,
    hidden: Sequence[Mapping[tuple[bytes, bytes], str]],
    gaps: list[str],
) -> tuple[Verdict, str]:
    a, b = flow.sockets
    unread = connection.unread
    if any(hidden) and not unread:
        pairs = ((a, b), (b, a), (a[:-2], b[:-2]), (b[:-2], a[:-2]))
        unread = next((of[pair] for pair in pairs for of in hidden if pair in of), "")
    deviation = connection.deviation
    if flow.missed:
        connection.silent = True
        return Verdict.INCONCLUSIVE, flow.missed
    if connection.unsupported:
        return Verdict.UNSUPPORTED, connection.unsupported
    if deviation is not None and deviation.anywhere:
        return Verdict.DEVIATES, f"packet {deviation.segment}: {deviation.rule}"
    one_sided = not all(flow.sent) and flow.at is None
    if unread:
        return Verdict.INCONCLUSIVE, f"not all segments can be read: {unread}"
    if connection.mid:
        # Without a segment of its sender, it is no SYN,ACK alone that is missing.
        mid = ONE_SIDED if one_sided and connection.assumed else connection.mid
        return Verdict.INCONCLUSIVE, mid + (
            f" (taken up from there, packet {deviation.segment} is not explained)"
            if deviation is not None
            else ""
        )
    if one_sided and (deviation is not None or gaps):
        return Verdict.INCONCLUSIVE, ONE_SIDED
    if deviation is not None and 0 < flow.ends.capped() <= deviation.segment:
        return Verdict.INCONCLUSIVE, "more possible states than are followed"
    if deviation is not None and deviation.rule.startswith(WINDOW_RULE) and any(connection.lacks):
        # Of what let the sender go on, too.
        connection.doubt = connection.doubt or "the capture lost segments"
    if deviation is not None and connection.doubt:
        return (
            Verdict.INCONCLUSIVE,
            f"packet {deviation.segment} is not explained, but {connection.doubt}",
        )
    if deviation is not None:
        return Verdict.DEVIATES, f"packet {deviation.segment}: {deviation.rule}"
    if connection.given_up:
        return Verdict.INCONCLUSIVE, GIVEN_UP
    if flow.at is not None and not connection.sent[flow.at]:
        connection.silent = True
        return Verdict.INCONCLUSIVE, "nothing to check: the end that is judged sent nothing"
    if connection.packets == 1:
        connection.silent = True
        return Verdict.INCONCLUSIVE, "nothing to check: a single segment"
    if gaps:
        return Verdict.INCONCLUSIVE, gaps[0] + (f" (and {len(gaps) - 1} more)" if gaps[1:] else "")
    lacking = [
        f"{octets} octets that {who(side)} sent"
        for side, octets in enumerate(connection.lacks)
        if octets
    ]
    return Verdict.CONFORMS, "the capture lacks " + " and ".join(lacking) if lacking else ""
