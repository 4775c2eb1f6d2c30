"""What may notice that the prover is wrong, or what checks its proofs: small checks.

* *statement*: what is printed of a theory is what is checked in;
* *proof*: a theorem is proved, and as many things as ever are proved of it;
* *recheck*: the other program accepts what was proved, and refuses what is false;
* *test*: a test passes. Each of a few folders is a check of its own.

The prover also gets theories that are false (``WRONG``). A change by which it proves one of them
is noticed if ``proofs.recheck`` refuses that proof, which is what it is there for.

What a check needs is made once, by functions whose values are ``Kept`` with the lines that ran to
make them: a change of any of these lines makes it anew.
"""

import contextlib
import hashlib
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from checker.engines.solver.induction import (
    CONSTANT,
    START,
    TICK,
    Obligation,
    Prover,
    Theory,
    steps_of,
)
from checker.model.model import Model
from checker.studies.prove import TIMEOUT, certificates, prove, statements, theories
from checker.studies.prove.asking import in_turn, until_one_fails
from checker.studies.prove.needed import Needed
from checker.support.errors import UsageProblem
from checker.support.program import checkout
from checker.support.ran import Ran
from proofs.recheck import check as recheck
from proofs.recheck import obligations, solvers, statement
from proofs.theorems.needs import NEEDS, varied
from proofs.theorems.small import Small
from proofs.theorems.table import BY_ID, THEOREMS, Theorem, together

STATEMENT, PROOF, RECHECK, TEST = "statement", "proof", "recheck", "test"
HOSTS = ("T1", "T4")
"""The theories of hosts whose statements are compared."""
SAMPLED = "T4"
"""Of this some paths are proved, and rechecked."""
WRONG = (
    ("T4", "timer never restarted"),
    ("T4", "TIME-WAIT may be shorter than 2 MSL"),
    ("T4", "lifetime not bounded"),
    ("T1", "two-way handshake"),
)
"""What needs of which theorems are taken away, besides those of small systems."""
TESTS = (
    "tests/checker/engines/solver/test_induction.py",
    "tests/checker/studies/prove",
    "tests/proofs/recheck",
    "tests/proofs/theorems/test_small.py",
    "tests/proofs/theorems/test_response.py",
)
APART = "not test_command and not test_interrupt and not test_it_imports"
"""Tests that start a program, in which nothing is changed, are left out."""


@dataclass(frozen=True, slots=True)
class Check:
    """``ask`` has a value of the kind that JSON has, the same as ever if nothing is wrong;
    ``says`` is what is told if it is another."""

    name: str
    kind: str
    ask: Callable[[], Any]
    says: Callable[[Any], str]
    item: Any = None  # of a test

    @property
    def module(self) -> str:
        """The file of a test: what it has set up, the next one of the same file has, too."""
        return self.name.partition("::")[0]


@dataclass(slots=True)
class Made:
    """A value, which lines ran to make it, and how long that took."""

    value: Any
    ran: bytes | None  # none: it was not watched
    seconds: float


class Kept:
    """A function that keeps its values, by its arguments, which are texts and numbers.

    Values that are ``sent`` are as good elsewhere: of the kind that JSON has. The first process
    that makes one sends it to the others. Those that are ``pinned`` are made without any change.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        ran: Ran,
        sent: bool = False,
        pinned: bool = False,
    ) -> None:
        self.name, self.sent, self.pinned = name, sent, pinned
        self.__wrapped__ = function
        self._ran = ran
        self.made: dict[tuple[Any, ...], Made] = {}

    def __call__(self, *key: Any) -> Any:
        if key not in self.made:
            began, ran = time.process_time(), None
            if self.pinned:  # whatever runs to make it matters to nobody
                with self._ran.unseen():
                    value = self.__wrapped__(*key)
            elif self._ran.watching:
                with self._ran.watched() as found:
                    value = self.__wrapped__(*key)
                (ran,) = found
            else:
                value = self.__wrapped__(*key)
            self.made[key] = Made(value, ran, time.process_time() - began)
        return self.made[key].value

    def cache_clear(self) -> None:
        """As of what ``functools`` keeps."""
        self.made.clear()

    def forget(self, hit: Callable[[bytes], bool]) -> None:
        """Drop what would be made otherwise, as ``hit`` says of the lines that ran."""
        if not self.pinned:
            self.made = {k: m for k, m in self.made.items() if m.ran is not None and not hit(m.ran)}


class Wrong(NamedTuple):
    """A theory that is false, and an obligation of it that fails."""

    title: str
    text: str  # its statement
    action: str
    path: int
    clause: str


Row = tuple[str, int, str, str, tuple[str, ...]]
"""Of an obligation: action, path, clause, verdict, hints."""


class Ground:
    """The checks, and what they need; ``place`` is for files."""

    def __init__(self, ran: Ran, place: Path) -> None:
        self.place = place
        self.kept: list[Kept] = []
        self.ran = ran
        self.models: dict[Model, Model] = {}
        self.theory = self._keep("theory", self._theory)
        self.proofs = self._keep("proofs", self._proofs)
        self.certificates = self._keep("certificates", self._certificates, sent=True)
        self.false = self._keep("false", self._false, pinned=True)
        self.wrong = self._keep("wrong", self._wrong, sent=True, pinned=True)
        self.asked = self._keep("asked", self.sampled, sent=True, pinned=True)
        self.answer = self._keep("answer", self._answered, sent=True)
        self._asking: dict[str, tuple[str, Path]] = {}

    def _keep(self, name: str, function: Callable[..., Any], **how: Any) -> Kept:
        self.kept.append(Kept(name, function, self.ran, **how))
        return self.kept[-1]

    @contextmanager
    def kept_everywhere(self, modules: Sequence[Any]) -> Iterator[None]:
        """Within, models, what solvers answer, and what tests make once are made once in all; and
        all is done in this process, so that the next check has what solvers answered."""
        changed: list[tuple[Any, str, Any]] = [
            (theories, "Model", self._model),
            (recheck, "ask", self._ask),
        ]
        for module in modules:
            for name, value in vars(module).items():
                if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
                    kept = self._keep(f"{module.__name__}.{name}", value.__wrapped__)
                    changed.append((module, name, kept))
        with _alone(), _exchanged(changed):
            yield

    def _model(self, *arguments: Any) -> Model:
        made = Model(*arguments)
        return self.models.setdefault(made, made)

    def _ask(self, solver: str, text: str, path: Path, timeout: float) -> str:
        """What a solver answers: it is asked once, if the answer does not depend on how busy the
        machine is."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._asking[digest] = text, path
        answer = str(self.answer(solver, digest, timeout))
        if answer not in ("sat", "unsat"):
            del self.answer.made[solver, digest, timeout]
        return answer

    def _answered(self, solver: str, digest: str, timeout: float) -> str:
        return solvers.ask(solver, *self._asking[digest], timeout)

    # What is made once

    @staticmethod
    def _theory(id: str) -> tuple[tuple[Theorem, ...], Theory]:
        (some,) = (some for some in together(THEOREMS) if some[0].id == id)
        return some, theories.theory(some)

    def _proofs(self, id: str) -> list[prove.Proof]:
        some, made = self.theory(id)
        with _alone():
            return prove.prove(some, 1, make=lambda _: made)

    def _certificates(self, id: str) -> dict[str, str]:
        """The files of a certificate directory."""
        with tempfile.TemporaryDirectory(dir=self.place) as place:
            certificates.write(self.proofs(id), Path(place) / id)
            return {path.name: path.read_text("utf-8") for path in (Path(place) / id).iterdir()}

    @staticmethod
    def _false(theorem: str, title: str) -> tuple[Theorem, Theory]:
        (need,) = (n for n in NEEDS if (n.theorem, n.title) == (theorem, title))
        made = varied(need, BY_ID)
        return made, theories.theory([made])

    def _wrong(self, of: str, title: str) -> Wrong:
        (need,) = (n for n in NEEDS if (n.theorem, n.title) == (of, title))
        theorem, made = self.false(of, title)
        found = Needed(need, "proved")
        until_one_fails(found, in_turn(Prover(made, TIMEOUT), need.near))
        assert found.verdict == "failed" and found.first is not None
        text, first = statements.written([theorem], made), found.first
        return Wrong(f"{of}: {title}", text, first.action, first.path, first.clause)

    def sampled(self, id: str) -> list[Row]:
        """Some of what is asked of a theory: the start, a tick, the constants, and a path of each
        action."""
        made = self.theory(id)[1]
        prover = Prover(made, TIMEOUT)
        found = [*prover.start(), *prover.ticking()]
        shown = made.constancy
        for action in shown.trees if shown is not None else ():
            found += prover.constant(action)
        for kind in made.kinds:
            steps = [step for step in steps_of(kind) if step.leaf.static.possible]
            found += prover.step(steps[len(steps) * 2 // 3])
        about = {clause.name: clause.about for clause in made.clauses}
        return [
            (w.action, w.path, w.clause, w.verdict, tuple(certificates._hints(w, about)))
            for w in found
        ]

    # What is asked

    def _verdicts(self, id: str) -> list[Row]:
        return [(*row[:-1], ()) for row in self.sampled(id)]

    def checks(self) -> list[Check]:
        """All but the tests."""
        systems = {some[0].id: some[0].system for some in together(THEOREMS)}
        small = [id for id, system in systems.items() if isinstance(system, Small)]
        wrong = [(n.theorem, n.title) for n in NEEDS if n.falls and n.theorem in small]
        found = []
        for id in (*small, *HOSTS):
            found.append(Check(f"statement {id}", STATEMENT, partial(self._stale, id), _told(id)))
        for id in small:
            found += [
                Check(
                    f"proof {id}", PROOF, partial(self._proved, id), _told(f"{id}: other counts")
                ),
                Check(f"recheck {id}", RECHECK, partial(self._accepted, id), _accepted_not),
            ]
        for of, title in (*wrong, *WRONG):
            ask = partial(self._proves, of, title)
            found.append(Check(f"false {of}: {title}", RECHECK, ask, str))
        for of, title in (*wrong, *WRONG):
            says = _told(f"accepts what is false ({of}: {title})")
            ask_recheck = partial(self._refuses, of, title)
            found.append(Check(f"refused {of}: {title}", RECHECK, ask_recheck, says))
        # What was used of the hypotheses hangs on what else was asked in the same process
        sampled = partial(self._verdicts, SAMPLED)
        found += [
            Check(f"paths of {SAMPLED}", PROOF, sampled, _told(f"{SAMPLED}: some paths")),
            Check(f"recheck of {SAMPLED}", RECHECK, partial(self._agreed, SAMPLED), str),
        ]
        return found

    def _stale(self, id: str) -> str:
        return statements.stale(*self.theory(id))

    def _proved(self, id: str) -> Any:
        return [
            (
                proof.id,
                proof.verdict,
                proof.paths,
                [proof.count(how) for how in ("enabled", "never", "unknown")],
                proof.vacuous,
                sorted((what.name, what.verdict) for what in proof.obligations),
            )
            for proof in self.proofs(id)
        ]

    def _accepted(self, id: str) -> Any:
        """What the other program says: what is wrong, and how much it was that it checked."""
        with _alone(), tempfile.TemporaryDirectory(dir=self.place) as place:
            for name, text in self.certificates(id).items():
                (Path(place) / name).write_text(text, "utf-8")
            found = recheck.recheck(Path(place), ["cvc5"], 1)
        numbers = [(made.id, found.of(made.id)) for made in found.statements]
        said = [(id, n.obligations, n.evident, n.taken, n.agreed["cvc5"]) for id, n in numbers]
        lines = [line for made in found.statements for line in made.lines()]
        return [found.wrong, said, lines]

    def _proves(self, of: str, title: str) -> str:
        """What if something is proved that is false? Then recheck has to refuse it."""
        one, made = Wrong(*self.wrong(of, title)), self.false(of, title)[1]
        found = _of(Prover(made, TIMEOUT), one.action, one.path, one.clause)
        if any(what.verdict != "proved" for what in found):
            return ""
        about = {clause.name: clause.about for clause in made.clauses}
        hints = {(w.action, w.path, w.clause): certificates._hints(w, about) for w in found}
        refused = self._refused(one, hints)
        return refused and f"proves what is false ({one.title}); {refused}"

    def _refuses(self, of: str, title: str) -> bool:
        return bool(self._refused(Wrong(*self.wrong(of, title)), {}))

    @staticmethod
    def _refused(one: Wrong, hints: obligations.Hints) -> str:
        """What the other program says against an obligation that is false."""
        made = statement.statement(one.text)
        of = obligations.Theory(made, hints)
        unit = recheck.Unit(made.id, one.action, (one.path,))
        if one.clause == CONSTANT:
            unit = recheck.Unit(made.id, recheck.WHOLE)
        done = recheck.Checked(made.id)
        for what in recheck._obligations(of, unit):
            if what.what in (one.clause, "never") and what.action == one.action:
                recheck._prove(done, of, what, ["cvc5"], recheck.TIMEOUT)
        return done.wrong[0] if done.wrong else ""

    def _agreed(self, id: str) -> str:
        """What was asked of hosts, in the same order, is accepted."""
        made = statement.read(statements.PLACE / f"{id}.txt")
        asked = {(a, n, what): [*names] for a, n, what, _, names in self.asked(id)}
        of = obligations.Theory(made, asked)
        done, found = recheck.Checked(id), []
        wanted = [key for key in asked if key[2] != CONSTANT]
        for unit in dict.fromkeys(key[:2] for key in wanted):
            for what in recheck._obligations(of, recheck.Unit(id, unit[0], (unit[1],))):
                found.append((what.action, what.path, what.what))
                recheck._prove(done, of, what, ["cvc5"], recheck.TIMEOUT)
        if done.wrong:
            return done.wrong[0][:100]
        return "" if {*found} == {*wanted} else f"{id}: other obligations"


def _told(text: str) -> Callable[[Any], str]:
    return lambda _: text


def _accepted_not(said: Any) -> str:
    return str(said[0][0])[:100] if said[0] else "other counts"


def _of(prover: Prover, action: str, path: int, only: str) -> list[Obligation]:
    """What is asked of a path about one clause."""
    if action == START:
        found = list(prover.start())
    elif action == TICK:
        found = [*prover.ticking(), *prover.constant(TICK)]
    elif only == CONSTANT:
        return list(prover.constant(action))
    else:
        (kind,) = (kind for kind in prover.theory.kinds if kind.name == action)
        steps = [step for step in steps_of(kind) if step.path == path]
        return [what for step in steps for what in prover.step(step, [only])]
    return [what for what in found if what.clause in (only, "never")]


# In this process


class _Here:
    """A pool without processes."""

    def submit(self, do: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(do(*arguments))
        return done

    def map(self, do: Callable[..., Any], *todo: Any) -> Iterator[Any]:
        return map(do, *todo)

    def shutdown(self) -> None:
        pass


@contextmanager
def _alone() -> Iterator[None]:
    """Within, proving and rechecking start no processes."""

    @contextmanager
    def here(_count: int) -> Iterator[_Here]:
        yield _Here()

    changed: list[tuple[Any, str, Any]] = [
        (prove, "forked", here),
        (recheck, "side_by_side", lambda do, todo, _: map(do, todo)),
    ]
    with _exchanged(changed):
        yield


@contextmanager
def _exchanged(changed: Sequence[tuple[Any, str, Any]]) -> Iterator[None]:
    """Within, names of modules have other values."""
    before = [(module, name, getattr(module, name)) for module, name, _ in changed]
    try:
        for module, name, value in changed:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


# Tests


class _Loop:
    """Has pytest collect tests, and then do something else with them than to run them."""

    def __init__(self, do: Callable[[list[Any]], None]) -> None:
        self.do = do
        self.error: BaseException | None = None

    def pytest_runtestloop(self, session: Any) -> bool:
        """In place of pytest's own."""
        if session.testsfailed:
            return True
        try:
            self.do(session.items)
        except BaseException as error:  # which pytest would make its own
            self.error = error
        return True


def with_tests(do: Callable[[list[Check]], None]) -> None:
    """Call ``do`` with the tests, each a check, while pytest waits."""
    import pytest

    def loop(items: list[Any]) -> None:
        do([Check(item.nodeid, TEST, _Test(item), str, item) for item in items])

    here = _Loop(loop)
    files = [str(path) for path in map(checkout, TESTS) if path.exists()]
    words = ["-q", "-s", "-n", "0", "-p", "no:cacheprovider", "-k", APART, *files]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(words, plugins=[here])
    if here.error is not None:
        raise here.error
    if code != pytest.ExitCode.OK:
        raise UsageProblem(f"pytest ends with {int(code)}: {said.getvalue()[-300:]}")


@dataclass(slots=True)
class _Test:
    """Run a test; its name, if it fails."""

    item: Any
    following: list[Any] = field(default_factory=list)  # what runs next, if that is known

    def __call__(self) -> str:
        from _pytest.runner import runtestprotocol

        after = self.following[0] if self.following else None
        reports = runtestprotocol(self.item, log=False, nextitem=after)
        if all(report.skipped or report.passed for report in reports):
            return SKIPPED if any(report.skipped for report in reports) else ""
        return str(self.item.nodeid)


SKIPPED = "skipped"


@contextmanager
def folder_of_its_own(checks: Sequence[Check], place: Path) -> Iterator[None]:
    """Within, tests write to a folder that no other process writes to."""
    mine = place / f"tests-{os.getpid()}"
    for check in checks:
        if check.item is not None:
            mine.mkdir(exist_ok=True)
            check.item.config._tmp_path_factory._basetemp = mine
            break
    try:
        yield
    finally:
        shutil.rmtree(mine, ignore_errors=True)


def modules_of(checks: Sequence[Check]) -> list[Any]:
    """The modules of tests."""
    found = dict.fromkeys(check.item.module for check in checks if check.item is not None)
    return [*found, *(m for n, m in sys.modules.items() if n.startswith("tests.helpers."))]
