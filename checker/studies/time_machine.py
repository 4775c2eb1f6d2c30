"""Historical fixes of real stacks' lifecycles, each as a switch, with what falls without it.

``proofs/time_machine.toml`` says of each fix which stack it mended, what was wrong, what tells of
it, and which ablation is the stack before. The steps of the shortest run are the ablation's, as
pinned; so the page needs no search.
"""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from checker.model.options import show
from checker.studies.matrix import text
from checker.studies.pins import expectations
from checker.support import files
from proofs.claims.ablations import ABLATIONS, Ablation
from proofs.claims.table import full_title

DATA, PAGE = Path("proofs/time_machine.toml"), Path("docs/reference/time-machine.md")


class Fix(NamedTuple):
    """One fix."""

    stack: str
    wrong: str  # what the stack did before
    mended: str  # commit, version or date, as public sources have them
    source: str  # where that is said
    ablation: str  # its id
    note: str = ""


def fixes(content: str) -> list[Fix]:
    """What the data file has."""
    return [Fix(**entry) for entry in tomllib.loads(content)["fix"]]


def ablation(fix: Fix) -> Ablation:
    """The stack before the fix."""
    (one,) = (one for one in ABLATIONS if one.id == fix.ablation)
    return one


def page(content: str) -> str:
    """``docs/reference/time-machine.md``."""
    pins = expectations()["ablations"]
    lines = [_INTRODUCTION, ""]
    lines += ["| stack | before the fix | mended | switch | falls | steps |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    notes = []
    for number, fix in enumerate(fixes(content), 1):
        one = ablation(fix)
        changed: dict[str, Any] = {**one.rules, **one.bounds}
        switch = " ".join(f"`{name}={show(value)}`" for name, value in changed.items())
        mended = f"[{fix.mended}]({fix.source})" if fix.source else fix.mended
        steps = pins[fix.ablation]["length"]
        falls = f"{one.claim.id}: {full_title(one.claim)}"
        cells = (fix.stack, fix.wrong, mended, switch, falls, str(steps))
        lines.append(f"| {' | '.join(cells)} |")
        if fix.note:
            notes.append(f"* {number}, {fix.stack}: {fix.note}")
    return "\n".join([*lines, "", *notes]).rstrip() + "\n"


_INTRODUCTION = """\
# A time machine for real stacks

Each row is a fault that a real stack had, and that its maintainers have mended. A switch of the
specification brings it back; then the claim falls, in the steps of a shortest run.
`python -m checker trace CLAIM --rules SWITCH` shows one, and [the matrix](matrix.md) has a picture
of each. What the rows say of stacks is what the source that is linked says; only the switch, the
claim and the steps are this project's. Some switches are coarser than the fault was: then a note
says so. Generated from `proofs/time_machine.toml` by `python -m checker costs --write`."""


def write(top: Path) -> None:
    """Write the page."""
    files.write(top / PAGE, page(text(top / DATA)).encode())


def check(top: Path) -> list[str]:
    """Is the page stale?"""
    return [] if text(top / PAGE) == page(text(top / DATA)) else [f"{PAGE}: stale"]
