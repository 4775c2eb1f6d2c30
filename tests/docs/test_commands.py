"""The documents: every command that they show exists, with its options, claims, switches, bounds,
profiles and scenarios; and every run that they describe is as long as they say (slow, but for
those of ``docs/errata``)."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import typer.main

from checker.cli.app import app
from checker.studies.pins import expectations
from checker.studies.simulate import SCENARIOS
from proofs.claims.table import BY_ID
from proofs.theorems.table import BY_ID as THEOREMS
from spec.rules import SWITCHES
from spec.world.bounds import LIMITS
from spec.world.profiles import PROFILES
from tests.docs.test_links import PAGES, TOP

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
OWN = ("test", "check", "docs", "gate", "nightly", "help")
"""What ``./run`` does itself."""

NAMES = {
    "--rules": SWITCHES,
    "--bounds": LIMITS,
    "--profile": PROFILES,
    "--scenario": SCENARIOS,
    "claim": BY_ID,
    "theorem": {**BY_ID, **THEOREMS},
}
"""What there is of each kind that a command names."""

PLACEHOLDERS = ("CLAIM", "NAME", "...")

_LINE = re.compile(r"^ {4,}(?:\./run|python -m checker) +(\S.*)$", re.MULTILINE)
_QUOTED = re.compile(r"`(?:\./run|python -m checker)\s+([^`]+)`")
_STEPS = re.compile(r"# (?:(\d+)(?: \+ (\d+))? steps(?: (?:and a loop of|和一个) (\d+))?|(holds))")


def _said(comment: str) -> tuple[int, int | None] | None:
    """How many steps a comment says that a run takes, and then for ever; nothing if all holds."""
    said = _STEPS.match(comment)
    assert said is not None
    stem, loop, again, holds = said.groups()
    return None if holds else (int(stem), int(loop or again) if loop or again else None)


def _shown(page: Path) -> Iterator[tuple[list[str], str]]:
    """The words of each command that a page shows, and the comment behind it."""
    text = page.read_text("utf-8") if page.name != "CHANGELOG.md" else ""
    for line in (*_LINE.findall(text), *_QUOTED.findall(text)):
        command, mark, comment = line.replace("\\|", "|").partition(" #")
        yield command.replace("[", "").replace("]", "").split(), mark.strip() + comment


def _wrong(verb: str, *rest: str) -> Iterator[str]:
    """What a command names and is not there."""
    if verb in OWN or verb == "COMMAND":
        return
    if verb not in COMMANDS:
        yield f"no command {verb}"
        return
    options = {name for param in COMMANDS[verb].params for name in param.opts} | {"--help"}
    kind = {"verify": "claim", "trace": "claim", "prove": "theorem"}.get(verb, "")
    for word in rest:
        name, equals, _ = word.partition("=")
        if word.startswith("--"):
            kind = word
            if word not in options:
                yield f"{verb} has no option {word}"
        elif kind in ("--rules", "--bounds") and not equals:
            continue  # a stack's name
        elif kind in NAMES and name not in (*NAMES[kind], *PLACEHOLDERS):
            yield f"{kind}: no {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(TOP).as_posix())
def test_commands_exist(page: Path) -> None:
    assert [wrong for words, _ in _shown(page) for wrong in _wrong(*words)] == []


def _runs(pages: Iterable[Path]) -> set[tuple[str, str]]:
    """The runs that pages describe, and what they say of each."""
    return {
        (" ".join(words), said[0])
        for page in pages
        for words, comment in _shown(page)
        if words[0] == "trace" and (said := _STEPS.match(comment)) is not None
    }


def _pinned(command: str, says: str) -> bool:
    """Is the run of a claim as it stands, and found something? Then a pin has its length."""
    return len(command.split()) == 2 and _said(says) is not None


RUNS = _runs(PAGES)
FILED = {run for run in _runs(TOP.glob("docs/errata/*.md")) if "holds" not in run[1]}
"""The counterexamples that are to be filed."""
QUICK = {run for run in FILED if not _pinned(*run)}
"""They are checked in every run of the tests, unless a pin of their claims, which the gate
compares, says the same."""


@pytest.mark.parametrize(
    ("command", "says"),
    [
        pytest.param(*run, id=run[0], marks=[] if run in QUICK else [pytest.mark.slow])
        for run in sorted(RUNS)
    ],
)
def test_runs_are_as_long_as_the_documents_say(command: str, says: str) -> None:
    said = _said(says)
    line = [sys.executable, "-m", "checker", *command.split()]
    run = subprocess.run(line, cwd=TOP, capture_output=True, text=True, check=False)
    output = run.stdout
    if said is None:
        assert "holds in all" in run.stderr
    elif loop := said[1]:
        assert f"shortest counterexample: {said[0]} steps, then {loop} for ever" in output
    else:
        assert re.search(rf"shortest (counterexample|witness): {said[0]} steps(?!, then)", output)


def test_runs_are_as_long_as_they_are_pinned() -> None:
    """What a page says of a claim as it stands is pinned, too: no search is needed to compare."""
    pinned, compared = expectations()["usual"], 0
    for command, says in sorted(filter(lambda run: _pinned(*run), RUNS)):
        (_, claim), said = command.split(), _said(says)
        assert said is not None
        pin, loop = pinned[claim], said[1] or 0
        assert (said[0] + loop, loop) == (pin["length"], pin.get("loop", 0)), command
        compared += 1
    assert compared > 50


@pytest.mark.slow
def test_the_tutorials_wrong_specification_violates_t2_in_8_steps(tmp_path: Path) -> None:
    for room in ("spec", "proofs", "checker"):
        shutil.copytree(TOP / room, tmp_path / room)
    listen = tmp_path / "spec/tcp/segment_arrives/listen.py"
    text = listen.read_text("utf-8")
    assert text.count("if seg.ctl.ack:") == 1
    listen.write_text(text.replace("if seg.ctl.ack:", "if False:"), "utf-8")
    line = [sys.executable, "-m", "checker", "trace", "T2"]
    output = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "shortest counterexample: 8 steps" in output
