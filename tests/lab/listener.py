"""What the running kernel does with a listener: queues, cookies, reuse, keep-alive.

An experiment is done in several settings. What was seen is a small value, and each setting has the
one that is expected, as of Linux 6.18. Controls are settings in which the same steps must come out
otherwise. The table in ``docs/reference/kernels.md`` is made from these.
"""

import errno
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress

from checker.stacks.drivers.tun import tcp_info
from checker.stacks.drivers.wire import Raw, pack
from tests.lab.bench import ANSWER, HERE, REQUEST, Bench, Case, Experiment, Seen, case
from tests.lab.lab import PORT, Policy, Seg, Wire
from tests.lab.scenarios import abort, at_once, losing, syn_ack

PAY = REQUEST.decode()

EXPERIMENTS: dict[str, Experiment] = {}


def experiment(
    claim: str, does: str, *cases: Case
) -> Callable[[Callable[..., Seen]], Callable[..., Seen]]:
    """Register an experiment under its name."""

    def register(run: Callable[..., Seen]) -> Callable[..., Seen]:
        EXPERIMENTS[run.__name__] = Experiment(claim, does, run, cases)
        return run

    return register


def cookies(value: int, **others: int | str) -> dict[str, int | str]:
    """The setting of cookies: off, on overflow, always."""
    return {"tcp_syncookies": value, **others}


# Queues


def _holds(requests: int, answers: int) -> Seen:
    return Seen(counts=(("SYN-RECEIVED", requests), ("SYN,ACKs", answers)))


@experiment(
    "S1",
    "SYNs arrive from addresses that nobody has, four more than the backlog.",
    case(cookies(0), "backlog 0", _holds(1, 1), backlog=0),
    case(cookies(0), "backlog 1", _holds(2, 2), backlog=1),
    case(cookies(0), "backlog 4", _holds(5, 5), backlog=4),
    case(cookies(0, tcp_max_syn_backlog=8), "backlog 8", _holds(7, 7), backlog=8),
    case(cookies(1), "backlog 4", _holds(5, 8), backlog=4, control=True),
    case(cookies(2), "backlog 4", _holds(0, 8), backlog=4, control=True),
)
def syn_queue(bench: Bench, backlog: int) -> Seen:
    bench.listen(backlog)
    bench.flood(backlog + 4)
    answers = [sent for sent in bench.wire.log if sent.raw.flags == "SA"]
    return _holds(bench.lab.b.states().count("SYN-RECEIVED"), len(answers))


def _accepted(established: int, waiting: int) -> Seen:
    return Seen(counts=(("B ESTABLISHED", established), ("A SYN-SENT", waiting)))


@experiment(
    "S1",
    "A opens connections, three more than the backlog. B accepts none.",
    case({}, "backlog 0", _accepted(1, 2), backlog=0),
    case({}, "backlog 1", _accepted(2, 2), backlog=1),
    case({}, "backlog 4", _accepted(5, 2), backlog=4),
    case({}, "backlog 4; B accepts each", _accepted(7, 0), backlog=4, drained=True, control=True),
)
def accept_queue(bench: Bench, backlog: int, drained: bool = False) -> Seen:
    bench.listen(backlog)
    for number in range(backlog + 3):
        bench.client(HERE + number, wait=False)
        if drained:
            assert bench.accept()
    states = [bench.lab.a.states().count("SYN-SENT"), bench.lab.b.states().count("ESTABLISHED")]
    return _accepted(states[1], states[0])


# Cookies, and what is delivered


def _twice(client: str, server: str) -> Seen:
    return Seen(client=client, server=server, read=(PAY, PAY))


def _once(client: str, server: str, *answer: str) -> Seen:
    return Seen(client=client, server=server, read=(PAY,), answer=answer)


def _request(bench: Bench, port: int = HERE) -> tuple[socket.socket, socket.socket]:
    """A sends a request, and B's application reads it."""
    client = bench.client(port)
    client.sendall(REQUEST)
    server = bench.accept()
    assert server
    server.settimeout(2.5)
    server.recv(1, socket.MSG_PEEK)
    bench.read(server)
    return client, server


def _answered_and_closed(
    bench: Bench, client: socket.socket, server: socket.socket, port: int = HERE
) -> None:
    """B answers. A closes, then B."""
    server.sendall(ANSWER)
    assert client.recv(99) == ANSWER
    _closed(bench, client, server, port)


def _closed(bench: Bench, client: socket.socket, server: socket.socket, port: int = HERE) -> None:
    """A closes, then B."""
    client.close()
    bench.comes_to("B", "CLOSE-WAIT", port)
    server.close()
    bench.comes_to("B", "CLOSED", port)
    bench.comes_to("A", "TIME-WAIT", port)


def _served(bench: Bench, before: int) -> Seen:
    """The application serves what is there; B's answer counts if there is nothing."""
    answer = bench.answer(before)
    bench.serve()
    return bench.seen(answer=answer if len(bench.reads) == 1 else None)


def _copy(bench: Bench, copies: int = 1) -> Seen:
    """Copies of the request arrive."""
    return _served(bench, bench.again(bench.sent("A", "PA", REQUEST), copies))


@experiment(
    "S5d",
    "A sends a request and reads the answer. A closes, then B. Then a copy of A's first data "
    "segment arrives at B.",
    case(cookies(2), "", _twice("TIME-WAIT", "FIN-WAIT-2")),
    case(
        cookies(1),
        "backlog 1, two SYNs before",
        _twice("TIME-WAIT", "FIN-WAIT-2"),
        backlog=1,
        before=2,
    ),
    case(
        cookies(1, tcp_timestamps=0),
        "backlog 1, two SYNs before",
        _twice("TIME-WAIT", "FIN-WAIT-2"),
        backlog=1,
        before=2,
    ),
    case(cookies(1), "no SYN before", _once("TIME-WAIT", "CLOSED", "R"), control=True),
    case(
        cookies(1),
        "a full queue only after A has opened",
        _once("TIME-WAIT", "CLOSED", "R"),
        later=10,
        control=True,
    ),
    case(cookies(0), "", _once("TIME-WAIT", "CLOSED", "R"), control=True),
)
def duplicate_after_close(bench: Bench, backlog: int = 8, before: int = 0, later: int = 0) -> Seen:
    bench.listen(backlog)
    bench.flood(before)
    client, server = _request(bench)
    _answered_and_closed(bench, client, server)
    bench.flood(later)
    return _copy(bench)


@experiment(
    "S5d",
    "The network only delays: A's first data segment is late, and A sends it again. A reads the "
    "answer and closes, then B. Then the late one arrives.",
    case(cookies(2), "", _twice("TIME-WAIT", "FIN-WAIT-2")),
    case(cookies(0), "", _once("TIME-WAIT", "CLOSED", "R"), control=True),
)
def original_after_close(bench: Bench) -> Seen:
    bench.listen()
    bench.wire.policy = losing(lambda seg: seg.raw.text == REQUEST)
    client, server = _request(bench)
    _answered_and_closed(bench, client, server)
    return _copy(bench)


@experiment(
    "S5d",
    "A sends a request. B answers and closes, then A. Then copies of A's first data segment "
    "arrive at B, one after the other.",
    case(cookies(2), "one copy", _once("CLOSED", "CLOSED", "A"), copies=1),
    case(cookies(2), "two copies", _twice("CLOSED", "CLOSED"), copies=2),
    case(
        cookies(2, tcp_rfc1337=1),
        "two copies",
        _once("CLOSED", "TIME-WAIT", "A"),
        copies=2,
        control=True,
    ),
    case(cookies(0), "two copies", _once("CLOSED", "CLOSED", "R"), copies=2, control=True),
)
def duplicates_after_server_closes(bench: Bench, copies: int) -> Seen:
    bench.listen()
    client, server = _request(bench)
    server.sendall(ANSWER)
    server.close()
    assert client.recv(99) == ANSWER
    assert client.recv(99) == b""
    client.close()
    bench.comes_to("B", "TIME-WAIT")
    return _copy(bench, copies)


@experiment(
    "S5d",
    "A sends a request and aborts. Then a copy of A's first data segment arrives at B.",
    case(cookies(2), "", _twice("CLOSED", "CLOSED")),
    case(cookies(0), "", _once("CLOSED", "CLOSED", "R"), control=True),
)
def duplicate_after_abort(bench: Bench) -> Seen:
    bench.listen()
    client, _ = _request(bench)
    abort(client)
    bench.comes_to("B", "CLOSED")
    return _copy(bench)


def _later(read: tuple[str, ...], server: str, *answer: str) -> Seen:
    return Seen(
        client="TIME-WAIT" if read else "CLOSED",
        server=server,
        read=read,
        answer=None if read else answer,
    )


@experiment(
    "S5.sum",
    "A sends some octets, and then B. A closes, then B. Then a copy of A's last ACK arrives at B.",
    case(cookies(2), "0 and 0", _later(("",), "FIN-WAIT-1"), octets=(0, 0)),
    case(cookies(2), "5 and 5", _later(("",), "FIN-WAIT-1"), octets=(5, 5)),
    case(cookies(2), "5 and 2", _later(("",), "FIN-WAIT-1"), octets=(5, 2)),
    case(cookies(2), "5 and 1", _later((), "CLOSED", "R"), octets=(5, 1), control=True),
    case(cookies(2), "5 and 6", _later((), "CLOSED", "R"), octets=(5, 6), control=True),
    case(cookies(0), "5 and 5", _later((), "CLOSED", "R"), octets=(5, 5), control=True),
    case(
        cookies(2),
        "5 and 5, then A sends a request, of which the copy is",
        _later((PAY,), "FIN-WAIT-1"),
        octets=(5, 5),
        request=True,
    ),
)
def later_segment_again(bench: Bench, octets: tuple[int, int], request: bool = False) -> Seen:
    bench.listen()
    client = bench.client()
    server = bench.accept()
    assert server
    server.settimeout(2.5)
    for sender, receiver, count in ((client, server, octets[0]), (server, client, octets[1])):
        if count:
            sender.sendall(b"x" * count)
            assert len(receiver.recv(99)) == count
    if request:
        client.sendall(REQUEST)
        assert server.recv(99) == REQUEST
    _closed(bench, client, server)
    bench.settle()
    last = [sent for sent in bench.between("A") if sent.raw.flags == "A"][-1]
    before = bench.again(bench.sent("A", "PA", REQUEST) if request else last)
    answer = bench.answer(before)
    bench.serve()
    return bench.seen(answer=answer if not bench.reads else None)


@experiment(
    "S5i",
    "A sends a request and reads the answer. A closes, then B. Then a copy of the third segment "
    "arrives at B.",
    case(cookies(2), "", Seen(client="TIME-WAIT", server="FIN-WAIT-1", read=(PAY, ""))),
    case(
        cookies(2),
        "and then one of A's first data segment",
        _twice("TIME-WAIT", "FIN-WAIT-2"),
        text=True,
    ),
    case(cookies(0), "", _once("TIME-WAIT", "CLOSED", "R"), control=True),
)
def third_segment_again(bench: Bench, text: bool = False) -> Seen:
    bench.listen()
    client, server = _request(bench)
    _answered_and_closed(bench, client, server)
    before = bench.again(bench.sent("A", "A"))
    if text:
        bench.again(bench.sent("A", "PA", REQUEST))
    return _served(bench, before)


AGES = {
    1: 2, 30: 2, 55: 2, 60: 2, 65: 1, 115: 2, 125: 1,
}  # fmt: skip
"""How often a request is read whose copy comes so many seconds after a minute has begun.

The connections of 55 and 65 opened in the minute before, the others just after it.
"""


@experiment(
    "S5d",
    "Cookies count minutes. A's connections open just after a minute begins, but two (55 s, 65 s) "
    "in the minute before. All close. Copies of their requests arrive so long after it began.",
    case(
        cookies(2),
        "",
        Seen(counts=tuple((f"{age} s, times read", times) for age, times in AGES.items())),
        slow=True,
    ),
)
def cookies_grow_old(bench: Bench) -> Seen:
    bench.listen()

    def minute() -> int:
        """The cookie of one and the same SYN: it changes with the minute alone."""
        before = len(bench.wire.log)
        bench.syn(50)
        mine = bench.nobody(50)
        answer = bench.wire.wait(lambda sent: sent.raw.target[0] == mine, 2.5, before)
        assert answer
        return answer.raw.seq

    def connections(ages: tuple[int, ...]) -> None:
        for age in ages:
            _answered_and_closed(bench, *_request(bench, HERE + age), HERE + age)

    while True:
        now = minute()
        connections((55, 65))
        if minute() == now:
            break
    bench.until(lambda: minute() != now, 61)
    began = time.monotonic()
    connections((1, 30, 60, 115, 125))
    counts = []
    for age in AGES:
        time.sleep(max(0.0, began + age - time.monotonic()))
        bench.reads = [PAY]
        texts = [s for s in bench.between("A") if s.raw.text and s.raw.source[1] == HERE + age]
        bench.again(texts[-1])
        bench.serve()
        counts.append((f"{age} s, times read", len(bench.reads)))
    return Seen(counts=tuple(counts))


# A flood


class Holder:
    """Holds places for requests by SYNs from nobody. It sees when one is given up.

    An attacker does not see it, but knows how long a request lives. The network is on its side: A's
    SYNs arrive when all places were taken a moment ago.
    """

    def __init__(self, bench: Bench, places: list[tuple[int, int]], apart: float = 0) -> None:
        self.bench, self.began, self.places = bench, time.monotonic(), len(places)
        self.sent: dict[tuple[int, int], float] = {}
        """When the SYN came that holds a place; the place is a sender's number and B's port."""
        self.due = [(self.began + apart * number, place) for number, place in enumerate(places)]
        self.held: set[tuple[int, int]] = set()
        self.lives: list[float] = []
        self.late: list[bytes] = []
        bench.wire.policy = self._delay

    def _delay(self, seg: Seg, _wire: Wire) -> list[float]:
        if seg.raw.flags != "S":
            return [0]
        self.late.append(pack(seg.raw))
        return []

    def age(self) -> float:
        """Seconds since the first SYN."""
        return time.monotonic() - self.began

    def step(self) -> None:
        """Send what is due, and what was given up again."""
        now = time.monotonic()
        due = [(when, place) for when, place in self.due if when <= now]
        for when, place in due:
            self.due.remove((when, place))
            self.bench.syn(*place)
            self.sent[place] = now
        lab = self.bench.lab
        table = lab.b.namespace.connections()
        held = {
            (number, port)
            for number, port in self.sent
            if ((lab.b.address, port), (self.bench.nobody(number), 7000)) in table
        }
        now = time.monotonic()
        for place in self.held - held:
            self.lives.append(now - self.sent[place])
            self.due.append((now, place))
        self.held = held
        if len(held) == self.places and now - min(self.sent.values()) < 0.7:
            while self.late:
                self.bench.wire.carry("B", self.late.pop())
        time.sleep(0.008)


def _held(client: str, seconds: int) -> Seen:
    return Seen(client=client, counts=(("s that a request lives", seconds),))


@experiment(
    "S2, S3",
    "SYNs from nobody hold B's places for requests, of which there are backlog + 1: as soon as a "
    "request is given up, its SYN comes again. A's SYNs arrive just after that.",
    case(cookies(0, tcp_synack_retries=0), "backlogs 1 to 4; all", _held("SYN-SENT", 1)),
    case(cookies(0, tcp_synack_retries=1), "backlogs 1 to 4; all", _held("SYN-SENT", 3)),
    case(
        cookies(0, tcp_synack_retries=2),
        "backlogs 1 to 4; all",
        _held("SYN-SENT", 7),
        slow=True,
    ),
    case(
        cookies(0, tcp_synack_retries=3),
        "backlogs 1 to 3; all",
        _held("SYN-SENT", 15),
        backlogs=(1, 2, 3),
        rounds=1,
        slow=True,
    ),
    case(
        cookies(0, tcp_synack_retries=3),
        "backlogs 4, 7; all; the first that is given up",
        _held("SYN-SENT", 7),
        backlogs=(4, 7),
        rounds=0,
        slow=True,
    ),
    case(
        cookies(0, tcp_synack_retries=0),
        "backlogs 1 to 4; all but one",
        _held("ESTABLISHED", 1),
        free=1,
        control=True,
    ),
    case(
        cookies(1, tcp_synack_retries=0),
        "backlogs 1 to 4; all",
        _held("ESTABLISHED", 1),
        control=True,
    ),
)
def flood(
    bench: Bench, backlogs: tuple[int, ...] = (1, 2, 3, 4), free: int = 0, rounds: int = 2
) -> Seen:
    ports = [PORT + number for number in range(len(backlogs))]
    places = []
    for backlog, port in zip(backlogs, ports, strict=True):
        bench.listen(backlog, port)
        places += [(number, port) for number in range(backlog + 1 - free)]
    holder = Holder(bench, places)
    clients = [bench.client(HERE, wait=False, to=port) for port in ports]
    while len(holder.lives) < (rounds * len(places) or 1):
        holder.step()
        assert holder.age() < 40, "requests live too long"
    bench.settle()
    seconds = int(min(holder.lives))  # timers are late, never early
    (state,) = {tcp_info(client).state for client in clients}
    return _held(state, seconds)


def _rate(second: int) -> Seen:
    return Seen(counts=(("SYNs a second that hold them", second),))


@experiment(
    "S2",
    "The same, but first SYNs come one by one for 8 s, and SYNs are counted from 16 s to 60 s.",
    case(cookies(0, tcp_synack_retries=2), "backlog 31", _rate(4), backlog=31, slow=True),
    case(cookies(0, tcp_synack_retries=4), "backlog 31", _rate(4), backlog=31, slow=True),
    case(cookies(0, tcp_synack_retries=5), "backlog 31", _rate(3), backlog=31, slow=True),
    case(
        cookies(0, tcp_synack_retries=5),
        "backlog 3",
        _rate(0),
        backlog=3,
        slow=True,
        control=True,
    ),
)
def steady_flood(bench: Bench, backlog: int) -> Seen:
    bench.listen(backlog)
    holder = Holder(bench, [(number, PORT) for number in range(backlog + 1)], 8 / (backlog + 1))
    while holder.age() < 16:
        holder.step()
    before = len(holder.lives)
    while holder.age() < 60:
        holder.step()
    return _rate(int((len(holder.lives) - before) / 44))


@experiment(
    "S2",
    "A SYN comes from nobody. When is its request given up?",
    case(
        cookies(0, tcp_synack_retries=1),
        "the same SYN comes again after 2.5 s",
        Seen(counts=(("after s", 4),)),
        pauses=(0, 2.5),
        slow=True,
    ),
    case(
        cookies(0, tcp_synack_retries=1),
        "",
        Seen(counts=(("after s", 3),)),
        control=True,
        slow=True,
    ),
)
def request_again(bench: Bench, pauses: tuple[float, ...] = (0,)) -> Seen:
    bench.listen()
    began = time.monotonic()
    for pause in pauses:
        time.sleep(pause)
        bench.syn(0)
        bench.settle()
    bench.until(lambda: not bench.lab.b.states(), 8)
    return Seen(counts=(("after s", int(time.monotonic() - began)),))


# The accept queue is full, or a segment of the handshake is lost


def bare(seg: Seg) -> bool:
    """A's third segment, or what looks like it."""
    return seg.sender == "A" and seg.bare


def _crowd(bench: Bench, policy: Policy = at_once) -> tuple[socket.socket, int]:
    """A's third segment comes when the accept queue is full of two others."""
    bench.listen(backlog=1)
    bench.wire.policy = losing(bare)
    client = bench.client()
    bench.wire.policy = policy
    for port in (HERE + 1, HERE + 2):
        bench.client(port)
    return client, bench.again(bench.sent("A", "A"))


CROWD = "A's third segment arrives when the accept queue is full. "


@experiment(
    "S6, S9",
    CROWD + "A sends a request. Then B accepts two others.",
    case(cookies(0), "", Seen(client="ESTABLISHED", server="ESTABLISHED", read=("", "", PAY))),
    case(cookies(2), "", Seen(client="ESTABLISHED", server="ESTABLISHED", read=("", "", PAY))),
    case(
        cookies(0, tcp_abort_on_overflow=1),
        "",
        Seen(client="CLOSED", server="CLOSED", read=("", "")),
        control=True,
    ),
)
def drained_in_time(bench: Bench) -> Seen:
    client, _ = _crowd(bench)
    with suppress(ConnectionResetError):
        client.sendall(REQUEST)
    bench.settle()
    for _ in range(2):
        server = bench.accept()
        assert server
        bench.read(server)
    bench.until(lambda: tcp_info(client).state == "CLOSED" or bench.state("B") == "ESTABLISHED")
    bench.settle()
    while server := bench.accept():
        bench.read(server)
    return bench.seen()


@experiment(
    "S7, S8, S9",
    CROWD + "B accepts nothing for as long as it remembers A.",
    case(
        cookies(0, tcp_synack_retries=0),
        "A is silent",
        Seen(client="ESTABLISHED", server="CLOSED", answer=()),
    ),
    case(
        cookies(0, tcp_synack_retries=1),
        "A is silent",
        Seen(client="ESTABLISHED", server="CLOSED", answer=("SA",)),
    ),
    case(
        cookies(0, tcp_synack_retries=0),
        "then A sends",
        Seen(client="CLOSED", server="CLOSED", answer=("R",)),
        then="sends",
    ),
    case(
        cookies(0, tcp_synack_retries=0),
        "A has keep-alive",
        Seen(client="CLOSED", server="CLOSED", answer=("R",)),
        then="asks",
    ),
    case(
        cookies(2),
        "A is silent",
        Seen(client="ESTABLISHED", server="CLOSED", answer=()),
    ),
    case(
        cookies(2, tcp_abort_on_overflow=1),
        "A is silent",
        Seen(client="ESTABLISHED", server="CLOSED", answer=()),
    ),
    case(
        cookies(0, tcp_abort_on_overflow=1),
        "A is silent",
        Seen(client="CLOSED", server="CLOSED", answer=("R",)),
        control=True,
    ),
    case(
        cookies(0, tcp_abort_on_overflow=1),
        "A is silent, and the reset is lost",
        Seen(client="ESTABLISHED", server="CLOSED", answer=("R",)),
        lost="R",
    ),
)
def never_drained(bench: Bench, then: str = "", lost: str = "") -> Seen:
    policy = losing(lambda seg: seg.raw.flags == lost, times=99)
    client, since = _crowd(bench, policy)
    bench.hear(since)
    bench.comes_to("B", "CLOSED", within=8)
    if then == "sends":
        client.sendall(REQUEST)
    if then == "asks":
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        bench.hear(since)
    bench.settle()
    return Seen(client=tcp_info(client).state, server=bench.state("B"), answer=bench.answer(since))


GREETING = "220 ready"


@experiment(
    "S10",
    "A's third segment is lost. B's application greets whom it accepts.",
    case(
        cookies(2),
        "A waits for the greeting",
        Seen(client="ESTABLISHED", server="CLOSED", read=(), heard=""),
    ),
    case(
        cookies(0),
        "A waits for the greeting",
        Seen(client="ESTABLISHED", server="ESTABLISHED", read=("",), heard=GREETING),
        control=True,
    ),
    case(
        cookies(2),
        "A sends a request",
        Seen(client="ESTABLISHED", server="ESTABLISHED", read=(PAY,), heard=GREETING),
        speaks=True,
        control=True,
    ),
)
def third_segment_lost(bench: Bench, speaks: bool = False) -> Seen:
    bench.listen()
    bench.wire.policy = losing(bare)
    client = bench.client()
    since = len(bench.wire.log)
    if speaks:
        client.sendall(REQUEST)
    else:
        bench.hear(since)
    bench.settle()
    if server := bench.accept():
        bench.read(server)
        server.sendall(GREETING.encode())
    bench.settle()
    client.setblocking(False)
    heard = ""
    with suppress(BlockingIOError):
        heard = client.recv(99).decode()
    return bench.seen(heard=heard)


@experiment(
    "S11",
    "The first SYN,ACK is lost.",
    case(
        cookies(2),
        "A's further SYNs are lost too",
        Seen(client="SYN-SENT", server="CLOSED", read=()),
        alone=True,
    ),
    case(
        cookies(2),
        "",
        Seen(client="ESTABLISHED", server="ESTABLISHED", read=("",)),
        control=True,
    ),
    case(
        cookies(0),
        "A's further SYNs are lost too",
        Seen(client="ESTABLISHED", server="ESTABLISHED", read=("",)),
        alone=True,
        control=True,
    ),
)
def syn_ack_lost(bench: Bench, alone: bool = False) -> Seen:
    bench.listen()

    def policy(seg: Seg, wire: Wire) -> list[float]:
        first = wire.count(seg.raw.flags) == 1
        lost = first if syn_ack(seg) else alone and seg.raw.flags == "S" and not first
        return [] if lost else [0]

    bench.wire.policy = policy
    bench.client(wait=False)
    bench.hear()
    bench.settle()
    while server := bench.accept():
        bench.read(server)
    return bench.seen()


def _options(*kinds: str) -> Seen:
    return Seen(counts=tuple((kind, int(kind in kinds)) for kind in KINDS.values()))


KINDS = {2: "MSS", 3: "window scale", 4: "SACK", 8: "timestamps"}


@experiment(
    "S13",
    "A offers MSS, window scale and SACK, and timestamps if it has them. B's SYN,ACK has which?",
    case(cookies(2, tcp_timestamps=0), "", _options("MSS")),
    case(cookies(2), "", _options(*KINDS.values()), control=True),
    case(
        cookies(0, tcp_timestamps=0),
        "",
        _options("MSS", "window scale", "SACK"),
        control=True,
    ),
)
def options_of_a_cookie(bench: Bench) -> Seen:
    bench.listen()
    bench.client()
    options, kinds = bench.sent("B", "SA").raw.options, []
    while options and options[0]:
        size = 1 if options[0] == 1 else options[1]
        kinds.append(KINDS.get(options[0], ""))
        options = options[size:]
    return _options(*kinds)


def _longest(octets: int) -> Seen:
    return Seen(counts=(("octets in B's longest segment", octets),))


@experiment(
    "S13",
    "A announces an MSS of 100. B sends 1,000 octets.",
    case(cookies(2, tcp_timestamps=0), "", _longest(536)),
    case(cookies(2), "", _longest(524)),
    case(cookies(0, tcp_timestamps=0), "", _longest(100), control=True),
)
def small_mss(bench: Bench) -> Seen:
    bench.listen()
    client = bench.client(mss=100)
    server = bench.accept()
    assert server
    server.sendall(b"x" * 1000)
    bench.settle()
    assert len(client.recv(1000, socket.MSG_WAITALL)) == 1000
    return _longest(max(len(sent.raw.text) for sent in bench.between("B")))


@experiment(
    "S14",
    "B's listener defers accepting (`TCP_DEFER_ACCEPT`, 1 s).",
    case({}, "A is silent yet", Seen(client="ESTABLISHED", server="SYN-RECEIVED", read=())),
    case(
        {},
        "A sends a request",
        Seen(client="ESTABLISHED", server="ESTABLISHED", read=(PAY,)),
        then="sends",
    ),
    case(
        {},
        "A is silent until B's SYN,ACK comes again",
        Seen(client="ESTABLISHED", server="ESTABLISHED", read=("",)),
        then="waits",
    ),
    case(
        {"tcp_synack_retries": 1},
        "A's answer to that is lost; when B has forgotten A, A sends",
        Seen(client="CLOSED", server="CLOSED", read=()),
        then="is too late",
    ),
    case(
        {},
        "not deferred, A is silent",
        Seen(client="ESTABLISHED", server="ESTABLISHED", read=("",)),
        seconds=0,
        control=True,
    ),
)
def deferred(bench: Bench, then: str = "", seconds: int = 1) -> Seen:
    bench.listen().setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, seconds)
    client = bench.client()
    since = len(bench.wire.log)
    if then == "is too late":
        bench.wire.policy = losing(bare, times=99)
        bench.comes_to("B", "CLOSED", within=8)
        bench.wire.policy = at_once
    if then == "waits":
        bench.hear(since)
    if then in {"sends", "is too late"}:
        client.sendall(REQUEST)
    bench.settle()
    while server := bench.accept():
        bench.read(server)
    return bench.seen()


@experiment(
    "S15",
    "In SYN-RECEIVED, a reset arrives.",
    case({}, "within the window", Seen(server="SYN-RECEIVED"), beyond=100),
    case({}, "at RCV.NXT", Seen(server="CLOSED"), beyond=0, control=True),
)
def reset_in_syn_received(bench: Bench, beyond: int) -> Seen:
    bench.listen()
    bench.syn(0)
    reset = Raw((bench.nobody(0), 7000), (bench.lab.b.address, PORT), 1001 + beyond, 0, "R", 0)
    bench.wire.carry("B", pack(reset))
    bench.settle()
    return Seen(server="".join(bench.lab.b.states()) or "CLOSED")


@experiment(
    "S16",
    "A sends a request with Fast Open, for which it got a cookie before. A and B close. Then a "
    "copy of A's SYN arrives at B.",
    case(
        {"tcp_fastopen": 3},
        "",
        Seen(read=(PAY, PAY), answer=("SA", "R"), counts=(("octets in the SYN", len(PAY)),)),
    ),
    case(
        {"tcp_fastopen": 1},
        "which is off at B",
        Seen(read=(PAY,), answer=("SA", "R"), counts=(("octets in the SYN", 0),)),
        control=True,
    ),
)
def fast_open(bench: Bench) -> Seen:
    with suppress(OSError):
        bench.listen().setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    for port in (HERE + 1, HERE):
        client = bench.lab.a.open()
        client.bind((bench.lab.a.address, port))
        client.setblocking(False)
        try:
            client.sendto(REQUEST, socket.MSG_FASTOPEN, (bench.lab.b.address, PORT))
        except BlockingIOError:  # there is no cookie yet
            bench.comes_to("A", "ESTABLISHED", port)
            client.sendall(REQUEST)
        bench.settle()
        server = bench.accept()
        assert server
        bench.reads.clear()
        bench.read(server)
        client.close()
        bench.comes_to("B", "CLOSE-WAIT", port)
        server.close()
        bench.comes_to("A", "TIME-WAIT", port)
    syn = next(s for s in bench.between("A") if s.raw.flags == "S" and s.raw.source[1] == HERE)
    answer = bench.answer(bench.again(syn))
    bench.serve()
    counts = ("octets in the SYN", len(syn.raw.text))
    return Seen(read=tuple(bench.reads), answer=answer, counts=(counts,))


# TIME-WAIT that is used again


def _connect(client: socket.socket, to: tuple[str, int], began: float) -> tuple[int, int]:
    """Try to connect for 1.4 s: after how many it worked, and the error."""
    while True:
        after = time.monotonic() - began
        error = client.connect_ex(to)
        if error != errno.EADDRNOTAVAIL or after > 1.4:
            return int(after), error
        time.sleep(0.01)


_STAYS = Seen(client="TIME-WAIT", server="CLOSED", read=(PAY,))
"""A's port is taken, and B knows nothing any more."""


def _opened_again(after: int) -> Seen:
    """A's port was free after so many seconds, with an ISN above all that was used."""
    return Seen(
        client="ESTABLISHED",
        server="ESTABLISHED",
        read=(PAY, ""),
        answer=("A",),
        counts=(("after s", after), ("ISS - SND.NXT", 65537)),
    )


@experiment(
    "R1, R5",
    "A has one port, closes first and opens again, until that works or for 1.4 s. A copy of the "
    "old request arrives at B.",
    case(
        {"tcp_tw_reuse": 0},
        "",
        _STAYS,
        control=True,
    ),
    case(
        {"tcp_tw_reuse": 1},
        "",
        _opened_again(1),
    ),
    case(
        {"tcp_tw_reuse": 1, "tcp_tw_reuse_delay": 1},
        "",
        _opened_again(0),
    ),
    case(
        {"tcp_tw_reuse": 1, "tcp_tw_reuse_delay": 5000},
        "",
        _STAYS,
        control=True,
    ),
    case(
        {"tcp_tw_reuse": 1, "tcp_timestamps": 0},
        "",
        _STAYS,
        control=True,
    ),
    case(
        {"tcp_tw_reuse": 2},
        "",
        _STAYS,
        control=True,
    ),
    case(
        {"tcp_tw_reuse": 1},
        "B has not closed",
        Seen(client="FIN-WAIT-2", server="CLOSE-WAIT", read=(PAY,)),
        half=True,
        control=True,
    ),
    case(
        {"tcp_tw_reuse": 0},
        "the port is bound",
        _opened_again(0),
        bound=HERE,
    ),
)
def port_again(bench: Bench, half: bool = False, bound: int = 0) -> Seen:
    bench.lab.a.namespace.configure({"ip_local_port_range": f"{HERE} {HERE}"})
    bench.listen()
    client, server = _request(bench, bound)
    client.close()
    bench.comes_to("B", "CLOSE-WAIT")
    began = time.monotonic()
    if not half:
        server.close()
        bench.comes_to("A", "TIME-WAIT")
    bench.settle()
    nxt = bench.between("A")[-1].raw.seq
    again = bench.lab.a.open()
    if bound:
        again.bind((bench.lab.a.address, bound))
    again.setblocking(False)
    after, error = _connect(again, (bench.lab.b.address, PORT), began)
    if error == errno.EADDRNOTAVAIL:
        return bench.seen()
    bench.comes_to("B", "ESTABLISHED")
    syn = [s.raw.seq for s in bench.between("A") if s.raw.flags == "S"][-1]
    before = bench.again(bench.sent("A", "PA", REQUEST))
    other = bench.accept()
    assert other
    bench.read(other)
    counts = ("after s", after), ("ISS - SND.NXT", syn - nxt & 0xFFFFFFFF)
    return bench.seen(answer=bench.answer(before), counts=counts)


@experiment(
    "R4",
    "A has one port, and opens to itself over the loopback address; closes first and opens again, "
    "until that works or for 1.4 s.",
    case({"tcp_tw_reuse": 2}, "", Seen(client="ESTABLISHED", counts=(("after s", 1),))),
    case({"tcp_tw_reuse": 0}, "", Seen(client="TIME-WAIT"), control=True),
)
def port_again_on_loopback(bench: Bench) -> Seen:
    bench.lab.a.namespace.configure({"ip_local_port_range": f"{HERE} {HERE}"})
    here = "127.0.0.1", PORT
    listener, client, again = (bench.lab.a.open() for _ in range(3))
    listener.bind(here)
    listener.listen()
    client.connect(here)
    server, _ = listener.accept()
    client.close()
    assert server.recv(99) == b""
    again.setblocking(False)
    began = time.monotonic()
    server.close()
    after, error = _connect(again, here, began)
    if error == errno.EADDRNOTAVAIL:
        return Seen(client="".join(bench.lab.a.states()))
    bench.until(lambda: tcp_info(again).state == "ESTABLISHED")
    return Seen(client=tcp_info(again).state, counts=(("after s", after),))


def _stamped(option: bytes, by: int) -> bytes:
    """A timestamp option with its TSval changed."""
    value, _ = struct.unpack("!II", option[-8:])
    return option[:-8] + struct.pack("!II", value + by & 0xFFFFFFFF, 0)


@experiment(
    "R6",
    "B closes first and is in TIME-WAIT. A SYN from A's port arrives, without timestamp or with "
    "one that is newer or older than A's last.",
    case(
        {},
        "SEQ > RCV.NXT",
        Seen(server="SYN-RECEIVED", answer=("SA",), counts=(("ISS - SND.NXT", 65537),)),
        beyond=1,
    ),
    case(
        {},
        "SEQ > RCV.NXT, newer",
        Seen(server="SYN-RECEIVED", answer=("SA",), counts=(("ISS - SND.NXT", 65537),)),
        beyond=1,
        stamp=5,
    ),
    case(
        {},
        "SEQ < RCV.NXT, newer",
        Seen(server="SYN-RECEIVED", answer=("SA",), counts=(("ISS - SND.NXT", 65537),)),
        beyond=-9,
        stamp=5,
    ),
    case(
        {},
        "SEQ > RCV.NXT, older",
        Seen(server="TIME-WAIT", answer=("A",)),
        beyond=1,
        stamp=-5,
        control=True,
    ),
    case({}, "SEQ = RCV.NXT", Seen(server="TIME-WAIT", answer=("A",)), beyond=0, control=True),
    case({}, "SEQ < RCV.NXT", Seen(server="TIME-WAIT", answer=("A",)), beyond=-9, control=True),
    case(
        {},
        "SEQ > RCV.NXT, and A resets it",
        Seen(server="CLOSED", answer=("SA",), counts=(("ISS - SND.NXT", 65537),)),
        beyond=1,
        resets=True,
    ),
    case(
        {},
        "SEQ < RCV.NXT, and A resets it",
        Seen(server="CLOSED", answer=("A",)),
        beyond=-9,
        resets=True,
    ),
    case(
        {"tcp_rfc1337": 1},
        "SEQ < RCV.NXT, and A resets it",
        Seen(server="TIME-WAIT", answer=("A",)),
        beyond=-9,
        resets=True,
        control=True,
    ),
)
def syn_in_time_wait(
    bench: Bench, beyond: int, stamp: int | None = None, resets: bool = False
) -> Seen:
    bench.listen()
    client, server = _request(bench)
    server.close()
    assert client.recv(99) == b""
    client.close()
    bench.comes_to("B", "TIME-WAIT")
    bench.settle()
    mine, theirs = bench.wire.last["A"], bench.wire.last["B"]
    if not resets:
        bench.wire.policy = losing(lambda seg: seg.has("R"), times=99)
    syn = mine._replace(
        seq=theirs.ack + beyond,
        ack=0,
        flags="S",
        text=b"",
        options=b"" if stamp is None else _stamped(mine.options, stamp),
    )
    before = len(bench.wire.log)
    bench.wire.carry("B", pack(syn))
    bench.settle()
    answer = bench.between("B", before)
    counts = [
        ("ISS - SND.NXT", s.raw.seq - mine.ack & 0xFFFFFFFF) for s in answer if s.raw.has("S")
    ]
    return Seen(
        server=bench.state("B"),
        answer=tuple(s.raw.flags for s in answer),
        counts=tuple(counts),
    )


# Keep-alive


def _probed(state: str, probes: int, seconds: int) -> Seen:
    return Seen(client=state, counts=(("probes at SND.NXT - 1", probes), ("after s", seconds)))


@experiment(
    "K1, K2",
    "A is idle, has keep-alive with `TCP_KEEPIDLE=1`, `TCP_KEEPINTVL=1` and the given "
    "`TCP_KEEPCNT`. Nothing arrives any more, for 3 s or until A's third probe.",
    case({}, "count 2", _probed("CLOSED", 2, 3), count=2),
    case({}, "count 1", _probed("CLOSED", 1, 2), count=1),
    case(
        {},
        "count 2, but B has forgotten A, and segments arrive",
        _probed("CLOSED", 1, 1),
        count=2,
        arrives=True,
        forgets=True,
    ),
    case(
        {},
        "count 2, but segments arrive",
        _probed("ESTABLISHED", 3, 3),
        count=2,
        arrives=True,
        control=True,
    ),
    case({}, "no keep-alive", _probed("ESTABLISHED", 0, 3), count=0, control=True),
)
def keep_alive(bench: Bench, count: int, arrives: bool = False, forgets: bool = False) -> Seen:
    bench.listen()
    client = bench.client()
    server = bench.accept()
    assert server
    nothing = losing(lambda _seg: True, times=999)
    if forgets:
        bench.wire.policy = nothing
        abort(server)
        bench.comes_to("B", "CLOSED")
    bench.wire.policy = at_once if arrives else nothing
    began, before = time.monotonic(), len(bench.wire.log)
    if count:
        for option, value in (
            (socket.TCP_KEEPIDLE, 1),
            (socket.TCP_KEEPINTVL, 1),
            (socket.TCP_KEEPCNT, count),
        ):
            client.setsockopt(socket.IPPROTO_TCP, option, value)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    third = bench.sent("A", "A").raw.seq

    def probes() -> int:
        return sum(s.raw.seq == third - 1 for s in bench.between("A", before))

    def after() -> float:
        return time.monotonic() - began

    bench.until(
        lambda: tcp_info(client).state == "CLOSED" or probes() == 3 or (not count and after() > 3),
        8,
    )
    return _probed(tcp_info(client).state, probes(), int(after()))  # timers are late, never early
