"""The page in a real browser: it plays, asks, computes, opens a capture, and shares its state.

Skipped where no Chromium is installed. That no error is said is asked after every test.
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from checker.conform.behaviour import choose
from checker.conform.run import conform
from checker.page import machines
from checker.studies import http
from checker.studies.matrix import DATA
from proofs.claims.claim import SOMETIMES
from tests.helpers.browser import Browser

ALL = "[...document.querySelectorAll('%s')].map(one => %s)"

CELLS = [(1200, False), (1200, True), (400, False), (400, True)]


@pytest.fixture(autouse=True)
def without_errors(tab: Browser) -> Iterator[None]:
    """Nothing is thrown, and the console says nothing."""
    tab.errors.clear()
    yield
    assert tab.errors == []


def states(tab: Browser) -> list[str]:
    return [tab.text(f"#host-{end} .state") for end in (0, 1)]


def shake(tab: Browser) -> None:
    """A three-way handshake by hand."""
    tab.click('#host-1 [data-key^="1-OPEN (passive)"]')
    tab.click('#host-0 [data-key^="0-OPEN (active)"]')
    for _ in range(3):
        tab.press("d")


# It plays


def test_a_handshake_is_played(tab: Browser, url: str) -> None:
    tab.open(url)
    shake(tab)
    assert states(tab) == ["ESTABLISHED", "ESTABLISHED"]
    assert "3.10.7.4" in tab.text(".rules")
    assert tab.evaluate("document.querySelector('.rules a').href").startswith(
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.10.7.4"
    )
    assert "fall" not in tab.text("#claims-told")


def test_a_lost_syn_ack_is_sent_again(tab: Browser, url: str) -> None:
    tab.open(url)
    tab.click('#host-1 [data-key^="1-OPEN (passive)"]')
    tab.click('#host-0 [data-key^="0-OPEN (active)"]')
    tab.press("d")
    assert "SYN,ACK" in tab.text(".chip")
    tab.click('.chip [data-key^="lose"]')
    assert not tab.evaluate("document.querySelector('[data-uid]')")
    tab.click('#host-1 [data-key^="1-RETRANSMISSION"]')
    assert "SYN,ACK" in tab.text(".chip")


def test_undo_redo_fork_hold_copy_and_tick(tab: Browser, url: str) -> None:
    tab.open(url)
    tab.click('#host-1 [data-key^="1-OPEN (passive)"]')
    tab.click('#host-0 [data-key^="0-OPEN (active)"]')
    tab.press("f")
    tab.press("c")
    assert tab.evaluate("document.querySelectorAll('[data-uid]').length") == 2
    tab.press("ArrowLeft")
    assert tab.evaluate("document.querySelectorAll('[data-uid]').length") == 1
    tab.press("ArrowRight")
    assert states(tab) == ["SYN-SENT", "SYN-RECEIVED"]
    tab.click('.chip [data-key^="hold"]')
    tab.press("d")
    assert states(tab) == ["ESTABLISHED", "SYN-RECEIVED"]
    before = tab.evaluate("page.game.at")
    tab.press("t")
    assert tab.evaluate("page.game.at") == before + 1
    tab.click("button.fork")
    assert states(tab) == ["SYN-SENT", "LISTEN"]


def test_a_broken_rule_breaks_a_claim(tab: Browser, url: str) -> None:
    """T1 without the third segment; the clause that fell is told."""
    tab.open(url)
    tab.click('#host-1 [data-key^="1-OPEN (passive)"]')
    tab.click('#host-0 [data-key^="0-OPEN (active)"]')
    tab.choose("#switch", str(machines.switches(machines.MACHINES[0]).index("three_way")))
    tab.press("d")
    assert states(tab) == ["SYN-SENT", "ESTABLISHED"]
    assert "fall" in tab.text("#claims-told")
    fallen = tab.evaluate("[...document.querySelectorAll('li.bad')].map(one => one.dataset.claim)")
    assert "T1" in fallen
    assert ".py" in tab.text("li.bad .clause")


def test_text_is_played(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=play&m=text")
    shake(tab)
    tab.click('#host-0 [data-key^="0-SEND"]')
    tab.press("d")
    assert "SND.WND" in tab.text("#host-0")
    tab.click('#host-1 [data-key^="1-RECEIVE"]')
    assert states(tab) == ["ESTABLISHED", "ESTABLISHED"]


def test_a_queue_overflows_without_its_check(tab: Browser, url: str) -> None:
    """S1: a stranger's SYN too many is kept."""
    tab.open(f"{url}#v=play&m=listener")
    tab.click('#host-1 [data-key^="1-LISTEN"]')
    assert states(tab) == ["CLOSED", "LISTEN"]
    tab.choose("#switch", "1")
    tab.click('#host-1 [data-key^="1-SYN of a stranger"]')
    assert "fall" not in tab.text("#claims-told")
    tab.click('#host-1 [data-key^="1-SYN of a stranger"]')
    assert tab.evaluate("document.querySelector('li.bad').dataset.claim") == "S1"


def test_who_follows_the_first_steps_is_told(tab: Browser, url: str) -> None:
    """A SYN,ACK lost and seen again; T2 broken. What is closed stays closed."""

    def done() -> list[str]:
        marked = tab.evaluate(ALL % ("#lessons .done strong", "one.textContent"))
        return [str(one).removeprefix("✓ ") for one in marked]

    tab.open(url)
    tab.click('#host-1 [data-key^="1-OPEN (passive)"]')
    tab.click('#host-0 [data-key^="0-OPEN (active)"]')
    assert tab.text("#lessons [aria-current]") == "deliver the SYN"
    tab.press("d")
    tab.press("l")
    assert done() == []
    tab.click('#host-1 [data-key^="1-RETRANSMISSION"]')
    assert done() == ["Lose a SYN,ACK, and see it again"]
    assert tab.text("#lessons [aria-current]") == "Start again"
    tab.click('[data-key="restart"]')
    assert tab.text("#lessons [aria-current]").startswith("A rule to break")
    tab.click("#lessons summary")
    tab.choose("#switch", str(machines.switches(machines.MACHINES[0]).index("three_way")))
    tab.click('#host-1 [data-key^="1-OPEN (passive)"]')
    tab.click('#host-0 [data-key^="0-OPEN (active)"]')
    tab.click('#host-0 [data-key^="0-ABORT"]')
    tab.press("d")
    assert done() == ["Lose a SYN,ACK, and see it again", "Break T2"]
    assert tab.evaluate("document.querySelector('#lessons').open") is False
    assert "T2" in tab.evaluate(ALL % ("li.bad", "one.dataset.claim"))


def actions(tab: Browser) -> list[str]:
    found: list[str] = tab.evaluate("page.game.offers().map((offer) => offer.action)")
    return found


def test_a_full_queue_is_answered_with_a_cookie(tab: Browser, url: str) -> None:
    """The client's SYN comes to a full SYN queue: its SYN,ACK is the cookie, and nothing kept."""
    tab.open(f"{url}#v=play&m=cookies")
    tab.click('#host-1 [data-key^="1-LISTEN"]')
    tab.click('#host-1 [data-key^="1-SYN of a stranger"]')
    tab.click('#host-0 [data-key^="0-OPEN (active)"]')
    tab.press("d")
    assert states(tab) == ["SYN-SENT", "LISTEN"]
    assert "cookie" in tab.text(".rules")
    tab.press("d")
    tab.press("d")
    assert states(tab) == ["ESTABLISHED", "ESTABLISHED"]


def test_probes_give_up_a_peer_that_is_gone(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=play&m=keep-alive")
    shake(tab)
    tab.click('#host-0 [data-key^="0-ABORT"]')
    tab.press("l")
    tab.press("t")
    tab.press("t")
    for _ in range(2):
        assert states(tab) == ["CLOSED", "ESTABLISHED"]
        tab.click('#host-1 [data-key^="1-KEEP-ALIVE"]')
        tab.press("l")
        tab.press("t")
    tab.click('#host-1 [data-key^="1-KEEP-ALIVE"]')
    assert states(tab) == ["CLOSED", "CLOSED"]
    assert "fall" not in tab.text("#claims-told")


def test_a_request_meets_a_server_that_has_closed(tab: Browser, url: str) -> None:
    """H3.response: three ticks at the client are one too many; its run is played."""
    tab.open(f"{url}#v=play&m=http")
    found = tab.evaluate(
        """(async () => {
          const run = await page.recording(page.data.runs.find((one) => one.id === "H3.response"));
          const taken = page.parts.ask.follow(page.game, run.frames);
          page.draw();
          return taken;
        })()"""
    )
    assert found is True
    assert "H3.response" in tab.evaluate(
        "[...document.querySelectorAll('li.bad')].map(one => one.dataset.claim)"
    )


def test_a_data_plane_sends_again_and_halves_its_window(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=play&m=transfer")
    shake(tab)
    tab.click('#host-0 [data-key^="0-SEND"]')
    assert tab.evaluate("document.querySelectorAll('[data-uid]').length") == 2
    assert "WND=" in tab.text(".chip")
    assert "cwnd2" in tab.text("#host-0")
    tab.press("l")
    tab.press("l")
    tab.click('#host-0 [data-key^="0-RETRANSMISSION"]')
    assert "cwnd1" in tab.text("#host-0")
    assert "RFC 5681 3.1" in tab.text(".rules")
    tab.press("d")
    assert "RECEIVE" in actions(tab)


def test_claims_of_congestion_are_judged_in_play(tab: Browser, url: str) -> None:
    """By watchers that are shown each step: the moves that break them under other rules."""
    tab.open(f"{url}#v=play&m=transfer")
    (machine,) = (one for one in machines.MACHINES if one.id == "transfer")
    seen = False
    for run in ("106-CC2", "107-CC4", "108-CC5", "110-CC6", "105-C8"):
        taken = tab.evaluate(
            f"""(async () => {{
              const run = await page.recording(page.data.runs.find((one) => one.id === "{run}"));
              page.game.reset();
              const taken = page.parts.ask.follow(page.game, run.frames);
              page.draw();
              return [taken, page.game.frame.seen.flat().some((value) => value)];
            }})()"""
        )
        assert taken[0] is True, run
        seen |= taken[1]
        judged = tab.evaluate(ALL % ("#main .claims li", "one.dataset.claim + one.dataset.kind"))
        assert {f"{id}good" for id in machine.asked} <= {*judged}
    assert seen
    # What a watcher has seen, its claim says: nothing here falls under the RFC's rules.
    fallen = """(() => {
      const { game } = page;
      const at = game.apart.fields.indexOf("ghost.twice");
      game.frame.seen[0][at] = 1;
      return game.judge(game.frame).filter(([, way]) => way !== null).map(([id]) => id);
    })()"""
    assert tab.evaluate(fallen) == ["CC5"]


LONG = """(() => {
  const game = page.game;
  const again = ["OPEN (active)", "lose", "RETRANSMISSION TIMEOUT"];
  while (game.at < 60) {
    const offers = game.offers();
    const choice = offers.findIndex((offer) => again.includes(offer.action));
    game.take(offers[choice], choice);
  }
  page.draw();
  page.draw();  // the first may bring a scroll bar
  return game.frames.length - 1;
})()"""
"""Sixty steps; what a step is drawn with then is counted, and its work measured."""


@pytest.mark.parametrize("machine", ["lifecycle", "transfer"])
def test_a_step_changes_little_of_a_long_ladder(tab: Browser, url: str, machine: str) -> None:
    """What stays is not made anew: it keeps its place, and is not laid out again."""
    tab.open(f"{url}#v=play&m={machine}")
    assert tab.evaluate(LONG) == 60
    changed = tab.evaluate(
        """(async () => {
          let changes = 0;
          const watch = new MutationObserver((records) => { changes += records.length; });
          const all = { subtree: true, childList: true, attributes: true, characterData: true };
          watch.observe(document.body, all);
          const told = [];
          for (const move of ["undo", "redo", "undo", "redo"]) {
            page.game[move]();
            page.draw();
            await new Promise((resolve) => setTimeout(resolve));
            told.push(changes);
            changes = 0;
          }
          page.draw();
          await new Promise((resolve) => setTimeout(resolve));
          return [...told, changes];
        })()"""
    )
    *steps, nothing = changed
    assert 0 < max(steps) < 150
    assert nothing == 0


@pytest.mark.slow
@pytest.mark.parametrize("machine", ["lifecycle", "text", "cookies", "http", "transfer"])
def test_sixty_frames_a_second(tab: Browser, url: str, machine: str) -> None:
    """A step of a ladder of sixty steps takes less than 1/60 s of the processor: script, styles,
    layout and paint. It is the thread's own time, and the least of many: what runs beside it can
    only lengthen that."""
    tab.open(f"{url}#v=play&m={machine}")
    assert tab.evaluate(LONG) == 60
    frames = []
    for n in range(31):
        before = tab.busy()
        tab.evaluate(
            f"(async () => {{ page.game.{'redo' if n % 2 else 'undo'}(); page.draw();"
            "await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))); })()"
        )
        frames.append(tab.busy() - before)
    assert min(frames) < 1 / 60


# It steps through runs


def test_every_pinned_run_replays_to_its_end(tab: Browser, url: str) -> None:
    """Each counterexample ends where its claim is false, and nowhere before; each lasso goes round
    in states in which something is awaited."""
    tab.open(f"{url}#v=runs")
    found = tab.evaluate(
        """(async () => {
          const wrong = [], told = { counterexample: 0, lasso: 0, witness: 0, scenario: 0 };
          for (const run of page.data.runs) {
            const track = await page.recording(run);
            told[run.kind] += 1;
            if (run.kind === "scenario") continue;
            const falls = track.frames.map((frame) =>
              Object.fromEntries(track.judge(frame))[run.claim] !== null);
            const last = falls.length - 1;
            if (run.kind === "witness") {
              // Its predicate is true where the thing is seen: there, and not before.
              if (falls[last] || !falls.slice(0, last).every(Boolean)) wrong.push([run.id, falls]);
            } else if (run.kind === "counterexample") {
              const rest = page.data.claims[run.claim].kind === "rest";
              if (!falls[last] || (!rest && falls.slice(0, last).some(Boolean)))
                wrong.push([run.id, falls]);
            } else if (!falls[last] && run.claim !== "") wrong.push([run.id, falls]);
          }
          return [told, wrong];
        })()"""
    )
    told, wrong = found
    assert wrong == []
    kept = json.loads(Path(DATA).read_text(encoding="utf-8"))
    drawn = {row["diagram"] for row in kept["rows"] if row["diagram"]}
    ids = set(tab.evaluate("page.data.runs.map(run => run.id)"))
    assert drawn <= ids
    assert told["counterexample"] > 150
    assert told["lasso"] > 20
    assert told["witness"] == sum(row["kind"] == SOMETIMES for row in kept["claims"])
    assert told["scenario"] > 30


def test_a_run_is_stepped_through(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=runs&run=1-T3&at=0")
    assert "T3 violated" in tab.text("#verdict")
    for _ in range(12):
        tab.press("ArrowRight")
    assert "fall" not in tab.text("#claims-told")
    tab.press("ArrowRight")
    assert tab.evaluate("document.querySelector('li.bad').dataset.claim") == "T3"


def test_the_loop_of_a_lasso_is_marked(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=runs&run=26-L1.reopen&at=16")
    assert tab.evaluate("Boolean(document.querySelector('.l-loop'))")
    tab.press("ArrowRight")
    assert tab.evaluate("page.parts.runs.track.at") == 12


# It asks


def test_a_switch_shows_what_falls(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=ask&rule=time_wait_cut")
    rows = tab.evaluate("[...document.querySelectorAll('tbody th')].map(one => one.textContent)")
    assert {"T3", "T4"} <= set(rows)
    tab.click("tbody button")
    tab.wait("page.part === 'runs'")
    assert "violated" in tab.text("#verdict")


def test_two_runs_side_by_side(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=ask")
    tab.choose("#compare-rule", "three_way")
    tab.wait("document.querySelector('#difference')")
    assert tab.text("#difference").endswith("3")
    assert tab.evaluate("document.querySelectorAll('.l-differs').length") == 2


def test_a_cell_says_what_is_required(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=ask&cell=SYN-RECEIVED/RST")
    assert "return to LISTEN" in tab.text("#cell-rules")
    tab.click("#cell-rules button")
    tab.wait("page.part === 'runs'")
    assert "return to LISTEN" in tab.text(".rules")


def test_a_cell_names_errata_and_stacks(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=ask&cell=SYN-SENT/SYN")
    assert "simultaneous open" in tab.text("#cell-cases").lower()
    assert "takes one SYN for another" in tab.text("#cell-errata")
    (lwip,) = tab.evaluate(
        "[...document.querySelectorAll('#cell-stacks tr')].map(one => one.textContent)"
        ".filter(one => one.startsWith('lwip'))"
    )
    assert "no simultaneous open" in lwip
    tab.click("#cell-facts summary")
    tab.choose("#cell-segment", "RST")
    assert tab.evaluate("document.querySelector('#cell-facts').open") is True
    assert tab.evaluate("document.querySelectorAll('#cell-facts tbody tr').length") > 2
    tab.choose("#cell-state", "FIN-WAIT-2")
    tab.choose("#cell-segment", "ACK")
    assert "packet" in tab.text("#cell-errata") or "right edge" in tab.text("#cell-errata")


# It computes


def test_the_margin_of_a_kept_connection(tab: Browser, url: str) -> None:
    """As H3 has it, for numbers of one's own and for all that was searched; the run beyond it."""
    tab.open(f"{url}#v=compute&limit=5&delay=0.5&idle=4.5")
    rows = tab.evaluate("[...document.querySelectorAll('#margin tr')].map(one => one.textContent)")
    assert ["4 s" in rows[0], "4.5 s" in rows[1]] == [True, True]
    assert ["too long" in rows[0], "safe" in rows[1]] == [True, True]
    mine = "import('page/reckon').then(({ margin }) => margin(%s, %s, %s))"
    for limit, delay in ((5, 1), (60, 2), (2, 1)):
        for since in (False, True):
            told = tab.evaluate(mine % (limit, delay, json.dumps(since)))
            assert told == http.safe(Fraction(limit), Fraction(delay), since)
    tab.click("#margin-runs button")
    tab.wait("page.part === 'runs'")
    assert "H3 violated" in tab.text("#verdict")


def test_numbers_of_ones_own(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=compute&msl=30&r=100&wait=157")
    rows = tab.evaluate("[...document.querySelectorAll('#least tr')].map(one => one.textContent)")
    assert ["130 s" in rows[0], "60 s" in rows[1], "160 s" in rows[2]] == [True] * 3
    assert "too short" in rows[2]
    tab.choose("#own-probes", "7")
    assert "167 s" in tab.text("#least tr:last-child")
    assert tab.text("#rates tr:nth-child(1) td:last-child") == "1/7"
    tab.choose("#own-backlog", "3")
    tab.choose("#own-again", "2")
    assert "0.429" in tab.text("#flood")
    assert "47" in tab.text("#costs")


# It opens a capture


def test_a_report_is_stepped_through(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=capture")
    life = [
        {
            "packet": n,
            "end": end,
            "before": before,
            "after": after,
            "section": "3.10.1",
            "rule": rule,
            "inferred": False,
        }
        for n, (end, before, after, rule) in enumerate(
            [
                ("A", "CLOSED", "SYN-SENT", "3.10.1 CLOSED: active OPEN"),
                ("B", "LISTEN", "SYN-RECEIVED", "3.10.7.2 LISTEN third"),
            ],
            1,
        )
    ]
    connection = {"connection": "a-b", "verdict": "conforms", "reason": "", "life": life}
    report = json.dumps({"version": 1, "connections": [connection]})
    tab.evaluate(f"page.parts.capture.read({json.dumps(report)})")
    assert "conforms" in tab.text("#verdict")
    tab.press("ArrowRight")
    tab.press("ArrowRight")
    assert states(tab) == ["SYN-SENT", "SYN-RECEIVED"]
    tab.evaluate("page.parts.capture.read('{}')")
    assert "no report" in tab.text("[role=alert]")


def test_a_capture_is_drawn(tab: Browser, url: str, tmp_path: Path) -> None:
    """Its segments fly, numbered from the ISNs; the one that no rule explains is marked."""
    out = tmp_path / "report.json"
    conform([Path("tests/captures/cases/split_handshake_five.pcap")], choose([]), out_json=out)
    tab.open(f"{url}#v=capture")
    tab.evaluate(f"page.parts.capture.read({json.dumps(out.read_text())})")
    for _ in range(3):
        tab.press("ArrowRight")
    assert tab.text(".chip") == "ACK SEQ=0 ACK=1 LEN=0"
    assert "arrives at B" in tab.text(".narrow")
    assert "CLOSED sends neither ACK" in tab.text(".effects")
    assert tab.evaluate("document.querySelectorAll('.l-message').length") == 5
    assert tab.evaluate("Boolean(document.querySelector('.l-differs'))")
    tab.click('[data-key="last"]')
    assert states(tab) == ["ESTABLISHED", "ESTABLISHED"]


# It shares, and is for all


def test_the_address_is_the_whole_state(tab: Browser, url: str) -> None:
    tab.open(url)
    tab.choose("#switch", "2")
    shake(tab)
    tab.click("#language")
    tab.click("#theme")
    told = tab.evaluate("location.hash")
    seen = tab.text("#main")
    tab.open(f"{url}{told}")
    assert tab.text("#main") == seen
    assert tab.evaluate("document.documentElement.lang") == "zh-Hans"
    assert tab.evaluate("document.documentElement.dataset.theme") in ("dark", "light")
    tab.evaluate("localStorage.length")


@pytest.mark.parametrize(("width", "dark"), CELLS)
@pytest.mark.parametrize("part", ["play", "runs", "ask", "compute", "capture"])
def test_it_fits(tab: Browser, url: str, part: str, width: int, dark: bool, tmp_path: Path) -> None:
    """Nothing hangs over the edge, and every control says what it is."""
    tab.size(width, 800, dark)
    try:
        tab.open(f"{url}#v={part}")
        tab.screenshot(tmp_path / f"{part}-{width}-{'dark' if dark else 'light'}.png")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        unnamed = tab.evaluate(
            "[...document.querySelectorAll('button, select, input')].filter(one => "
            "!(one.ariaLabel || one.textContent.trim() || (one.labels && one.labels.length)))"
            ".map(one => one.outerHTML)"
        )
        assert unnamed == []
    finally:
        tab.size(1200, 900)


def test_all_is_said_in_chinese(tab: Browser, url: str) -> None:
    tab.open(f"{url}#v=play&lang=zh")
    assert tab.text("#part-play") == "演练"
    assert "Nothing has happened yet" not in tab.text("#main")
    for machine in machines.MACHINES:
        tab.open(f"{url}#v=play&m={machine.id}&lang=zh")
        assert tab.evaluate(MISSING) == []
    for part in ("runs&run=1-T3&at=13", "ask&cell=SYN-SENT/SYN", "compute", "capture"):
        tab.open(f"{url}#v={part}&lang=zh")
        assert tab.evaluate(MISSING) == []


MISSING = "import('page/i18n').then(({ missing }) => [...missing])"


def test_no_network_is_asked(page: Path) -> None:
    """The file names no other place but RFCs, which a reader may follow."""
    text = page.read_text(encoding="utf-8")
    assert "<script src" not in text
    assert '<link rel="stylesheet"' not in text
    assert "fetch(" not in text
