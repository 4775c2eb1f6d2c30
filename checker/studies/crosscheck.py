"""``crosscheck``: independent model checkers on the exports, against the reference explorer.

Of each case, which is a profile under some rules, the explorer visits every state. Then each peer
does, on its export of the traced specification, with the claims that the explorer found to hold: it
must count the same states, transitions and depth (if it tells it), and find no claim violated. Each
claim that a run decides (a violation, or a witness) is checked once more by itself, breadth-first:
the peer's run must be as short as the explorer's.

A peer that did not finish counts as agreeing with nobody, whatever it counted.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from checker.engines.explicit.engine import Exploration
from checker.engines.explicit.reference import explore
from checker.engines.peers import rumur, spin, tlc
from checker.engines.peers.peer import PeerRun
from checker.exports.guarded import Resting
from checker.exports.murphi import murphi
from checker.exports.promela import name_of, promela
from checker.exports.tlaplus import tlaplus
from checker.ir.composition import Composition
from checker.ir.tracing import Tree
from checker.model.model import check_of
from checker.model.options import choose_claims, choose_rules
from checker.studies.export import Stated, goods, stated
from checker.studies.trace import FURTHER
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, ToolProblem
from checker.support.names import unknown
from proofs.claims.claim import EVENTUALLY, SOMETIMES, Claim
from spec.rules import Congestion, Rules

DEFAULT: tuple[tuple[tuple[str, ...], dict[str, Any], dict[str, Any]], ...] = (
    (("T10", "W10"), {}, {}),
    (("D1", "WD"), {}, {"in_flight": 1}),
    (("T1", "T2", "W1", "W2"), {"three_way": False}, {"in_flight": 1}),
    (("T3", "W3"), {"time_wait_cut": 2}, {"in_flight": 1}),
    (("T7", "T7.self", "W7"), {}, {"in_flight": 1}),
    (("K5", "WK5"), {}, {"in_flight": 1}),
    (("S5m", "WS5m"), {}, {"in_flight": 1}),
    (("S18", "WS18"), {}, {}),
    (("D8", "WD8"), {"congestion": Congestion.NONE}, {}),
)
"""What is compared if nothing is named: claims, rules and bounds on top of theirs. Small, and
between them they have claims of every kind, time, what must happen before time goes on, crashes,
forgeries, listeners, a data plane, and two mechanisms less."""


# Peers


class Peer(Protocol):
    """Another model checker, on one case."""

    def check(self, claims: Sequence[str], timeout: float | None) -> PeerRun:
        """Visit every state, breadth-first, or stop at one that violates one of ``claims``."""


@dataclass(frozen=True, slots=True)
class Source:
    """One case as the exports take it."""

    model: Composition
    always: Mapping[str, Tree]
    resting: Resting

    def with_claims(self, claims: Sequence[str]) -> tuple[Composition, dict[str, Tree], Resting]:
        """What an export takes that states these claims alone."""
        always = {id: tree for id, tree in self.always.items() if id in claims}
        return self.model, always, {id: at for id, at in self.resting.items() if id in claims}


class Spin:
    """SPIN; one text serves every choice of claims."""

    def __init__(self, source: Source) -> None:
        self.text = promela(source.model, source.always, source.resting)

    def check(self, claims: Sequence[str], timeout: float | None) -> PeerRun:
        # What is compared is small: to compile it with care takes longer than to run it.
        names = [name_of(id) for id in claims]
        return spin.run(self.text, "bfs", names, timeout=timeout, optimise="-O0")


class Tlc:
    """TLC; the module states the claims to be checked."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def check(self, claims: Sequence[str], timeout: float | None) -> PeerRun:
        return tlc.run(*tlaplus(*self.source.with_claims(claims)), timeout=timeout)


class Rumur:
    """Rumur; the text states the claims to be checked."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def check(self, claims: Sequence[str], timeout: float | None) -> PeerRun:
        text = murphi(*self.source.with_claims(claims))
        return rumur.run(text, timeout=timeout, optimise="-O0")


PEERS: dict[str, type[Spin] | type[Tlc] | type[Rumur]] = {
    "spin": Spin,
    "tlc": Tlc,
    "rumur": Rumur,
}
"""The peers, by the name that the command line gives them."""


def missing(peer: str) -> str:
    """Why ``peer`` cannot be asked; nothing if it can."""
    if peer == "tlc":
        try:
            tlc.tools()
        except ToolProblem as problem:
            return str(problem)
        return ""
    programs = [program for program in (peer, "gcc") if shutil.which(program) is None]
    return f"not installed: {', '.join(programs)}" if programs else ""


def available(asked: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The peers to ask, and why the others are skipped; one asked for must be there."""
    for name in asked:
        if name not in PEERS:
            raise unknown("peer", name, PEERS)
    reasons = {name: missing(name) for name in asked or PEERS}
    skipped = {name: why for name, why in reasons.items() if why}
    if asked and skipped:
        raise ToolProblem("; ".join(f"{name}: {why}" for name, why in skipped.items()))
    return [name for name in reasons if name not in skipped], skipped


# Comparison


@dataclass(frozen=True, slots=True)
class Row:
    """One thing compared: what each says of it, and whether they agree (None: one cannot say)."""

    what: str
    reference: str
    peers: Mapping[str, str]
    agreed: bool | None


@dataclass(slots=True)
class Compared:
    """One case: what was compared, and remarks on what could not be."""

    case: Stated
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def cases(
    ids: Sequence[str],
    profile: str | None,
    rules: Mapping[str, Any],
    bounds: Mapping[str, Any],
) -> list[Stated]:
    """What is to be compared: the claims or the profile named, or else ``DEFAULT``."""
    if profile is not None:
        return [stated(profile, ids, rules, bounds)]
    if ids:
        groups: dict[tuple[str, Rules], list[str]] = {}
        for claim in choose_claims(ids):
            if claim.kind == EVENTUALLY and claim.id not in ids:
                continue  # it came along with another, and has no export
            chosen = choose_rules(claim.rules, rules)
            groups.setdefault((claim.profile, chosen), []).append(claim.id)
        return [stated(None, group, rules, bounds) for group in groups.values()]
    return [
        stated(None, claims, {**own_rules, **rules}, {**own_bounds, **bounds})
        for claims, own_rules, own_bounds in DEFAULT
    ]


def compare(
    case: Stated,
    peers: Iterable[str],
    max_states: int | None = None,
    timeout: float | None = None,
) -> Compared:
    """Explore ``case``, and let each of ``peers`` do the same."""
    checks = {claim.id: check_of(claim) for claim in case.claims}
    model = case.model
    reference = explore(
        model.system, checks, graph=False, max_states=max_states, stop_when_decided=False
    )
    found = Compared(case)
    if not reference.complete:
        more = FURTHER if reference.limited else ""
        found.notes.append(f"the explorer: {reference.why}{more}")
        return found
    source = Source(model.composition, *goods(case))
    lengths = {id: len(path.steps) for id, path in reference.decisive.items()}
    runs = {
        name: _runs(PEERS[name](source), [c.id for c in case.claims], lengths, timeout)
        for name in peers
    }
    if runs:
        found.rows = list(_rows(case, reference, lengths, runs))
        found.notes += [
            f"{name}: {run.note}"
            for name, (whole, single) in runs.items()
            for run in (whole, *single.values())
            if run.note
        ]
    return found


Runs = tuple[PeerRun, dict[str, PeerRun]]
"""A peer's run to the end, and one for each claim that the explorer decided by a path."""


def _runs(
    peer: Peer, ids: Sequence[str], lengths: Mapping[str, int], timeout: float | None
) -> Runs:
    whole = peer.check([id for id in ids if id not in lengths], timeout)
    return whole, {id: peer.check([id], timeout) for id in lengths}


def _rows(
    case: Stated, reference: Exploration, lengths: Mapping[str, int], runs: Mapping[str, Runs]
) -> Iterator[Row]:
    counts = ("states", reference.states), ("transitions", reference.transitions)
    for what, count in (*counts, ("depth", reference.depth)):
        yield _row(
            what,
            f"{count:,}",
            {
                name: _counted(whole, what) if whole.complete else _unfinished(whole)
                for name, (whole, _) in runs.items()
            },
        )
    for claim in case.claims:
        said = {}
        for name, (whole, single) in runs.items():
            run = single.get(claim.id, whole)
            said[name] = _undecided(claim) if run.complete else _unfinished(run, claim)
        if claim.id in lengths:
            yield _row(claim.id, _decided(claim, lengths[claim.id]), said)
        else:
            yield _row(claim.id, _undecided(claim), said)


_UNKNOWN = "?"
_UNTOLD = "-"


def _counted(run: PeerRun, what: str) -> str:
    """A count of a run that visited every state; Rumur alone tells no depth."""
    count = getattr(run, what)
    if count is None and what == "depth" and run.tool == "rumur":
        return _UNTOLD
    return f"{count or 0:,}"


def _row(what: str, reference: str, peers: Mapping[str, str]) -> Row:
    """All agree, or one disagrees; a peer that did not finish says neither (None)."""
    if any(said not in (reference, _UNKNOWN, _UNTOLD) for said in peers.values()):
        return Row(what, reference, peers, False)
    return Row(what, reference, peers, None if _UNKNOWN in peers.values() else True)


def _decided(claim: Claim, length: int) -> str:
    return f"{'seen' if claim.kind == SOMETIMES else 'violated'} in {length}"


def _undecided(claim: Claim) -> str:
    return "not seen" if claim.kind == SOMETIMES else "holds"


def _unfinished(run: PeerRun, claim: Claim | None = None) -> str:
    """What a run says that did not visit every state: a violation, or nothing."""
    if run.violated is None or run.length is None:
        return _UNKNOWN
    return f"stopped in {run.length}" if claim is None else _decided(claim, run.length)


def exit_code(results: Sequence[Compared]) -> int:
    """1 if anything differs, else 3 if anything could not be compared, else 0."""
    rows = [row for result in results for row in result.rows]
    if any(row.agreed is False for row in rows):
        return VIOLATED
    if any(not result.rows for result in results) or any(row.agreed is None for row in rows):
        return INCONCLUSIVE
    return OK if rows else INCONCLUSIVE
