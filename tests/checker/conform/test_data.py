"""``conform --data``: verdicts of the data plane beside those of the states."""

import json
import struct

import pytest

from checker.conform import run as following
from checker.conform.behaviour import choose
from checker.conform.data import timing
from checker.dataplane.judge import RFC, Timing
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED
from tests.checker.conform.test_report import run
from tests.helpers import pcap
from tests.helpers.schema import fits
from tests.helpers.transfer import LOSSY

LINUX = timing(["linux"])


def test_stacks_have_timers_of_their_own():
    assert timing([]) == timing(["time_wait_reuse=on"]) == RFC
    assert Timing(0.2, 4) == LINUX


@pytest.mark.parametrize(("rules", "code"), [([], VIOLATED), (["linux"], OK)], ids=["rfc", "linux"])
def test_a_timeout_of_200_ms(rules, code, tmp_path, capsys):
    out = tmp_path / "report.json"
    capture = LOSSY / "silence.A.pcap"
    found = following.conform([capture], choose(rules), out_json=out, data=timing(rules))
    assert found == code
    (told,) = json.loads(out.read_text())["connections"]
    checks = {(one["check"], one["end"]): one for one in told["data"]}
    assert len(checks) == len(told["data"]) == 16
    assert checks["timeout", "A"]["verdict"] == ("holds" if rules else "deviates")
    assert checks["zero window", "A"]["verdict"] == "no occasion"
    said = capsys.readouterr().out
    assert ("a timeout should not be less than 1000 ms" in said) == (not rules)
    assert "data plane, directions by verdict:" in said and "zero window: 2 no occasion" in said


def test_without_the_option_nothing_is_said_of_it(tmp_path, capsys):
    out = tmp_path / "report.json"
    assert following.conform([LOSSY / "silence.A.pcap"], choose([]), out_json=out) == OK
    assert json.loads(out.read_text())["connections"][0]["data"] == []
    assert "data plane" not in capsys.readouterr().out


def test_what_is_not_judged_is_no_pass(tmp_path, capsys):
    """A capture of headers: nobody can say that the octets that were sent again are the same."""
    whole = (LOSSY / "one_lost.A.pcap").read_bytes()
    assert following.conform([LOSSY / "one_lost.A.pcap"], choose([]), data=LINUX) == OK
    parts, at = [whole[:24]], 24
    while at < len(whole):
        seconds, fraction, kept, length = struct.unpack_from("<IIII", whole, at)
        data = whole[at + 16 : at + 16 + min(kept, 52 if length > 80 else 80)]
        parts.append(pcap.record(seconds, fraction, data, length))
        at += 16 + kept
    headers = tmp_path / "headers.pcap"
    headers.write_bytes(b"".join(parts))
    assert following.conform([headers], choose([]), data=LINUX) == INCONCLUSIVE
    assert "inconclusive: data: same octets: the capture has not" in capsys.readouterr().out
    assert following.conform([headers], choose([])) == OK


def test_two_captures_judge_each_end_by_its_own(tmp_path):
    here, there, out = LOSSY / "tail_lost.A.pcap", LOSSY / "tail_lost.B.pcap", tmp_path / "r.json"
    code = following.conform([here], choose(["linux"]), peer=there, out_json=out, data=LINUX)
    assert code == OK
    (told,) = json.loads(out.read_text())["connections"]
    assert sorted({one["end"] for one in told["data"]}) == ["A", "B"]
    assert len(told["data"]) == 16


def test_the_command(tmp_path):
    out, junit = tmp_path / "r.json", tmp_path / "r.xml"
    capture = str(LOSSY / "stalls.A.pcap")
    done = run(capture, "--data", "--verbose", "--json", str(out), "--junit", str(junit))
    assert done.returncode == VIOLATED
    assert "data of A: zero window: deviates (1 judged): RFC 9293 3.8.6.1" in done.stdout
    fits(json.loads(out.read_text()), "conform.schema.json")
    assert "the first probe" in junit.read_text()
    assert run(capture, "--data", "--rules", "linux").returncode == OK
