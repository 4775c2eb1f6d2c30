"""``requirements``: RFC 9293 sentence by sentence, each with its runs."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli import progress
from checker.cli.options import CheckOption, WriteOption, names_of
from checker.cli.page import Page
from checker.render import show
from checker.support.errors import OK, VIOLATED, UsageProblem
from checker.support.names import unknown
from checker.support.program import checkout
from proofs.requirements import SENTENCES, Sentence

if TYPE_CHECKING:
    from checker.studies.requirements import Found


def requirements(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[SENTENCE]",
            help="A number of Appendix B, or where it stands: MUST-37, '3.5.2 ¶1'.",
            autocompletion=names_of(lambda: SENTENCES),
        ),
    ] = None,
    check: CheckOption = False,
    write: WriteOption = False,
) -> None:
    """Find a run for each sentence of RFC 9293 that is implemented, or tell one sentence."""
    from checker.studies import requirements as study
    from checker.studies import requirements_page

    if (name is not None) + check + write > 1:
        raise UsageProblem("a sentence, --check and --write exclude each other")
    if name is not None and name not in SENTENCES:
        raise unknown("sentence", name, SENTENCES)
    if check or write:
        checkout()
    chosen = list(SENTENCES.values()) if name is None else [SENTENCES[name]]
    with progress.counted("requirements") as tell:
        found = study.find(chosen, tell)
    wrong = requirements_page.wrong(chosen, found)
    if name is not None:
        _tell(SENTENCES[name], found)
    else:
        print(f"{len(chosen)} sentences, {len(found.runs)} runs, {len(found.never)} never reached")
    if write and not wrong:
        requirements_page.write(found)
    if check:
        wrong += requirements_page.check(found)
    for line in wrong:
        print(line, file=sys.stderr)
    raise typer.Exit(VIOLATED if wrong else OK)


def _tell(sentence: Sentence, found: "Found") -> None:
    """One sentence, and the runs of its rules."""
    page = Page()
    page.line(f"{sentence.at}: {sentence.says}", cells=[(f"{sentence.name}  ", "bold")])
    page.line(f"{sentence.status}. {sentence.why}".rstrip(), cells=[("    ", "")])
    if sentence.switch:
        page.line(f"switch {sentence.switch}", cells=[("    ", "")])
    if sentence.against:
        page.line(f"against {sentence.against}", cells=[("    ", "")])
    for run in found.runs.values():
        page.gap()
        show(run.story)
    for goal, states in found.never.items():
        page.gap()
        searched = ", ".join(f"{arena} ({count:,} states)" for arena, count in states.items())
        page.line(f"never reached, exhaustive up to {searched}", cells=[(f"{goal.name}  ", "bold")])
