"""The command: reports, exit codes, and the picture of a deviation."""

import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from checker.capture.segments import ACK, RST, SYN
from checker.conform import report, totals
from checker.conform import run as following
from checker.conform.behaviour import choose
from checker.conform.connection import Verdict
from checker.conform.ladder import picture
from checker.conform.places import places
from checker.conform.totals import REFUSED, UNACKNOWLEDGED, UNANSWERED, unusual
from checker.support.errors import ToolProblem, UsageProblem
from tests.helpers.mutate import CAPTURES, ENDS
from tests.helpers.packets import ipv4
from tests.helpers.pcap import header, record
from tests.helpers.schema import fits
from tests.helpers.wire import LINUX, ZEEK, A, B, Wire, as_frame, captured, followed


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "checker", "conform", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_command(tmp_path):
    reuse = CAPTURES / "timewait_port_reuse_client.A.pcap"
    out, junit, svg = tmp_path / "r.json", tmp_path / "r.xml", tmp_path / "svg"
    files = ("--json", str(out), "--junit", str(junit), "--svg", str(svg))
    told = run(str(reuse), str(CAPTURES / "lwip.pcap"), *files)
    assert told.returncode == 1, told.stderr
    assert "explained by:        --rules time_wait_reuse=on" in told.stdout
    assert "        known of linux: 6.18, by the plans of `stack linux`" in told.stdout
    found = json.loads(out.read_text())["connections"]
    assert [c["verdict"] for c in found] == ["conforms", "deviates"] + ["conforms"] * 6
    assert found[1]["capture"] == str(reuse)
    assert found[1]["connection"] == "10.88.0.1:6001-10.88.0.2:5000"
    assert found[1]["deviation"]["segment"] == 7
    assert found[1]["deviation"]["explained_by"][0] == "time_wait_reuse=on"
    assert found[0]["deviation"] is None
    first = found[0]["life"][0]
    assert (first["packet"], first["end"], first["section"]) == (1, "A", "3.10.1")
    assert (first["before"], first["after"]) == ("CLOSED", "SYN-SENT")
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("8", "1", "0")
    assert len(list(svg.glob("*.svg"))) == 1
    assert run(str(reuse), "--rules", "linux").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["missing.pcap"], 2, "cannot read 'missing.pcap'"),
        ([__file__], 2, "neither pcap nor pcapng"),
        ([str(ZEEK)], 2, "Is a directory"),
        ([str(CAPTURES / "lwip.pcap"), "--svg", __file__], 2, "it is no folder"),
        ([str(CAPTURES / "lwip.pcap"), "missing.pcap"], 2, "cannot read 'missing.pcap'"),
        ([str(CAPTURES / "lwip.pcap"), "--rules", "linus"], 2, "did you mean linux?"),
        ([str(CAPTURES / "lwip.pcap"), "--at", "here"], 2, "is not an address"),
        ([str(CAPTURES / "self_connect.A.pcap")], 3, "no connections"),
        ([str(CAPTURES / "lwip.pcap"), "--at", "10.9.9.9"], 3, "5 connections not judged"),
        ([str(ZEEK / "http__get_nosyn.pcap")], 3, "1 inconclusive"),
    ],
)
def test_exit_codes(words, code, line):
    told = run(*words)
    assert told.returncode == code
    assert line in told.stderr
    assert "Traceback" not in told.stderr
    assert code != 2 or told.stdout == ""  # nothing was begun


def test_nothing_is_written_over(tmp_path):
    capture, out = tmp_path / "x.pcap", tmp_path / "x.json"
    content = (CAPTURES / "close_4way.A.pcap").read_bytes()
    capture.write_bytes(content)
    for words in (["--json", capture], ["--json", out, "--junit", tmp_path / "." / "x.json"]):
        told = run(str(capture), *map(str, words))
        assert (told.returncode, told.stdout) == (2, "")
        assert "is named twice" in told.stderr
    assert capture.read_bytes() == content
    assert not out.exists()
    os.mkfifo(out)
    reader = subprocess.Popen(["cat", str(out)], stdout=subprocess.PIPE)
    told = run(str(capture), "--json", str(out))
    assert (told.returncode, out.is_fifo()) == (0, True)
    assert json.loads(reader.communicate()[0])["connections"]


def test_damaged_capture_is_never_a_success(tmp_path):
    whole = (CAPTURES / "lwip.pcap").read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole + b"123")
    out = tmp_path / "r.json"
    told = run(str(path), "--json", str(out))
    assert told.returncode == 3
    assert "the file ends within frame 32" in told.stderr
    assert json.loads(out.read_text())["captures"][0]["damage"]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*CAPTURES.glob("*.pcap"), *ZEEK.iterdir()]), st.data())
def test_broken_captures(tmp_path_factory, path, data):
    """Octets of real captures turned: a report, or one clear line."""
    content = bytearray(path.read_bytes())
    assume(len(content) > 30 and len(content) < 20_000)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    broken = tmp_path_factory.mktemp("broken") / "capture"
    broken.write_bytes(content)
    try:
        assert following.conform([broken], LINUX) in (0, 1, 3)
    except UsageProblem as told:
        assert "\n" not in str(told)


def test_peer_captures_may_be_given_either_way_round(capsys):
    a, b = (CAPTURES / f"half_close.{end}.pcap" for end in "AB")
    here, there = places(a, b)
    assert (here.addresses, there.addresses) == ({ENDS["A"]}, {ENDS["B"]})
    assert places(b, a) == (there, here)
    with pytest.raises(UsageProblem, match="cannot tell"):
        places(a, CAPTURES / "lwip.pcap")


def test_picture_marks_the_segment():
    (connection,) = captured(CAPTURES / "timewait_assassination.A.pcap", LINUX)
    story = picture(connection)
    marked = [m for line in story.lines for m in line.sent if m.mark]
    assert [m.uid for m in marked] == [7]


def test_a_picture_shows_an_earlier_connection_in_its_own_states():
    path = CAPTURES / "timewait_port_reuse_client.A.pcap"
    connection = next(c for c in captured(path) if c.deviation is not None)
    story = picture(connection)
    assert story.initial == ("CLOSED", "LISTEN")
    after = {line.number: line.states for line in story.lines}
    assert after[3] == ("ESTABLISHED", "ESTABLISHED")
    assert after[6] == ("TIME-WAIT", "CLOSED")
    assert after[7][0] == "SYN-SENT"
    assert [line.number for line in story.lines] == [1, 2, 3, 4, 5, 6, 7]
    texts = [line.sent[0].text for line in story.lines]
    assert texts[1:3] == ["SYN,ACK SEQ=0 ACK=1", "ACK SEQ=1 ACK=1"] and texts[6] == "SYN SEQ=0"
    assert [line.action[:7] for line in story.lines][5:] == ["0.000 s", "0.108 s"]
    assert "another connection of the same sockets begins" in story.lines[6].notes


NAMES = [b"\x1b]0;x\x07.pcap", b"new\nline.pcap", b"\xff\xfe.pcap", b"<b>&\xe2\x80\xae.pcap"]


@pytest.mark.parametrize("name", [*NAMES, b"x" * 250 + b".pcap"], ids=ascii)
def test_any_name_of_a_capture(tmp_path, name):
    """Nothing of it is obeyed by a terminal or by XML, and nothing ends for its sake."""
    path = tmp_path / os.fsdecode(name)
    path.write_bytes((CAPTURES / "timewait_port_reuse_client.A.pcap").read_bytes())
    out, junit, svg = tmp_path / "r.json", tmp_path / "r.xml", tmp_path / "svg"
    words = ["--json", str(out), "--junit", str(junit), "--svg", str(svg), str(path)]
    told = run(*words)
    assert told.returncode == 1, told.stderr
    assert all(c.isprintable() or c == "\n" for c in told.stdout + told.stderr)
    name_shown = json.loads(out.read_text())["captures"][0]["capture"]
    assert name_shown.isprintable()
    cases = ElementTree.parse(junit).getroot()
    assert [case.get("classname") for case in cases] == [name_shown] * 3
    assert len(list(svg.iterdir())) == 1


def test_captures_of_one_name_have_pictures_of_their_own(tmp_path):
    content = (CAPTURES / "timewait_port_reuse_client.A.pcap").read_bytes()
    paths = [tmp_path / folder / "x.pcap" for folder in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(content)
    run(*map(str, paths), "--svg", str(tmp_path / "svg"))
    assert len(list((tmp_path / "svg").iterdir())) == 2


def test_a_picture_that_fails_loses_no_result(tmp_path, monkeypatch, capsys):
    def fails(story, path):
        raise ToolProblem("the program 'dot' failed")

    monkeypatch.setattr(report, "render", fails)
    out = tmp_path / "r.json"
    capture = CAPTURES / "timewait_port_reuse_client.A.pcap"
    with pytest.raises(ToolProblem):
        following.conform([capture], choose([]), out_json=out, svg=tmp_path / "svg")
    assert len(json.loads(out.read_text())["connections"]) == 3
    assert "not drawn" in capsys.readouterr().out


def test_the_report_has_a_version_and_fits_its_schema(tmp_path):
    out, peer = tmp_path / "r.json", CAPTURES / "half_close.B.pcap"
    run(*map(str, sorted(ZEEK.iterdir())), "--json", str(out))
    told = json.loads(out.read_text())
    fits(told, "conform.schema.json")
    assert told["totals"]["connections"] == len(told["connections"])
    run(str(CAPTURES / "half_close.A.pcap"), "--peer-capture", str(peer), "--json", str(out))
    told = json.loads(out.read_text())
    fits(told, "conform.schema.json")
    assert {one["capture"] for one in told["connections"][0]["life"]} == {
        "half_close.A.pcap", "half_close.B.pcap"
    }  # fmt: skip


def test_frames_that_are_not_read_are_counted_wherever_results_are(tmp_path):
    """A connection that conforms beside them does not make the whole pass."""
    wire, sealed = Wire().opened(), ipv4(bytes(40), proto=50)
    path, out, junit = (tmp_path / name for name in ("x.pcap", "r.json", "r.xml"))
    frames = [as_frame(p) for p in wire.packets]
    path.write_bytes(b"".join([header(101), *(record(1, 0, data) for data in frames)]))
    assert run(str(path)).returncode == 0
    path.write_bytes(path.read_bytes() + record(2, 0, sealed) * 3 + record(2, 0, frames[0][:12]))
    told = run(str(path), "--json", str(out), "--junit", str(junit))
    assert told.returncode == 3
    assert told.stderr.splitlines() == [
        f"{path}: 3 frames not read: ESP: encrypted",
        f"{path}: 1 frame not read: IP header cut off",
        "1 conforms; 4 frames not read",
    ]
    assert "3  ESP: encrypted" in told.stdout
    reasons = {"ESP: encrypted": 3, "IP header cut off": 1}
    found = json.loads(out.read_text())
    assert found["captures"][0]["unread"] == found["totals"]["unread"] == reasons
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("errors"), len(suite)) == ("2", "1", 2)
    assert suite[1].get("name") == "all of it is read"
    assert "3 frames not read: ESP: encrypted" in suite[1][0].get("message")


def test_what_is_out_of_order_is_said(tmp_path):
    """Frames 4 and 5 are swapped; frame 6 is of an hour before."""
    path, out = tmp_path / "x.pcap", tmp_path / "r"
    wire = Wire().opened()(A, ACK, 100, 310)(B, ACK, 300, 100, 10)(A, ACK, 100, 310)
    when = (5000, 5001, 5002, 5004, 5003, 1400)
    frames = [*map(as_frame, wire.packets)]
    made = [record(at, 0, data) for at, data in zip(when, frames, strict=True)]
    path.write_bytes(header(101) + b"".join(made))
    told = run(str(path), "--json", str(out))
    assert told.returncode == 0
    assert f"{path}: 1 frame put in the order of the time stamps" in told.stderr
    assert f"{path}: 1 frame older than what stands before, and left there" in told.stderr
    (found,) = json.loads(out.read_text())["captures"]
    assert (found["moved"], found["out_of_order"]) == (1, 1)


def test_many_connections_are_told_in_a_bounded_way():
    captures = [*map(str, sorted(ZEEK.iterdir()))]
    told = run(*captures, "--most", "2").stdout.splitlines()
    heads = [line for line in told if line.startswith(captures[0].rsplit("/", 1)[0])]
    assert len(heads) == 2 * 3 + 1  # of each verdict; one is unsupported
    assert any(line.startswith("and ") and "--most 0" in line for line in told)
    assert any(line.startswith("In all: ") for line in told)
    told = run(*captures, "--only", "deviates").stdout
    assert ": deviates: " in told and ": conforms" not in told
    told = run(*captures, "--state", "established").stdout.splitlines()
    left = [" or ".join(c.states).split(" or ") for path in ZEEK.iterdir() for c in captured(path)]
    waiting = sum("ESTABLISHED" in states for states in left)
    heads = [line for line in told if line.startswith(captures[0].rsplit("/", 1)[0])]
    assert len(heads) == waiting > 0
    assert "did you mean TIME-WAIT?" in run(captures[0], "--state", "TIMEWAIT").stderr
    assert "there are: conforms" in run(captures[0], "--only", "fine").stderr


def test_a_syn_from_a_forged_address_is_no_open_connection():
    (found,) = followed(Wire()(A, SYN, 99)(B, SYN | ACK, 299, 100).packets)
    assert found.states == ["SYN-SENT or ESTABLISHED", "SYN-RECEIVED"]
    assert unusual(found) == [UNACKNOWLEDGED]
    (found,) = followed(Wire()(A, SYN, 99)(B, RST | ACK, 0, 100).packets)
    assert unusual(found) == [REFUSED]
    (found,) = followed(Wire()(A, SYN, 99)(A, SYN, 99).packets)
    assert unusual(found) == [UNANSWERED, "SYN retransmitted"]


def test_an_end_that_sent_no_syn_is_left_where_it_was():
    """A has forgotten a connection that B is still in, and opens another."""
    wire = Wire().opened()(A, SYN, 9000)(A, SYN, 9000)
    first, second = followed(wire.packets)
    assert first.states == ["ESTABLISHED", "ESTABLISHED"]
    assert second.states == ["SYN-SENT", "ESTABLISHED"]


def test_totals_are_bounded(monkeypatch):
    monkeypatch.setattr(totals, "KEPT", 5)
    found = totals.Totals()
    for i in range(50):
        found.add(Verdict.CONFORMS, ("CLOSED", "CLOSED"), [], (f"10.0.0.{i}:7", "10.0.1.1:80"))
    assert len(found.clients) == 6 and found.clients[totals.OTHERS] == 45
    assert len(list(found.lines(60))) <= 10


def test_the_segments_of_a_life_are_told(tmp_path):
    """Those at which a state changed, or that deviate; text in full flow is not among them."""
    out = tmp_path / "r.json"
    run(str(CAPTURES / "close_4way.A.pcap"), "--json", str(out))
    (told,) = json.loads(out.read_text())["connections"]
    flags = [(one["end"], one["flags"]) for one in told["segments"]]
    opens = [("A", "SYN"), ("B", "SYN,ACK"), ("A", "ACK")]
    assert flags == [*opens, ("A", "FIN,ACK"), ("B", "ACK"), ("B", "FIN,ACK"), ("A", "ACK")]
    assert {one["packet"] for one in told["segments"]} == {one["packet"] for one in told["life"]}
    syn, answer, *_ = told["segments"]
    assert syn["ack"] is None and answer["ack"] == syn["seq"] + 1
    run(str(CAPTURES.parent / "cases" / "split_handshake_five.pcap"), "--json", str(out))
    (told,) = json.loads(out.read_text())["connections"]
    assert told["deviation"]["segment"] in {one["packet"] for one in told["segments"]}


def test_listeners_in_trouble_are_named(tmp_path):
    capture, out = CAPTURES.parent / "listener" / "no_cookies.pcap", tmp_path / "report.json"
    done = run(str(capture), "--json", str(out))
    report = json.loads(out.read_text())
    fits(report, "conform.schema.json")
    (told,) = report["captures"]
    assert [one["listener"] for one in told["listeners"] if one["likely"]] == ["10.84.190.2:5000"]
    assert "likely a flood with forged addresses" in done.stdout
