"""The command: the page, the report, the ladders, and exit codes."""

import json
import os
import re
import subprocess
import sys

import pytest

from checker.conform.behaviour import choose
from checker.conform.follow import MIDDLE
from checker.conform.report import Show
from checker.narrate import contents
from checker.narrate.run import gather, narrate
from checker.support.errors import INCONCLUSIVE
from tests.helpers.film import (
    RFC,
    ZEEK,
    Film,
    Talk,
    ask,
    never_closes,
    three,
)
from tests.helpers.schema import fits

ENDS = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])


def command(*words: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "checker", "narrate", *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_page_and_report(tmp_path):
    made = Film()
    for scene in (ask, three, never_closes):
        scene(made)
    path = made.write(tmp_path / "film.pcap")
    outputs = []
    for i in (1, 2):
        html, report = tmp_path / f"{i}.html", tmp_path / f"{i}.json"
        code, out = command(path, "--html", html, "--json", report)
        assert code == 0
        outputs.append((out, html.read_text(), report.read_text()))
    assert outputs[0] == outputs[1]
    text, html, report = outputs[0]
    assert "3 requests share one connection" in text and "3 requests share one connection" in html
    assert html.count("<svg") - html.count('class="plot"') == 2 or html.count("<pre>") == 2
    assert "GET /a.css" in html and "CLOSE-WAIT" in html
    # Nothing is fetched from elsewhere.
    outside = [one for one in re.findall(r"(?:src|href)=\"([^\"]*)", html) if one[0] != "#"]
    assert not outside, outside
    told = json.loads(report)
    assert [one["requests"] for one in told["connections"]] == [3, 1]
    assert told["connections"][1]["left"] == ["FIN-WAIT-2", "CLOSE-WAIT"]
    assert told["lookups"][0]["answers"] == [["CNAME", "example"], ["A", "10.0.0.2"]]


def test_a_ladder_leaves_out_the_middle(tmp_path):
    def scene(made: Film) -> None:
        talk = Talk(made).open()
        for _ in range(40):
            talk.say(0, b"GET / HTTP/1.1\r\n\r\n")
        talk.close(0, 1)

    made = Film()
    scene(made)
    (found,) = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE, drawn=1).connections
    assert found.story is not None
    notes = [note for line in found.story.lines for note in line.notes if "ISN" not in note]
    assert notes == [
        f"{87 - contents.FIRST - contents.LAST} segments before this one are not drawn"
    ]


def test_states_change_where_a_segment_arrives(tmp_path):
    made = Film()
    never_closes(made)
    (found,) = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE, drawn=1).connections
    assert found.story is not None
    assert found.story.initial == ("CLOSED", "LISTEN")
    (line,) = [line for line in found.story.lines if line.number == 8]
    assert found.story.before(found.story.lines.index(line))[1] == "ESTABLISHED"
    assert line.states == ("FIN-WAIT-1", "CLOSE-WAIT")


def test_the_report_has_a_version_and_fits_its_schema(tmp_path):
    """A film with names and closes, and captures with all that others do."""
    made, out = Film(), tmp_path / "r.json"
    for scene in (ask, three, never_closes):
        scene(made)
    film = made.write(tmp_path / "film.pcap")
    command(film, "--json", out)
    report = json.loads(out.read_text())
    assert report["version"] == 1 and report["capture"] == str(film)
    told = set()
    for path in (film, *sorted(ZEEK.glob("*.pcap*"))):
        found = gather(path, RFC, MIDDLE).as_json()
        fits(found, "narrate.schema.json")
        told |= {one["what"] for each in found["connections"] for one in each["ends"]}
    assert json.loads(json.dumps(gather(film, RFC, MIDDLE).as_json())) == report
    assert {"closes first", "closes after its peer", "sends a reset"} <= told
    # The check can fail: a member that is not described, one that is not there, another type.
    for changes in ({"more": 1}, {"version": 2}, {"lookups": [{"packet": 1}]}, {"segments": "1"}):
        with pytest.raises((AssertionError, KeyError)):
            fits(report | changes, "narrate.schema.json")


def test_exit_codes(tmp_path):
    empty = Film().write(tmp_path / "empty.pcap")
    assert command(empty)[0] == INCONCLUSIVE
    torn = tmp_path / "torn.pcap"
    torn.write_bytes((ZEEK / "http__get.pcap").read_bytes()[:-9])
    code, out = command(torn)
    assert code == INCONCLUSIVE and "GET" in out
    sealed = Film()
    never_closes(sealed)
    assert command(sealed.write(tmp_path / "sealed.pcap"))[0] == 0
    sealed.ip(*ENDS, 50, bytes(40))
    code, out = command(sealed.write(tmp_path / "sealed.pcap"))
    assert code == INCONCLUSIVE and "1  ESP: encrypted" in out and "CLOSE-WAIT" in out
    assert command(tmp_path / "nothing.pcap")[0] == 2
    assert command(empty, "--html", tmp_path)[0] == 2


@pytest.mark.parametrize(
    "name", [b"\x1b]0;x\x07.pcap", b"\xff\xfe.pcap", b"<b>&\n.pcap"], ids=ascii
)
def test_any_name_of_a_capture(tmp_path, name):
    made = Film()
    never_closes(made)
    path = made.write(tmp_path / os.fsdecode(name))
    page = tmp_path / "page.html"
    code, out = command(path, "--html", page, "--json", tmp_path / "r.json")
    assert code == 0
    for text in (out, page.read_text()):
        assert all(c.isprintable() or c == "\n" for c in text)
        assert "<b>" not in page.read_text()


def test_only_what_is_asked_for_is_told(tmp_path):
    made = Film()
    for scene in (three, never_closes):
        scene(made)
    path = made.write(tmp_path / "film.pcap")
    code, out = command(path, "--state", "close-wait", "--json", tmp_path / "r.json")
    assert code == 0
    told = json.loads((tmp_path / "r.json").read_text())
    assert [one["left"] for one in told["connections"]] == [["FIN-WAIT-2", "CLOSE-WAIT"]]
    assert told["totals"]["connections"] == 2
    assert out.count(" TCP: ") == 1 and "In all: 2 connections" in out


def test_nothing_to_tell_is_told(tmp_path, capsys):
    """Else the exit code would say it alone."""
    path = Film().write(tmp_path / "empty.pcap")
    assert narrate(path, choose([]), MIDDLE) == INCONCLUSIVE
    nothing = "nothing to tell: no DNS question and no TCP connection\n"
    assert capsys.readouterr().err == f"{path}: {nothing}"
    made = Film()
    three(made)
    path = made.write(tmp_path / "three.pcap")
    show = Show(state="LISTEN")
    assert narrate(path, choose([]), MIDDLE, show=show) == INCONCLUSIVE
    nothing = "nothing to tell: --only and --state leave none of 1 connection\n"
    assert capsys.readouterr().err.endswith(f"{path}: {nothing}")
