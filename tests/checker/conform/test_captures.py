"""Real captures: what ``conform`` says of each, and that the kernel's own account agrees.

``python -m tests.checker.conform.test_captures`` writes ``tests/captures/lives.txt`` again.
"""

import re
from collections import defaultdict

import pytest

from checker.conform import report, run
from checker.conform.behaviour import choose
from checker.conform.connection import Verdict
from tests.helpers import mutate
from tests.helpers.mutate import CAPTURES, ENDS
from tests.helpers.wire import LINUX, LIVES, RFC, ZEEK, captured, end
from tests.lab.life import life


def lives() -> str:
    """What is said of every capture."""
    told: list[str] = []
    for title, paths, words in (
        ("Linux, under --rules linux", sorted(CAPTURES.glob("*.pcap")), ["linux"]),
        ("Zeek's traces, under the RFC's rules", sorted(ZEEK.iterdir()), []),
    ):
        told += [f"# {title}, in the middle", ""]
        for path in paths:
            for connection in captured(path, choose(words)):
                told += report.lines(report.result(path.name, connection), True)
            told.append("")
    return "\n".join(told) + "\n"


def test_lives():
    """Verdict and life of every capture are written down."""
    assert lives() == LIVES.read_text()


AB = sorted(CAPTURES.glob("*.[AB].pcap"))
FORGED = {"challenge_acks.B.pcap", "timewait_assassination.A.pcap"}
"""Somebody else than the two ends sent segments in the capture's sight."""


@pytest.mark.parametrize("path", AB, ids=lambda p: p.name)
def test_linux_conforms(path):
    """At its end every capture; in the middle, where a forged segment is nobody's, the others."""
    for connection in captured(path, LINUX, end(path)):
        silent = connection.reason.startswith("nothing to check")
        assert connection.verdict is Verdict.CONFORMS or silent
    for connection in captured(path, LINUX):
        assert connection.verdict is Verdict.CONFORMS or path.name in FORGED


def test_forged_segments_are_deviations_in_the_middle():
    (connection,) = captured(CAPTURES / "timewait_assassination.A.pcap", LINUX)
    assert connection.deviation.segment == 7
    assert connection.deviation.forged
    found = captured(CAPTURES / "challenge_acks.B.pcap", LINUX)
    assert Verdict.DEVIATES in [c.verdict for c in found]


def test_lwip_conforms():
    found = captured(CAPTURES / "lwip.pcap")
    assert [c.verdict for c in found] == [Verdict.CONFORMS] * 5


def test_departures_have_names():
    """Under the RFC's rules, what Linux does otherwise is told by its switch."""
    explained = defaultdict(list)
    for path in AB:
        for connection in captured(path, RFC, end(path)):
            if connection.verdict is Verdict.DEVIATES:
                explained[path.name].append(connection.deviation.departures)
    # Or its TIME-WAIT had been over by then, 0.1 s after the close.
    ways = ["time_wait_reuse=on", "time_wait_cut=239893"]
    assert explained == {"timewait_port_reuse_client.A.pcap": [ways]}


@pytest.mark.parametrize("name", sorted({p.name.split(".")[0] for p in AB}))
def test_two_ended(name, capsys):
    ends = [CAPTURES / f"{name}.{end}.pcap" for end in "AB"]
    code = run.conform([ends[0]], LINUX, peer=ends[1])
    told = capsys.readouterr().out
    if name == "self_connect":
        assert (code, told) == (3, "")  # the loopback interface was not captured
    else:
        assert code == 0, told


KERNEL = {
    "CLOSE": "CLOSED",
    "SYN_RECV": "SYN-RECEIVED",
    "FIN_WAIT1": "FIN-WAIT-1",
    "FIN_WAIT2": "FIN-WAIT-2",
}


UNSEEN = {
    # The user gave up after the capture's last segment, which sends nothing.
    ("backlog_full", "A"): [("SYN-SENT", "CLOSED")] * 2,
    ("backlog_abort_on_overflow", "A"): [("SYN-SENT", "CLOSED")] * 2,
    # TCP_REPAIR takes a connection down and sets it up again in silence.
    ("tcp_repair", "A"): [
        ("ESTABLISHED", "CLOSED"), ("CLOSED", "SYN-SENT"), ("SYN-SENT", "ESTABLISHED"),
    ],
    # The lab did not capture the loopback interface.
    ("self_connect", "A"): [
        ("CLOSED", "SYN-SENT"), ("SYN-SENT", "SYN-RECEIVED"), ("SYN-RECEIVED", "ESTABLISHED"),
        ("ESTABLISHED", "FIN-WAIT-1"), ("FIN-WAIT-1", "CLOSING"), ("CLOSING", "CLOSED"),
    ],
}  # fmt: skip
"""Edges of the kernel that leave no trace on the wire."""


MINISOCKETS = {
    # The trace does not show SYN-RECEIVED before its third segment has come.
    ("connect_abort_in_syn_recv", "B"): [("LISTEN", "SYN-RECEIVED"), ("SYN-RECEIVED", "LISTEN")],
}
"""Edges that the trace cannot show."""


def kernel_edges(name: str) -> dict[str, list[tuple[str, str]]]:
    """What the kernel traced, by end, in the RFC's names."""
    found: dict[str, list[tuple[str, str]]] = {"A": [], "B": []}
    pattern = re.compile(
        r"inet_sock_set_state:.* dport=(\d+) saddr=(\S+) .*oldstate=TCP_(\w+) newstate=TCP_(\w+)"
    )
    for line in (CAPTURES / f"{name}.trace").read_text().splitlines():
        if (m := pattern.search(line)) and m[1] != "0":  # 0: the listening socket itself
            states = (KERNEL.get(s, s.replace("_", "-")) for s in (m[3], m[4]))
            found["A" if m[2].endswith(".1") else "B"].append(tuple(states))
    return found


@pytest.mark.parametrize("name", sorted(p.stem for p in CAPTURES.glob("*.trace")))
def test_kernel_edges_agree(name):
    """Every edge that the kernel traced is deduced, and no other."""
    kernel = kernel_edges(name)
    for which in "AB":
        traced = sorted(kernel[which] + MINISOCKETS.get((name, which), []))
        deduced = life(CAPTURES / f"{name}.{which}.pcap", ENDS[which])
        deduced = sorted(deduced + UNSEEN.get((name, which), []))
        assert traced == deduced


def test_mutated_captures_are_told():
    """95 of 100 changes that are not legal by themselves."""
    told, wrong, missed = mutate.main(count=200)
    assert wrong > 100
    assert told >= 0.95 * wrong, missed


if __name__ == "__main__":
    LIVES.write_text(lives())
