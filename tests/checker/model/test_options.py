"""Options in, stories out: ``checker.model.options``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as File

import pytest

from checker.engines.explicit.explore import Path
from checker.model import options as tcp
from checker.render import Line, Story
from checker.support.errors import INTERNAL, USAGE, Problem, ToolProblem, UsageProblem
from spec.rules import SWITCHES, Isn, Restart, Rules
from spec.tcp.segment import Control, Segment
from spec.world.bounds import PROFILES, Bounds
from spec.world.inputs import Input
from spec.world.records import key
from spec.world.system import Step, System, World

# Options


def test_rules_are_parsed() -> None:
    assert tcp.parse_rules(["three_way=off", "isn=any", "time_wait_cut=-2"]) == {
        "three_way": False,
        "isn": Isn.ANY,
        "time_wait_cut": -2,
    }
    assert tcp.parse_rules([" time_wait_restart = FIN "]) == {"time_wait_restart": Restart.FIN}
    assert tcp.parse_rules([]) == {}


@pytest.mark.parametrize("yes", ["on", "true", "1", "yes", "On", "TRUE"])
@pytest.mark.parametrize("no", ["off", "false", "0", "no", "OFF"])
def test_words_for_a_switch(yes: str, no: str) -> None:
    assert tcp.parse_rules([f"three_way={yes}", f"quiet_time={no}"]) == {
        "three_way": True,
        "quiet_time": False,
    }
    assert tcp.parse_bounds([f"lose={yes}", f"duplicate={no}"]) == {
        "lose": True,
        "duplicate": False,
    }


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("three_way", r"'three_way' is not of the form NAME=VALUE"),
        ("", r"'' is not of the form NAME=VALUE"),
        ("=off", r"no rule ''; there are: three_way, isn, "),
        ("three-way=off", r"no rule 'three-way': did you mean three_way"),
        ("threeway=off", r"no rule 'threeway': did you mean three_way"),
        ("xyzzy=off", r"no rule 'xyzzy'; there are: three_way, "),
        ("three_way=maybe", r"rule three_way is on or off, not 'maybe'"),
        ("three_way=", r"rule three_way is on or off, not ''"),
        ("isn=random", r"rule isn is one of fresh, any, constant, not 'random'"),
        ("time_wait_cut=two", r"rule time_wait_cut is a number, not 'two'"),
        ("time_wait_cut=1000", r"rule time_wait_cut is between -64 and 64, not 1000"),
    ],
)
def test_wrong_rules(item: str, says: str) -> None:
    with pytest.raises(UsageProblem, match=says) as caught:
        tcp.parse_rules([item])
    assert caught.value.code == USAGE
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("width=2", "bound width is between 3 and 32, not 2"),
        ("width=33", "bound width is between 3 and 32, not 33"),
        ("width=" + "9" * 5000, "bound width is a number"),
        ("msl=-1", "bound msl is between 0 and 8, not -1"),
        ("msl=1.5", "bound msl is a number, not '1.5'"),
        ("incarnation=2", "no bound 'incarnation': did you mean incarnations"),
        ("lose=2", "bound lose is on or off, not '2'"),
    ],
)
def test_wrong_bounds(item: str, says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        tcp.parse_bounds([item])


def test_an_option_is_given_once() -> None:
    with pytest.raises(UsageProblem, match="rule three_way is given twice"):
        tcp.parse_rules(["three_way=on", "three_way=off"])


def test_every_default_can_be_given() -> None:
    words = {True: "on", False: "off"}
    for name, field in SWITCHES.items():
        value = field.default
        text = words[value] if isinstance(value, bool) else str(getattr(value, "value", value))
        assert tcp.choose_rules(tcp.parse_rules([f"{name}={text}"])) == Rules()


def test_rules_come_in_layers() -> None:
    rules = tcp.choose_rules({"isn": Isn.ANY, "three_way": False}, {"three_way": True})
    assert rules == replace(Rules(), isn=Isn.ANY)
    with pytest.raises(UsageProblem, match="no rule 'three'"):
        tcp.choose_rules({"three": False})


def test_bounds_come_on_top_of_a_profile() -> None:
    assert tcp.choose_bounds("time", {}) == PROFILES["time"]
    assert tcp.choose_bounds("time", {"msl": 3}) == replace(PROFILES["time"], msl=3)
    with pytest.raises(UsageProblem, match="no profile 'tme': did you mean time"):
        tcp.choose_bounds("tme", {})


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_consistent(name: str) -> None:
    assert tcp.choose_bounds(name, {}) == PROFILES[name]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"octets": 1}, "octets=1 and send_window=off: .* set send_window=on"),
        ({"width": 3}, "width=3 and window=3: .*four windows.* width=4 or more, or window=2"),
        ({"window": 5}, "width=4 and window=5: .* width=5 or more, or window=4"),
        ({"stride": 16}, "fresh initial sequence numbers would wrap"),
    ],
)
def test_bounds_that_contradict_each_other(chosen: dict[str, int], says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        tcp.choose_bounds("handshake", chosen)


def test_a_claim_keeps_the_ghosts_that_it_reads() -> None:
    assert tcp.choose_bounds("time", {}, "handshake").watch_stale
    assert tcp.choose_bounds("time", {"watch_stale": True}).watch_stale
    with pytest.raises(UsageProblem, match="watch_stale cannot be off"):
        tcp.choose_bounds("time", {"watch_stale": False}, "handshake")


def test_where_a_story_can_be_written(tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in ("txt", "json", "dot", "svg", "PNG"):
        tcp.writable(tmp_path / f"story.{suffix}")
    assert not list(tmp_path.iterdir())
    (tmp_path / "folder.svg").mkdir()
    for name, says in [
        ("story.pdf", "suffix"),
        ("story", "suffix"),
        ("folder.svg", "is a directory"),
        ("no/story.svg", "No such file or directory"),
    ]:
        with pytest.raises(UsageProblem, match=says):
            tcp.writable(tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    tcp.writable(tmp_path / "story.dot")
    with pytest.raises(ToolProblem, match="no program 'dot'") as caught:
        tcp.writable(tmp_path / "story.svg")
    assert caught.value.code == INTERNAL


# Stories


@pytest.mark.parametrize(
    ("bits", "shown"),
    [
        ("syn", "SYN"),
        ("syn ack", "SYN,ACK"),
        ("fin ack", "FIN,ACK"),
        ("ack psh", "PSH,ACK"),
        ("rst ack", "RST,ACK"),
        ("syn fin", "FIN,SYN"),
        ("urg ack psh", "PSH,ACK,URG"),
        ("", "no flags"),
    ],
)
def test_flags_are_shown_as_a_dissector_does(bits: str, shown: str) -> None:
    assert tcp.flags(Segment(0, ctl=Control(**dict.fromkeys(bits.split(), True)))) == shown


def test_a_segment_as_text() -> None:
    assert tcp.text(Segment(3, 1, ctl=Control(syn=True, ack=True))) == "SYN,ACK SEQ=3 ACK=1 LEN=1"
    assert tcp.text(Segment(3, 7, ctl=Control(rst=True))) == "RST SEQ=3 LEN=0"
    assert tcp.text(Segment(3, text=2, ctl=Control(syn=True, fin=True))).endswith("LEN=4")


class Run:
    """A path, step by step: the first that fits."""

    def __init__(self, bounds: Bounds, rules: Rules | None = None) -> None:
        self.system = System(rules or Rules(), bounds)
        self.path = Path(self.system.initial(), [])

    @property
    def world(self) -> World:
        return self.path.steps[-1][1] if self.path.steps else self.path.start

    def __call__(self, host: int | None, action: Input | str, segment: str = "") -> Run:
        name = action.value if isinstance(action, Input) else action
        for step, after in self.system.steps(self.world):
            shown = "" if step.segment is None else tcp.text(step.segment)
            if (step.host, step.action) == (host, name) and shown.startswith(segment):
                self.path.steps.append((step, after))
                return self
        raise AssertionError(f"{host} cannot {name} {segment}")

    def story(self) -> Story:
        return tcp.story(self.system, self.path, "title", "verdict", False)


BOUNDS = Bounds(width=32, window=8, stride=100, incarnations=3)
"""Nothing is labelled: no ghost is watched."""


def uids(line: Line) -> tuple[list[int], list[int], list[int]]:
    """Sent, received, lost."""
    received = [] if line.received is None else [line.received.uid]
    return [m.uid for m in line.sent], received, [m.uid for m in line.lost]


def test_equal_segments_are_told_apart_oldest_first() -> None:
    run = Run(BOUNDS)(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    run(0, Input.RETRANSMISSION_TIMEOUT)(1, "duplicate", "SYN")(None, "lose", "SYN SEQ")
    run(1, Input.SEGMENT, "SYN SEQ")
    assert [uids(line) for line in run.story().lines] == [
        ([], [], []),
        ([1], [], []),
        ([2], [], []),
        ([3], [1], []),
        ([], [], [1]),
        ([4], [2], []),
    ]
    assert run.story().lines[3].kept


def test_what_finds_no_room_is_sent_and_lost() -> None:
    run = Run(replace(BOUNDS, capacity=1))(0, Input.OPEN_ACTIVE)
    line = run(0, Input.RETRANSMISSION_TIMEOUT).story().lines[-1]
    assert uids(line) == ([2], [], [2])
    assert line.notes == ("no room in the channel: lost",)


def test_segments_expire() -> None:
    run = Run(replace(BOUNDS, msl=2, span=2))(0, Input.OPEN_ACTIVE)(None, Input.TICK)
    run(0, Input.RETRANSMISSION_TIMEOUT)(None, Input.TICK)(None, Input.TICK)
    story = run.story()
    assert [uids(line)[2] for line in story.lines] == [[], [], [], [1], [2]]
    assert story.lines[0].details == ("SND.UNA=0 SND.NXT=1, resends for 2 more ticks", "")
    assert story.lines[3].details == ("SND.UNA=0 SND.NXT=1, resends for no more", "")


def test_nothing_expires_where_lifetimes_are_not_bounded() -> None:
    run = Run(replace(BOUNDS, msl=1, span=1), replace(Rules(), lifetime_bounded=False))
    run(0, Input.OPEN_ACTIVE)(None, Input.TICK)
    assert [uids(line)[2] for line in run.story().lines] == [[], []]
    assert run.story().flights[0].in_flight


@pytest.mark.parametrize("watch_stale", [False, True])
def test_a_segment_grows_old_when_its_host_makes_another_tcb(watch_stale: bool) -> None:
    run = Run(replace(BOUNDS, watch_stale=watch_stale))
    run(0, Input.OPEN_ACTIVE)(0, Input.ABORT)(1, "duplicate", "SYN SEQ=0")
    run(0, Input.OPEN_ACTIVE)(1, "duplicate", "SYN SEQ=0")(0, Input.SEGMENT, "RST,ACK")
    lines = run.story().lines
    seen = [line.received for line in lines]
    assert seen[2] is not None and not seen[2].old  # no later TCB yet
    assert seen[4] is not None and seen[4].old
    assert [m.old for m in lines[2].sent] == [False]
    assert [m.old for m in lines[4].sent] == [True]  # a reset provoked by an old SYN
    assert seen[5] is not None and seen[5].old


def test_what_was_in_flight_before() -> None:
    system = System(Rules(), BOUNDS)
    syn = system.segment(Segment(5, ctl=Control(syn=True)))
    start = system.initial()._replace(a_to_b=(syn,))
    run = Run(BOUNDS)
    run.system, run.path = system, Path(start, [])
    line = run(1, Input.SEGMENT, "SYN").story().lines[0]
    assert line.received is not None and line.received.text == "SYN SEQ=5 LEN=1"


def test_ghosts_and_signals_are_noted() -> None:
    run = Run(replace(BOUNDS, watch_stale=True))(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    run(0, Input.ABORT)(1, Input.SEGMENT, "SYN")
    assert run.story().lines[-1].notes == (
        "stale: the TCB that sent this SYN is no longer in SYN-SENT",
    )
    run = Run(BOUNDS)(0, Input.OPEN_ACTIVE)(1, Input.SEGMENT, "SYN")(0, Input.SEGMENT, "RST,ACK")
    assert run.story().lines[-1].notes == ("to the user: error: connection reset",)


def test_a_forged_segment_is_named() -> None:
    run = Run(replace(BOUNDS, forged=True))(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    run(1, Input.SEGMENT, "SYN")(0, Input.SEGMENT, "SYN,ACK")(1, Input.SEGMENT, "ACK")
    assert run(1, Input.FORGED_RST).story().lines[-1].notes == ("forged: RST SEQ=2 LEN=0",)


def test_a_host_that_is_down_or_quiet() -> None:
    run = Run(replace(BOUNDS, msl=1, crashes=1))(0, Input.CRASH)(0, Input.RESTART)
    lines = run(None, Input.TICK).story().lines
    assert [line.states[0] for line in lines] == ["CLOSED (down)", "CLOSED (quiet)", "CLOSED"]
    assert lines[1].details[0] == "quiet for 1 more tick"


def test_the_story_can_begin_anywhere() -> None:
    run = Run(BOUNDS)(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    rest = Path(run.world, list(run(1, Input.SEGMENT, "SYN").path.steps[2:]))
    story = tcp.story(run.system, rest, "title", "verdict", True, {1: "a remark"})
    assert story.initial == ("SYN-SENT", "LISTEN")
    assert story.flights[0].departure is None
    assert story.lines[0].notes == ("a remark",)


def test_snapshots_hold_every_variable() -> None:
    run = Run(BOUNDS)(0, Input.OPEN_ACTIVE)
    first, last = run.story().snapshots
    assert first.keys() == last.keys()
    assert len(last) == len(key(run.world.a)) + len(key(run.world.b)) + 2
    assert last["a.tcb.snd.nxt"] == 1
    (syn,) = last["a_to_b"]  # type: ignore[misc]
    assert syn["ctl.syn"] is True


# Replay

RUN_BOUNDS = replace(BOUNDS, msl=2, span=1, capacity=1)


def a_run() -> Path:
    run = Run(RUN_BOUNDS)(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    run(0, Input.RETRANSMISSION_TIMEOUT)(1, "duplicate", "SYN")(None, Input.TICK)
    run(0, Input.SEGMENT, "SYN,ACK")(None, "lose", "SYN")
    return run.path


def test_replay_accepts_a_run() -> None:
    tcp.replay(Rules(), RUN_BOUNDS, a_run())


def _label(i: int, **changes: object) -> Callable[[list[tuple[Step, World]]], None]:
    def tamper(steps: list[tuple[Step, World]]) -> None:
        step, after = steps[i]
        steps[i] = (step._replace(**changes), after)  # type: ignore[arg-type]

    return tamper


def _leave_out(steps: list[tuple[Step, World]]) -> None:
    del steps[1]


def _other_state(steps: list[tuple[Step, World]]) -> None:
    step, after = steps[1]
    steps[1] = (step, after._replace(a_to_b=()))


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (_leave_out, r"step 2 \(A: RETRANSMISSION TIMEOUT\) is not possible"),
        (_other_state, r"step 2 \(A: OPEN \(active\)\) has another effect"),
        (_label(0, host=0), r"step 1 \(A: OPEN \(passive\)\) has another effect"),
        (_label(1, isn=5), "step 2 .* is not possible"),
        (_label(1, sent=()), "step 2 .* has another effect"),
        (_label(2, dropped=()), "step 3 .* has another effect"),
        (_label(3, action="deliver"), r"step 4 \(B: deliver <SYN SEQ=0 LEN=1>\) has another"),
        (_label(3, rules=("another",)), "step 4 .* has another effect"),
        (_label(6, direction=1), "step 7 .* is not possible"),
    ],
)
def test_replay_rejects_a_tampered_path(
    tamper: Callable[[list[tuple[Step, World]]], None], says: str
) -> None:
    path = a_run()
    tamper(path.steps)
    with pytest.raises(Problem, match=says):
        tcp.replay(Rules(), RUN_BOUNDS, path)


def test_replay_starts_where_the_system_does() -> None:
    path = a_run()
    with pytest.raises(Problem, match="does not start in the initial state"):
        tcp.replay(Rules(), RUN_BOUNDS, Path(path.steps[0][1], path.steps[1:]))


def test_replay_is_of_the_rules_that_it_is_given() -> None:
    path = a_run()
    with pytest.raises(Problem, match=r"step 4 \(B: duplicate .* has another effect"):
        tcp.replay(replace(Rules(), three_way=False), RUN_BOUNDS, path)
