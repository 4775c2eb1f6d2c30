"""Segments, endpoints and steps in words, as diagrams, reports and messages show them."""

from collections.abc import Iterator

from spec.tcp import congestion
from spec.tcp.congestion import Phase
from spec.tcp.segment import Segment
from spec.tcp.tcb import SYNCHRONIZED, State, Tcb
from spec.world.bounds import Bounds
from spec.world.endpoint import Endpoint


def text(seg: Segment, window: bool = False) -> str:
    """The segment, ``SYN,ACK SEQ=3 ACK=1 LEN=1``; and WND if asked for."""
    wnd = f" WND={seg.wnd}" if window and not seg.ctl.rst else ""
    return f"{seg}{wnd}"


def brief(seg: Segment) -> str:
    """Of a segment with text, SYN or FIN where that is, of any other what it acknowledges and
    offers; and flags that are not PSH and ACK."""
    names = [] if str(seg.ctl) in ("ACK", "PSH,ACK") else [str(seg.ctl)]
    if seg.length():
        return " ".join([*names, f"SEQ={seg.seq} LEN={seg.length()}"])
    offers = f"ACK={seg.ack} WND={seg.wnd}" if seg.ctl.ack else f"SEQ={seg.seq}"
    return " ".join([*names, offers])


def state(end: Endpoint) -> str:
    """The RFC's state, and the health of the host where it is not well.

    A listener's end is in LISTEN, though no TCB is.
    """
    if end.tcb.state is State.CLOSED and any(one.listening for one in end.host.listeners):
        return State.LISTEN.value
    return end.tcb.state.value + (" (down)" if not end.up else " (quiet)" if end.quiet else "")


def small_print(end: Endpoint, bounds: Bounds) -> str:
    """The variables that the numbers in segments come from, and timers where there is time."""
    tcb = end.tcb
    known: dict[str, int] = {}
    if tcb.state not in (State.CLOSED, State.LISTEN):
        known |= {"SND.UNA": tcb.snd.una, "SND.NXT": tcb.snd.nxt}
        if tcb.state is not State.SYN_SENT:
            known["RCV.NXT"] = tcb.rcv.nxt
        if bounds.octets:
            known |= {"SND.WND": tcb.snd.wnd, "RCV.WND": tcb.rcv.wnd}
        if tcb.transfers and tcb.state in SYNCHRONIZED:
            known = {name: known[name] for name in _of_interest(tcb)}
    if tcb.ts_recent:
        known["TS.Recent"] = tcb.ts_recent
    phase = Phase.NONE
    for transfer in tcb.transfers:
        if tcb.written and (phase := congestion.phase(transfer)) is not Phase.NONE:
            known |= {"cwnd": transfer.cwnd, "ssthresh": transfer.ssthresh}
    texts = [" ".join(f"{name}={value}" for name, value in known.items())] if known else []
    if phase is not Phase.NONE:
        texts.append(phase.value)
    if bounds.msl and tcb.state is State.TIME_WAIT:
        texts.append(f"TIME-WAIT for {_ticks(tcb.time_wait)}")
    elif bounds.msl and tcb.snd.una != tcb.snd.nxt:
        texts.append(f"resends for {_ticks(tcb.span)}")
    for one in end.host.listeners:
        if one.requests or one.ready:
            texts.append(f"SYN queue: {one.requests}, accept queue: {one.ready}")
        if one.heard:
            texts.append(f"latest TSval of the address: {one.heard}")
    if bounds.stamps:
        texts.append(f"clock: {end.host.clock + 1}")
    if end.quiet:
        texts.append(f"quiet for {_ticks(end.quiet)}")
    return ", ".join(texts)


def _of_interest(tcb: Tcb) -> Iterator[str]:
    """Of an end that sends the variables of sending, of one that receives those of receiving."""
    sends = tcb.written != 0 or tcb.snd.una != tcb.snd.nxt
    if sends:
        yield from ("SND.UNA", "SND.NXT", "SND.WND")
    if not sends or tcb.rcv.nxt != tcb.irs + 1:
        yield from ("RCV.NXT", "RCV.WND")


def _ticks(n: int) -> str:
    return f"{n} more tick{'s' * (n != 1)}" if n else "no more"
