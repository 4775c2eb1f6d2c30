"""``prove``: theorems proved without bounds, and what their parts are there for."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from checker.cli import given, progress
from checker.cli.options import WorkersOption, as_options, names_of
from checker.model.options import choose_rules, departures, show
from checker.studies.prove import TIMEOUT
from checker.support import files
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.program import say

if TYPE_CHECKING:
    from checker.studies.prove.families import Followed
    from checker.studies.prove.needed import Needed
    from checker.studies.prove.prove import Proof
    from checker.studies.prove.why import Why
    from proofs.theorems.families import Family
    from proofs.theorems.table import Theorem


def _theorems() -> list[str]:
    from proofs.theorems.table import THEOREMS

    return [theorem.id for theorem in THEOREMS]


def prove(
    claims: Annotated[
        list[str] | None, typer.Argument(metavar="[CLAIM ...]", autocompletion=names_of(_theorems))
    ] = None,
    out: Annotated[
        Path,
        typer.Option(help="Where to write the certificates; older ones there are replaced."),
    ] = Path("build/certificates"),
    json: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds for one question to the solver.")
    ] = TIMEOUT,
    workers: WorkersOption = None,
    needed: Annotated[
        bool,
        typer.Option(
            "--needed", help="Instead, drop each assumption: the proof fails, and a run is found."
        ),
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="THEOREM",
            help="Leave a theorem out. May be given several times.",
            autocompletion=names_of(_theorems),
        ),
    ] = None,
    families: Annotated[
        bool,
        typer.Option(
            "--families", help="Instead, only show the runs for every TIME-WAIT that is too short."
        ),
    ] = False,
    why: Annotated[
        bool,
        typer.Option("--why", help="Instead, leave out each clause: what fails first without it?"),
    ] = False,
    pin: Annotated[
        bool, typer.Option("--pin", help="With --why: rewrite why.toml with what is found.")
    ] = False,
    statements: Annotated[
        bool,
        typer.Option(
            "--statements",
            help="Instead, only write down what there is to prove, proofs/statements, and a run "
            "that meets what is assumed, proofs/results/runs.toml.",
        ),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Ask all anew, also what was proved before and has not changed."
        ),
    ] = False,
) -> None:
    """Prove claims without bounds, all or those named, and write the certificates.

    list theorems says what there is to prove.
    """
    from checker.studies.prove.prove import select

    if needed + families + why + statements > 1:
        raise UsageProblem("--needed, --families, --why and --statements exclude each other")
    if needed:
        given.only("--needed", "claims", "json", "workers", "timeout")
    if families:
        given.only("--families", "claims", "without", "json", "timeout")
    if statements:
        given.only("--statements", "claims", "without")
    if why:
        given.only("--why", "claims", "without", "json", "workers", "timeout", "pin")
    else:
        given.needs("--why, since proofs themselves have no pins", "pin")
    left = {theorem.id for theorem in select(without)} if without else set()
    theorems = [theorem for theorem in select(claims or []) if theorem.id not in left]
    if not theorems:
        raise UsageProblem("--without leaves no theorem to prove")
    if json is not None:
        files.writable(json)
    if needed:
        raise typer.Exit(_needed(claims or [], json, workers, timeout))
    if families:
        raise typer.Exit(_families(theorems, json, timeout))
    if statements:
        raise typer.Exit(_statements(theorems))
    if why:
        raise typer.Exit(_why(theorems, json, workers, timeout, pin))
    raise typer.Exit(_proofs(theorems, json, workers, timeout, out, not fresh))


def _proofs(
    theorems: "Sequence[Theorem]",
    json: Path | None,
    workers: int | None,
    timeout: float,
    out: Path,
    remember: bool,
) -> int:
    """The proofs themselves, and their certificates."""
    from checker.studies.prove import certificates, families, prove, statements
    from checker.studies.prove import runs as walks
    from checker.studies.prove.report import report

    certificates.require_place(out)
    theorems = [theorem for some in prove.theories(theorems) for theorem in some]
    began = time.monotonic()
    with progress.proofs() as tell:
        proofs = prove.prove(theorems, workers, tell, timeout, remember=remember)
    if any(proof.failed for proof in proofs):
        told = Console(stderr=True, soft_wrap=True, highlight=False)
        told.print("[dim]looking for real runs to each failure: at most half a minute each[/]")
        prove.explore(proofs, workers)
        prove.shrink(proofs, workers, timeout)
    runs = _follow(families.select(theorems), timeout)
    seconds = time.monotonic() - began
    if json is not None:
        files.write_json(json, report(proofs) | {"families": families.report(runs)})
    code = max(
        prove.exit_code(proofs), families.exit_code(runs), key=(OK, INCONCLUSIVE, VIOLATED).index
    )
    said = f"certificates are in {out}"
    stale = [what for what in (statements.stale(p.theorems, p.theory) for p in proofs) if what]
    stale += [what for proof in proofs for what in walks.stale(proof.runs)]
    if stale:
        code = VIOLATED
    if code == OK:
        certificates.write(proofs, out, runs)
    else:
        certificates.discard(out)
        said = "no certificates were written"
    print_families(runs)
    print_proofs(proofs, f"{seconds:.0f} s; {said}")
    for what in stale:
        say(what)
    return code


def _statements(theorems: "Sequence[Theorem]") -> int:
    """Write down what there is to prove of each theory."""
    from checker.studies.prove import prove, runs, statements
    from checker.studies.prove.theories import theory

    todo = prove.theories(theorems)
    with progress.counted("statements") as tell:
        for n, some in enumerate(todo):
            tell(some[0].id, n, len(todo))
            changed = statements.write(some, theory(some))
            print(f"{some[0].id}.txt: {'written anew' if changed else 'as it was'}", flush=True)
            found = runs.witnesses(some)
            runs.pin(found)
            for id, one in found.items():
                print(f"  {id}: {one}", flush=True)
    return OK


def _needed(ids: Sequence[str], json: Path | None, workers: int | None, timeout: float) -> int:
    """Each assumption dropped."""
    from checker.studies.prove import needed

    began = time.monotonic()
    tell = progress.each(lambda one: f"{one.need.theorem}: {one.need.title}: {one.verdict}")
    found = needed.needed(needed.select(ids), workers, tell, timeout)
    if json is not None:
        files.write_json(json, needed.report(found))
    print_needed(found, time.monotonic() - began)
    return needed.exit_code(found)


def _families(theorems: "Sequence[Theorem]", json: Path | None, timeout: float) -> int:
    """The runs for every TIME-WAIT that is too short."""
    from checker.render import show
    from checker.studies.prove import families
    from checker.studies.prove.report import VERSION

    if not families.select(theorems):
        raise UsageProblem(f"there are no families of {', '.join(x.id for x in theorems)}")
    runs = _follow(families.select(theorems), timeout)
    if json is not None:
        files.write_json(json, {"version": VERSION, "families": families.report(runs)})
    for one in runs:
        print("\n".join([*families.heading(one), ""]))
        if one.story is not None:
            show(one.story)
            print()
    print_families(runs)
    return families.exit_code(runs)


def _why(
    theorems: "Sequence[Theorem]",
    json: Path | None,
    workers: int | None,
    timeout: float,
    pin: bool,
) -> int:
    """Each clause left out."""
    from checker.studies.prove import why

    began = time.monotonic()
    reasons = _reasons(theorems, workers, timeout, pin)
    if json is not None:
        files.write_json(json, why.report(reasons))
    print_why(reasons, time.monotonic() - began)
    return why.exit_code(reasons)


def _follow(families: "Sequence[Family]", timeout: float) -> "list[Followed]":
    """Follow the runs of families, one after the other."""
    from checker.studies.prove.families import follow

    found: list[Followed] = []
    with progress.counted("families") as tell:
        for family in families:
            tell(family.id, len(found), len(families))
            found.append(follow(family, timeout))
    return found


def _reasons(
    theorems: "Sequence[Theorem]", workers: int | None, timeout: float, pin: bool
) -> "list[Why]":
    """Why each clause is there, theory by theory: what is pinned of one stays if the next is
    interrupted. One that is not proved is shown, and ends it."""
    from checker.studies.prove import prove, why

    found = []
    for some in prove.theories(theorems):
        with progress.proofs() as tell:
            proofs = prove.prove(some, workers, tell, timeout)
        if prove.exit_code(proofs) != OK:
            print_proofs(proofs, "and --why needs theorems that are proved")
            raise typer.Exit(prove.exit_code(proofs))
        tell = progress.each(lambda one: f"{one.theory} without {one.clause}: {one.verdict}")
        found += why.why(proofs, workers, tell, timeout)
        if pin:
            why.pin([one for one in found if one.theory == some[0].id])
    return found


def print_proofs(proofs: "Sequence[Proof]", ending: str) -> None:
    """What failed, as steps that lead astray, then a table of the theorems."""
    from checker.render import show
    from checker.studies.prove.prove import SHOWN
    from checker.studies.prove.report import assumptions, counterexample

    console = Console(highlight=False, soft_wrap=True)
    for proof in proofs:
        for what in proof.failed[:SHOWN]:
            for line in counterexample(proof, what):
                console.print(escape(line))
            console.print()
        for what in proof.failed[SHOWN:]:
            console.print(escape(f"{proof.id} not proved: {what.name} ({what.where})"))
        for one in proof.reached:
            for line in one.lines():
                console.print(escape(line))
            if one.story is not None:
                show(one.story)
            console.print()
        for what in proof.undecided:
            console.print(
                escape(
                    f"{proof.id}: unknown after {what.seconds:.1f} s: {what.name} ({what.where})"
                )
            )
    ids = ["theorem", *(theorem.id for proof in proofs for theorem in proof.theorems)]
    wide = 2 + max(map(len, ids))
    console.print(f"[bold]{'theorem':{wide}}{'verdict':14}assumes[/]")
    for proof in proofs:
        colour = {"proved": "green", "not proved": "bold red"}.get(proof.verdict, "yellow")
        for theorem in proof.theorems:
            rules = as_options(departures(choose_rules(theorem.rules)))
            assumes = ", ".join(assumptions(theorem)) + rules
            console.print(
                f"[bold]{theorem.id:{wide}}[/][{colour}]{proof.verdict:14}[/]{escape(assumes)}"
            )
            console.print(f"  [dim]{escape(theorem.title)}[/]")
            if theorem.id in proof.runs:
                console.print(f"  [dim]{escape(str(proof.runs[theorem.id]))}[/]")
        together = f"{len(proof.theorems)} together, " if len(proof.theorems) > 1 else ""
        console.print(
            f"  {together}{len(proof.obligations):,} obligations, {proof.seconds:.0f} s of work; "
            f"{escape(_paths_of(proof))}"
        )
        if proof.before:
            days = ", ".join(f"{n:,} on {day}" for day, n in proof.before.items())
            console.print(
                f"  {sum(proof.before.values()):,} remembered, not asked again: proved {days} by "
                f"Z3 {z3_version()}"
            )
    console.print()
    done = sum(len(proof.theorems) for proof in proofs if proof.verdict == "proved")
    total = sum(len(proof.theorems) for proof in proofs)
    console.print(f"{done} of {total} theorems proved, {ending}")


def print_families(found: "Sequence[Followed]") -> None:
    """A table of the runs which show that no shorter TIME-WAIT is enough."""
    from checker.studies.prove.families import condition, failures

    if not found:
        return
    console = Console(highlight=False, soft_wrap=True)
    wide = 2 + max(len("family"), *(len(one.family.id) for one in found))
    console.print(f"[bold]{'family':{wide}}{'verdict':14}{'obligations':>12}{'steps':>9}   for[/]")
    for one in found:
        family = one.family
        colour = {"proved": "green", "not proved": "bold red"}.get(one.verdict, "yellow")
        changed = [
            f"{name}={show(v)}" for name, v in (*family.rules.items(), *family.bounds.items())
        ]
        given = ", ".join([condition(one), *changed])
        console.print(
            f"[bold]{family.id:{wide}}[/][{colour}]{one.verdict:14}[/]"
            f"{len(one.obligations):>12,}{len(one.rows):>9}   {escape(given)}"
        )
        console.print(f"  [dim]{escape(f'{one.says}: {family.title}')}[/]")
        for line in failures(one):
            console.print(escape(f"  {line}"))
    console.print()
    done = sum(one.verdict == "proved" for one in found)
    console.print(f"{done} of {len(found)} families proved\n")


def z3_version() -> str:
    """Of the solver."""
    import z3

    return str(z3.get_version_string())


def _paths_of(proof: "Proof") -> str:
    """How many paths are taken."""
    never = f"{proof.count('never'):,} never"
    unknown = proof.count("unknown")
    said = f"{proof.paths:,} paths: {proof.count('enabled'):,} enabled, {never}"
    said += f", {unknown:,} unknown" if unknown else ""
    return said + "".join(f"; no path of {name!r} is known to be taken" for name in proof.vacuous)


def print_needed(found: "Sequence[Needed]", seconds: float) -> None:
    """A table of what was dropped, and of what then went wrong."""
    from checker.studies.prove.needed import command, drops

    console = Console(highlight=False, soft_wrap=True)
    for one in found:
        need = one.need
        ok = "[green]as expected[/]" if one.ok else "[bold red]NOT AS EXPECTED[/]"
        ok = "[yellow]inconclusive[/]" if one.undecided else ok
        dropped = escape(f"{need.title} ({drops(need)})")
        console.print(f"[bold]{need.theorem:10}[/] {ok}  {dropped}")
        if one.verdict == "proved":
            console.print(f"  proof    still proved, {one.asked:,} obligations")
        elif one.first is not None:
            rule = f": {one.first.rules[-1]}" if one.first.rules else ""
            at = f" ({one.first.where})" if one.first.where else ""
            console.print(
                escape(
                    f"  proof    {one.verdict}: {one.first.clause} after {one.first.action!r}, "
                    f"path {one.first.path}{rule}{at}"
                )
            )
        if need.run is not None:
            none = "none" if one.searched else "not found within the limit"
            steps = none if one.steps is None else f"{one.steps} steps"
            console.print(escape(f"  run      {command(need.run)}: {steps}"))
        else:
            console.print("  run      none known: not known to be needed")
        if need.note:
            console.print(f"  [dim]{escape(need.note)}[/]")
    console.print()
    met = sum(one.ok for one in found)
    console.print(f"{met} of {len(found)} as expected, {seconds:.0f} s")


def print_why(found: "Sequence[Why]", seconds: float) -> None:
    """What fails first without each clause."""
    from checker.studies.prove.why import pinned_otherwise

    console = Console(highlight=False, soft_wrap=True)
    other = pinned_otherwise(found)
    for one in found:
        what = one.first
        console.print(f"[bold]{one.theory} {one.clause}[/]")
        if one.superfluous:
            console.print("  [bold red]superfluous[/]: all the rest is proved without it")
        elif what is not None:
            verdict = "fails" if one.verdict == "failed" else "[yellow]is unknown[/]"
            console.print(f"  {escape(what.clause)} {verdict} after {escape(repr(what.action))}")
            for line in (*what.rules, *([what.where] if what.where else []), one.state):
                console.print(f"  [dim]{escape(line)}[/]")
        if one in other:
            console.print("  [bold red]not what is pinned in proofs/results/why.toml[/]")
    console.print()
    spare = sum(one.superfluous for one in found)
    asked = sum(one.asked for one in found)
    console.print(
        f"{len(found)} clauses, {spare} superfluous, {len(other)} other than pinned; "
        f"{asked:,} obligations asked again, {seconds:.0f} s"
    )
