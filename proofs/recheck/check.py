"""Check theorems again: ``python -m proofs.recheck [DIR]``.

What is claimed stands in statements, ``proofs/statements/``, one for each theory. This program
derives from a statement, by itself, all that there is to prove of it, and has other solvers prove
that again. It trusts none of what ``python -m checker prove`` does: it imports neither the
specification nor the checker nor Z3. From the certificates it takes but hints, namely which
hypotheses prove what, and which paths are never taken. A hint that is wrong can make a proof fail,
not succeed.

It refuses

* a statement that does not say what it has to, or that something stands in twice;
* an obligation to which a solver says anything but ``unsat``: ``unknown``, a time-out and an error
  are no agreement;
* what would be true of nothing: assumptions that contradict each other for three TCBs of an end, a
  theory of which no path is ever taken, a claim that no state could make false;
* runs for too short TIME-WAITs (``proofs.recheck.families``) that are not whole.

Exit codes: 0 all is well, 1 something is not, 2 usage, 3 interrupted, 4 a solver is missing.
"""

import argparse
import hashlib
import itertools
import json
import os
import shutil
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from proofs.recheck import families as runs
from proofs.recheck import objects, page, statement
from proofs.recheck.obligations import SORTS, Obligation, Theory, together
from proofs.recheck.solvers import SOLVERS, ask, decides, missing
from proofs.recheck.statement import START, TICK, Statement
from proofs.recheck.terms import Bad, question, script
from proofs.recheck.workers import side_by_side

FORMAT, VERSION = "synproof certificates", 3
STATEMENTS = Path(__file__).parents[1] / "statements"
TIMEOUT = 60.0
"""Seconds for one question."""
EVERY = 5.0
"""Seconds from one line of a log to the next."""
MOST = 1 << 26
"""Octets of a file; a longer one is not read."""


def _json(path: Path) -> Any:
    """What a JSON file says."""
    try:
        if path.stat().st_size > MOST:
            raise Bad(f"{path.name}: it has more than {MOST:,} octets")
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Bad(f"{path.name}: {error}") from error


def read(place: Path) -> dict[str, Any]:
    """The manifest of a certificate directory."""
    manifest = _json(place / "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Bad("manifest.json: it is no manifest of certificates")
    if manifest.get("version") != VERSION:
        raise Bad(f"manifest.json: version {manifest.get('version')}, not {VERSION}")
    if not manifest.get("theories"):
        raise Bad("manifest.json: there is no theory in it")
    return manifest


def hints(path: Path) -> dict[tuple[str, int, str], list[str]]:
    """The hints for a theory: (action, path, what is to be proved, names of hypotheses)."""
    found: dict[tuple[str, int, str], list[str]] = {}
    for action, number, what, names in _json(path):
        found[str(action), int(number), str(what)] = [str(name) for name in names]
    return found


# What is asked


@dataclass(frozen=True, slots=True)
class Unit:
    """Some of what is to be checked: of a theory, some paths of an action; or scripts of runs."""

    name: str
    action: str = ""  # none: of scripts
    paths: tuple[int, ...] = ()
    scripts: tuple[runs.Script, ...] = ()


CHUNK = 8
WHOLE = "whole"
"""In place of an action: what is asked of a theory as a whole."""


_theories: dict[str, Theory] = {}
"""What the workers are forked with."""


def units(made: Statement) -> Iterator[Unit]:
    """The work of a theory."""
    for action in made.actions:
        paths = [path.number for path in action.possible]
        if made.responses:
            paths += [path.number for path in action.refused]
        for n in range(0, len(paths), CHUNK):
            yield Unit(made.id, action.name, tuple(paths[n : n + CHUNK]))
    if made.tick is not None:
        yield Unit(made.id, TICK)
    yield Unit(made.id, START)
    yield Unit(made.id, WHOLE)


@dataclass(slots=True)
class Checked:
    """What came of a unit."""

    name: str
    wrong: list[str] = field(default_factory=list)
    obligations: int = 0
    evident: int = 0
    agreed: Counter[str] = field(default_factory=Counter)
    taken: int = 0  # paths that are not shown to be never taken
    slowest: float = 0.0


def check(place: Path, unit: Unit, solvers: Sequence[str], timeout: float) -> Checked:
    """Check a unit."""
    done = Checked(unit.name)
    if not unit.action:
        for file in unit.scripts:
            _script(done, place, file, solvers, timeout)
        return done
    of = _theories[unit.name]
    try:
        for _, some in itertools.groupby(_obligations(of, unit), lambda one: one.path):
            path = [*some]
            known = _together(of, path, solvers, timeout)
            for one in path:
                done.taken += one.action != TICK and one.what == SORTS
                _prove(done, of, one, solvers, timeout, known)
        if unit.action == WHOLE:
            _possible(done, of, timeout)
    except Bad as bad:
        done.wrong.append(f"{unit.name}: {bad}")
    return done


def _obligations(of: Theory, unit: Unit) -> Iterator[Obligation]:
    if unit.action == START:
        yield from of.start()
    elif unit.action == TICK:
        yield from of.ticking()
    elif unit.action == WHOLE:
        yield from of.constants()
        yield from of.states()
    else:
        (action,) = (one for one in of.made.actions if one.name == unit.action)
        for path in action.paths:
            if path.number in unit.paths:
                yield from of.path(action, path)


def _together(
    of: Theory, path: Sequence[Obligation], solvers: Sequence[str], timeout: float
) -> list[str]:
    """Who agrees to all obligations of a path at once."""
    whole = together(of.hints, path)
    return _asked(whole, solvers, timeout)[1] if whole is not None else []


def _prove(
    done: Checked,
    of: Theory,
    one: Obligation,
    solvers: Sequence[str],
    timeout: float,
    known: Sequence[str] = (),
) -> None:
    """Have an obligation proved, if it is not ``known`` to solvers: with the hypotheses that the
    hints name, else with all."""
    done.obligations += 1
    if one.evident:
        done.evident += 1
        return
    if known:
        done.agreed.update(known)
        return
    began = time.monotonic()
    said = _asked(one, solvers, timeout)
    if said[0]:
        whole = of.unhinted(one)
        if whole.supposed != one.supposed:
            said = _asked(whole, solvers, timeout)
    done.slowest = max(done.slowest, time.monotonic() - began)
    if said[0]:
        done.wrong.append(f"{of.made.id}: {one.name}: {said[0]}")
    done.agreed.update(said[1])


_agreed: set[tuple[str, str]] = set()
"""Questions to which a solver said ``unsat`` in this process, letter by letter. Most obligations
ask what another path asks, too."""


def _asked(one: Obligation, solvers: Sequence[str], timeout: float) -> tuple[str, list[str]]:
    """What is wrong, and who agreed."""
    text = script(one.supposed, one.goal)
    agreed = []
    for solver in solvers:
        if decides(solver, text):
            if (solver, text) not in _agreed:
                answer = ask(solver, text, Path(one.name), timeout)
                if answer != "unsat":
                    return f"{solver} says {answer}", []
                _agreed.add((solver, text))
            agreed.append(solver)
    return ("", agreed) if agreed else (f"it is not in a logic of {', '.join(solvers)}", [])


def _possible(done: Checked, of: Theory, timeout: float) -> None:
    """Assumptions have to be possible, and claims such that a state could be against them."""
    asked = [
        (f"what {theorem.id} assumes contradicts itself", of.assumed(theorem.options))
        for theorem in of.made.theorems
    ]
    asked += [
        (f"{name} is true of every state, whatever it is", of.hollow(name))
        for name in dict.fromkeys(n for theorem in of.made.theorems for n in theorem.claims)
    ]
    for wrong, terms in asked:
        answer = ask("cvc5", question(terms), Path(of.made.id), timeout)
        if answer != "sat":
            done.wrong.append(f"{of.made.id}: {wrong} (cvc5 says {answer})")


def _script(
    done: Checked, place: Path, one: runs.Script, solvers: Sequence[str], timeout: float
) -> None:
    """Read a script of a run, inspect it, and ask the solvers."""
    done.obligations += 1
    began = time.monotonic()
    try:
        text = _inspected(place, one)
        agreed = []
        for solver in solvers:
            if decides(solver, text):
                answer = ask(solver, text, place / one.file, timeout)
                if answer != "unsat":
                    raise Bad(f"{solver} says {answer}")
                agreed.append(solver)
        if not agreed:
            raise Bad(f"it is not in a logic of {', '.join(solvers)}")
        done.agreed.update(agreed)
    except (Bad, OSError, UnicodeError) as error:
        done.wrong.append(f"{one.file}: {error}")
    done.slowest = max(done.slowest, time.monotonic() - began)


def _inspected(place: Path, one: runs.Script) -> str:
    """The text of a script of a run."""
    content = (place / one.file).read_bytes()
    if hashlib.sha256(content).hexdigest() != one.sha256:
        raise Bad("it is not what its digest says")
    text = content.decode()
    runs.inspect(one, text)
    return text


def _check(work: tuple[Path, Unit, Sequence[str], float]) -> Checked:
    return check(*work)


def check_all(
    place: Path, todo: Sequence[Unit], solvers: Sequence[str], jobs: int, timeout: float
) -> Iterator[Checked]:
    """Check units side by side."""
    work = [(place, unit, solvers, timeout) for unit in todo]
    return side_by_side(_check, work, jobs)


def teller(total: int) -> Callable[[int], None]:
    """A function that tells on stderr how much is done: on a terminal in one line that changes,
    elsewhere in a line every few seconds."""
    told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        text = f"{done:,} of {total:,} parts"
        if sys.stderr.isatty():
            end = "\r" if done < total else "\n"
            print(text, end=end, file=sys.stderr, flush=True)
        elif time.monotonic() - told > EVERY:
            told = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    return tell


@dataclass(slots=True)
class Found:
    """What came of certificates: what is wrong, the statements, and each unit's numbers."""

    wrong: list[str]
    statements: list[Statement] = field(default_factory=list)
    checked: list[Checked] = field(default_factory=list)

    def of(self, name: str) -> Checked:
        """The numbers of a theory, or of a family."""
        total = Checked(name)
        for one in self.checked:
            if one.name == name:
                total.obligations += one.obligations
                total.evident += one.evident
                total.agreed += one.agreed
                total.taken += one.taken
        return total


def recheck(
    place: Path,
    solvers: Sequence[str],
    jobs: int | None = None,
    timeout: float = TIMEOUT,
    statements: Path = STATEMENTS,
) -> Found:
    """Check the theories and families that there are certificates of in ``place``."""
    try:
        made, todo = _prepared(place, statements)
    except Bad as bad:
        return Found([str(bad)])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return Found([f"manifest.json: it is damaged: {type(error).__name__}: {error}"])
    found = Found([], made)
    tell = teller(len(todo))
    for done in check_all(place, todo, solvers, jobs or os.cpu_count() or 1, timeout):
        found.checked.append(done)
        found.wrong += done.wrong
        tell(len(found.checked))
    found.wrong += [
        f"{one.id}: no path of it is ever taken" for one in made if not found.of(one.id).taken
    ]
    return found


def _prepared(place: Path, statements: Path) -> tuple[list[Statement], list[Unit]]:
    """The statements, and what is to be checked."""
    manifest = read(place)
    made, todo, wrong = [], [], []
    _theories.clear()
    held = {"manifest.json"}
    for one in manifest["theories"]:
        named, hinted = statements / f"{one['id']}.txt", place / one["hints"]
        held.add(one["hints"])
        if not named.is_file():
            raise Bad(f"{one['id']}: there is no statement {named}")
        made.append(statement.read(named))
        if made[-1].id != one["id"]:
            raise Bad(f"{named.name}: it is of {made[-1].id}")
        _theories[one["id"]] = Theory(made[-1], hints(hinted))
        todo += list(units(made[-1]))
    names = [one.id for one in made]
    wrong += [f"manifest.json: {id} is there twice" for id, n in Counter(names).items() if n > 1]
    theorems = {theorem.id for one in made for theorem in one.theorems}
    by_family = {family["id"]: runs.scripts(family) for family in manifest["families"]}
    both = sorted({*by_family} & {*names})
    wrong += [f"manifest.json: {id} is a family's name and a theory's" for id in both]
    wrong += runs.families_of(manifest, theorems)
    wrong += runs.inventory(place, [s for some in by_family.values() for s in some], held)
    for family in manifest["families"]:
        some = by_family[family["id"]]
        wrong += [f"{family['id']}: {what}" for what in runs.run_coverage(family, some)]
        wrong += [f"{s.file}: {what}" for s in some for what in runs.run_declared(family, s)]
        wrong += [] if wrong else runs.supposed(place, some)
        todo.append(Unit(family["id"], scripts=tuple(some)))
    if wrong:
        raise Bad("\n".join(wrong))
    return made, todo


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.recheck", description="Check theorems with other solvers."
    )
    parser.add_argument("place", nargs="?", default="build/certificates", metavar="DIR", type=Path)
    parser.add_argument(
        "--solver",
        action="append",
        choices=SOLVERS,
        help="may be repeated; default: cvc5, and bitwuzla where it is installed",
    )
    parser.add_argument("--jobs", type=int, help="processes; default: cores")
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT, help="seconds for one question (%(default)s)"
    )
    parser.add_argument(
        "--statements",
        type=Path,
        default=STATEMENTS,
        metavar="DIR",
        help="where the statements are; default: proofs/statements",
    )
    parser.add_argument(
        "--pin",
        action="store_true",
        help=f"rewrite {COUNTS}: how many obligations each theory has",
    )
    parser.add_argument(
        "--page",
        action="store_true",
        help="check nothing, and write docs/reference/theorems.md from the statements",
    )
    parser.add_argument(
        "--proofs",
        action="store_true",
        help="have cvc5 write a proof of each obligation, and ethos check it, instead of asking "
        "solvers; docs/how-to/check-proof-objects.md says how to get ethos",
    )
    parser.add_argument(
        "--ethos",
        default=os.environ.get("ETHOS"),
        metavar="PROGRAM",
        help="default: what the variable ETHOS says",
    )
    parser.add_argument(
        "--signatures",
        default=os.environ.get("CPC_SIGNATURES"),
        type=Path,
        metavar="DIR",
        help=f"the folder of {objects.SIGNATURE}; default: what the variable CPC_SIGNATURES says",
    )
    parser.add_argument(
        "--sample", type=int, metavar="N", help="with --proofs: ask N different questions only"
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="with --proofs: keep there what came of each question, and ask only what is not "
        "checked there; what was asked before has twice the time",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="with --proofs: begin no question after N minutes",
    )
    options = parser.parse_args(argv)
    if options.minutes is not None and options.minutes <= 0:
        parser.error("--minutes must be more than 0")
    if options.sample is not None and options.record is not None:
        parser.error("--sample and --record exclude each other")
    if options.sample is not None and options.sample < 1:
        parser.error("--sample must be at least 1")
    if options.jobs is not None and options.jobs < 1:
        parser.error("--jobs must be at least 1")
    if options.timeout <= 0:
        parser.error("--timeout must be more than 0")
    if options.page:
        return _page(options.statements)
    for folder in (options.place, options.statements):
        if not folder.is_dir():
            print(f"recheck: {folder}: no such directory", file=sys.stderr)
            return 2
    try:
        return _with_proofs(options) if options.proofs else _with_solvers(options)
    except BrokenProcessPool:
        print("recheck: a solver's process died", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("recheck: interrupted", file=sys.stderr)
        return 3


def _with_solvers(options: argparse.Namespace) -> int:
    """Have solvers prove all again; the exit code."""
    solvers = list(dict.fromkeys(options.solver or ("cvc5", "bitwuzla")))
    for solver in [solver for solver in (*solvers, "cvc5") if missing(solver)]:
        if options.solver or solver == "cvc5":
            print(f"recheck: {solver} is not installed", file=sys.stderr)
            return 4
        print(f"recheck: {solver} is not installed, and was not asked", file=sys.stderr)
        solvers.remove(solver)
    began = time.monotonic()
    found = recheck(options.place, solvers, options.jobs, options.timeout, options.statements)
    if options.pin and not found.wrong:
        pin(options.statements, found)
    found.wrong += counted(options.statements, found)
    for what in found.wrong:
        print(f"recheck: {what}", file=sys.stderr)
    if not found.wrong:
        for made in found.statements:
            print("\n".join([*made.lines(), f"  {_numbers(found.of(made.id), solvers)}"]))
    total = sum(one.obligations for one in found.checked)
    slowest = max((one.slowest for one in found.checked), default=0.0)
    print(
        f"{options.place}: {'NOT accepted' if found.wrong else 'accepted'}; {total:,} obligations, "
        f"{time.monotonic() - began:.0f} s, the slowest {slowest:.1f} s"
    )
    return 1 if found.wrong else 0


def _page(place: Path) -> int:
    """Write the page of the theorems."""
    try:
        page.PAGE.write_text(page.of(place, pinned(place)), "utf-8")
    except Bad as bad:
        print(f"recheck: {bad}", file=sys.stderr)
        return 1
    print(f"{page.PAGE} written")
    return 0


def _with_proofs(options: argparse.Namespace) -> int:
    """Check proofs, if there are the programs for it; the exit code."""
    if missing("cvc5"):
        print("recheck: cvc5 is not installed", file=sys.stderr)
        return 4
    if not (options.ethos and options.signatures):
        print(
            "recheck: no proof was checked: --ethos and --signatures, or the variables ETHOS and "
            "CPC_SIGNATURES, have to name ethos and the rules; docs/how-to/check-proof-objects.md "
            "says how to get them",
            file=sys.stderr,
        )
        return 4
    if shutil.which(options.ethos) is None:
        print(f"recheck: {options.ethos}: no such program", file=sys.stderr)
        return 4
    if not (options.signatures / objects.SIGNATURE).is_file():
        print(f"recheck: {options.signatures}: there is no {objects.SIGNATURE}", file=sys.stderr)
        return 4
    return _prove_objects(options)


def _prove_objects(options: argparse.Namespace) -> int:
    """Have cvc5 write proofs and ethos check them, instead of asking solvers; the exit code."""
    began = time.monotonic()
    ethos = objects.Ethos(options.ethos, options.signatures)
    try:
        objects.control(ethos, options.timeout)
        _, todo = _prepared(options.place, options.statements)
        asked, counts = objects.questions(_theories.values())
        for unit in todo:
            for one in unit.scripts:
                asked.append(
                    objects.Question(_inspected(options.place, one), [(unit.name, one.file)])
                )
    except (Bad, OSError, UnicodeError) as bad:
        print(f"recheck: {bad}", file=sys.stderr)
        return 1
    try:
        done = _answered(options, ethos, asked, counts)
    except (Bad, OSError) as bad:
        print(f"recheck: {bad}", file=sys.stderr)
        return 1
    for line in objects.report(asked, counts, done):
        print(line)
    less = len(done) < len(asked) and options.sample is None
    wrong = less or any(one.wrong for one in done)
    print(
        f"{options.place}: {'NOT all proofs are' if wrong else 'proofs'} accepted; "
        f"{time.monotonic() - began:.0f} s"
    )
    if any(one.wrong and not one.unfound for one in done):
        return 1
    return 3 if wrong else 0


def _answered(
    options: argparse.Namespace,
    ethos: objects.Ethos,
    asked: Sequence[objects.Question],
    counts: Mapping[str, tuple[int, int]],
) -> list[objects.Proved]:
    """Ask what is to be asked; all that is known then of what was asked, now or before."""
    place: Path | None = options.record
    record = objects.Record(version("cvc5"))
    todo = objects.sampled(len(asked), options.sample or len(asked))
    if place is not None:
        record = objects.Record.read(place, record.version)
        todo = record.todo(asked, options.timeout)
    numbers = {n: record.seconds(asked[n], options.timeout) for n in todo}
    until = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    jobs = options.jobs or os.cpu_count() or 1
    tell = teller(len(numbers))
    known = record.update(asked, counts, [], options.timeout)
    for count, one in enumerate(objects.answers(ethos, asked, numbers, jobs, until), 1):
        known = record.update(asked, counts, [one], numbers[one.number])
        if place is not None:
            record.write(place)
        tell(count)
    return known


COUNTS = "obligations.toml"
"""Beside the statements: how many obligations each theory has."""


def pinned(place: Path) -> dict[str, int]:
    """How many obligations each theory should have, by its name."""
    try:
        return tomllib.loads((place / COUNTS).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Bad(f"{COUNTS}: {error}") from error


def counted(place: Path, found: Found) -> Iterator[str]:
    """Theories that have another number of obligations than is pinned."""
    pins = pinned(place)
    for made in found.statements if pins and found.checked else ():
        count = found.of(made.id).obligations
        if pins.get(made.id) != count:
            yield f"{made.id}: {count:,} obligations, pinned are {pins.get(made.id, 'none')}; --pin"


def pin(place: Path, found: Found) -> None:
    """Pin how many obligations there are."""
    counts = pinned(place) | {one.id: found.of(one.id).obligations for one in found.statements}
    lines = [f'"{id}" = {count}\n' for id, count in sorted(counts.items())]
    head = "# How many obligations each theory has; python -m proofs.recheck --pin writes it.\n"
    (place / COUNTS).write_text(head + "".join(lines), "utf-8")


def _numbers(total: Checked, solvers: Sequence[str]) -> str:
    said = ", ".join(f"{total.agreed[solver]:,} proved by {solver}" for solver in solvers)
    return f"{total.obligations:,} obligations: {total.evident:,} word for word, {said}"


if __name__ == "__main__":
    sys.exit(main())
