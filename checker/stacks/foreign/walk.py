"""From a script to *facts*: in this state, on this event, this is the answer.

A script is walked through with a host of the specification, under the rules of the stack that the
script is for: each call and each segment that it injects is an event, and what it expects until the
next one is the answer. Where the host has sent nothing of what is expected, a timer may have run
out. The walk ends where the script does what a host of ours cannot, or where the stack is no longer
in the state of the host. Silence is a fact only if something is expected later: packetdrill notices
what is sent only then.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from checker.stacks.foreign.answers import ANY, begins, foretold, holds, same, told_of
from checker.stacks.foreign.host import (
    IRS,
    ISS,
    SEQ,
    TIMERS,
    WINDOW,
    Done,
    Host,
    Setup,
    answer,
    blocks,
    named,
    place,
)
from checker.stacks.foreign.script import Assertion, Call, Packet, Script, Shell
from checker.stacks.foreign.terms import Skipped, settings, setup, shift_of, unfit
from checker.stacks.profile import Departure
from spec.rules import Rules
from spec.tcp.tcb import State
from spec.world.records import clone


@dataclass(slots=True)
class Step:
    """One event, what is expected, and what a user is told afterwards."""

    event: str
    wants: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # "state TIME-WAIT", "error reset", "readable 3"


class Seen(NamedTuple):
    """A fact: what a script expects of one event, and what a host of ours does."""

    drive: tuple[str, ...]  # the events before
    state: State
    event: str
    wants: tuple[str, ...]
    told: tuple[str, ...]
    agrees: bool
    departure: str = ""


@dataclass(slots=True)
class Walk:
    """What is seen on a walk through a script; where and why it ended early."""

    setup: Setup
    settings: tuple[str, ...]
    facts: list[Seen] = field(default_factory=list)
    unseen: int = 0  # events of which nothing is expected that would be noticed
    ended: str = ""


FORWARD = 0.01
"""Seconds before which no retransmission timeout, or tail loss probe, has run out."""

_HARMLESS = (
    "fcntl", "bind", "setsockopt", "getsockopt", "accept", "socket", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_wait", "poll", "ioctl",
)  # fmt: skip
_WRITES = ("write", "send", "sendto", "sendmsg", "sendfile")
_READS = ("read", "recv", "recvfrom", "recvmsg")
_USUAL = 32767
"""The window of a segment that does not say one."""
_ERRORS = {"0": "none", "ECONNRESET": "reset", "ECONNREFUSED": "reset", "ETIMEDOUT": "timeout"}


def walk(script: Script, rules: Rules, departures: tuple[Departure, ...] = ()) -> Walk:
    """Walk through ``script`` with a host under ``rules``, of a stack with ``departures``."""
    walker = _Walker(script, rules, departures)
    try:
        walker.go()
        walker.settle()
    except Skipped as reason:
        if walker.silence():  # else nothing was left to be seen
            walker.walk.ended = str(reason)
    return walker.walk


class _Walker:
    def __init__(self, script: Script, rules: Rules, departures: tuple[Departure, ...]) -> None:
        self.script = script
        self.departures = departures
        self.window = WINDOW
        self.listener = ""  # descriptors
        self.accepted = False
        self.mine = ""
        self.linger = False
        self.walk = Walk(Setup(), settings(script))
        self.rules = rules
        self.host = Host(rules, self.walk.setup)
        self.drive: list[str] = []
        self.step: Step | None = None
        self.done: Done | None = None
        self.sent: list[str] = []
        self.waited = 0.0
        self.shift = 0
        self.writes = False
        self.at = 0
        self.used: set[int] = set()  # of what is expected: by an earlier event than the last

    def go(self) -> None:
        unfit(self.script)
        self.walk.setup, self.window = setup(self.script)
        packets = [s.what for s in self.script.statements if isinstance(s.what, Packet)]
        self.shift = shift_of(packets)
        self.writes = any(p.out and p.text for p in packets)
        self.host = Host(self.rules, self.walk.setup)
        for at, statement in enumerate(self.script.statements):
            self.at = at
            what = statement.what
            self.waited += 9.0 if statement.wait is None else statement.wait
            if isinstance(what, Packet):
                self.packet(what)
            elif isinstance(what, Call):
                self.call(what)
            elif isinstance(what, Assertion):
                self.assertion(what.text)
            elif isinstance(what, Shell):
                self.shell(what.text)
            else:
                raise Skipped(what.kind)
        self.at = len(self.script.statements)

    def silence(self) -> bool:
        """Would it have been noticed if anything else had been sent before this statement?"""
        later = self.script.statements[self.at :]
        return any(isinstance(s.what, Packet) and s.what.out for s in later)

    def sacked(self, p: Packet) -> bool:
        """Does the segment tell what came beyond a gap, and is something outstanding?"""
        return "sack " in p.options and self.host.tcb.snd.una != self.host.tcb.snd.nxt

    # Events

    def do(self, event: str) -> None:
        self.settle()
        host = self.host.copy()
        done = host.do(event)
        if not done.possible:
            raise Skipped(f"an event that is not possible: {event.split(' ', maxsplit=1)[0]}")
        self.host, self.done, self.step = host, done, Step(event)
        self.sent = [answer(seg, self.walk.setup) for seg in done.sent]
        self.waited = 0.0

    def settle(self) -> None:
        """The last event is over: it becomes a fact."""
        step, done = self.step, self.done
        if step is None or done is None:
            return
        self.late(step)
        self.step = None
        of = told_of(done, self.host)
        silent = not step.wants and not step.told and not self.silence()
        agreed = same(step.wants, self.sent) or (not step.wants and not self.silence())
        agreed = agreed and all(holds(told, of) for told in step.told)
        departure, ended = "", ""
        if not agreed:
            departure, ended = self.departs(step, done)
        if silent:
            self.walk.unseen += 1
        else:
            wants = tuple(step.wants) if step.wants or self.silence() else ANY
            seen = (tuple(self.drive), done.before.state, step.event, wants, tuple(step.told))
            self.walk.facts.append(Seen(*seen, agreed, departure))
        if ended == "ignored":
            self.host.tcb = clone(done.before)
        elif ended:
            raise Skipped(ended)
        else:
            self.drive.append(step.event)

    def late(self, step: Step) -> None:
        """What the script expects of this event only after the calls that follow."""
        for at in range(self.at, len(self.script.statements)):
            what = self.script.statements[at].what
            if same(step.wants, self.sent) or (isinstance(what, Packet) and not what.out):
                return
            if isinstance(what, Packet) and at not in self.used:
                want = self.text(what)
                if not begins([*step.wants, want], self.sent):
                    return
                step.wants.append(want)
                self.used.add(at)

    def departs(self, step: Step, done: Done) -> tuple[str, str]:
        """The departure that a disagreement is; and why the walk ends there, or "ignored"."""
        wants = tuple(step.wants) if step.wants or self.silence() else ANY
        found = foretold(self.departures, self.host, done, step.event, wants, step.told)
        if found is None:
            return "", "a disagreement"
        departure, outcome, said = found
        after = done.after.state if outcome.after is None else outcome.after
        if after == done.after.state and not outcome.elsewhere:
            return departure.name, ""
        if after == done.before.state and not said and not outcome.elsewhere:
            return departure.name, "ignored"
        return departure.name, "the stack is in another state after a known departure"

    def packet(self, p: Packet) -> None:
        if p.out:
            if self.at not in self.used:
                self.expect(self.text(p))
        elif self.sacked(p):
            raise Skipped("loss recovery by SACK")
        else:
            waits = self.host.gone and self.host.tcb.state == State.FIN_WAIT_2
            if waits and self.rules.fin_wait_2_timeout and self.waited >= 1:
                self.do("USER TIMEOUT")
            self.do(self.text(p))

    def text(self, p: Packet) -> str:
        said = named(p.ctl, p.text)
        numbers = ("ISS", "IRS") if p.out else ("IRS", "ISS")
        if p.seq is not None:
            said += f" seq={self.place(p.seq, numbers[0], p)}"
        ack = 0 if p.ctl.ack and p.ack is None and not p.out else p.ack
        if ack is not None:
            said += f" ack={self.place(ack, numbers[1], p)}"
        if p.out and self.walk.setup.sack and p.ack is not None:
            spans = re.findall(r"(\d+):(\d+)", p.options.partition("sack ")[2])
            # What is below SEG.ACK came twice (RFC 2883), and is not reported here.
            said += blocks((int(a), int(b)) for a, b in spans if int(a) >= p.ack)
        if not p.out and self.writes and p.win is not None and p.win << self.shift != _USUAL:
            said += f" wnd={p.win if p.ctl.syn else p.win << self.shift}"
        return said

    def place(self, number: int, base: str, p: Packet) -> str:
        if p.out and p.ctl.rst and p.ctl.ack and base == "ISS" and number == 0:
            return "0"
        if base == "IRS" and not self.walk.setup.mss and -2 <= number - self.window <= 4:
            return f"IRS+WND{number - self.window:+}"
        return place(SEQ.plus(ISS if base == "ISS" else IRS, number), base, self.walk.setup)

    def expect(self, want: str) -> None:
        if self.step is None:
            raise Skipped("a segment before any event")
        n = len(self.step.wants)
        fits = begins([*self.step.wants, want], self.sent)
        if not fits and n == 0 and self.ignored():
            self.settle()
            self.sent = []
        over = self.step is None or same(self.step.wants, self.sent)
        if not fits and over and (timer := self.timer(want)):
            self.do(timer)
        if self.step is None:
            raise Skipped("a segment that nothing explains")
        self.step.wants.append(want)

    def ignored(self) -> bool:
        """Is the stack known to ignore the last event?"""
        if self.step is None or self.done is None:
            return False
        return self.departs(self.step, self.done)[1] == "ignored"

    def timer(self, want: str) -> str:
        """A timer that may have run out, and whose segment is the one that is expected."""
        for timer in TIMERS:
            if timer == "RETRANSMISSION TIMEOUT" and self.waited < FORWARD:
                continue
            done = self.host.copy().do(timer)
            said = [answer(seg, self.walk.setup) for seg in done.sent]
            if done.possible and said and begins([want], said):
                return timer
        return ""

    # Calls

    def call(self, call: Call) -> None:
        name, args, result = call
        failed = result.startswith("-1")
        if name == "listen" and not failed:
            if self.listener or self.mine:
                raise Skipped("more than one connection")
            self.listener = args[0]
            self.do("OPEN passive")
        elif name == "connect":
            if self.listener or self.mine:
                raise Skipped("more than one connection")
            self.mine = args[0]
            self.do("OPEN active")
        elif name == "accept" and not failed:
            if self.accepted:
                raise Skipped("more than one connection")
            self.mine, self.accepted = result.split(" ")[0], True
        elif name in _WRITES:
            self.write(call, failed)
        elif name in _READS:
            self.read(call, failed)
        elif name in ("close", "shutdown"):
            self.ending(call, failed)
        elif name == "setsockopt" and args[2] == "SO_LINGER" and "onoff=1, linger=0" in args[3]:
            self.linger = True
        elif name == "getsockopt" and args[2] == "SO_ERROR":
            self.tell(f"error {_ERRORS.get(args[3].strip('[]'), '?')}")
        elif name not in _HARMLESS:
            raise Skipped(f"{name}()")

    def write(self, call: Call, failed: bool) -> None:
        if call.args[0] != self.mine:
            raise Skipped("more than one connection")
        if failed:
            return
        if "MSG_MORE" in " ".join(call.args):
            raise Skipped("MSG_MORE")
        octets = int(call.result.split(" ")[0])
        if octets:
            self.do(f"SEND {octets}")

    def read(self, call: Call, failed: bool) -> None:
        if "MSG_ERRQUEUE" in " ".join(call.args):
            return  # of what was sent, and not of what came
        if failed:
            if "EAGAIN" in call.result or "EWOULDBLOCK" in call.result:
                self.tell("readable 0")
            return
        octets, limit = int(call.result.split(" ")[0]), _limit(call)
        if limit.isdigit() and octets < int(limit):
            self.tell(f"readable {octets}")
        if octets and "MSG_PEEK" not in call.args:
            if limit.isdigit() and octets == int(limit) and octets < self.host.readable():
                raise Skipped("a part of the text is read")
            self.do("RECEIVE")

    def ending(self, call: Call, failed: bool) -> None:
        fd = call.args[0]
        if failed:
            return
        if call.name == "shutdown":
            if call.args[1] == "SHUT_RD":
                raise Skipped("shutdown(SHUT_RD)")
            self.do("SHUTDOWN")
        elif fd == self.mine:
            self.do("ABORT" if self.linger else "CLOSE")
            self.mine = ""
        elif fd == self.listener and not self.accepted:
            if self.host.tcb.state == State.LISTEN:
                self.do("CLOSE")
            else:
                raise Skipped("a listener is closed before accept()")
        elif fd == self.listener:
            self.listener = ""

    # What is told

    def tell(self, what: str) -> None:
        if what == "error timeout" and self.host.copy().do("USER TIMEOUT").possible:
            self.do("USER TIMEOUT")
        if self.step is not None:
            self.step.told.append(what)

    def assertion(self, text: str) -> None:
        for said in re.findall(r"tcpi_state\s*==\s*(?:TCP_|TCPI_|TCPS_)?(\w+)", text):
            self.tell(f"state {_state(said)}")

    def shell(self, text: str) -> None:
        if "tcpdrop" in text:
            raise Skipped("the script's end: its connection is dropped by hand")
        if match := re.search(r"sockstat .*grep -c (\w+) \| grep (\d)", text):
            self.tell(f"{'state' if match[2] != '0' else 'not state'} {_state(match[1])}")


def _limit(call: Call) -> str:
    """How many octets are asked for."""
    if call.name != "recvmsg":
        return call.args[2]
    return str(sum(map(int, re.findall(r"\{\.\.\.,\s*(\d+)\}", call.args[1]))))


def _state(name: str) -> str:
    short = re.sub(r"[^A-Z0-9]", "", name.upper())
    words = {re.sub(r"[^A-Z0-9]", "", s.value): s.value for s in State}
    words |= {"SYNRCVD": "SYN-RECEIVED", "SYNRECV": "SYN-RECEIVED", "CLOSE": "CLOSED"}
    return words.get(short, name)
