"""Faults: each is noticed by a claim whose verdict changes, or by a test that fails.

``python -m tests.programs.faults`` puts the faults of ``faults.toml``, one at a time, into a copy
of the repository, and asks there what is said to notice each: a claim of the table (``T8.whole``),
an ablation (``8 T1``), both at the small scale, or tests. A claim notices if its verdict is not
that of the copy without faults, a test if it fails and passes without. A changed count is no
verdict.

An edit whose text is not there, a name that nothing has, a run that breaks: each is an error, and
never counts as noticed. The exit code is then 1, as for a fault that is not noticed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from checker.model.search import Options
from checker.studies.explorations import jobs, run_jobs
from checker.studies.reports import report
from proofs.claims.ablations import ABLATIONS, CONTROLS, Ablation
from proofs.claims.claim import Claim
from proofs.claims.table import BY_ID, witnesses

ROOT = Path(__file__).parents[2]
ROOMS = ("spec", "proofs", "checker", "tests", "pyproject.toml")
PATIENCE = 900
"""Seconds for one question."""


@dataclass(frozen=True, slots=True)
class Edit:
    """``old``, which stands once in a file, becomes ``new``."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and each of those who notice it."""

    name: str
    says: str
    noticed: tuple[str, ...]
    edits: tuple[Edit, ...]


class Wrong(Exception):
    """What keeps a fault from being judged."""


def read() -> dict[str, Fault]:
    """The faults, by name."""
    text = Path(__file__).with_name("faults.toml").read_text("utf-8")
    return {
        one["name"]: Fault(
            one["name"],
            one["says"],
            tuple(one["noticed"]),
            tuple(Edit(**edit) for edit in one["edit"]),
        )
        for one in tomllib.loads(text)["fault"]
    }


def edited(text: str, edit: Edit) -> str:
    """A file's text after an edit."""
    found = text.count(edit.old)
    if found != 1:
        raise Wrong(f"{edit.file} has {found} times, not once: {edit.old.strip().splitlines()[0]}")
    return text.replace(edit.old, edit.new)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the repository."""

    place: Path

    @contextmanager
    def changed(self, fault: Fault) -> Iterator[None]:
        """The copy with a fault, for a while."""
        kept: dict[Path, str] = {}
        try:
            for edit in fault.edits:
                path = self.place / edit.file
                text = path.read_text("utf-8")
                kept.setdefault(path, text)
                path.write_text(edited(text, edit), "utf-8")
            yield
        finally:
            for path, text in kept.items():
                path.write_text(text, "utf-8")

    def ask(self, question: str) -> str:
        """The verdict of a claim or ablation, or whether tests pass."""
        if question.startswith("tests/"):
            ran = self._run("pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", question)
            if ran.returncode in (0, 1):
                return "fail" if ran.returncode else "pass"
        else:
            ran = self._run("tests.programs.faults", "--verdict", question)
            if ran.returncode == 0:
                return ran.stdout.strip()
        raise Wrong(f"{question}: {(ran.stdout + ran.stderr).strip()[-300:]}")

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.place,
            # What was compiled of another text of the same length in the same second is not read.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


@contextmanager
def copied() -> Iterator[Copy]:
    """A copy of what is asked, without what was compiled."""
    with tempfile.TemporaryDirectory() as place:
        for room in ROOMS:
            if (ROOT / room).is_dir():
                leave = shutil.ignore_patterns("__pycache__", "captures")
                shutil.copytree(ROOT / room, Path(place, room), ignore=leave)
            else:
                shutil.copy(ROOT / room, place)
        yield Copy(Path(place))


def judged(fault: Fault, copy: Copy, sound: dict[str, str]) -> str:
    """What is wrong: that it is not noticed, or cannot be judged; else nothing. ``sound`` has the
    answers without any fault that are known already."""
    try:
        for question in fault.noticed:
            if question not in sound:
                sound[question] = copy.ask(question)
            if sound[question] == "fail":
                raise Wrong(f"{question} fails without any fault")
        with copy.changed(fault):
            said = {question: copy.ask(question) for question in fault.noticed}
    except (Wrong, subprocess.TimeoutExpired) as error:
        return str(error)
    missed = [question for question, answer in said.items() if answer == sound[question]]
    return f"not noticed by {', '.join(missed)}" if missed else ""


@cache
def changes() -> dict[str, Ablation]:
    return {ablation.id: ablation for ablation in (*ABLATIONS, *CONTROLS)}


def verdict(question: str) -> str:
    """Of a claim or an ablation, here and now."""
    rules: dict[str, Any] = {}
    bounds: dict[str, Any] = {}
    claim: Claim
    if question in changes():
        ablation = changes()[question]
        claim, rules, bounds = ablation.claim, dict(ablation.rules), dict(ablation.bounds)
    else:
        claim = BY_ID[question]
    asked = [claim, *witnesses(claim)]
    todo = jobs(asked, rules, bounds, Options(engine="native"), scale="small")
    found = report(asked, todo, run_jobs(todo, 1), None)
    return next(one.verdict for one in found.claims if one.id == claim.id)


def main(names: list[str]) -> int:
    """Judge the faults of these names, or all; the exit code."""
    known = read()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no fault {unknown[0]!r}", file=sys.stderr)
        return 2
    wrong = 0
    sound: dict[str, str] = {}
    with copied() as copy:
        for name in names or known:
            began = time.monotonic()
            fault = known[name]
            said = judged(fault, copy, sound)
            wrong += bool(said)
            told = said or f"noticed by {', '.join(fault.noticed)}"
            print(f"{name}: {fault.says}: {told} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(names or known)} faults, {wrong} not noticed or not judged")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="of faults, such as 'rule 07'; default: all")
    parser.add_argument("--verdict", metavar="CLAIM", help="say the verdict of one claim, and end")
    arguments = parser.parse_args()
    if arguments.verdict:
        print(verdict(arguments.verdict))
    else:
        sys.exit(main(arguments.names))
