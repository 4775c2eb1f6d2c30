"""What the kernel did, beside what the checker says: the same claim under the same settings.

The checker's run is its own: the shortest that violates a claim, or shows a witness. What is
compared is how it ends: the state of both ends, and how many requests the server's application was
given. An octet stands for a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

from checker.engines.explicit.engine import Path
from checker.model.model import Model
from checker.model.options import choose_profile, choose_rules
from proofs.claims.table import BY_ID
from spec.rules import Cookies, KeepAlive
from spec.tcp.tcb import State
from spec.world.system import World
from tests.lab.bench import REQUEST, Case, Seen


@dataclass(frozen=True)
class Run:
    """The claim that a run of the checker decides; and switches other than the claim's."""

    claim: str
    rules: Mapping[str, Any] = field(default_factory=dict)


COMPARED: dict[tuple[str, int], Run] = {
    # An experiment and the number of its setting
    ("drained_in_time", 0): Run("WS6"),
    ("drained_in_time", 1): Run("WS9"),
    ("drained_in_time", 2): Run("WS8.reset"),
    ("never_drained", 0): Run("S7"),
    ("never_drained", 1): Run("S7"),
    ("never_drained", 4): Run("S9"),
    ("never_drained", 6): Run("WS8.reset"),
    ("never_drained", 7): Run("S8.lost"),
    ("third_segment_lost", 0): Run("S10"),
    ("third_segment_lost", 1): Run("WS10.request"),
    ("fast_open", 0): Run("S16"),
    ("keep_alive", 0): Run("K2"),
    ("keep_alive", 4): Run("K1", {"keep_alive": KeepAlive.OFF}),
}


@dataclass(frozen=True)
class End:
    """How a run ends. None is what the kernel was not asked for."""

    client: str | None
    server: str | None
    requests: int | None


def of_kernel(seen: Seen) -> End:
    """... in the lab."""
    requests = None if seen.read is None else seen.read.count(REQUEST.decode())
    return End(seen.client, seen.server, requests)


def of_checker(run: Run, asked: End) -> End:
    """... by the checker; what the kernel was not asked for is left out."""
    path, buffer = _path(run.claim, tuple(run.rules.items()))
    worlds: list[World] = [path.start, *(world for _, world in path.steps)]
    client, server = (end.tcb.state.value for end in worlds[-1].hosts)
    return End(
        None if asked.client is None else client,
        None if asked.server is None else server,
        None if asked.requests is None else _requests(worlds, buffer),
    )


def _requests(worlds: list[World], buffer: int) -> int:
    """How often the server's buffer took an octet."""
    ends = [world.hosts[1].tcb for world in worlds]
    windows = [buffer if tcb.state == State.CLOSED else tcb.rcv.wnd for tcb in ends]
    return sum(now < was for was, now in pairwise(windows))


@cache
def _path(id: str, rules: tuple[tuple[str, Any], ...]) -> tuple[Path, int]:
    """The run, and how large the buffer is."""
    claim = BY_ID[id]
    model = Model(choose_rules(claim.rules, dict(rules)), *choose_profile(claim.profile, {}))
    return model.decide([claim]).paths[id], model.bounds.window


def differ(run: Run, case: Case) -> list[str]:
    """Settings of the kernel that the claim does not have."""
    rules = choose_rules(BY_ID[run.claim].rules, run.rules)
    return [
        f"{name}={value}: {shown}"
        for name, value in case.sysctls.items()
        if name in SETTINGS and (shown := SETTINGS[name](rules)) != value
    ]


SETTINGS: dict[str, Any] = {
    "tcp_syncookies": lambda rules: list(Cookies).index(rules.syncookies),
    "tcp_abort_on_overflow": lambda rules: int(rules.abort_on_overflow),
    "tcp_fastopen": lambda rules: 3 if rules.fast_open else 1,
}
"""What a setting of the kernel is in the specification's rules."""
