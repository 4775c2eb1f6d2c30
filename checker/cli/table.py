"""The report of ``verify`` as a person reads it: what holds is folded, the rest is told.

Claims stand by subject. Those that hold as expected are a line of names for each subject. A *known
finding* is a violation that is expected: the text of RFC 9293 fails there, in a run of known
length. A *surprise* is anything else than expected, and is never folded. Where something was
changed, what that changed comes first, and the subjects do not matter.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from checker.cli.options import as_options
from checker.cli.page import Page
from checker.model import own
from checker.model.options import beyond, choose_profile, grown
from checker.support.program import called
from proofs.claims.claim import SOMETIMES
from proofs.claims.table import BY_ID, SUBJECTS, titled

if TYPE_CHECKING:
    from checker.studies.reports import Against, ClaimReport, Report

HOLDS, FINDING, SURPRISE, UNDECIDED = "green", "magenta", "bold red", "yellow"
"""How each is shown: a violation that is expected is not in the colour of what holds."""


def print_report(
    result: "Report", ending: str, *, full: bool, because: str = "", otherwise: str = "by default"
) -> None:
    """The report on stdout. ``full``: each claim with its numbers, and none folded.

    ``because``: what was changed. Verdicts are then told beside those that there were
    ``otherwise``. ``ending`` comes last.
    """
    page = _Page(full, otherwise)
    if because:
        page.changes(result.claims, because)
    else:
        page.subjects(result.claims)
    page.theorems([c for c in result.claims if c.scope == "unbounded"])
    page.notes(result.claims)
    page.line(_totals(result.claims, because != ""))
    page.line(_work(result.claims) + ending)


class _Page(Page):
    """A report, section by section."""

    def __init__(self, full: bool, otherwise: str) -> None:
        super().__init__()
        self.full = full
        self.otherwise = otherwise

    # Sections

    def subjects(self, claims: "Sequence[ClaimReport]") -> None:
        """The claims, subject by subject."""
        found = {c.id: c for c in claims if c.scope != "unbounded"}
        for subject, members in SUBJECTS.items():
            some = [found[one.id] for one in members if one.id in found]
            if some:
                self.title(subject)
                self.section(some, lambda c: c.ok and c.verdict == "holds" and not c.finer)
                self.gap()

    def changes(self, claims: "Sequence[ClaimReport]", because: str) -> None:
        """What was changed first, then what was not."""
        claims = [c for c in claims if c.scope != "unbounded"]
        undecided = [c for c in claims if c.verdict == "inconclusive"]
        decided = [c for c in claims if c.verdict != "inconclusive"]
        changed = [c for c in decided if c.against is None or c.against.verdict != c.verdict]
        longer = [c for c in decided if c not in changed and _other_length(c)]
        same = [c for c in decided if c not in changed and c not in longer]
        none = "" if changed else ": none"
        self.title(f"Verdicts changed because of {because}{none}")
        self.rows(changed)
        for title, some in (
            ("Undecided", undecided),
            ("Violated in another number of steps", [c for c in longer if c.kind != SOMETIMES]),
        ):
            if some:
                self.gap()
                self.title(title)
                self.rows(some)
        self.gap()
        same += [c for c in longer if c.kind == SOMETIMES]
        self.title(f"As {self.otherwise}" if same else f"Nothing is as {self.otherwise}")
        self.section(same, lambda c: not c.finer)
        self.gap()

    def section(
        self, claims: "Sequence[ClaimReport]", folds: "Callable[[ClaimReport], bool]"
    ) -> None:
        """Claims of which some may be folded, and the rest is listed."""
        asked = [c for c in claims if c.kind != SOMETIMES]
        if self.full:
            self.rows([c for c in claims if c in asked or not folds(c)] if asked else claims)
            return
        folded = [c for c in asked if folds(c)]
        seen = [c for c in claims if c not in asked and folds(c)]
        self.fold("hold", HOLDS, [c.id for c in folded if c.verdict == "holds"], len(seen))
        self.fold("violated", FINDING, [c.id for c in folded if c.verdict == "violated"])
        self.rows([c for c in claims if not folds(c)])

    def fold(self, verdict: str, style: str, ids: Sequence[str], seen: int = 0) -> None:
        """Claims of one verdict in a line of names."""
        if ids or seen:
            names = [", ".join(ids)] if ids else []
            names += [f"{seen} {'witness' if seen == 1 else 'witnesses'} seen"] if seen else []
            self.line("; ".join(names), cells=[(f"  {verdict:10}", style)])

    def rows(self, claims: "Sequence[ClaimReport]") -> None:
        """A line for each claim, its sentence beside its name."""
        room = max((len(c.id) for c in claims), default=0)
        for c in claims:
            word, style = _word(c)
            cells = [(f"  {word:10}", style), (f"{c.id:{room}}  ", "bold")]
            found = self.found(c)
            self.line(titled(c.id, c.title) + ("" if found == word else f": {found}"), cells=cells)
            below = [(" " * 12 + " " * room + "  ", "")]
            if c.finer:
                self.line(f"but {c.finer}", UNDECIDED, below)
            if self.full:
                self.line(_numbers(c), "dim", below)
            if _worth_a_trace(c):
                rules = beyond(BY_ID[c.id], c.rules)
                shown = f"{c.id}{as_options(rules)}{_bounds_of(c)}{own.as_options()}"
                self.line(f"to see it: {called()} trace {shown}", "dim", below)

    def found(self, c: "ClaimReport") -> str:
        """What was found of a claim, and what there is to compare it with."""
        said = _found(c.kind, c)
        if c.against is None:
            if c.ok or c.verdict == "inconclusive":
                return said
            # Else it is what is pinned of it that has changed
            pinned = "but not as pinned" if c.verdict == c.expected else f"expected: {c.expected}"
            return f"{said}; {pinned}"
        before = _found(c.kind, c.against)
        return said if before == said else f"{said}; {self.otherwise} {before}"

    def theorems(self, proved: "Sequence[ClaimReport]") -> None:
        """The theorems, each with all that it assumes."""
        if not proved:
            return
        self.title("Theorems, without bounds")
        room = max(len(c.id) for c in proved)
        for c in proved:
            word, style = ("proved", HOLDS) if c.verdict == "holds" else (c.verdict, SURPRISE)
            word, style = ("unknown", UNDECIDED) if c.verdict == "inconclusive" else (word, style)
            rules = as_options(c.rules).strip()
            assumes = [rules or "RFC 9293's rules", *c.assumptions]
            self.line(c.title, cells=[(f"  {word:10}", style), (f"{c.id:{room}}  ", "bold")])
            below = [(" " * 12 + " " * room + "  ", "")]
            said = f"{c.obligations:,} obligations; {', '.join(c.solvers)}"
            self.line(said, "dim", below)
            self.line("assumes " + "; ".join(what.rstrip(".") for what in assumes), "dim", below)
        self.gap()

    def notes(self, claims: "Iterable[ClaimReport]") -> None:
        """What there is to say beside the verdicts, once for all claims of which it is said."""
        of: dict[str, list[str]] = {}
        for c in claims:
            if c.note:
                of.setdefault(c.note, []).append(c.id)
        for note, ids in of.items():
            self.line(note, cells=[(f"{', '.join(ids)}: ", "bold")] if len(ids) < 4 else [])
        if of:
            self.gap()


def _word(c: "ClaimReport") -> tuple[str, str]:
    """What a claim's row begins with, and how it is shown."""
    if c.verdict == "inconclusive":
        return "undecided", UNDECIDED
    if c.against is not None:
        good = "seen" if c.kind == SOMETIMES else "holds"
        bad = "not seen" if c.kind == SOMETIMES else "violated"
        known = c.against.verdict == c.verdict
        word = good if c.verdict == "holds" else bad
        return word, HOLDS if c.verdict == "holds" else FINDING if known else SURPRISE
    if not c.ok:
        return "surprise", SURPRISE
    if c.verdict == "holds":
        return ("seen" if c.kind == SOMETIMES else "holds"), UNDECIDED if c.finer else HOLDS
    return "finding", FINDING


def _found(kind: str, c: "ClaimReport | Against") -> str:
    """A verdict, and in how many steps; of a run that never ends, those of its loop too."""
    if kind == SOMETIMES and c.verdict in ("holds", "violated"):
        return "not seen" if c.verdict == "violated" else f"seen in {c.length} steps"
    if c.verdict == "inconclusive":
        return "undecided"
    if c.length is None or c.loop is None:
        return c.verdict if c.length is None else f"{c.verdict} in {c.length} steps"
    loop = f"and a loop of {c.loop}" if c.loop else "and then at rest"
    return f"{c.verdict} in {c.length - c.loop} steps {loop}"


def _other_length(c: "ClaimReport") -> bool:
    return c.against is not None and c.length != c.against.length


def _worth_a_trace(c: "ClaimReport") -> bool:
    """Is it a violation that nobody has seen before?"""
    known = c.ok if c.against is None else c.against.verdict == c.verdict
    return c.verdict == "violated" and c.kind != SOMETIMES and not known


def _numbers(c: "ClaimReport") -> str:
    """Where a claim was checked, the counts, and what else belongs to its verdict."""
    scope = f"to depth {c.depth}" if c.scope == "bounded" else f"up to {c.profile}"
    scope += "" if c.scale == "usual" else f" ({c.scale})"
    said = [
        f"{c.scope} {scope}",
        f"{c.states:,} states, {c.transitions:,} transitions, depth {c.depth}",
    ]
    seen = [f"{w} in {n} steps" if n is not None else f"{w} not seen" for w, n in c.witness.items()]
    said += [f"witness {', '.join(seen)}"] if seen else []
    said += [f"assumes {'; '.join(c.assumptions)}"] if c.assumptions else []
    if c.cut:
        said.append(f"says nothing of {c.cut:,} states, from which all fair runs leave the bounds")
    return "; ".join(said)


def _totals(claims: "Sequence[ClaimReport]", changed: bool) -> str:
    """How many of each; a claim and a witness count alike."""
    found = [c for c in claims if c.scope != "unbounded"]
    decided = [c for c in found if c.verdict != "inconclusive"]
    hold = [c for c in decided if c.verdict == "holds" and (changed or c.ok)]
    said = [f"{len(hold)} {'holds' if len(hold) == 1 else 'hold'}"]
    if changed:
        said.append(f"{len(decided) - len(hold)} violated")
        said.append(
            f"{sum(c.against is None or c.against.verdict != c.verdict for c in decided)} changed"
        )
    else:
        findings = sum(c.ok and c.verdict != "holds" for c in decided)
        said.append(f"{findings} known finding{'s' * (findings != 1)}")
        surprises = sum(not c.ok for c in decided)
        said.append(f"{surprises} surprise{'s' * (surprises != 1)}")
    undecided = len(found) - len(decided)
    said += [f"{undecided} undecided"] if undecided else []
    theorems = [c for c in claims if c.scope == "unbounded"]
    if theorems:
        said.append(f"{sum(c.ok for c in theorems)} of {len(theorems)} theorems proved")
    partly = {
        "in whole ticks only": sum(bool(c.finer) for c in hold),
        "to a depth only": sum(c.scope == "bounded" and c.kind != SOMETIMES for c in hold),
        "but for states whose fair runs all leave the bounds": sum(bool(c.cut) for c in hold),
    }
    told = [f"{n} {what}" for what, n in partly.items() if n]
    return ", ".join(said) + (f" (of those that hold, {', '.join(told)})" if told else "")


def _work(claims: "Sequence[ClaimReport]") -> str:
    """How much was explored."""
    found = [c for c in claims if c.scope != "unbounded"]
    explored = {
        (c.profile, tuple(sorted(c.rules.items())), c.kind == "eventually"): c for c in found
    }
    states = sum(c.states for c in explored.values())
    many = "exploration" if len(explored) == 1 else "explorations"
    return f"{states:,} states in {len(explored)} {many}"


def _bounds_of(claim: "ClaimReport") -> str:
    """The bounds in which a claim was checked elsewhere than ``trace`` would look by itself."""
    usual = choose_profile(claim.profile, grown(claim.profile, "usual")).bounds
    return "".join(
        f" --bounds {name}={value}"
        for name, value in claim.bounds.items()
        if value != int(getattr(usual, name))
    )
