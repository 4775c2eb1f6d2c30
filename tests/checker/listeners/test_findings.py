"""What is told of listeners in trouble, as this machine's kernel was (``tests/lab/floods.py``)."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checker.capture import frames, read
from checker.listeners import findings
from checker.listeners.requests import listeners
from tests.helpers.flood import Flood
from tests.helpers.pcap import header, record
from tests.helpers.schema import fits
from tests.helpers.wire import as_frame
from tests.lab.floods import FLOODS, FOLDER

ROOT = Path(__file__).parents[3]

SAID = {
    "no_cookies": [
        "a flood with forged addresses",
        "the SYN queue had at least 5 requests at one time",
        "tcp_synack_retries is 1, and a request is kept for 3 s",
        "SYNs were dropped because the SYN queue was full, and there were no cookies",
    ],
    "cookies": [
        "a flood with forged addresses",
        "the SYN queue had at least 5 requests at one time",
        "SYN cookies, but not for all: 5 requests kept",
    ],
    "always_cookies": ["SYN cookies"],
    "accept_queue_full": ["the accept queue was full: the application does not accept fast enough"],
    "accept_queue_full_cookies": ["the accept queue was full: the application does not accept"],
    "accept_queue_full_abort": ["the accept queue was full, and tcp_abort_on_overflow=1"],
    "deferred": ["the accept queue was full, the listener waits for text (TCP_DEFER_ACCEPT)"],
}


def said(path: Path) -> list[str]:
    (found,) = listeners(read(frames(path)))
    return [finding.what for finding in findings.findings(found, found.timeline.began)]


def is_said(name: str, path: Path) -> None:
    """Does the capture of such a flood say what is expected of it?"""
    found = said(path)
    assert len(found) == len(SAID[name])
    for what, begin in zip(found, SAID[name], strict=True):
        assert what.startswith(begin)


@pytest.mark.parametrize("name", FLOODS)
def test_what_a_kernel_did(name):
    is_said(name, FOLDER / f"{name}.pcap")


def test_each_question_is_one_of_the_guide():
    headings = re.findall(r"^## (.*)$", (ROOT / findings.GUIDE).read_text("utf-8"), re.MULTILINE)
    assert {findings.FLOOD, findings.FULL, findings.COST, findings.REUSE} <= {*headings}


def narrated(*words: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "checker", "narrate", *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_of_a_port_all_is_told_and_nothing_else(tmp_path):
    report, page = tmp_path / "x.json", tmp_path / "x.html"
    capture = FOLDER / "cookies.pcap"
    code, out = narrated(capture, "--port", 5000, "--json", report, "--html", page)
    assert code == 0 and "TCP:" not in out and "a flood with forged addresses" in out
    assert "a flood with forged addresses" in page.read_text("utf-8")
    told = json.loads(report.read_text("utf-8"))
    fits(told, "narrate.schema.json")
    (listener,) = told["listeners"]
    assert listener["queue_at_least"]["requests"] == 5 and told["connections"] == []
    assert told["segments"] > 100
    code, out = narrated(capture, "--port", 80)
    assert code == 3 and out.endswith("no SYN to port 80\n")


def test_unasked_a_listener_in_trouble_is_named():
    code, out = narrated(FOLDER / "no_cookies.pcap", "--most", 1)
    _, _, last = out.partition("Listeners (--port N tells more of one)\n")
    assert code == 0 and last.startswith("  10.84.190.2:5000: 22 SYNs from 21 addresses, 15")
    assert "likely a flood with forged addresses" in last


def test_a_flood_over_time(tmp_path):
    path = tmp_path / "x.pcap"
    packets = Flood(64, retries=2).syns(400, 1 / 16, since=5.0).run(60)
    frames_of = (record(int(p.time), int(p.time % 1 * 1e6), as_frame(p)) for p in packets)
    path.write_bytes(b"".join([header(101), *frames_of]))
    (found,) = listeners(read(frames(path)))
    out = [*findings.lines(found, 0.0, 100)]
    rows = [line for line in out if re.match(r" +[0-9.]+ s ", line)]
    assert len(rows) == 10 and any(f" {found.timeline.most()[0]} " in row for row in rows)
    assert "to hold them all would take 112 places (16 SYNs a second, kept for 7 s)" in " ".join(
        line.strip() for line in out
    )
