"""Tables as programs print them, and what is said of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from checker.sockets import meaning
from checker.sockets.table import Refused, Socket, is_table, read
from spec.observe.states import WAITS
from spec.tcp.tcb import State

SS = """\
State     Recv-Q Send-Q      Local Address:Port        Peer Address:Port Process
LISTEN    0      128               0.0.0.0:80               0.0.0.0:*     users:(("nginx",pid=12,fd=6))
LISTEN    129    128                  [::]:443                 [::]:*
ESTAB     0      36               10.0.0.1%eth0:80         10.0.0.9:50422 timer:(on,2.1sec,0)
TIME-WAIT 0      0      [::ffff:10.0.0.1]:80     [::ffff:10.0.0.7]:40002
TIME-WAIT 0      0               10.0.0.1:51000    [2001:db8::5]:5432
CLOSE-WAIT 1     0               10.0.0.1:80              10.0.0.7:40003 users:(("nginx",pid=12,fd=9))
SYN-RECV  0      0               10.0.0.1:80              10.9.9.7:40003
"""  # noqa: E501 (what ss prints)
NETSTAT = """\
Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      12/nginx
tcp6       0      0 :::22                   :::*                    LISTEN      -
tcp        0      0 10.0.0.1:80             10.0.0.7:40001          FIN_WAIT2   -
udp        0      0 0.0.0.0:68              0.0.0.0:*                           7/dhclient
"""
BSD = """\
tcp4       0      0  10.0.0.1.51234         10.0.0.2.443           CLOSE_WAIT
tcp46      0      0  *.80                   *.*                    LISTEN
"""
MACOS = """\
Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp6       0      0  2001:db8::5.52345      2606:4700::6810.443    ESTABLISHED
tcp6       0      0  fe80::1%lo0.53         fe80::1%lo0.49152      TIME_WAIT
tcp6       0      0  ::1.631                *.*                    LISTEN
udp4       0      0  *.5353                 *.*
icm6       0      0  *.*                    *.*
Active LOCAL (UNIX) domain sockets
Address          Type   Recv-Q Send-Q            Inode             Conn             Refs          Nextref Addr
fd6bcd0e4ff1e1d3 stream      0      0                0 fd6bcd0e4ff1e29b                0                0 /var/run/x
fd6bcd0e4ff1e29b dgram       0      0                0                0                0                0
Registered kernel control modules
id       flags    pcbcount rcvbuf   sndbuf   name
       1        9        0   131072   131072 com.apple.flow-divert
Active kernel event sockets
Proto Recv-Q Send-Q vendor  class subcl
kevt       0      0      1      1     11
Active kernel control sockets
Proto Recv-Q Send-Q   unit     id name
kctl       0      0      1      6 com.apple.netsrc
"""  # noqa: E501 (what macOS prints)
WINDOWS = """\

Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1044
  TCP    [fe80::1%12]:52345     [fe80::2%12]:445       FIN_WAIT_2      4
  UDP    0.0.0.0:500            *:*                                    1234
"""
PROC = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9 1 0 100 0
   1: 0100000A:0050 0700000A:9C41 08 00000000:00000001 00:00000000 00000000     0        0 0 1 0 20 4
   2: 0000000000000000FFFF00000100000A:0050 0000000000000000FFFF00000700000A:9C42 06 00000000:00000000 03:0 0
"""  # noqa: E501 (what Linux prints)


def found(text: str) -> list[tuple[State, tuple[str, str], tuple[str, str]]]:
    items = list(read(text.splitlines()))
    assert all(isinstance(one, Socket) for one in items), items
    return [(one.state, one.here, one.there) for one in items if isinstance(one, Socket)]


def test_ss():
    told = found(SS)
    assert [state for state, _, _ in told] == [
        State.LISTEN, State.LISTEN, State.ESTABLISHED, State.TIME_WAIT, State.TIME_WAIT,
        State.CLOSE_WAIT, State.SYN_RECEIVED,
    ]  # fmt: skip
    assert told[1][1:] == (("::", "443"), ("::", "*"))
    assert told[2][1:] == (("10.0.0.1", "80"), ("10.0.0.9", "50422"))
    assert told[3][1:] == (("10.0.0.1", "80"), ("10.0.0.7", "40002"))
    assert told[4][2] == ("2001:db8::5", "5432")
    first, *_ = read(SS.splitlines())
    assert isinstance(first, Socket) and first.program == "nginx (12)"


def test_netstat():
    told = found(NETSTAT)
    assert [state for state, _, _ in told] == [State.LISTEN, State.LISTEN, State.FIN_WAIT_2]
    assert told[1][1] == ("::", "22") and told[2][2] == ("10.0.0.7", "40001")
    told = found(BSD)
    assert told == [
        (State.CLOSE_WAIT, ("10.0.0.1", "51234"), ("10.0.0.2", "443")),
        (State.LISTEN, ("*", "80"), ("*", "*")),
    ]


def test_netstat_of_macos():
    assert found(MACOS) == [
        (State.ESTABLISHED, ("2001:db8::5", "52345"), ("2606:4700::6810", "443")),
        (State.TIME_WAIT, ("fe80::1", "53"), ("fe80::1", "49152")),
        (State.LISTEN, ("::1", "631"), ("*", "*")),
    ]


def test_netstat_of_windows():
    assert found(WINDOWS) == [
        (State.LISTEN, ("0.0.0.0", "135"), ("0.0.0.0", "0")),
        (State.FIN_WAIT_2, ("fe80::1", "52345"), ("fe80::2", "445")),
    ]


def test_details_below_a_socket_are_passed_over():
    rows = ["ESTAB 0 0 10.0.0.1:22 10.0.0.9:50422", "\t cubic wscale:7,7 rto:204 rtt:3.2/1.1"]
    assert len(found("\n".join(rows))) == 1
    for garbage in ("\thello", "  TCP  10.0.0.1:80 what:is", "cubic rto:204"):
        assert [*read([rows[0], garbage])][1:] == [Refused(2, garbage)]
    assert [*read([rows[1]])] == [Refused(1, rows[1])]


@pytest.mark.skipif(sys.byteorder != "little", reason="these lines are of such a machine")
def test_proc():
    assert found(PROC) == [
        (State.LISTEN, ("127.0.0.1", "631"), ("0.0.0.0", "0")),
        (State.CLOSE_WAIT, ("10.0.0.1", "80"), ("10.0.0.7", "40001")),
        (State.TIME_WAIT, ("10.0.0.1", "80"), ("10.0.0.7", "40002")),
    ]


def test_lines_that_are_none_are_counted():
    assert [*read(["ESTAB 0 0 what", "", "hello"])] == [
        Refused(1, "ESTAB 0 0 what"), Refused(3, "hello")
    ]  # fmt: skip
    for line in ("ESTAB 0 0 timer:1.5 time:2.6", "dead stream", "1 of example.com"):
        assert [*read([line])] == [Refused(1, line)]


@pytest.mark.parametrize(
    ("rows", "told"), [(["what"], "1 line not"), (["what"] * 2_000, "2,000 lines not")]
)
def test_lines_not_understood_are_told_with_their_number(rows, told):
    assert f"{told} understood" in " ".join(meaning.lines(meaning.summary(read(rows)), 80))


def many(count: int, line: str) -> list[str]:
    return [line.format(port=1024 + i) for i in range(count)]


def test_five_thousand_close_wait_are_the_programs_fault():
    rows = ["LISTEN 0 128 0.0.0.0:80 0.0.0.0:*"]
    rows += many(5_000, 'CLOSE-WAIT 1 0 10.0.0.1:80 10.0.0.7:{port} users:(("app",pid=7,fd=3))')
    text = "\n".join(meaning.lines(meaning.summary(read(rows)), 80))
    assert "5,000 accepted on port 80" in text and "5,000 of app (7)" in text
    assert "fault of the program" in text and "no timer" in text
    assert "has not read" not in text  # the one octet is the FIN


def test_twenty_thousand_time_wait_use_up_the_ports():
    rows = many(20_000, "TIME-WAIT 0 0 10.0.0.1:{port} 10.0.0.5:5432")
    of = meaning.summary(read(rows))
    text = " ".join(" ".join(meaning.lines(of, 80)).split())
    assert "20,000 opened to 10.0.0.5:5432" in text
    assert "about 333 connections a second" in text and "83 if it is the RFC's 4 minutes" in text
    assert "takes 20,000 of the 28,232 local ports" in text
    assert of.groups[0].as_json()["opened"] == {"10.0.0.5:5432": 20_000}


def test_a_table_is_told_within_its_width():
    for width in (60, 100):
        for line in meaning.lines(meaning.summary(read(SS.splitlines())), width):
            assert len(line) <= width


def test_every_state_has_a_meaning_and_what_to_do():
    assert {*WAITS} == {*State} - {State.CLOSED}
    assert {*meaning.DO} == {*WAITS} - {State.LISTEN}


def command(*words: object, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "checker", "sockets", *map(str, words)],
        input=given, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_command(tmp_path):
    out = tmp_path / "r.json"
    told = command("-", "--json", out, given=SS)
    assert (told.returncode, told.stderr) == (0, "")
    assert "LISTEN on [::]:443" in told.stdout and "its queue is full" in told.stdout
    report = json.loads(out.read_text())
    assert (report["version"], report["sockets"], report["full_queues"]) == (1, 7, ["[::]:443"])
    assert command("-", given=SS + "what is this").returncode == 3
    told = command("-", given="hello")
    assert told.returncode == 2 and "is it of `ss -tan`" in told.stderr
    assert command(tmp_path / "missing").returncode == 2
    (tmp_path / "table").write_text(SS)
    assert command(tmp_path / "table", "--json", tmp_path / "table").returncode == 2
    assert (tmp_path / "table").read_text() == SS


@pytest.mark.parametrize("text", [SS, NETSTAT, BSD, PROC], ids=["ss", "netstat", "bsd", "proc"])
def test_conform_takes_a_table_for_one(tmp_path, text):
    """It says so, and what ``sockets`` says; what makes no sense with a table is refused."""
    table, out, other = tmp_path / "table", tmp_path / "r.json", tmp_path / "o.json"
    table.write_text(text)
    given = subprocess.run(
        [sys.executable, "-m", "checker", "conform", str(table), "--json", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    expected = command(table, "--json", other)
    assert (given.returncode, given.stdout) == (expected.returncode, expected.stdout)
    assert given.stderr == f"{table} is a table of sockets, and no capture\n"
    assert out.read_text() == other.read_text()


def test_what_is_no_table(tmp_path):
    for text in ("", "hello\n", "ESTAB is a state\n"):
        (tmp_path / "x").write_text(text)
        assert not is_table(tmp_path / "x")
    assert not is_table(tmp_path) and not is_table(tmp_path / "none")
    assert not is_table(Path(__file__).parents[2] / "captures" / "linux" / "close_4way.A.pcap")
    (tmp_path / "x").write_text(SS)
    for more in ([str(tmp_path / "x")], ["--at", "client"], ["--verbose"]):
        words = ["conform", str(tmp_path / "x"), *more]
        told = subprocess.run([sys.executable, "-m", "checker", *words], capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert told.returncode == 2
        assert "a table of sockets " in told.stderr
