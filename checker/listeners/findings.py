"""What a listener's counts say: what was seen, what is likely, and what to do about it.

What was seen and what is inferred are kept apart. An inference names what it rests on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from checker.capture.segments import socket
from checker.listeners.clocks import ENOUGH
from checker.listeners.requests import PATIENCE, Listener
from checker.render.text import columns, counted, plural, wrap

GUIDE = "docs/how-to/run-a-server.md"
FEW = 3
"""Requests without an answer, or without a third segment, that a capture may have for no reason."""
TROUBLED = 10
"""Listeners that are named without being asked for."""
ROWS = 10
"""Lines of a table of counts over time."""
WIDE = 24
MANY = 10
"""Pairs of sockets whose SYN a capture lacks for no reason, at most: it began in between."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is likely."""

    what: str
    because: str
    ask: str  # the question of the guide that says what to do


FLOOD = "My server is under a SYN flood. What helps?"
FULL = "Why does a listener's accept queue overflow, and what do clients see?"
COST = "What do SYN cookies cost?"
REUSE = "Is `tcp_tw_reuse` safe? May I shorten TIME-WAIT?"


def name(one: Listener) -> str:
    """``10.0.0.2:80 (VLAN 7)``."""
    return socket(one.address) + (f" ({one.scope})" if one.scope else "")


def unfinished(one: Listener) -> int:
    """Requests that were answered, and have no third segment."""
    return one.silent + one.early + one.running + sum(one.ended.values())


def retries(one: Listener) -> int:
    """How often a SYN,ACK was sent again before the request was given up; 0: not seen."""
    return max(one.ended, default=0)


def life(one: Listener) -> float:
    """Seconds for which a request is kept, if nobody answers; 0: not seen."""
    last = retries(one)
    if not last:
        return 0.0
    waits = [sum(one.waits[i]) / 2 for i in range(1, last + 1)]
    return sum(waits) + 2 * waits[-1]


def troubled(one: Listener) -> bool:
    """Is there something to tell of it to somebody who did not ask?"""
    return (
        one.unanswered >= FEW
        or unfinished(one) >= FEW
        or one.overflow + one.ignored + one.reset_after > 1
        or one.signs.hashed
        or one.clocks.dropped > 0
        or one.unasked >= MANY
    )


# What is likely


def findings(one: Listener, began: float) -> list[Finding]:
    """All that is likely; times are from ``began`` on."""
    found = [
        _forged(one),
        _queue(one, began),
        _kept_for(one),
        _cookies(one, began),
        _dropped(one, began),
        _accept_queue(one, began),
        _aborted(one),
        _nat(one),
        _recycled(one),
        _reflected(one, began),
    ]
    return [finding for finding in found if finding is not None]


def _forged(one: Listener) -> Finding | None:
    """Who sends so many SYNs and no third segment?"""
    lost = unfinished(one) + one.reset + one.unanswered
    answered = one.answered * 2 > lost
    if lost < 10 or lost * 2 < one.requests or (not answered and one.repeated * 4 > lost):
        return None  # where nobody answers, real clients send their SYNs again
    many = len(one.addresses) * 4 > one.requests * 3
    if many:
        what = "a flood with forged addresses"
    elif one.reset * 2 > lost:
        what = "checks that leave the handshake half open, as of a load balancer, or a scan"
    else:
        what = "a flood of few senders"
    short = one.timeline.latest - one.timeline.began < PATIENCE
    again = f", of which {one.repeated:,} came again" + ", in so short a time" * short
    again *= not answered
    return Finding(
        what,
        f"{lost:,} of {one.requests:,} requests have no third segment, and the SYNs came from "
        f"{_addresses(one)}{again}",
        FLOOD if many or one.reset * 2 <= lost else "",
    )


def _queue(one: Listener, began: float) -> Finding | None:
    """A lower bound of the SYN queue."""
    most, when = one.timeline.most()
    if most < FEW:
        return None
    longer, _ = one.kept.most()
    and_more = f", and {longer:,} with a timeout more for each" if longer > most else ""
    in_all = f" of the 1 in {one.share} that are followed" if one.share > 1 else ""
    needed = _needed(one)
    places = f"; to hold them all would take {needed}" if needed else ""
    return Finding(
        f"the SYN queue had at least {counted(most, 'request')} at one time{in_all}, first "
        f"{when - began:.1f} s{and_more}{places}",
        "their SYN,ACKs were sent again later, and no SYN had come again, so that they were kept "
        "(and for a timeout after that, twice the last, which no segment shows)",
        FLOOD,
    )


def _needed(one: Listener) -> str:
    """How many places would hold all requests that nobody completes, by how fast they come."""
    lost, lived = unfinished(one) + one.unanswered, life(one)
    took = one.timeline.latest - one.timeline.began
    if not lived or lost < 10 or took < 1:
        return ""
    rate = one.timeline.busiest().events
    return f"{rate * lived:,.0f} places ({rate:,} SYNs a second, kept for {lived:.0f} s)"


def _kept_for(one: Listener) -> Finding | None:
    """``synack_retries``, and the timeouts."""
    last = retries(one)
    if not last:
        return None
    earlier = {n: count for n, count in one.ended.items() if n < last}
    gave_up = (
        f"; {sum(earlier.values()):,} were given up earlier, as Linux does while its queue is "
        "more than half full"
        if earlier
        else ""
    )
    return Finding(
        f"tcp_synack_retries is {last}, and a request is kept for {life(one):.0f} s",
        f"a SYN,ACK that nobody acknowledged was sent again {_times(last)} at most, "
        f"after {_waits(one, last)}, and not after that{gave_up}",
        FLOOD,
    )


def _cookies(one: Listener, began: float) -> Finding | None:
    """Nothing was kept, as far as the segments tell."""
    signs, because = one.signs, []
    if one.silent:
        because.append(
            f"{counted(one.silent, 'SYN,ACK')} without a third segment not sent again within "
            f"{PATIENCE} s, {_between(one.silent_at, began)}"
        )
    if signs.same:
        other = f" ({signs.other} times not)" if signs.other else ""
        because.append(
            f"its ISN rose as much as the client's when the same sockets opened again: "
            f"{_times(signs.same)}{other}"
        )
    if signs.changed:
        because.append(f"the same SYN got another ISN: {_times(signs.changed)}")
    if signs.stripped:
        but = f", and granted to {signs.granted:,}" if signs.granted else ""
        because.append(
            f"window scale and SACK withheld from {counted(signs.stripped, 'SYN')} without "
            f"timestamps{but}"
        )
    strong = signs.hashed or (one.silent and (signs.changed or signs.stripped))
    if not strong and one.silent < FEW:
        return None
    what = "SYN cookies" if strong else "SYN cookies, or SYN,ACKs are never sent again here"
    if one.again:
        what += f", but not for all: {counted(one.again, 'request')} kept (as Linux does while the "
        what += "SYN queue has room)"
    if not strong:
        because.append("nothing else says so: tcp_synack_retries=0 and a proxy that answers in the "
                       "listener's place look the same")  # fmt: skip
    return Finding(what, "; ".join(because), COST)


def _dropped(one: Listener, began: float) -> Finding | None:
    """SYNs without an answer."""
    if not one.unanswered or one.unanswered_at is None:
        return None
    most, _ = one.timeline.most()
    when = _between(one.unanswered_at, began)
    seen = f"{counted(one.unanswered, 'request')} not answered, {when}"
    if one.overflow:
        return Finding("SYNs were dropped because the accept queue was full", seen, FULL)
    if most and one.timeline.at(one.unanswered_at[1]) * 2 >= most:
        waiting = one.timeline.at(one.unanswered_at[1])
        return Finding(
            "SYNs were dropped because the SYN queue was full, and there were no cookies",
            f"{seen}, while at least {counted(waiting, 'request')} waited",
            FLOOD,
        )
    if one.unanswered < FEW:
        return None
    why = (
        "a queue that was full, a filter on the way, or answers that the capture lacks"
        if one.answered
        else "nobody is there, a filter on the way, or answers that the capture lacks"
    )
    return Finding(f"SYNs were dropped: {why}", seen, FLOOD if one.answered else "")


def _accept_queue(one: Listener, began: float) -> Finding | None:
    """The third segment came, and was not taken."""
    if one.ignored and not one.overflow:
        return Finding(
            "the accept queue was full: the application does not accept fast enough; and with SYN "
            "cookies nothing was kept, if the SYN,ACK does not come again after the capture",
            f"{counted(one.ignored, 'client')} sent text again after the third segment, and the "
            "listener neither acknowledged it nor sent the SYN,ACK again, "
            f"{_between(one.ignored_at, began)} (or all that was lost behind the capture point)",
            FULL,
        )
    if not one.overflow:
        return None
    because = (
        f"{counted(one.overflow, 'SYN,ACK')} sent again after the third segment, "
        f"{_between(one.overflow_at, began)}"
    )
    if one.overflow_text:
        because += f", {one.overflow_text:,} of them after text, too"
        return Finding(
            "the accept queue was full: the application does not accept fast enough",
            because + " (or all that was lost behind the capture point)",
            FULL,
        )
    return Finding(
        "the accept queue was full, the listener waits for text (TCP_DEFER_ACCEPT), or the third "
        "segment was lost behind the capture point",
        because,
        FULL,
    )


def _aborted(one: Listener) -> Finding | None:
    if not one.reset_after:
        return None
    return Finding(
        "the accept queue was full, and tcp_abort_on_overflow=1 or the listener forgot in the end",
        f"{counted(one.reset_after, 'connection')} reset as unknown, after the third segment and "
        "before the listener had sent anything",
        FULL,
    )


def _nat(one: Listener) -> Finding | None:
    """Several clocks behind one address."""
    several = one.clocks.several()
    if not several:
        return None
    address, most = several[0]
    return Finding(
        "several hosts behind one address (a NAT or a proxy)",
        f"the timestamps of {counted(len(several), 'address', 'es')} rise by several clocks; those "
        f"of {socket(address)} by {most.count}, at {most.stamped:,} ports",
        "",
    )


def _recycled(one: Listener) -> Finding | None:
    """SYNs that are not new enough for ``tcp_tw_recycle``."""
    clocks = one.clocks
    if not clocks.recycled:
        return None
    first = ", ".join(f"packet {number} from {name}" for number, name in clocks.first)
    plain = f", and {clocks.plain:,} have none" if clocks.plain else ""
    lost = f"; {clocks.dropped:,} were not answered" if clocks.dropped else "; all were answered"
    is_on = ", and may be on, if this is Linux before 4.12" if clocks.dropped else ""
    return Finding(
        f"tcp_tw_recycle=1 would drop {counted(clocks.recycled, 'SYN')}{is_on}",
        "their timestamps are earlier than one that their address sent to a connection which was "
        f"closed here within a minute before{plain} ({first}){lost}",
        REUSE,
    )


def _reflected(one: Listener, began: float) -> Finding | None:
    """SYN,ACKs that nobody asked for."""
    if one.unasked < MANY:
        return None
    reset = f"; {one.unasked_reset:,} were answered with a reset" if one.unasked_reset else ""
    return Finding(
        "reflection: somebody sends SYNs with forged addresses to this listener, and its SYN,ACKs "
        "come here; or the capture lacks the SYNs",
        f"{counted(one.unasked, 'pair')} of sockets got a SYN,ACK, and no SYN of theirs was seen, "
        f"{_between(one.unasked_at, began)}{reset}",
        FLOOD,
    )


# In words


def summary(one: Listener) -> str:
    """A line."""
    parts = [f"{counted(one.syns, 'SYN')} from {_addresses(one)}"]
    for count, words in (
        (one.unanswered, "never answered"),
        (unfinished(one), "without a third segment"),
        (one.overflow + one.ignored + one.reset_after, "whose third segment was not taken"),
    ):
        if count:
            parts.append(f"{count:,} {words}")
    return f"{name(one)}: {', '.join(parts)}"


def troubles(of: Sequence[Listener], began: float, more: str, width: int) -> Iterator[str]:
    """Listeners at which something went wrong, and what it likely was; ``more`` tells more."""
    found = [one for one in of if troubled(one)]
    if not found:
        return
    yield f"Listeners ({more} tells more of one)"
    for one in found[:TROUBLED]:
        yield from _wrapped("  ", summary(one), width)
        for finding in findings(one, began):
            yield from _wrapped("    ", f"likely {finding.what}", width)
    if len(found) > TROUBLED:
        yield f"  and {len(found) - TROUBLED} more"


def lines(one: Listener, began: float, width: int) -> Iterator[str]:
    """All that there is to tell; times are from ``began`` on."""
    time = one.timeline
    first, last = time.began - began, time.latest - began
    peak = time.busiest()
    yield from _wrapped(
        "",
        f"Listener {name(one)}: {counted(one.syns, 'SYN')} from {_addresses(one)}, "
        f"{first:.3f} to {last:.3f} s, at most {peak.events:,} in "
        + _seconds(peak.end - peak.begin),
        width,
    )
    yield "  seen"
    for count, words in _seen(one, began):
        yield from _wrapped(f"    {count:>9,}  ", words, width)
    yield from _over_time(one, began)
    found = findings(one, began)
    if found:
        yield "  likely"
        for finding in found:
            yield from _wrapped("    ", finding.what, width)
            yield from _wrapped("      ", f"since {finding.because}", width)
    asks = list(dict.fromkeys(finding.ask for finding in found if finding.ask))
    if asks:
        yield f"  what to do: {GUIDE}"
        for ask in asks:
            yield f"    {ask}"


def _seen(one: Listener, began: float) -> Iterator[tuple[int, str]]:
    if one.left_out:
        yield (
            one.left_out,
            f"SYNs not followed: 1 request in {one.share} stands for all, chosen by a hash of the "
            "sockets (more at the beginning)",
        )
    same = f"; {counted(one.repeated, 'SYN')} more of the same" if one.repeated else ""
    yield (
        one.requests,
        f"{plural(one.requests, 'request')} (SYNs of one pair of sockets and one ISN){same}",
    )
    for count, words in (
        (one.answered, "answered by a SYN,ACK"),
        (one.late, "of these only when the SYN had come again"),
        (one.unanswered, f"never answered, {_between(one.unanswered_at, began)}"),
        (one.unasked, "SYN,ACKs of which no SYN was seen"),
        (one.refused, "refused by a reset"),
        (one.made, "completed by a third segment"),
        (one.overflow, "of these with the SYN,ACK again after it"),
        (one.ignored, "of these with text sent again, and nothing from the listener"),
        (one.reset_after, "of these reset by the listener before it sent anything"),
        (one.reset, "reset by the client before that"),
        (one.silent, f"no third segment, and the SYN,ACK not again within {PATIENCE} s, "
         f"{_between(one.silent_at, began)}"),
        *((count, f"no third segment, and the SYN,ACK {_times(n)} again, after {_waits(one, n)}")
          for n, count in sorted(one.ended.items())),
        (one.running, "no third segment, and the SYN,ACK again; more may come after the capture"),
        (one.early, "no third segment, and the capture ends too soon to say more"),
        (one.unfollowed, "not followed to their end"),
        *((count, f"opened TIME-WAIT: {why} (RFC 6191, 2)")
          for why, count in one.clocks.reopened.most_common()),
        *((count, f"{plural(count, 'address', 'es')}, of {ENOUGH} ports or more, with timestamps "
           + how)
          for count, how in (
            (one.clocks.single(), "of one clock"),
            (len(one.clocks.several()), "of several clocks"),
            (one.clocks.apart(), "that begin anew at each port (an offset at random)"))),
    ):  # fmt: skip
        if count:
            yield count, words


def _over_time(one: Listener, began: float) -> Iterator[str]:
    rows = one.timeline.spans(ROWS)
    if one.syns < 2 * ROWS or len(rows) < 2:
        return
    most, wide = max(row.events for row in rows), rows[0].end - rows[0].begin
    places = 0 if wide >= 10 else 1 if wide >= 1 else 2
    yield "  over time    SYNs  waiting at one time, at least"
    for row in rows:
        bar = "#" * round(WIDE * row.events / most)
        line = (
            f"    {row.begin - began:>7.{places}f} s {row.events:>8,} {row.most or '-':>8}  {bar}"
        )
        yield line.rstrip()


def as_json(one: Listener, began: float) -> dict[str, Any]:
    """For the report."""
    most, when = one.timeline.most()
    return {
        "listener": name(one),
        "syns": one.syns,
        "addresses": len(one.addresses),
        "more_addresses": one.more_addresses,
        "first": round(one.timeline.began - began, 6),
        "last": round(one.timeline.latest - began, 6),
        "requests": one.requests,
        "not_followed": one.left_out,
        "share": one.share,
        "not_followed_to_their_end": one.unfollowed,
        "repeated": one.repeated,
        "answered": one.answered,
        "answered_late": one.late,
        "unanswered": one.unanswered,
        "refused": one.refused,
        "completed": one.made,
        "reset_by_client": one.reset,
        "reset_after": one.reset_after,
        "overflow": one.overflow,
        "ignored": one.ignored,
        "never_again": one.silent,
        "again": {str(n): count for n, count in sorted(one.ended.items())},
        "still_again": one.running,
        "too_early": one.early,
        "unasked": one.unasked,
        "unasked_reset": one.unasked_reset,
        "waits": [one.waits[n] for n in sorted(one.waits)],
        "queue_at_least": {
            "requests": most,
            "time": round(when - began, 6),
            "with_a_timeout_more": max(most, one.kept.most()[0]),
        },
        "signs_of_cookies": one.signs.as_json(),
        "clocks": one.clocks.as_json(),
        "over_time": [
            [round(row.begin - began, 6), row.events, row.most]
            for row in one.timeline.spans(ROWS)
        ],
        "likely": [
            {"what": finding.what, "because": finding.because}
            for finding in findings(one, began)
        ],
    }  # fmt: skip


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _addresses(one: Listener) -> str:
    count = len(one.addresses)
    more = "more than " if one.more_addresses else ""
    return f"{more}{counted(count, 'address', 'es')}"


def _seconds(span: float) -> str:
    return "a second" if span == 1 else f"{span:g} s"


def _between(span: tuple[float, float] | None, began: float) -> str:
    if span is None:
        return ""
    one, other = (f"{time - began:.1f}" for time in span)
    return f"at {one} s" if one == other else f"from {one} to {other} s"


def _waits(one: Listener, last: int) -> str:
    """The timeouts, from the first on."""
    spans = (one.waits[n] for n in range(1, last + 1))
    told = [
        f"{least:.1f}" if most - least < 0.15 else f"{least:.1f}-{most:.1f}"
        for least, most in spans
    ]
    return ", then ".join(told) + " s"


def _wrapped(start: str, text: str, width: int) -> Iterator[str]:
    first, *more = wrap(text, max(20, width - columns(start)))
    yield start + first
    indent = " " * max(columns(start), 4)
    yield from (indent + line for line in more)
