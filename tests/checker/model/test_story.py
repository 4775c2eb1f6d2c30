"""Runs replayed and told: ``checker.model.story``, ``checker.model.replay``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from checker.engines.explicit.engine import Path
from checker.model.model import Model
from checker.model.words import text
from checker.render import Line, Story
from checker.studies.simulate import tell
from checker.support.errors import Problem
from proofs.claims.scenarios import SCENARIOS
from spec.observe.stale import Stale
from spec.observe.watcher import Watcher
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.segment import Control, Segment
from spec.world.bounds import Bounds
from spec.world.enabled import Event
from spec.world.forgery import Forgery
from spec.world.records import key
from spec.world.system import Step, World


class Run:
    """A path, step by step: the first that fits."""

    def __init__(
        self, bounds: Bounds, rules: Rules | None = None, watchers: tuple[Watcher, ...] = ()
    ) -> None:
        self.model = Model(rules or Rules(), bounds, watchers)
        self.system = self.model.system
        self.path = Path(self.system.initial(), [])

    @property
    def world(self) -> World:
        return self.path.steps[-1][1] if self.path.steps else self.path.start

    def __call__(self, host: int | None, action: Event | str, segment: str = "") -> Run:
        name = action if isinstance(action, str) else action.value
        for step, after in self.system.steps(self.world):
            shown = "" if step.segment is None else text(step.segment)
            if (step.host, step.action) == (host, name) and shown.startswith(segment):
                self.path.steps.append((step, after))
                return self
        raise AssertionError(f"{host} cannot {name} {segment}")

    def story(self) -> Story:
        return self.model.story(self.path, "title", "verdict", False)


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


@pytest.mark.parametrize("watchers", [(), (Stale(),)])
def test_a_segment_grows_old_when_its_host_makes_another_tcb(watchers: tuple[Watcher, ...]) -> None:
    run = Run(BOUNDS, watchers=watchers)
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
    run = Run(BOUNDS)
    system = run.system
    syn = system.segment(Segment(5, ctl=Control(syn=True)))
    start = system.initial()._replace(links=((syn,), ()))
    run.path = Path(start, [])
    line = run(1, Input.SEGMENT, "SYN").story().lines[0]
    assert line.received is not None and line.received.text == "SYN SEQ=5 LEN=1"


def test_ghosts_and_signals_are_noted() -> None:
    run = Run(BOUNDS, watchers=(Stale(),))(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    run(0, Input.ABORT)(1, Input.SEGMENT, "SYN")
    last = run.story().lines[-1]
    assert last.notes == ("stale: the TCB that sent this SYN is no longer in SYN-SENT",)
    assert last.received is not None and last.received.old
    run = Run(BOUNDS)(0, Input.OPEN_ACTIVE)(1, Input.SEGMENT, "SYN")(0, Input.SEGMENT, "RST,ACK")
    assert run.story().lines[-1].notes == ("to the user: error: connection reset",)


def test_a_forged_segment_is_named() -> None:
    run = Run(replace(BOUNDS, forged=True))(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    run(1, Input.SEGMENT, "SYN")(0, Input.SEGMENT, "SYN,ACK")(1, Input.SEGMENT, "ACK")
    assert run(1, Forgery.RST).story().lines[-1].notes == ("forged: RST SEQ=2 LEN=0",)


@pytest.mark.parametrize(("client", "server"), [(0, 1), (1, 0)])
def test_the_client_stands_on_the_left(client: int, server: int) -> None:
    """Whichever host it is; names, states, actors and messages change places together."""
    run = Run(BOUNDS)(server, Input.OPEN_PASSIVE)(client, Input.OPEN_ACTIVE)
    story = run(server, Input.SEGMENT, "SYN").story()
    assert story.lifelines == ("AB"[client], "AB"[server])
    assert [line.actor for line in story.lines] == [1, 0, 1]
    assert story.lines[-1].states == ("SYN-SENT", "SYN-RECEIVED")
    assert [(m.sender, m.receiver) for line in story.lines for m in line.sent] == [(0, 1), (1, 0)]
    assert story.lines[-1].received is not None and story.lines[-1].received.sender == 0


def test_a_host_that_is_down_or_quiet() -> None:
    run = Run(replace(BOUNDS, msl=1, crashes=1))(0, Input.CRASH)(0, Input.RESTART)
    lines = run(None, Input.TICK).story().lines
    assert [line.states[0] for line in lines] == ["CLOSED (down)", "CLOSED (quiet)", "CLOSED"]
    assert lines[1].details[0] == "quiet for 1 more tick"


def test_the_story_can_begin_anywhere() -> None:
    run = Run(BOUNDS)(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    rest = Path(run.world, list(run(1, Input.SEGMENT, "SYN").path.steps[2:]))
    story = run.model.story(rest, "title", "verdict", True, {1: "a remark"})
    assert story.initial == ("SYN-SENT", "LISTEN")
    assert story.flights[0].departure is None
    assert story.lines[0].notes == ("a remark",)


def test_snapshots_hold_every_variable() -> None:
    run = Run(BOUNDS)(0, Input.OPEN_ACTIVE)
    first, last = run.story().snapshots
    assert first.keys() == last.keys()
    assert len(last) == len(key(run.world.hosts[0])) + len(key(run.world.hosts[1])) + 2
    assert last["a.tcb.snd.nxt"] == 1
    (syn,) = last["a_to_b"]  # type: ignore[misc]
    assert syn["ctl.syn"] is True


# Replay

MODEL = Model(Rules(), replace(BOUNDS, msl=2, span=1, capacity=1))


def a_run() -> Path:
    run = Run(MODEL.bounds)(1, Input.OPEN_PASSIVE)(0, Input.OPEN_ACTIVE)
    run(0, Input.RETRANSMISSION_TIMEOUT)(1, "duplicate", "SYN")(None, Input.TICK)
    run(0, Input.SEGMENT, "SYN,ACK")(None, "lose", "SYN")
    return run.path


def test_replay_accepts_a_run() -> None:
    MODEL.replay(a_run())


def _label(i: int, **changes: object) -> Callable[[list[tuple[Step, World]]], None]:
    def tamper(steps: list[tuple[Step, World]]) -> None:
        step, after = steps[i]
        steps[i] = (step._replace(**changes), after)  # type: ignore[arg-type]

    return tamper


def _leave_out(steps: list[tuple[Step, World]]) -> None:
    del steps[1]


def _other_state(steps: list[tuple[Step, World]]) -> None:
    step, after = steps[1]
    steps[1] = (step, after._replace(links=((), ())))


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (_leave_out, r"step 2 \(A: RETRANSMISSION TIMEOUT\) is not possible"),
        (_other_state, r"step 2 \(A: OPEN \(active\)\) has another effect"),
        (_label(0, host=0, end=0), r"step 1 \(A: OPEN \(passive\)\) has another effect"),
        (_label(1, isn=5), "step 2 .* is not possible"),
        (_label(1, sent=()), "step 2 .* has another effect"),
        (_label(2, dropped=()), "step 3 .* has another effect"),
        (_label(3, action="deliver"), r"step 4 \(B: deliver <SYN SEQ=0 LEN=1>\) has another"),
        (_label(3, rules=("another",)), "step 4 .* has another effect"),
        (_label(6, link=1), "step 7 .* is not possible"),
    ],
)
def test_replay_rejects_a_tampered_path(
    tamper: Callable[[list[tuple[Step, World]]], None], says: str
) -> None:
    path = a_run()
    tamper(path.steps)
    with pytest.raises(Problem, match=says):
        MODEL.replay(path)


def test_replay_starts_where_the_system_does() -> None:
    path = a_run()
    with pytest.raises(Problem, match="does not start in the initial state"):
        MODEL.replay(Path(path.steps[0][1], path.steps[1:]))


def test_replay_is_of_the_rules_that_it_is_given() -> None:
    path = a_run()
    with pytest.raises(Problem, match=r"step 4 \(B: duplicate .* has another effect"):
        replace(MODEL, rules=replace(Rules(), three_way=False)).replay(path)


@pytest.mark.parametrize(
    "name, others",
    [("recycle", ["behind A's NAT"]), ("syn-cookie", ["strangers"]), ("two-listeners", [])],
)
def test_hosts_that_are_not_modelled_have_lifelines_where_they_act(
    name: str, others: list[str]
) -> None:
    told = tell(SCENARIOS[name])
    assert [*told.lifelines[2:]] == others
    theirs = [line for line in told.lines if line.passed]
    assert bool(theirs) == bool(others)
    for line in theirs:
        (message,) = line.sent
        assert (message.sender, message.receiver) == (2, line.actor) == (2, 1)
