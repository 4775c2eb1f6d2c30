"""Theorems: the claims that are proved without bounds, and the clauses that carry them.

A theorem names the rules, the bounds and the assumptions under which its claims hold, and the
watchers that its clauses read; these are of ``proofs.theorems.invariants``. Claims have the
identifiers of ``proofs.claims.table``.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from proofs.theorems import (
    cookies,
    draining,
    margin,
    once,
    pace,
    paws,
    refinement,
    response,
    small,
    text,
    timer,
)
from proofs.theorems import invariants as i
from proofs.theorems.invariants import Function
from proofs.theorems.response import Response, Silence
from proofs.theorems.small import Pair, Small
from spec.observe.agreement import Agreement
from spec.observe.confusion import Confusion, LastingConfusion, Restarts
from spec.observe.crossing import Crossing
from spec.observe.forgery import Forgery
from spec.observe.stale import Stale
from spec.observe.streams import Streams
from spec.observe.watcher import Watcher
from spec.rules import CookieHash, Cookies, KeepAlive, Restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Theorem:
    """A claim without bounds: under which rules and assumptions, and the clauses that carry it.

    ``free`` names bounds that stay variables: any value that ``facts`` allow; and in a system of
    two ends switches, on or off. ``pairs`` are assumed of any two TCBs of one host.

    ``upon`` is another theorem, of the same bounds: its clauses hold here too. What this one has
    beside it, switches that are on and pairs, are its *options*. The two are proved together, in
    one system in which it is open whether the options hold; the clauses that only this one has are
    claimed where they do.

    ``ends`` is what happens in the end, by the measure ``left`` (``proofs.theorems.response``).
    """

    id: str
    title: str
    cites: str
    claims: tuple[Function, ...]
    clauses: tuple[Function, ...] = ()
    rules: dict[str, Any]
    bounds: dict[str, Any]
    watchers: tuple[Watcher, ...] = ()
    free: tuple[str, ...]
    pairs: tuple[Function, ...] = ()
    facts: tuple[Function, ...] = ()
    upon: str = ""
    system: Small | Pair | None = None  # none: hosts and the network
    ends: tuple[Response | Silence, ...] = ()
    left: Callable[..., Any] | None = None

    @property
    def claimed(self) -> tuple[Callable[..., Any], ...]:
        """What is claimed: clauses, and what happens in the end."""
        return (*self.claims, *(one.claim for one in self.ends))

    @property
    def all(self) -> tuple[Function, ...]:
        """The clauses, the claims among them."""
        return (*self.clauses, *self.claims)

    def switches(self, base: "Theorem") -> tuple[str, ...]:
        """The switches that are on here, beside those of ``base``."""
        return tuple(name for name in self.rules if name not in base.rules)

    def further(self, base: "Theorem") -> tuple[Function, ...]:
        """The pairs that are assumed here, beside those of ``base``."""
        return tuple(f for f in self.pairs if f not in base.pairs)


def _upon(base: Theorem, **more: Any) -> Theorem:
    """A theorem upon ``base``, with what it has beside it."""
    rules = {**base.rules, **more.pop("rules", {})}
    pairs = (*base.pairs, *more.pop("pairs", ()))
    own = {"clauses": (), "rules": rules, "pairs": pairs, "upon": base.id, **more}
    return dataclasses.replace(base, **own)


_CLOCK: dict[str, object] = {"stamps": paws.CLOCK, "stamps_wrap": True}

_OPEN: dict[str, object] = {
    "width": 32,
    "incarnations": 0,
    "octets": 0,
    "send_window": False,
}
"""32 bits, any number of incarnations, and no text."""

_UNTIMED = _OPEN | {"user_timeout": True, "crashes": 1}
"""No time: segments live for ever. Any mix of opens, closes, aborts and crashes, no text."""

_FORGED = _OPEN | {"user_timeout": True, "forged": True}
"""No time, and somebody else sends segments, which lie in the window but miss what matters."""

_TIMED = _OPEN | {"abort": False}
"""With time: graceful closes only, and nobody gives up. No text."""

_TEXT_TOO: dict[str, object] = {"octets": 1 << 31, "send_window": True, "packed": True}
"""SENDs until 2^31 octets were written; as much in a segment as the window takes."""

_LISTENING = _OPEN | {
    "user_timeout": True,
    "b_passive": False,
    "listen_open": False,
    "listener": True,
    "strangers": True,
    "neighbours": True,
}
"""A listener, one of its connections, and any number of others. No time, no text."""

_DRAIN = {"time_wait_restart": Restart.EMISSION, "time_wait_ignores_reset": True}
"""Whatever TIME-WAIT sends restarts its timer, and it ignores resets (RFC 1337 F1)."""

_SEGMENTS = (
    i.numbered,
    i.in_order,
    i.remembered,
    i.only_the_past,
    i.heard_truly,
    i.has_a_sender,
    i.syn_says_iss,
    i.syn_is_bare,
    i.nothing_waits,
    i.numbers_are_its_own,
    i.ack_says_irs,
)
"""What TCBs and segments are, by their numbers."""

_T1 = Theorem(
    id="T1",
    title="no ESTABLISHED without three-way agreement, but by simultaneous open",
    cites="RFC 9293 3.5",
    claims=(i.agreement, i.one_partner, i.no_second_partner),
    clauses=(
        *_SEGMENTS,
        i.window_is_its_own,
        i.bare_syn_is_active,
        i.answers_its_caller,
        i.how_it_opened,
        i.reopened_by_rule,
        i.only_time_wait_returns,
        i.left_is_remembered,
        i.left_agreed,
    ),
    rules={},
    bounds=_UNTIMED,
    watchers=(Agreement(), Stale(), Streams(), Crossing()),
    free=("window", "crashes"),
    pairs=(i.fresh,),
    facts=(i.window_is_sane,),
)

_T3 = Theorem(
    id="T3",
    title="TIME-WAIT of MSL and the greater of MSL and R drains",
    cites="RFC 9293 3.6.1; RFC 1337",
    claims=(i.time_wait_drains,),
    clauses=(
        *_SEGMENTS,
        i.end_is_remembered,
        i.fin_is_sent,
        i.established_first,
        i.established_is_mutual,
        i.partner_is_who_was_heard,
        i.fin_was_heard,
        i.timers_run_down,
        i.alive,
        i.mine_die_first,
        i.answers_die,
        i.retransmission_ends,
        i.the_partner_dies,
    ),
    rules={**_DRAIN, "syn_ack_exact": True, "close_waits": True},
    bounds=_TIMED,
    watchers=(Agreement(), Confusion(), Streams()),
    free=("window", "msl", "span", "time_wait"),
    pairs=(i.fresh,),
    facts=(i.window_is_sane, i.msl_and_max),
)

_WITH_TEXT = (
    text.opening,
    text.in_order,
    text.taken_was_sent,
    text.states_tell,
    text.window_is_its_own,
    text.in_flight,
    text.segments_are_sent,
    text.acks_are_of_the_past,
    text.others_have_taken_nothing,
    text.answers_its_caller,
    text.acknowledges_its_callee,
    text.simultaneous_or_later,
)
"""What is known, with text, of both ends and of what is in flight, whatever may reopen."""

_TEXT = Theorem(
    id="T1.text",
    title="no ESTABLISHED without three-way agreement, but by simultaneous open, with text from "
    "the start, at 32 bits",
    cites="RFC 9293 3.4, 3.5, 3.10",
    claims=(
        text.agreement,
        text.numbers_are_places,
        text.segments_are_numbered,
        text.reopened_by_rule,
    ),
    clauses=(
        text.remembered,
        text.only_time_wait_returns,
        text.left_is_remembered,
        text.left_agreed,
        *_WITH_TEXT,
    ),
    rules={"close_waits": True},
    bounds={"width": 32, "packed": True},
    free=("covering_acceptable", "edge_acceptable"),
    pairs=(text.rising,),
    facts=(text.nothing_comes_back,),
    system=text.TEXT,
)

_LEFT_SIMULTANEOUSLY = (
    text.left_agreed_simultaneous,
    text.others_have_taken_nothing_simultaneous,
    text.acknowledged_is_whole_simultaneous,
)
"""What is known, with text, of TCBs that opened simultaneously, and where they are returned to."""

_ONCE: dict[str, object] = _OPEN | {"incarnations": 1}
"""One TCB at each end: sockets that were never used before. No time, and no text."""

_L1 = Theorem(
    id="L1",
    title="every open ends, on sockets that were never used before",
    cites="RFC 9293 3.5, 3.8.1, 3.10.8",
    claims=(),
    clauses=(
        once.only_one,
        i.in_order,
        i.nothing_waits,
        once.remembered,
        once.hears_the_other,
        once.acknowledged_by_who_knows,
        once.fin_is_acknowledged,
        once.who_listens_again_was_reset,
        once.segments_are_bare,
        once.syn_says_iss,
        once.others_are_above,
        once.acks_are_of_what_came,
        once.resets_are_told,
    ),
    rules={},
    bounds=_ONCE | {"user_timeout": True},
    free=("window",),
    facts=(i.window_is_sane,),
    ends=(response.OPENS,),
    left=response.left,
)

_AFRESH = tuple(c for c in _L1.clauses if c is not once.who_listens_again_was_reset)
"""What is known of ends that make one TCB each, and of what they send."""

THEOREMS = (
    _T1,
    _upon(
        _T1,
        id="T1s.exact",
        title="agreement in simultaneous open, if what acknowledges our SYN must be at RCV.NXT",
        cites="RFC 9293 3.10.7.4 first",
        claims=(i.simultaneous_agreement,),
        clauses=(i.left_agreed_simultaneously,),
        rules={"syn_ack_exact": True},
    ),
    _upon(
        _T1,
        id="T1s.far",
        title="agreement in simultaneous open, if ISNs are far apart",
        cites="RFC 9293 3.4.1",
        claims=(i.simultaneous_agreement,),
        clauses=(i.left_agreed_simultaneously,),
        pairs=(i.far,),
    ),
    _upon(
        _T1,
        id="T2",
        title="a stale SYN that a listener hears never gets past the third handshake",
        cites="RFC 9293 3.5, Figure 8",
        claims=(i.stale_syn_stops,),
        clauses=(i.stale_sender_is_gone, i.stale_is_unheard, i.left_is_not_stale),
    ),
    _upon(
        _T1,
        id="T5",
        title="fresh and rising ISNs alone keep earlier connections out of one that is established",
        cites="RFC 9293 3.4.1",
        claims=(i.no_crossing,),
        clauses=(i.resets_are_told,),
        pairs=(i.monotone,),
    ),
    _upon(
        _T1,
        id="T5s.exact",
        title="... after a simultaneous open, if what acknowledges our SYN must be at RCV.NXT",
        cites="RFC 9293 3.4.1, 3.10.7.4 first",
        claims=(i.no_simultaneous_crossing,),
        clauses=(
            i.resets_are_told,
            i.simultaneous_agreement,
            i.left_agreed_simultaneously,
        ),
        rules={"syn_ack_exact": True},
        pairs=(i.monotone,),
    ),
    _upon(
        _T1,
        id="T5s.far",
        title="... after a simultaneous open, if ISNs are far apart",
        cites="RFC 9293 3.4.1",
        claims=(i.no_simultaneous_crossing,),
        clauses=(
            i.resets_are_told,
            i.simultaneous_agreement,
            i.left_agreed_simultaneously,
        ),
        pairs=(i.far,),
    ),
    _upon(
        _T1,
        id="T6",
        title="reopening from TIME-WAIT is safe if both ISNs are above what was used",
        cites="RFC 9293 3.6.1, MAY-2; RFC 1122 4.2.2.13",
        claims=(i.later_syns_reopen, i.no_crossing),
        clauses=(i.resets_are_told,),
        rules={"time_wait_reopen": True},
        pairs=(i.monotone,),
    ),
    _T3,
    dataclasses.replace(
        _T3,
        id="T4.fresh",
        title="TIME-WAIT of MSL and the greater of MSL and R prevents incarnation confusion, "
        "though users give up, if ISNs are fresh",
        cites="RFC 9293 3.4.1, 3.6.1; 3.8.3 MUST-20",
        claims=(i.no_confusion,),
        clauses=(*_T3.clauses, i.over_is_over, i.nothing_of_it_is_left, i.old_is_over),
        bounds=_TIMED | {"user_timeout": True},
    ),
    Theorem(
        id="T4",
        title="TIME-WAIT of 2 MSL prevents incarnation confusion, whatever the ISNs, if nobody "
        "gives up",
        cites="RFC 9293 3.4.1, 3.6.1",
        claims=(i.no_confusion,),
        clauses=(
            i.in_order,
            i.syn_is_bare,
            i.nothing_waits,
            i.alive,
            i.origins_exist,
            i.partner_exists,
            i.who_acknowledges_knows,
            i.mine_die_first,
            i.answers_die,
            i.the_gone_die,
            i.over_is_over,
            i.nothing_of_it_is_left,
            i.old_is_over,
        ),
        rules={**_DRAIN, "retransmission_bounded": False},
        bounds=_TIMED,
        watchers=(Confusion(),),
        free=("window", "msl", "span", "time_wait"),
        facts=(i.window_is_sane, i.two_msl),
    ),
    Theorem(
        id="T4.text",
        title="... with text",
        cites="RFC 9293 3.4.1, 3.6.1",
        claims=(i.no_confusion,),
        clauses=(
            i.little_is_written,
            i.acknowledged_first,
            i.alive,
            i.origins_exist,
            i.partner_exists,
            i.who_acknowledges_knows,
            i.mine_die_first,
            i.answers_die,
            i.the_gone_die,
            i.over_is_over,
            i.nothing_of_it_is_left,
            i.old_is_over,
        ),
        rules={**_DRAIN, "retransmission_bounded": False},
        bounds=_TIMED | _TEXT_TOO,
        watchers=(LastingConfusion(),),
        free=("window", "write", "msl", "span", "time_wait"),
        facts=(i.two_msl, i.written_at_once),
    ),
    Theorem(
        id="T7",
        title="a host that crashed and then kept quiet for MSL has nothing from before in flight",
        cites="RFC 9293 3.4.3",
        claims=(i.nothing_sent_before_is_left,),
        clauses=(
            i.in_order,
            i.syn_is_bare,
            i.nothing_waits,
            i.alive,
            i.quiet_outlasts,
            i.what_crashed_is_over,
        ),
        rules={},
        bounds=_UNTIMED,
        watchers=(Restarts(),),
        free=("window", "msl", "span", "crashes"),
    ),
    Theorem(
        id="T7.text",
        title="... with text",
        cites="RFC 9293 3.4.3",
        claims=(i.nothing_sent_before_is_left,),
        clauses=(i.alive, i.quiet_outlasts, i.what_crashed_is_over),
        rules={},
        bounds=_UNTIMED | _TEXT_TOO,
        watchers=(Restarts(),),
        free=("window", "write", "msl", "span", "crashes"),
        facts=(i.written_at_once,),
    ),
    Theorem(
        id="T10",
        title="a blind sender whose guesses miss does no harm",
        cites="RFC 5961 3, 4, 5",
        claims=(i.blind_sender_harmless,),
        clauses=(i.in_order, i.syn_is_bare, i.nothing_waits),
        rules={},
        bounds=_FORGED,
        watchers=(Forgery(),),
        free=("window",),
    ),
    Theorem(
        id="T10.opening.challenge",
        title="... nor in SYN-RECEIVED, if a SYN is challenged there too",
        cites="RFC 5961 3, 4, 5",
        claims=(i.blind_sender_harmless,),
        clauses=(i.in_order, i.syn_is_bare, i.nothing_waits),
        rules={"syn_received_challenge": True},
        bounds=_FORGED | {"forged_opening": True},
        watchers=(Forgery(),),
        free=("window",),
    ),
    Theorem(
        id="T10.text",
        title="... with text",
        cites="RFC 5961 3, 4, 5",
        claims=(i.blind_sender_harmless,),
        rules={},
        bounds=_FORGED | _TEXT_TOO,
        watchers=(Forgery(),),
        free=("window", "write"),
        facts=(i.written_at_once,),
    ),
    _L1,
    dataclasses.replace(
        _L1,
        id="L4",
        title="where nobody acts the network falls silent, on sockets that were never used before, "
        "if windows have two octets",
        cites="RFC 9293 3.10.7.1, 3.10.7.4 first",
        clauses=(
            *(c for c in _AFRESH if c not in (once.fin_is_acknowledged, once.resets_are_told)),
            once.window_is_the_buffer,
        ),
        facts=(once.two_fit,),
        ends=(response.SILENT,),
    ),
    dataclasses.replace(
        _L1,
        id="L2",
        title="every close ends once both applications close, on sockets that were never used "
        "before, if nobody aborts or gives up, windows have two octets, and the number after FIN "
        "is not 0",
        cites="RFC 9293 3.6",
        clauses=(
            *_AFRESH,
            once.window_is_the_buffer,
            once.closing_was_answered,
            once.who_took_fin_stays,
            once.who_waits_has_a_peer,
        ),
        bounds=_ONCE | {"abort": False},
        facts=(once.two_fit,),
        ends=(response.CLOSES,),
    ),
    # Every rule of a listener looks at its counts and at one connection. What another connection
    # does is, to this one, what strangers and neighbours do, whose number is not bounded.
    Theorem(
        id="S1",
        title="a listener's queues keep to their length, whatever that is, for any number of peers",
        cites="RFC 4987 2, 3.3",
        claims=(i.queues_are_bounded, i.queues_are_counted),
        clauses=(
            i.closed_is_blank,
            i.requests_are_in_syn_received,
            i.ready_are_established,
            i.only_the_syn,
        ),
        rules={},
        bounds=_LISTENING,
        free=("window", "backlog"),
        facts=(i.window_is_sane,),
    ),
    Theorem(
        id="S4",
        title="with cookies a listener keeps nothing of a SYN",
        cites="RFC 4987 3.6",
        claims=(i.nothing_is_kept,),
        clauses=(
            i.queues_are_counted,
            i.closed_is_blank,
            i.ready_are_established,
            i.only_the_syn,
        ),
        rules={"syncookies": Cookies.ALWAYS},
        bounds=_LISTENING | {"strangers": False},  # nothing is kept of theirs that could go
        free=("window", "backlog", "secret"),
        facts=(i.window_is_sane,),
    ),
    Theorem(
        id="S2.rate",
        title="who keeps a SYN queue of B places full sends B SYNs or more in each life of a "
        "request, whatever B is",
        cites="RFC 4987 2",
        claims=(small.full_is_paid,),
        clauses=(small.strangers_are_requests, small.full_is_held, small.held_is_kept),
        rules={},
        bounds={},
        free=("backlog",),
        facts=(small.forgotten_in_time,),
        system=small.FLOOD,
    ),
    Theorem(
        id="S5",
        title="who is ESTABLISHED by a cookie agrees with a TCB of the client, unless a segment of "
        "another guesses both numbers",
        cites="RFC 4987 3.6, A",
        claims=(cookies.server_agrees,),
        clauses=(cookies.heard_is_sent,),
        rules={"syncookies": Cookies.ALWAYS},
        bounds={"width": 32, "listener": True, "window": 1 << 16},
        free=("secret",),
        facts=(cookies.unguessed,),
        system=cookies.AGREEMENT,
    ),
    Theorem(
        id="S5m",
        title="cookies to which the IRS is added rise as the ISNs of the client do",
        cites="RFC 4987 A; RFC 9293 3.4.1",
        claims=(small.cookies_rise,),
        clauses=(small.parts_are_sane,),
        rules={"cookie_hash": CookieHash.SUM},
        bounds={"width": 32},
        free=("secret",),
        facts=(small.client_rises, small.one_mss),
        system=small.COOKIES,
    ),
    Theorem(
        id="S13",
        title="after a cookie both ends scale their windows or none does, and so with SACK; and no "
        "segment is longer than was announced",
        cites="RFC 4987 3.6; RFC 7323 2.2; RFC 9293 3.7.1, MUST-16",
        claims=(small.no_end_alone, small.as_announced),
        rules={},
        bounds={"width": 16},
        free=(),
        facts=(small.only_with_timestamps, small.mss_of_536),
        system=small.OPTIONS,
    ),
    Theorem(
        id="K3",
        title="a keep-alive moves nothing at its receiver, and none of it is delivered",
        cites="RFC 9293 3.8.4, 3.10.7.4 first",
        claims=(small.nothing_is_taken,),
        rules={"keep_alive": KeepAlive.OCTET},
        bounds={"width": 32},
        free=(),
        system=small.PROBES,
    ),
    Theorem(
        id="R10",
        title="PAWS refuses what was sent before the segment that TS.Recent came with, if no "
        "segment lives longer than half of the clock's values, nor than TS.Recent is valid",
        cites="RFC 7323 5.3, 5.5",
        claims=(paws.nothing_earlier_passes,),
        clauses=(paws.tsval_tells_age, paws.recent_tells_age, paws.invalid_is_old),
        rules={},
        bounds=_CLOCK,
        free=("recent_life",),
        facts=(paws.dies_in_time, paws.valid_as_long),
        system=paws.IDLE,
    ),
    Theorem(
        id="R10.idle",
        title="... and nothing else, if TS.Recent is valid for no longer than half of the clock's "
        "values, less MSL",
        cites="RFC 7323 5.5",
        claims=(paws.nothing_later_is_refused,),
        clauses=(paws.tsval_tells_age, paws.recent_tells_age, paws.valid_is_young),
        rules={},
        bounds=_CLOCK,
        free=("recent_life",),
        facts=(paws.valid_no_longer,),
        system=paws.IDLE,
    ),
    Theorem(
        id="R11",
        title="with PAWS no octet is taken for one that has its number again, if the clock ticks "
        "at least once while 2^32 octets are sent, less two windows and what the receiver holds",
        cites="RFC 7323 5.4",
        claims=(paws.no_octet_for_another,),
        clauses=(
            paws.copy_tells_age,
            paws.other_tells_age,
            paws.recent_tells_age,
            paws.no_faster,
            paws.what_is_far_is_later,
            paws.received_was_sent,
            paws.recent_is_later,
        ),
        rules={},
        bounds=_CLOCK,
        free=(),
        facts=(paws.dies_in_time, paws.clock_is_fast),
        system=paws.STREAM,
    ),
    Theorem(
        id="R12",
        title="a SYN that ends TIME-WAIT by the table of RFC 6191 lets no octet of the old "
        "connection in, if the clock has ticked since the last; and no other SYN could be let in",
        cites="RFC 6191 2",
        claims=(paws.octets_are_kept_apart, paws.refused_if_needed),
        rules={},
        bounds={"width": 32, "stamps": paws.CLOCK},
        free=(),
        facts=(paws.clock_ticks,),
        system=paws.REOPENING,
    ),
    _TEXT,
    _upon(
        _TEXT,
        id="T2.text",
        title="a stale SYN that a listener hears never gets past the third handshake, whatever "
        "text is in flight",
        cites="RFC 9293 3.5, Figure 8",
        claims=(text.stale_syn_stops,),
        clauses=(text.stale_is_unheard,),
    ),
    _upon(
        _TEXT,
        id="T5.text",
        title="no segment of an earlier connection moves one that is established, or is taken",
        cites="RFC 9293 3.4.1",
        claims=(text.no_crossing,),
    ),
    _upon(
        _TEXT,
        id="T9.text",
        title="each octet that is taken is the next one of the stream of the TCB that was heard",
        cites="RFC 9293 1, 3.4, 3.8, 3.10",
        claims=(text.nothing_is_garbled,),
    ),
    _upon(
        _TEXT,
        id="T8.text",
        title="who has its FIN acknowledged has a peer that took all that was written; who closed "
        "gracefully has taken all that the peer wrote, too",
        cites="RFC 9293 1, 3.6",
        claims=(text.acknowledged_is_whole, text.graceful_is_whole),
    ),
    _upon(
        _TEXT,
        id="T6.text",
        title="reopening from TIME-WAIT is safe if both ISSs are above what was used, with text",
        cites="RFC 9293 3.6.1, MAY-2; RFC 1122 4.2.2.13",
        claims=(text.later_syns_reopen, text.no_crossing),
        rules={"time_wait_reopen": True},
    ),
    _upon(
        _TEXT,
        id="T1s.exact.text",
        title="agreement in simultaneous open, with text, if what acknowledges our SYN must be at "
        "RCV.NXT",
        cites="RFC 9293 3.10.7.4 first",
        claims=(text.simultaneous_agreement,),
        clauses=_LEFT_SIMULTANEOUSLY,
        rules={"syn_ack_exact": True},
    ),
    _upon(
        _TEXT,
        id="T5s.exact.text",
        title="... and then no segment of an earlier connection moves one that was opened "
        "simultaneously",
        cites="RFC 9293 3.4.1, 3.10.7.4 first",
        claims=(text.no_simultaneous_crossing,),
        clauses=(*_LEFT_SIMULTANEOUSLY, text.simultaneous_agreement),
        rules={"syn_ack_exact": True},
    ),
    _upon(
        _TEXT,
        id="T8s.exact.text",
        title="... and who closes one gracefully has a peer that took all, and has taken all",
        cites="RFC 9293 1, 3.6, 3.10.7.4 first",
        claims=(
            text.acknowledged_is_whole_simultaneous,
            text.graceful_is_whole_simultaneous,
        ),
        clauses=(*_LEFT_SIMULTANEOUSLY[:-1], text.simultaneous_agreement),
        rules={"syn_ack_exact": True},
    ),
    Theorem(
        id="T3.text",
        title="TIME-WAIT of 2 MSL, R and what a persist timer runs drains, with text",
        cites="RFC 9293 3.6.1, 3.8.3, 3.8.6.1; RFC 1337",
        claims=(
            draining.time_wait_drains,
            draining.only_its_timer_ends_it,
            text.numbers_are_places,
            text.segments_are_numbered,
        ),
        clauses=(
            text.agreement,
            text.remembered,
            text.reopened_by_rule,
            text.only_time_wait_returns,
            text.opening,
            text.in_order,
            text.taken_was_sent,
            text.states_tell,
            text.window_is_its_own,
            text.in_flight,
            draining.segments_are_sent,
            draining.acks_are_of_the_past,
            draining.others_have_taken_nothing,
            text.answers_its_caller,
            draining.acknowledges_its_callee,
            text.simultaneous_agreement,
            text.acknowledged_is_whole,
            text.acknowledged_is_whole_simultaneous,
            draining.timers_run_down,
            draining.alive,
            draining.mine_die_first,
            draining.answers_die,
            draining.retransmission_ends,
            draining.the_partner_dies,
        ),
        rules={**_DRAIN, "close_waits": True, "syn_ack_exact": True},
        bounds={"width": 32, "packed": True, "send_window": True},
        free=("covering_acceptable", "edge_acceptable"),
        pairs=(text.rising,),
        facts=(text.nothing_comes_back, draining.long_enough),
        system=draining.DRAINING,
    ),
    Theorem(
        id="T9.pace",
        title="no number arrives that is 2^32 behind SND.NXT, if no more than 2^32 numbers may be "
        "sent in an MSL or wait to be acknowledged, together",
        cites="RFC 9293 3.4.3",
        claims=(pace.nothing_is_late,),
        clauses=(pace.little_waits, pace.no_faster),
        rules={},
        bounds={"width": 32},
        free=(),
        facts=(pace.slow_enough,),
        system=pace.PACE,
    ),
    Theorem(
        id="T9.pace.text",
        title="T8 and T9 with text, where nothing is said of numbers that come back, but only how "
        "many are used while a segment is in flight",
        cites="RFC 9293 1, 3.4, 3.4.3, 3.6, 3.8, 3.10",
        claims=(
            pace.nothing_came_back,
            pace.taken_is_behind,
            text.numbers_are_places,
            text.segments_are_numbered,
            text.nothing_is_garbled,
            text.acknowledged_is_whole,
            text.graceful_is_whole,
        ),
        clauses=(
            text.agreement,
            text.remembered,
            *_WITH_TEXT,
            pace.nothing_reopens,
            pace.acknowledged_was_taken,
            pace.marks_are_near,
        ),
        rules={"close_waits": True},
        bounds={"width": 32, "packed": True},
        free=("covering_acceptable", "edge_acceptable"),
        pairs=(text.rising,),
        facts=(text.nothing_comes_back, pace.few_numbers),
        system=pace.PACED,
    ),
    Theorem(
        id="CC7.rto",
        title="whatever is measured, RTO is at least its lower bound and SRTT, at most its upper "
        "bound or what the longest round trips allow, and doubles at each timeout",
        cites="RFC 6298 2, 5.5",
        claims=(
            timer.average_is_between,
            timer.variation_is_bounded,
            timer.long_enough,
            timer.short_enough,
            timer.steady_trips_are_waited_for,
            timer.takes_time,
            timer.timeouts_double,
        ),
        clauses=(timer.timeouts_lengthen,),
        rules={},
        bounds={"width": 32},
        free=(),
        facts=(timer.has_a_lower_bound,),
        system=timer.TIMER,
    ),
    Theorem(
        id="H3.margin",
        title="no request meets a server that has closed, if the client's idle limit and two "
        "delays are no more than the server's",
        cites="RFC 9112 9.3, 9.5",
        claims=(margin.nothing_is_late,),
        clauses=(
            margin.server_waits,
            margin.closed_is_over,
            margin.read_in_time,
            margin.asked_in_time,
        ),
        rules={},
        bounds={"width": 32, "window": 2, "msl": 1, "requests": 2},
        free=(),
        facts=(margin.two_delays,),
        system=margin.MARGIN,
    ),
    Theorem(
        id="CC3",
        title="what a data plane sends is in the peer's window or was sent before, whatever "
        "decides when and how much",
        cites="RFC 9293 3.8; RFC 5681 3; RFC 6582",
        claims=(refinement.never_strays,),
        clauses=(
            refinement.sent_was_written,
            refinement.over_is_over,
            refinement.again_was_sent,
            refinement.recovery_has_an_end,
        ),
        rules={},
        bounds={"width": 32, "transfer": True},
        free=(),
        facts=(refinement.segments_have_text,),
        system=refinement.SENDER,
    ),
    Theorem(
        id="CC3.take",
        title="... and it takes nothing that did not come, nor moves the right edge of its window "
        "to the left",
        cites="RFC 9293 3.8.6, 3.10.7.4 seventh",
        claims=(refinement.taken_has_come, refinement.edge_stays),
        clauses=(refinement.held_has_come, refinement.window_is_the_buffer),
        rules={},
        bounds={"width": 32, "transfer": True, "window": refinement.PLACES},
        free=(),
        system=refinement.RECEIVER,
    ),
)
"""What is proved."""

OF_HOSTS = tuple(theorem for theorem in THEOREMS if theorem.system is None)
"""Those of hosts and the network."""

BY_ID = {theorem.id: theorem for theorem in THEOREMS}
"""The theorems by identifier."""


def alone(theorem: Theorem) -> Theorem:
    """The theorem with the clauses that it is built upon, its options no longer open."""
    below = BY_ID[theorem.upon].all if theorem.upon else ()
    clauses = (*below, *theorem.clauses)
    kept = tuple(f for f in clauses if f not in theorem.claims)
    return dataclasses.replace(theorem, clauses=tuple(dict.fromkeys(kept)), upon="")


def together(theorems: Sequence[Theorem]) -> list[tuple[Theorem, ...]]:
    """The theorems that are proved together: one that stands alone, and those built upon it."""
    by_id = {**BY_ID, **{theorem.id: theorem for theorem in theorems}}
    bases = dict.fromkeys(theorem.upon or theorem.id for theorem in theorems)
    return [(by_id[id], *(t for t in theorems if t.upon == id)) for id in bases]
