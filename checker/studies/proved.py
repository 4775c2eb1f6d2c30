"""Theorems as rows of ``verify``'s report.

They stand beside the claims of the same name and not in their place: their scope is ``unbounded``,
and their rules and assumptions are their own. Certificates of what is proved are checked again by a
second solver, in a program that knows nothing of this one.
"""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path as FilePath

from checker.model.options import choose_rules, departures
from checker.studies.prove import certificates, prove, runs, statements
from checker.studies.reports import ClaimReport, Verdict
from checker.support.errors import INTERNAL, OK, VIOLATED, UsageProblem
from checker.support.program import called
from checker.support.workers import end_with_parent
from proofs.claims.claim import SOMETIMES, Claim
from proofs.theorems.table import THEOREMS, Theorem
from spec.tcp.inputs import Input
from spec.world.forgery import FORGERIES, Forgery

RECHECKED = "cvc5"
"""The solver that checks certificates again."""
WRONG = "recheck: "
"""How a line of ``proofs.recheck`` begins that tells what is wrong."""


def theorems(claims: Sequence[Claim]) -> list[Theorem]:
    """The theorems that have the names of claims, or say more of one (S2.rate)."""
    chosen = {claim.id for claim in claims}
    found = [t for t in THEOREMS if {t.id, t.id.rpartition(".")[0]} & chosen]
    if not found:
        named = [claim.id for claim in claims if claim.kind != SOMETIMES]
        raise UsageProblem(
            f"no theorem belongs to {', '.join(named)}; the theorems are "
            f"{', '.join(theorem.id for theorem in THEOREMS)}"
        )
    return found


def prove_theorems(
    todo: Sequence[Theorem],
    workers: int | None = None,
    progress: prove.Progress | None = None,
    checking: Callable[[str], None] | None = None,
) -> list[ClaimReport]:
    """Prove theorems, and have another solver check the certificates: a row for each.

    ``checking`` is told when the other solver begins.
    """
    whole = [theorem for some in prove.theories(todo) for theorem in some]
    proofs = prove.prove(whole, workers, progress)
    rows = [_row(t, proof) for proof in proofs for t in proof.theorems if t in todo]
    old = [statements.stale(proof.theorems, proof.theory) for proof in proofs]
    old += ["; ".join(runs.stale(proof.runs)) for proof in proofs]
    for what in old:
        for row in (row for row in rows if what and row.ok):
            row.verdict, row.ok, row.note = "not proved", False, what
    if all(row.ok for row in rows):
        if checking is not None:
            checking(f"{RECHECKED} checks the certificates again")
        code, said = _recheck(proofs, workers)
        for row in rows:
            if code == OK:
                row.solvers.append(RECHECKED)
            elif code == INTERNAL:
                row.note = f"not checked by a second solver: {said}"
            else:
                row.verdict = "not proved" if code == VIOLATED else "inconclusive"
                row.ok, row.note = False, f"{RECHECKED} did not accept the certificates: {said}"
        return rows
    for row in rows:
        if row.ok:
            row.note = "not checked by a second solver, since not all theorems were proved"
    return rows


def _row(theorem: Theorem, proof: prove.Proof) -> ClaimReport:
    """What came of a theorem."""
    theory = proof.theory
    verdict: Verdict = "inconclusive" if proof.verdict == "unknown" else "not proved"
    note = ""
    if proof.verdict == "proved":
        verdict = "holds"
    else:
        open_ = [what.name for what in (*proof.failed, *proof.undecided)] or ["all of them"]
        note = f"{proof.verdict}: {len(open_):,} of {len(proof.obligations):,} obligations are "
        note += f"open, first {open_[0]}; to see them: {called()} prove {theorem.id}"
    possible = {Input.TICK.value, *(kind.name for kind in theory.kinds)}
    if Forgery.ANY.value in possible:
        possible |= {what.value for what in FORGERIES}
    never = [what.value for what in (*Input, *FORGERIES) if what.value not in possible]
    if theorem.system is not None:
        never = []
    assumed = [
        f"{f.__name__}: {' '.join((f.__doc__ or '').split())}"
        for f in (*theorem.pairs, *theorem.facts)
    ]
    return ClaimReport(
        id=theorem.id,
        title=theorem.title,
        kind="theorem",
        verdict=verdict,
        expected="holds",
        ok=verdict == "holds",
        scope="unbounded",
        engine="induction",
        profile="",
        scale="",
        rules=departures(choose_rules(theorem.rules)),
        bounds={k: int(v) for k, v in theorem.bounds.items()},
        watchers=[watcher.name for watcher in theorem.watchers],
        states=0,
        transitions=0,
        depth=0,
        length=None,
        witness={},
        seconds=round(proof.seconds, 2),
        note=note,
        trace=None,
        obligations=len(proof.obligations),
        solvers=["z3"] if verdict == "holds" else [],
        assumptions=[*assumed, *([f"never: {', '.join(never)}"] if never else [])],
    )


def _recheck(proofs: Sequence[prove.Proof], workers: int | None) -> tuple[int, str]:
    """Have certificates checked by a program that knows nothing of us: its exit code, and what is
    wrong."""
    words = [sys.executable, "-m", "proofs.recheck", "--solver", RECHECKED]
    words += ["--jobs", str(workers)] if workers else []
    words += ["--statements", str(statements.PLACE)]
    with tempfile.TemporaryDirectory(prefix="synproof-") as folder:
        place = FilePath(folder) / "certificates"
        certificates.write(proofs, place)
        # In a session of its own, so that an interrupt comes to it once, from here
        run = subprocess.Popen(
            [*words, str(place)],
            cwd=FilePath(str(resources.files("proofs"))).parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 (one system call)
        )
        try:
            _, said = run.communicate()
        except BaseException:
            run.send_signal(signal.SIGINT)
            run.wait()
            raise
    lines = [line for line in said.splitlines() if line.startswith(WRONG)]
    return run.returncode, lines[0].removeprefix(WRONG) if lines else f"exit code {run.returncode}"
