"""The traced specification, exported as Promela, TLA+, Murphi, SMT-LIB or JavaScript; runs as ITF.

A text has the states and steps of one profile under one choice of rules, and the claims made
there. Claims are stated as what ought to be true of every state: a witness as that it is none,
so that a checker which finds the statement false has found the witness.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checker.exports.javascript import javascript
from checker.exports.murphi import murphi
from checker.exports.promela import promela
from checker.exports.smtlib import smtlib
from checker.exports.tlaplus import identifier, tlaplus
from checker.ir.tracing import Tree
from checker.model.model import Model
from checker.model.options import choose_claim, choose_profile, choose_rules, grown
from checker.model.traced import predicate
from checker.render.itf import itf
from checker.studies import trace
from checker.support.errors import INCONCLUSIVE, Problem, UsageProblem
from checker.support.names import unknown
from proofs.claims.claim import EVENTUALLY, REST, SOMETIMES, Claim
from proofs.claims.table import CLAIMS

KINDS = ("promela", "tlaplus", "murphi", "smtlib", "javascript", "itf")
"""What can be written."""

DEPTH = 4
"""The steps that an SMT-LIB script asks of, where nothing else is said: seconds for a solver."""


class NoRun(Problem):
    """There is no run to write."""

    code = INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Stated:
    """One profile under one choice of rules, and the claims made there."""

    profile: str
    model: Model
    claims: tuple[Claim, ...]


def stated(
    profile: str | None,
    claims: Sequence[str],
    rules: Mapping[str, Any],
    bounds: Mapping[str, Any],
    scale: str = "small",
) -> Stated:
    """What is to be written.

    The claims named must share a profile, unless one is given, and their rules. With none named
    it is those of the profile whose assumptions are the rules in force.
    """
    chosen = [choose_claim(id) for id in claims]
    for claim in chosen:
        if claim.kind == EVENTUALLY:
            raise UsageProblem(f"{claim.id} is of runs without end: exports have claims of states")
    profiles = dict.fromkeys([profile] if profile else [claim.profile for claim in chosen])
    if len(profiles) != 1:
        what = f"these are of {', '.join(profiles)}" if profiles else "name one, or a claim"
        raise UsageProblem(f"an export is of one profile; {what}")
    (one,) = profiles
    in_force = {choose_rules(claim.rules, rules) for claim in chosen}
    if len(in_force) > 1:
        raise UsageProblem(f"{', '.join(claims)} assume different rules: export them one by one")
    ruled = in_force.pop() if in_force else choose_rules(rules)
    if not chosen:
        chosen = [
            claim
            for claim in CLAIMS
            if claim.profile == one
            and claim.kind != EVENTUALLY
            and choose_rules(claim.rules, rules) == ruled
        ]
    limits = {**grown(one, scale), **bounds}
    made = choose_profile(one, limits, *(claim.profile for claim in chosen))
    return Stated(one, Model(ruled, *made), tuple(chosen))


def goods(
    what: Stated,
) -> tuple[dict[str, Tree], dict[str, tuple[Tree, frozenset[str]]]]:
    """What ought to be true: of every state, and of those where the system may rest."""
    traced = what.model.reduced
    trees = {c.id: predicate(c.predicate, traced, c.kind != SOMETIMES) for c in what.claims}
    idle = {c.id: c.idle for c in what.claims if c.kind == REST}
    return (
        {id: tree for id, tree in trees.items() if id not in idle},
        {id: (trees[id], actions) for id, actions in idle.items()},
    )


def texts(
    kind: str,
    profile: str | None = None,
    claims: Sequence[str] = (),
    rules: Mapping[str, Any] | None = None,
    bounds: Mapping[str, Any] | None = None,
    depth: int | None = None,
    free: bool = False,
    module: str | None = None,
) -> dict[str, str]:
    """The files of an export: names and texts, the one that the others go with first.

    ``module`` is the name of a TLA+ module, which must be that of its file.

    ``depth`` is the steps that an SMT-LIB script asks of. ``free`` is of SMT-LIB too: the initial
    sequence numbers are any, and have 32 bits unless ``bounds`` say otherwise.
    """
    if kind not in KINDS:
        raise unknown("export", kind, KINDS)
    if kind != "smtlib" and (depth is not None or free):
        raise UsageProblem(f"a depth and free ISNs are for smtlib, not for {kind}")
    limits = {"width": 32, **(bounds or {})} if free else dict(bounds or {})
    if kind == "itf":
        return _runs(stated(profile, claims, rules or {}, limits, "usual"), limits)
    what = stated(profile, claims, rules or {}, limits)
    name = what.claims[0].id if len(claims) == 1 else what.profile
    name = name.replace("-", "_").replace(".", "_")
    if kind == "smtlib":
        return {f"{name}.smt2": _script(what, DEPTH if depth is None else depth, free)}
    model = what.model.composition
    always, resting = goods(what)
    if kind == "javascript":
        resting_too = {id: tree for id, (tree, _) in resting.items()}
        return {f"{name}.mjs": javascript(model, {**always, **resting_too}, _headed(what))}
    if kind == "promela":
        return {f"{name}.pml": promela(model, always, resting)}
    if kind == "murphi":
        return {f"{name}.m": murphi(model, always, resting)}
    if module is not None and identifier(module) != module:
        raise UsageProblem(
            f"{module!r} is no name of a TLA+ module, and a file is named after its module"
        )
    name = module or identifier(name)
    text, configuration = tlaplus(model, always, resting, name)
    return {f"{name}.tla": text, f"{name}.cfg": configuration}


def text(
    kind: str,
    profile: str | None = None,
    claims: Sequence[str] = (),
    rules: Mapping[str, Any] | None = None,
    bounds: Mapping[str, Any] | None = None,
    depth: int | None = None,
    free: bool = False,
) -> str:
    """The first of the files; of runs there must be no other."""
    files = texts(kind, profile, claims, rules, bounds, depth, free)
    if kind == "itf" and len(files) > 1:
        raise UsageProblem(f"one run is one text; name one of {', '.join(files)}")
    return next(iter(files.values()))


def _headed(what: Stated) -> str:
    """What an ES module is of, in one line."""
    others = ", ".join(f"{name}={value}" for name, value in what.model.departures.items())
    return f"The profile {what.profile}{f', under {others}' if others else ''}."


def _script(what: Stated, depth: int, free: bool) -> str:
    resting = [claim.id for claim in what.claims if claim.kind == REST]
    if resting and len(resting) == len(what.claims):
        raise UsageProblem(f"{', '.join(resting)}: SMT-LIB scripts do not look for deadlocks")
    if not free:
        return smtlib(what.model.composition, goods(what)[0], depth)
    opened = what.model.open_composition()
    names = [[str(isn) for isn in mine] for mine in opened.draws]
    assumed = [term.sexpr() for term in opened.assumptions]
    return smtlib(opened, goods(what)[0], depth, names, assumed)


def _runs(what: Stated, bounds: Mapping[str, Any]) -> dict[str, str]:
    """The run that decides each claim that one decides, from one exploration: the same as ``trace``
    draws, at the same scale. Raises NoRun if there is none."""
    found = what.model.decide(what.claims)
    files = {}
    for claim in what.claims:
        path = found.paths.get(claim.id)
        if path is not None:
            what.model.confirm(claim, path)
            files[f"{claim.id}.itf.json"] = itf(
                trace.tell(what.model, claim, path, what.profile, bounds)
            )
    if not files:
        ids = ", ".join(claim.id for claim in what.claims) or f"no claim of {what.profile}"
        states = f"{found.exploration.states:,} states"
        why = "" if found.exploration.complete else f", then {found.exploration.why}"
        raise NoRun(f"{ids}: no run decides this in {states}{why}: nothing to write")
    return files
