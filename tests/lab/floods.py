"""A listener in trouble: what this machine's kernel does, captured for ``narrate --port`` to tell.

``python -m tests.lab.floods`` makes ``tests/captures/listener``, as root: what B would capture,
where the listener is.
"""

import socket
import struct
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from checker.stacks.drivers.wire import Raw, pack
from tests.lab.bench import ANSWER, HERE, REQUEST, Bench
from tests.lab.lab import PORT, lab
from tests.lab.scenarios import at_once, slowly

FOLDER = Path(__file__).parents[1] / "captures" / "listener"
NETWORK = 190
"""Of these labs: no scenario and no experiment has it."""
OFFERED = b"\2\4\5\xb4\1\3\3\7\4\2"
"""MSS, window scale and SACK."""
BACKLOG = 4

FLOODS: dict[str, tuple[Callable[[Bench], None], Mapping[str, int | str]]] = {}


def _flood(
    **settings: int,
) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Register what is done, in a setting."""

    def register(run: Callable[[Bench], None]) -> Callable[[Bench], None]:
        FLOODS[run.__name__] = run, settings
        return run

    return register


def _syns(bench: Bench, count: int, gap: float) -> None:
    """SYNs from so many addresses that nobody has."""
    for number in range(count):
        made = Raw(
            (bench.nobody(number), 7000 + number), (bench.lab.b.address, PORT),
            1000 + 7777 * number, 0, "S", 65535, options=OFFERED,
        )  # fmt: skip
        bench.wire.carry("B", pack(made))
        time.sleep(gap)


def _visit(bench: Bench, port: int = 0) -> None:
    """A asks, B answers, both close."""
    client = bench.client(port)
    client.sendall(REQUEST)
    bench.settle()
    while server := bench.accept():
        with suppress(OSError):
            server.recv(99)
            server.sendall(ANSWER)
        bench.settle()
        client.close()
        server.close()
        bench.settle()


def _waiting(bench: Bench) -> None:
    """B accepts nothing, and A opens three connections at once where there is room for one."""
    bench.listen(2)
    for number in (0, 1):
        bench.client(HERE + number)
    bench.wire.policy = slowly(0.05)
    clients = [bench.lab.connect(HERE + number, wait=False) for number in (2, 3, 4)]
    time.sleep(0.3)
    for client in clients:
        with suppress(OSError):
            client.send(REQUEST)
    time.sleep(6)


@_flood(tcp_syncookies=0, tcp_synack_retries=1)
def no_cookies(bench: Bench) -> None:
    bench.listen(BACKLOG)
    _visit(bench)
    _syns(bench, 20, 0.05)
    time.sleep(5)
    _visit(bench)


@_flood(tcp_syncookies=1)
def cookies(bench: Bench) -> None:
    bench.listen(BACKLOG)
    _visit(bench)
    _syns(bench, 40, 0.03)
    for _ in "ab":
        _visit(bench)
    time.sleep(4)
    _visit(bench)


@_flood(tcp_syncookies=2, tcp_timestamps=0)
def always_cookies(bench: Bench) -> None:
    bench.listen()
    for _ in "abcd":
        client = bench.client(HERE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        bench.settle()


@_flood(tcp_syncookies=0)
def accept_queue_full(bench: Bench) -> None:
    _waiting(bench)


@_flood(tcp_syncookies=2)
def accept_queue_full_cookies(bench: Bench) -> None:
    _waiting(bench)


@_flood(tcp_syncookies=0, tcp_abort_on_overflow=1)
def accept_queue_full_abort(bench: Bench) -> None:
    _waiting(bench)


@_flood()
def deferred(bench: Bench) -> None:
    bench.listen().setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    bench.client()
    time.sleep(1.5)


def capture(name: str, folder: Path) -> Path:
    """Do it; what B would capture."""
    run, settings = FLOODS[name]
    with lab(NETWORK, at_once, folder) as made:
        run(Bench(made, settings))
    return folder / "B.pcap"


def main() -> None:
    """Make the captures again."""
    FOLDER.mkdir(exist_ok=True)
    for name in FLOODS:
        with tempfile.TemporaryDirectory() as folder:
            (FOLDER / f"{name}.pcap").write_bytes(capture(name, Path(folder)).read_bytes())


if __name__ == "__main__":
    main()
