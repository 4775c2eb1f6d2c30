"""``conform``: captures are followed from beginning to end, and what came of them is reported."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from math import inf
from pathlib import Path
from typing import TypeVar

from checker.capture import Damage, Frame, Packet, Unread, frames
from checker.capture.segments import socket
from checker.conform import several
from checker.conform.behaviour import Behaviour
from checker.conform.connection import Connection, Verdict
from checker.conform.data import Watch as Data
from checker.conform.follow import MIDDLE, Follower, Place, Position
from checker.conform.ladder import picture
from checker.conform.places import places
from checker.conform.quiet import NOBODY
from checker.conform.report import Output, Result, Show, Told, result
from checker.conform.several import FIRST, LAST, Share
from checker.conform.shards import ALL
from checker.dataplane.judge import Timing
from checker.listeners import findings
from checker.listeners.requests import Listeners
from checker.render import Story
from checker.render.text import counted
from checker.support import terminal
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.files import Whole, apart, folder
from checker.support.machine import seldom_collected
from checker.support.names import unknown
from checker.support.paths import shown
from spec.tcp.tcb import State

QUIET = True
"""Are quiet connections followed by numbers? Tests ask for both ways."""
LISTED = 1_000
"""Listeners of a capture that the report has, those with most SYNs."""
_WORST = [Verdict.DEVIATES, Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE, Verdict.CONFORMS]
_T = TypeVar("_T")


def conform(
    captures: Sequence[Path],
    behaviour: Behaviour,
    at: str = "",
    peer: Path | None = None,
    out_json: Path | None = None,
    out_junit: Path | None = None,
    svg: Path | None = None,
    show: Show | None = None,
    data: Timing | None = None,
    workers: int = 1,
) -> int:
    """Follow captures; the exit code. ``data``: their data plane is judged, too, by these timers.
    ``workers``: processes, between which connections are divided.

    Raises the Problem of a picture that could not be drawn at the end, when all else is written.
    """
    apart((out_json, out_junit), [*captures, *([peer] if peer is not None else [])])
    if svg is not None:
        folder(svg)
    output = Output(svg=svg, show=show or Show())
    done = False
    try:
        output.json = Whole(out_json) if out_json is not None else None
        output.junit = Whole(out_junit) if out_junit is not None else None
        output.start()
        if peer is not None:
            if len(captures) != 1:
                raise UsageProblem("--peer-capture goes with one capture")
            _both(captures[0], peer, behaviour, output, data)
        else:
            for capture in captures:
                _one(capture, behaviour, position(at), output, data, workers)
        output.finish()
        done = True
    finally:
        output.close(done)
    counts, unread = output.counts, output.totals.unread.total()
    said = ", ".join(f"{counts[v]} {v.value}" for v in Verdict if counts[v]) or "no connections"
    print(f"{said}; {counted(unread, 'frame')} not read" if unread else said, file=sys.stderr)
    if output.problem is not None:
        raise output.problem
    if counts[Verdict.DEVIATES]:
        return VIOLATED
    damaged = any(s["damage"] for s in output.summary)
    whole = counts[Verdict.CONFORMS] == sum(counts.values()) > 0
    return OK if whole and not damaged and not unread else INCONCLUSIVE


def position(words: str) -> Position:
    """From ``--at``: an address, ``client``, ``server`` or ``middle``."""
    import ipaddress

    if words in ("", "middle"):
        return MIDDLE
    if words in ("client", "server"):
        return Position(role=words)
    try:
        return Position(frozenset({ipaddress.ip_address(words).packed}))
    except ValueError:
        raise UsageProblem(f"--at {words!r} is not an address, client, server or middle") from None


def _one(
    capture: Path,
    behaviour: Behaviour,
    where: Position,
    output: Output,
    data: Timing | None,
    workers: int,
) -> None:
    teller = output.teller()
    drawing = output.svg is not None

    def share(
        mine: frozenset[int],
        tell: Callable[[Place, Told], None],
        passed: Callable[[int], None] | None = None,
    ) -> Share:
        """Of one process, which follows the shards ``mine``."""
        first = FIRST in mine
        listeners = Listeners() if first else None
        watch, began = Data(data), 0.0
        watcher = None if not QUIET else listeners or NOBODY

        def done(connection: Connection) -> None:
            drawn = picture(connection) if drawing and connection.deviation is not None else None
            one = result(shown(capture), connection, watch.close(connection))
            tell(follower.place, teller.tell(one, drawn))

        def segments(of: Iterable[Frame]) -> Iterator[Packet | Unread]:
            nonlocal began
            rest = iter(of)
            head = [*islice(rest, 1)]
            began = head[0].time if head else 0.0
            for item in watch.over(follower, chain(head, rest), watcher):
                if listeners is not None:
                    listeners.take(item)
                yield item

        follower = Follower(behaviour, where, done, mine=mine, passed=passed)
        found = followed(capture, follower, segments, tells=LAST in mine)
        if listeners is not None:
            found.listeners, found.began = listeners.finish(), began
        return found

    count = several.processes(capture, workers)
    if count == 1:
        shares = [share(ALL, lambda _, told: output.tell(told))]
    else:
        shares = several.followed(capture, count, share, output.tell)
    _note(shares, output)
    listening, began = shares[0].listeners, shares[0].began
    if output.json is not None:
        output.summary[-1]["listeners"] = [
            findings.as_json(one, began) for one in listening[:LISTED]
        ]
    output.troubles += findings.troubles(listening, began, "narrate --port N", terminal.room())


def follow(
    capture: Path,
    behaviour: Behaviour,
    where: Position,
    done: Callable[[Connection], None],
    output: Output,
    reader: Callable[[Follower, Iterable[Frame]], Iterable[Packet | Unread]],
) -> None:
    """One capture, from its beginning to its end or to where it is damaged.

    ``reader`` is who reads the frames: more is to be seen of them than the segments.
    """
    follower = Follower(behaviour, where, done)
    _note([followed(capture, follower, lambda of: reader(follower, of))], output)


def followed(
    capture: Path,
    follower: Follower,
    reader: Callable[[Iterable[Frame]], Iterable[Packet | Unread]],
    tells: bool = True,
) -> Share:
    """What ``follower`` has seen of a capture; ``tells``: is it this process that tells how far it
    is, and of frames that are out of order?"""
    name, damage = shown(capture), ""
    watch = _Watch(name)
    try:
        with seldom_collected():
            of = frames(capture)
            follower.feed(reader(watch.over(of) if tells else of))
    except Damage as error:
        damage = str(error)
    follower.finish()
    return Share(
        name, follower.segments, follower.missed, follower.unread, damage, watch.moved, watch.left
    )


def _note(shares: Sequence[Share], output: Output) -> None:
    """Tell what there is to tell of a capture as a whole, of which each process has its share.

    What does not depend on connections, the first of them tells.
    """
    first = shares[0]
    name, unread = first.capture, first.unread
    missed = sum(one.missed for one in shares)
    moved, left = sum(one.moved for one in shares), sum(one.left for one in shares)
    if first.damage:
        print(f"{name}: {first.damage}; what came before was followed", file=sys.stderr)
    for why, count in unread.items():
        print(f"{name}: {counted(count, 'frame')} not read: {why}", file=sys.stderr)
    if missed:
        print(f"{name}: {counted(missed, 'connection')} not judged: the capture is from "
              "neither of their ends", file=sys.stderr)  # fmt: skip
    if moved:
        print(f"{name}: {counted(moved, 'frame')} put in the order of the time stamps, in "
              "which packets are numbered", file=sys.stderr)  # fmt: skip
    if left:
        print(
            f"{name}: {counted(left, 'frame')} older than what stands before, and left "
            "there: was the clock set back, or are these several captures?",
            file=sys.stderr,
        )
    output.totals.unread.update(unread)
    output.summary.append(
        {
            "capture": name,
            "segments": sum(one.segments for one in shares),
            "unread": dict(unread),
            "damage": first.damage,
            "moved": moved,
            "out_of_order": left,
        }
    )


class _Watch:
    """Tells now and then how far it is, and counts what the file has in another order than time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.moved = 0  # frames that were put in the order of time
        self.left = 0  # frames that were not

    def over(self, items: Iterable[Frame]) -> Iterator[Frame]:
        began = time.monotonic()
        told, newest, before = began + 2, 0, -inf
        for count, frame in enumerate(items):
            if not count & 0x3FFF and time.monotonic() > told:
                told = time.monotonic() + 10
                rate = count / (told - 10 - began)
                print(f"{self.name}: {count:,} frames, {rate:,.0f}/s", file=sys.stderr)
            if frame.number < newest:
                self.moved += 1
            else:
                newest = frame.number
            if frame.time < before:
                self.left += 1
            before = frame.time
            yield frame


def _both(
    capture: Path, peer: Path, behaviour: Behaviour, output: Output, data: Timing | None
) -> None:
    """Each end is judged by the capture that was taken there.

    All results are kept until both captures were followed; the connections are not.
    """
    here, there = places(capture, peer)
    teller = output.teller()
    found: list[dict[str, list[tuple[Result, Story | None]]]] = []
    for path, where in ((capture, here), (peer, there)):
        results: dict[str, list[tuple[Result, Story | None]]] = {}
        watch = Data(data)

        def done(
            connection: Connection,
            watch: Data = watch,
            results: dict[str, list[tuple[Result, Story | None]]] = results,
            path: Path = path,
        ) -> None:
            key = "-".join(sorted(map(socket, connection.flow.sockets)))
            drawing = output.svg is not None and connection.deviation is not None
            drawn = picture(connection) if drawing else None
            results.setdefault(key, []).append(
                (result(shown(path), connection, watch.close(connection)), drawn)
            )

        follow(path, behaviour, where, done, output, watch.over)
        found.append(results)
    for key in dict.fromkeys([*found[0], *found[1]]):
        mine, theirs = found[0].get(key, []), found[1].get(key, [])
        for i in range(max(len(mine), len(theirs))):
            pair = [side[i] for side in (mine, theirs) if i < len(side)]
            worst = min((one for one, _ in pair), key=lambda one: _WORST.index(one.verdict))
            silent = [one for one, _ in pair if one.silent]
            if worst in silent and len(silent) < len(pair):
                worst = next(one for one, _ in pair if one not in silent)
            drawn = next(story for one, story in pair if one is worst)
            first = pair[0][0]
            joined = replace(
                first,
                capture=shown(capture),
                verdict=worst.verdict,
                reason=worst.reason,
                life=[(Path(one.capture).name, event) for one, _ in pair for _, event in one.life],
                more=sum(one.more for one, _ in pair),
                segments=[],  # the two captures do not number them alike
                left=_either([one.left for one, _ in pair]),
                octets=_either([one.octets for one, _ in pair]),
                lacks=_either([one.lacks for one, _ in pair]),
                facts=dict(sum((Counter(one.facts) for one, _ in pair), Counter())),
                unusual=sorted({sign for one, _ in pair for sign in one.unusual}),
                deviation=worst.deviation,
                data=[check for one, _ in pair for check in one.data],
            )
            output.tell(teller.tell(joined, drawn))


def _either(pairs: list[tuple[_T, _T]]) -> tuple[_T, _T]:
    """Of each end, what one of the captures tells."""
    one, other = ([pair[side] for pair in pairs] for side in (0, 1))
    return next(filter(None, one), one[0]), next(filter(None, other), other[0])


def choose(only: Sequence[str], state: str, most: int, verbose: bool) -> Show:
    """What is told on the terminal, from the words after ``--only``, ``--state`` and ``--most``."""
    verdicts = {verdict.value: verdict for verdict in Verdict}
    for word in only:
        if word not in verdicts:
            raise unknown("verdict", word, verdicts)
    states = {one.value: one.value for one in State}
    name = state.upper().replace("_", "-")
    if state and name not in states:
        raise unknown("state", state, states)
    chosen = frozenset(verdicts[word] for word in only) or frozenset(Verdict)
    return Show(verbose, chosen, name, most)
