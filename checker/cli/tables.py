"""Results as tables on stdout, with what is not as expected in red."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from checker.model.options import choose_bounds, choose_rules, departures, grown, show

if TYPE_CHECKING:
    from checker.studies.bench import Row
    from checker.studies.crosscheck import Compared
    from checker.studies.prove.prove import Needed, Proof, Why
    from checker.studies.prove.shorter import Tight
    from checker.studies.verify import ClaimReport, Report


def print_bench(rows: "Sequence[Row]") -> None:
    """The rows of a bench as a table; a ratio is how many times as long as native's it took."""
    from checker.studies.bench import baseline

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("tool", "threads", "states", "transitions", "wall s", "compile s", "GiB"):
        table.add_column(heading, justify="left" if heading == "tool" else "right")
    for heading in ("states/s", "B/state", "ratio", ""):
        table.add_column(heading, justify="right" if heading else "left")
    first = baseline(rows)
    for row in rows:
        ratio = row.wall_s / first.wall_s if first and row.complete and first.complete else None
        table.add_row(
            row.tool,
            str(row.threads),
            "?" if row.states is None else f"{row.states:,}",
            "?" if row.transitions is None else f"{row.transitions:,}",
            f"{row.wall_s:.1f}",
            f"{row.compile_s:.1f}",
            f"{row.rss_bytes / 2**30:.2f}",
            f"{row.states_per_s:,.0f}",
            f"{row.bytes_per_state:.1f}",
            "" if ratio is None else f"{ratio:.2f}",
            "" if row.complete else f"not complete: {row.note}",
        )
    Console(soft_wrap=True, highlight=False, width=140).print(table)


def print_matrix(found: dict[str, Any]) -> None:
    """The rows on stdout."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{'no.':5}{'claim':11}{'verdict':14}{'steps':>6}   changed[/]")
    for row in found["rows"]:
        known = row["verdict"] == row["expected"]
        colour = "green" if known and row["claim"] else "dim" if known else "bold red"
        steps = "" if row["length"] is None else row["length"]
        title = row["ablation"] + (" (control)" if row["control"] else "")
        console.print(
            f"[bold]{row['id']:<5}[/]{row['claim'] or '':11}[{colour}]{row['verdict']:14}[/]"
            f"{steps:>6}   {escape(title)}"
        )
    rows = [row for row in found["rows"] if row["claim"]]
    claims = found["claims"]
    met = sum(row["verdict"] == row["expected"] for row in rows)
    console.print()
    console.print(
        f"{met} of {len(rows)} ablations and controls as expected; "
        f"{sum(c['verdict'] == c['expected'] for c in claims)} of {len(claims)} claims and "
        f"witnesses; {len(found['wrong'])} not as pinned"
    )


def print_table(result: "Report", seconds: float, unpinned: str = "") -> None:
    """The report on stdout: two lines a claim, what it says and what was found.

    ``unpinned`` is what to say at the end where counts were not compared.
    """
    console = Console(highlight=False, soft_wrap=True)
    proved = [c for c in result.claims if c.scope == "unbounded"]
    claims = [c for c in result.claims if c.scope != "unbounded"]
    shown = [c for c in claims if c.kind != "sometimes"] or claims
    console.print(
        f"[bold]{'claim':17}{'verdict':23}{'states':>11}{'transitions':>15}{'depth':>7}   scope[/]"
    )
    for c in shown:
        verdict = c.verdict if c.length is None else f"{c.verdict} in {_steps_of(c)} steps"
        colour = "green" if c.ok else "bold red"
        if c.verdict == "inconclusive":
            colour = "yellow"
        scope = f"to depth {c.depth}" if c.scope == "bounded" else f"up to {c.profile}"
        scope += "" if c.scale == "usual" else f" ({c.scale})"
        console.print(
            f"[bold]{c.id:17}[/][{colour}]{verdict:23}[/]"
            f"{c.states:>11,}{c.transitions:>15,}{c.depth:>7}   {c.scope} {scope}"
        )
        seen = [
            f"{w} in {n} steps" if n is not None else f"{w} not seen" for w, n in c.witness.items()
        ]
        witness = f"; witness {', '.join(seen)}" if seen else ""
        expected = " (expected)" if c.expected == "violated" and c.ok else ""
        assumes = f"; assumes {'; '.join(c.assumptions)}" if c.assumptions else ""
        cut = f"; silent of {c.cut:,} states: fair runs leave the bounds" if c.cut else ""
        console.print(f"  [dim]{escape(c.title)}{expected}{witness}{assumes}{cut}[/]")
    for c in proved:
        console.print(_theorem(c))
    console.print()
    for c in result.claims:
        if c.note:
            console.print(f"[bold]{c.id}[/]: {escape(c.note)}")
        elif not c.ok:
            console.print(
                f"[bold]{c.id}[/]: {c.verdict}, expected {c.expected}; the trace: "
                f"python -m checker trace {c.id}{_as_options(c.rules)}{_bounds_of(c)}"
            )
    explored = {(c.profile, tuple(sorted(c.rules.items()))): c for c in claims}
    states = sum(c.states for c in explored.values())
    met = sum(c.ok for c in claims)
    unbounded = f"; {sum(c.ok for c in proved)} of {len(proved)} theorems proved" if proved else ""
    console.print(
        f"{met} of {len(claims)} claims and witnesses as expected; {states:,} states in "
        f"{len(explored)} explorations, {seconds:.0f} s{unpinned}{unbounded}"
    )


def _steps_of(c: "ClaimReport") -> str:
    """The steps of a run; of a lasso, those of its stem and those of its loop."""
    assert c.length is not None
    return str(c.length) if c.loop is None else f"{c.length - c.loop}+{c.loop}"


def _theorem(c: "ClaimReport") -> str:
    """The two lines of a theorem, the second with all that it assumes."""
    verdict, colour = ("proved", "green") if c.verdict == "holds" else (c.verdict, "bold red")
    if c.verdict == "inconclusive":
        verdict, colour = "unknown", "yellow"
    count = f"{c.obligations:,} obligations"
    solvers = ", ".join(c.solvers)
    rules = "".join(f" {name}={value}" for name, value in c.rules.items())
    assumes = [f"rules{rules}" if rules else "RFC 9293's rules", *c.assumptions]
    assumes = [what.rstrip(".") for what in assumes]
    return (
        f"[bold]{c.id:17}[/][{colour}]{verdict:23}[/]{count:19}{solvers:14}   unbounded\n"
        f"  [dim]{escape(c.title)}; assumes {escape('; '.join(assumes))}[/]"
    )


_SHOWN = 3
"""How many failed obligations of a theorem are shown in full."""


def print_proofs(proofs: "Sequence[Proof]", ending: str) -> None:
    """What failed, as steps that lead astray, then a table of the theorems."""
    from checker.render import ladder
    from checker.studies.prove.prove import assumptions, counterexample

    console = Console(highlight=False, soft_wrap=True)
    for proof in proofs:
        for what in proof.failed[:_SHOWN]:
            for line in counterexample(proof, what):
                console.print(escape(line))
            console.print()
        for what in proof.failed[_SHOWN:]:
            console.print(escape(f"{proof.id} not proved: {what.name} ({what.where})"))
        for one in proof.reached:
            for line in one.lines():
                console.print(escape(line))
            if one.story is not None:
                console.print(escape(ladder(one.story)))
            console.print()
        for what in proof.undecided:
            console.print(
                escape(
                    f"{proof.id}: unknown after {what.seconds:.1f} s: {what.name} ({what.where})"
                )
            )
    console.print(f"[bold]{'theorem':14}{'verdict':14}assumes[/]")
    for proof in proofs:
        colour = {"proved": "green", "not proved": "bold red"}.get(proof.verdict, "yellow")
        for theorem in proof.theorems:
            rules = _as_options(departures(choose_rules(theorem.rules)))
            assumes = ", ".join(assumptions(theorem)) + rules
            console.print(
                f"[bold]{theorem.id:14}[/][{colour}]{proof.verdict:14}[/]{escape(assumes)}"
            )
            console.print(f"  [dim]{escape(theorem.title)}[/]")
        together = f"{len(proof.theorems)} together, " if len(proof.theorems) > 1 else ""
        console.print(
            f"  {together}{len(proof.obligations):,} obligations, {proof.seconds:.0f} s of work; "
            f"{escape(_paths_of(proof))}"
        )
    console.print()
    done = sum(len(proof.theorems) for proof in proofs if proof.verdict == "proved")
    total = sum(len(proof.theorems) for proof in proofs)
    console.print(f"{done} of {total} theorems proved, {ending}")


def print_families(found: "Sequence[Tight]") -> None:
    """A table of the runs which show that no shorter TIME-WAIT is enough."""
    from checker.studies.prove.shorter import condition, failures

    if not found:
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{'family':14}{'verdict':14}{'obligations':>12}{'steps':>9}   for[/]")
    for one in found:
        family = one.family
        colour = {"proved": "green", "not proved": "bold red"}.get(one.verdict, "yellow")
        changed = [
            f"{name}={show(v)}" for name, v in (*family.rules.items(), *family.bounds.items())
        ]
        given = ", ".join([condition(one), *changed])
        console.print(
            f"[bold]{family.id:14}[/][{colour}]{one.verdict:14}[/]"
            f"{len(one.obligations):>12,}{len(one.rows):>9}   {escape(given)}"
        )
        console.print(f"  [dim]{escape(f'{one.says}: {family.title}')}[/]")
        for line in failures(one):
            console.print(escape(f"  {line}"))
    console.print()
    done = sum(one.verdict == "proved" for one in found)
    console.print(f"{done} of {len(found)} families proved\n")


def _paths_of(proof: "Proof") -> str:
    """How many paths are taken."""
    never = f"{proof.count('never'):,} never"
    unknown = proof.count("unknown")
    said = f"{proof.paths:,} paths: {proof.count('enabled'):,} enabled, {never}"
    said += f", {unknown:,} unknown" if unknown else ""
    return said + "".join(f"; no path of {name!r} is known to be taken" for name in proof.vacuous)


def print_needed(found: "Sequence[Needed]", seconds: float) -> None:
    """A table of what was dropped, and of what then went wrong."""
    from checker.studies.prove.prove import drops, runs

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
            console.print(escape(f"  run      {runs(need.run)}: {steps}"))
        else:
            console.print("  run      none known: not known to be needed")
        if need.note:
            console.print(f"  [dim]{escape(need.note)}[/]")
    console.print()
    met = sum(one.ok for one in found)
    console.print(f"{met} of {len(found)} as expected, {seconds:.0f} s")


def print_why(found: "Sequence[Why]", seconds: float) -> None:
    """What fails first without each clause."""
    from checker.studies.prove.prove import pinned_otherwise

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


def print_comparison(result: "Compared", peers: Sequence[str]) -> None:
    """What was compared in one case: a line each, with who says what."""
    console = Console(highlight=False, soft_wrap=True)
    case = result.case
    changed = _as_options(case.model.departures)
    in_flight = case.model.bounds.in_flight
    console.print(f"\n[bold]{case.profile}[/]{changed}, up to {in_flight} in flight")
    console.print("  " + "".join(f"{head:18}" for head in ("", "explore", *peers)))
    for row in result.rows:
        colour = {True: "green", False: "bold red", None: "yellow"}[row.agreed]
        said = "".join(f"{row.peers[name]:18}" for name in peers)
        verdict = {True: "agree", False: "DIFFER", None: "inconclusive"}[row.agreed]
        console.print(f"  {row.what:18}{row.reference:18}{said}[{colour}]{verdict}[/]")
    for note in result.notes:
        console.print(f"  {escape(note)}")


def _bounds_of(claim: "ClaimReport") -> str:
    """The bounds in which a claim was checked elsewhere than ``trace`` would look by itself."""
    usual = choose_bounds(claim.profile, grown(claim.profile, "usual"), claim.profile)
    return "".join(
        f" --bounds {name}={value}"
        for name, value in claim.bounds.items()
        if value != int(getattr(usual, name))
    )


def _as_options(rules: dict[str, str]) -> str:
    """Rules as they were given, to give them again."""
    return "".join(f" --rules {name}={value}" for name, value in rules.items())
