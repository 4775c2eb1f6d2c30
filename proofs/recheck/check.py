"""Check certificates again: ``python -m proofs.recheck [DIR]``.

``python -m checker prove`` writes what it proved as SMT-LIB 2 scripts, one for each obligation.
This program trusts none of what made them: it imports neither the specification nor the checker
nor Z3, and has other solvers find each script unsatisfiable again. It fails

* on a file that is missing, was added, or is not what the manifest's digest says;
* where the obligations do not cover a theory: each clause at the start; for each action, that its
  paths are all there are, and that the fields which the scripts leave out are constant; for each
  path, every clause, or that it is never taken; for each theorem, that its claims are among its
  clauses;
* on a script that is not what it is written down as: another name, clause or rule, a hypothesis
  that is no clause and no assumption of the theory, a command other than declarations, assertions
  and one ``check-sat`` at the end;
* where the obligations do not cover a family of runs: for each step, all that it asks; that there
  are delays as supposed, that the bound is the run's own, and an example; for each theorem, all
  families that were written with it;
* on what would be true of nothing: a hypothesis that says false, a clause that has nothing to prove
  anywhere, a theory of which no path is ever taken;
* on any answer of any solver but ``unsat``, a time-out included.

What is left to trust is that the scripts say of the specification what they are labelled with.

Exit codes: 0 all is well, 1 something is not, 2 usage, 3 interrupted, 4 a solver is missing.
"""

import argparse
import hashlib
import importlib.util
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT, VERSION = "synproof certificates", 2
START, TICK = "start", "tick"
COVER, NEVER, CONSTANT = "cover", "never", "constant"
CHOICE, NO_MORE, EXAMPLE, BEYOND = "choice", "no more", "example", "beyond"
SOLVERS = ("cvc5", "bitwuzla", "z3")
TIMEOUT = 60.0
"""Seconds for one script."""
EVERY = 5.0
"""Seconds from one line of a log to the next."""


class Bad(Exception):
    """A certificate is not what it should be."""


@dataclass(frozen=True, slots=True)
class Script:
    """A file, and what the manifest says of it."""

    file: str
    sha256: str
    action: str
    path: int
    clause: str
    rules: tuple[str, ...]
    line: str
    hypotheses: tuple[str, ...]

    def header(self) -> list[str]:
        """The comment that must begin it."""
        return [
            f"; obligation: {self.action}.{self.path}.{self.clause}",
            f"; clause: {self.clause}",
            *(f"; rule: {rule}" for rule in self.rules),
            f"; line: {self.line}",
            *(f"; hypothesis: {name}" for name in self.hypotheses),
        ]


# The manifest


def read(place: Path) -> dict[str, Any]:
    """The manifest of a certificate directory."""
    try:
        manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Bad(f"manifest.json: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Bad("manifest.json: it is no manifest of certificates")
    if manifest.get("version") != VERSION:
        raise Bad(f"manifest.json: version {manifest.get('version')}, not {VERSION}")
    if not manifest.get("theories"):
        raise Bad("manifest.json: there is no theory in it")
    return manifest


def scripts(theory: dict[str, Any]) -> list[Script]:
    """The scripts of a theory."""
    return [
        Script(
            o["file"],
            o["sha256"],
            o["action"],
            o["path"],
            o["clause"],
            tuple(o["rules"]),
            o["line"],
            tuple(o["hypotheses"]),
        )
        for o in theory["obligations"]
    ]


def coverage(theory: dict[str, Any], found: Sequence[Script]) -> Iterator[str]:
    """What the obligations of a theory leave open, and what they are beside it."""
    clauses = [clause["name"] for clause in theory["clauses"]]
    for name, times in Counter(clauses).items():
        if times > 1 or name in (COVER, NEVER, CONSTANT):
            yield f"it has two clauses called {name}, or one that must not be called so"
    have: dict[tuple[str, int], Counter[str]] = {}
    for script in found:
        have.setdefault((script.action, script.path), Counter())[script.clause] += 1
    names = [action["name"] for action in theory["actions"]]
    if len(set(names)) < len(names) or START not in names:
        yield "its actions are not different, or have no start"
    wanted: dict[tuple[str, int], list[set[str]]] = {}
    for action in theory["actions"]:
        name, paths = action["name"], action["paths"]
        single = name in (START, TICK)
        every = sorted([*paths, *action["impossible"]])
        if every != list(range(len(every))) or (single and paths != [0]) or not every:
            yield f"{name}: its paths are not numbered from 0 on"
        for path in paths:
            wanted[name, path] = [set(clauses)] if single else [set(clauses), {NEVER}]
        # What is said of a whole action goes with its first path, which may be impossible
        whole = {CONSTANT} if theory["constants"] else set()
        whole |= set() if single else {COVER}
        ways = wanted.setdefault((name, 0), [set()])
        wanted[name, 0] = [whole | way for way in ways]
    for (name, path), ways in wanted.items():
        held = have.pop((name, path), Counter())
        doubled = [clause for clause, times in held.items() if times > 1]
        if doubled:
            yield f"{name}, path {path}: {doubled[0]} is there twice"
        if set(held) not in ways:
            way = ways[-1] if NEVER in held else ways[0]
            missing, other = sorted(way - set(held)), sorted(set(held) - way)
            yield f"{name}, path {path}: " + (
                f"no obligation for {', '.join(missing)}"
                if missing
                else f"there should be none for {', '.join(other)}"
            )
    for name, path in have:
        yield f"{name}, path {path}: it has obligations, but is no path of an action"
    taken = {(s.action, s.path) for s in found if s.action != START and s.clause in clauses}
    if not taken:
        yield "no path of it is ever taken"


def claimed(theory: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the theorems of a theory: each claims clauses, under its own options."""
    when = {clause["name"]: clause["when"] for clause in theory["clauses"]}
    if not theory["theorems"]:
        yield "there is no theorem in it"
    options = {option for theorem in theory["theorems"] for option in theorem["options"]}
    for part in (*theory["clauses"], *theory["pairs"]):
        options |= {option for way in part["when"] for option in way}
    for option in sorted(options - {*theory["free"]}):
        yield f"{option} is an option, but nothing that may vary"
    for theorem in theory["theorems"]:
        if not theorem["claims"]:
            yield f"{theorem['id']} claims nothing"
        for name in theorem["claims"]:
            if name not in when:
                yield f"{theorem['id']} claims {name}, which is no clause"
            elif when[name] and not any({*way} <= {*theorem["options"]} for way in when[name]):
                yield f"{theorem['id']} claims {name}, which holds under other options only"


def statements(theory: dict[str, Any]) -> Iterator[str]:
    """What its theorems say and suppose, a line each, in the names that the scripts use."""
    rules = [f"{name}={value}" for name, value in theory["rules"].items()]
    for theorem in theory["theorems"]:
        options = {*theorem["options"]}
        supposed = [
            part["name"]
            for part in (*theory["facts"], *theory["pairs"])
            if not part["when"] or any({*way} <= options for way in part["when"])
        ]
        switches = [f"{name}=on" for name in theorem["options"] if "." not in name]
        yield (
            f"{theorem['id']}: {', '.join(theorem['claims'])}; supposes "
            f"{', '.join([*supposed, *rules, *switches]) or 'nothing'}"
        )


def whole(family: dict[str, Any]) -> set[tuple[int, str]]:
    """What must be proved of a family, beside its steps."""
    wanted = {(0, EXAMPLE)}
    if family["delays"]:
        wanted.add((0, CHOICE))
    if family["condition"]:
        wanted.add((0, NO_MORE))
    if family["complement"]:
        wanted.add((0, BEYOND))
    return wanted


def run_coverage(family: dict[str, Any], found: Sequence[Script]) -> Iterator[str]:
    """What the obligations of a family leave open, and what they are beside it."""
    wanted = whole(family)
    for number, step in enumerate(family["steps"], 1):
        if step["number"] != number:
            yield "its steps are not numbered from 1 on"
        if not step["who"] and "time goes on" not in step["asks"]:
            yield f"step {number} is a wait, but does not ask that time goes on"
        wanted |= {(number, ask) for ask in step["asks"]}
    held = Counter((script.path, script.clause) for script in found)
    yield from (f"step {n}: {what} is there twice" for (n, what), k in held.items() if k > 1)
    yield from (f"step {n}: no obligation for {what}" for n, what in sorted(wanted - {*held}))
    yield from (f"step {n}: there should be none for {what}" for n, what in {*held} - wanted)
    if any(script.action != family["id"] for script in found):
        yield "it has obligations of another"


def run_declared(family: dict[str, Any], script: Script) -> Iterator[str]:
    """Hypotheses that a script of a family may not have."""
    names = ["msl", "span", "time_wait", *family["delays"]]
    allowed = {f"sort of {name}" for name in names}
    if script.path:
        allowed |= {f"delay {n}" for n in range(1, len(family["where"]) + 1)}
    elif script.clause == CHOICE:
        allowed -= {f"sort of {name}" for name in family["delays"]}
        allowed |= {f"given {n}" for n in range(1, len(family["condition"]) + 1)}
    elif script.clause == NO_MORE:
        allowed |= {f"step {s['number']}: {ask}" for s in family["steps"] for ask in s["asks"]}
    elif script.clause == EXAMPLE:
        allowed = {f"value of {name}" for name in names}
    for hypothesis in script.hypotheses:
        if hypothesis not in allowed:
            yield f"it supposes {hypothesis!r}, which is not declared"


def families_of(manifest: dict[str, Any]) -> Iterator[str]:
    """What is wrong with which families there are."""
    theorems = [theorem for theory in manifest["theories"] for theorem in theory["theorems"]]
    families = manifest["families"]
    ids = [family["id"] for family in families]
    if len({*ids}) < len(ids):
        yield "manifest.json: a family is there twice"
    for theorem in theorems:
        held = [family["id"] for family in families if family["theorem"] == theorem["id"]]
        yield from (
            f"{theorem['id']}: its family {id} is not there, or is of no theorem"
            for id in sorted({*held} ^ {*theorem["families"]})
        )
    known = {theorem["id"] for theorem in theorems}
    for family in families:
        if family["theorem"] not in known:
            yield f"{family['id']}: its theorem {family['theorem']} is not there"


def supposed(place: Path, some: Sequence[Script]) -> Iterator[str]:
    """Hypotheses that have one name in two scripts of a family, and do not say the same."""
    said: dict[str, list[str]] = {}
    for script in some:
        text = (place / script.file).read_text("utf-8")
        asserted = [command for command in commands(text) if command[1:2] == ["assert"]]
        for name, command in zip(script.hypotheses, asserted, strict=False):
            if said.setdefault(name, command) != command:
                yield f"{script.file}: it supposes something else by {name!r} than another"


def declared(theory: dict[str, Any], script: Script) -> Iterator[str]:
    """Hypotheses that a script may not have: not a clause, an assumption, or of the path."""
    clauses = {clause["name"] for clause in theory["clauses"]}
    facts = {fact["name"] for fact in theory["facts"]}
    pairs = {pair["name"] for pair in theory["pairs"]}
    for hypothesis in script.hypotheses:
        first, second = (*hypothesis.split()[:2], "", "")[:2]
        if first in ("sort", "sorts") or (first == "fact" and second in facts):
            continue
        if script.clause == CONSTANT and script.action != START and first == CONSTANT:
            continue
        if script.action != START and script.clause not in (COVER, CONSTANT):
            if first in clauses or (first == "assumed" and second in pairs):
                continue
            if first == "path":
                continue
        yield f"it supposes {hypothesis!r}, which is not declared"


def inventory(place: Path, found: Sequence[Script]) -> Iterator[str]:
    """Files that are there and should not be, or the other way round, or stand for two."""
    listed = Counter(script.file for script in found)
    yield from (f"{file}: it stands for two obligations" for file, n in listed.items() if n > 1)
    there = {
        path.relative_to(place).as_posix()
        for path in place.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    yield from (f"{file}: missing" for file in sorted(set(listed) - there))
    extra = there - set(listed) - {"manifest.json"}
    yield from (f"{file}: not in the manifest" for file in sorted(extra))


# Scripts

_TOKEN = re.compile(r"""\s+|;[^\n]*|"(?:[^"]|"")*"|\|[^|\\]*\||[()]|[^\s()";|]+""")
_DECLARATIONS = ("declare-fun", "declare-const")
_BUILT_IN = re.compile(r"\|?(true|false|not|and|or|xor|=>?|ite|distinct|let|[-+*/<>].*|bv.*)\|?")


def commands(text: str) -> list[list[str]]:
    """The commands of a script, each as its tokens."""
    if any(ord(c) < 32 and c not in "\n\t" for c in text):
        raise Bad("it has control characters")
    found: list[list[str]] = []
    depth = at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Bad(f"it cannot be read at character {at}")
        at, token = match.end(), match.group()
        if token[0].isspace() or token[0] == ";":
            continue
        if token == "(":
            if depth == 0:
                found.append([])
            depth += 1
        elif token == ")":
            depth -= 1
        elif depth == 0:
            raise Bad(f"{token!r} stands outside of a command")
        if depth < 0:
            raise Bad("it has a ) too many")
        found[-1].append(token)
    if depth:
        raise Bad("a command does not end")
    return found


def closed(command: Sequence[str]) -> bool:
    """Does an assertion speak of nothing, so that it is true or false by itself?"""
    return set(command) <= {"(", ")", "assert", "not", "and", "or", "=>", "true", "false"}


def inspect(script: Script, text: str) -> bool:
    """Is it a script as it should be? Its goal may be true by itself: then it says True."""
    header = []
    for line in text.split("\n"):
        if not line.startswith(";"):
            break
        header.append(line)
    if header != script.header():
        wrong = [*(set(header) ^ set(script.header())), "the order"][0]
        raise Bad(f"its header disagrees with the manifest: {wrong}")
    found = commands(text)
    names = [command[1] if len(command) > 2 else "" for command in found]
    if names[:1] != ["set-logic"] or names.count("set-logic") != 1:
        raise Bad("it does not begin with set-logic")
    if names[-1:] != ["check-sat"] or names.count("check-sat") != 1:
        raise Bad("it does not end with its only check-sat")
    for name in names[1:-1]:
        if name != "assert" and name not in _DECLARATIONS:
            raise Bad(f"it has the command {name or '()'}")
    for command, name in zip(found, names, strict=True):
        if name in _DECLARATIONS and _BUILT_IN.fullmatch(command[2]):
            raise Bad(f"it declares {command[2]}, which has a meaning")
    asserted = [command for command, name in zip(found, names, strict=True) if name == "assert"]
    if len(asserted) != len(script.hypotheses) + 1:
        raise Bad(f"{len(asserted)} assertions, of {len(script.hypotheses)} hypotheses and a goal")
    *supposed, goal = asserted
    for name, command in zip(script.hypotheses, supposed, strict=True):
        # A test on a path may be false by itself: then the path is never taken
        if closed(command) and not (name.startswith("path ") and script.clause == NEVER):
            raise Bad(f"it supposes {name!r} without saying anything of a state")
    nothing = goal[1:-1] == ["assert", "(", "not", "false", ")"]
    if script.clause == NEVER:
        if not nothing or not supposed:
            raise Bad("its goal is not that the path is never taken")
        return False
    if closed(goal) and supposed:
        raise Bad("its goal says nothing, but it has hypotheses")
    return closed(goal)


# Solvers


def decides(solver: str, text: str) -> bool:
    """Is a script in a logic that the solver knows?"""
    return solver != "bitwuzla" or not re.search(r"\b(Int|Real)\b", _code(text))


def _code(text: str) -> str:
    return re.sub(r"^;.*$", "", text, flags=re.MULTILINE)


def ask(solver: str, text: str, path: Path, timeout: float) -> str:
    """What a solver answers."""
    try:
        return {"cvc5": _cvc5, "bitwuzla": _bitwuzla, "z3": _z3}[solver](text, path, timeout)
    except Exception as error:
        return f"error: {' '.join(str(error).split())[:200]}"


def _cvc5(text: str, path: Path, timeout: float) -> str:
    import cvc5

    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    solver.setOption("tlimit-per", str(int(timeout * 1000)))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, path.name)
    answers = []
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        said = str(command.invoke(solver, parser.getSymbolManager())).strip()
        if command.getCommandName() == "check-sat":
            answers.append(said)
        elif said:
            return said
    return " ".join(answers)


def _bitwuzla(text: str, path: Path, timeout: float) -> str:
    import bitwuzla

    parser = bitwuzla.Parser(bitwuzla.TermManager(), bitwuzla.Options())
    parser.parse(text, True, False)
    solver = parser.bitwuzla()
    end = time.monotonic() + timeout
    solver.configure_terminator(lambda: time.monotonic() > end)
    return str(solver.check_sat()).lower()


def _z3(text: str, path: Path, timeout: float) -> str:
    seconds = max(1, int(timeout))
    ran = subprocess.run(
        ["z3", f"-T:{seconds}", "-in"],
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout + 10,
        check=False,
    )
    return ran.stdout.strip()


def missing(solver: str) -> bool:
    """Is a solver not installed?"""
    if solver == "z3":
        return shutil.which("z3") is None
    return importlib.util.find_spec(solver) is None


@dataclass(slots=True)
class Checked:
    """What came of a script: what is wrong with it, who agreed, and how long they took."""

    file: str
    wrong: str = ""
    trivial: bool = False
    agreed: tuple[str, ...] = ()
    seconds: float = 0.0


def check(place: Path, script: Script, solvers: Sequence[str], timeout: float) -> Checked:
    """Read a script, inspect it, and ask the solvers."""
    began = time.monotonic()
    done = Checked(script.file)
    try:
        content = (place / script.file).read_bytes()
        if hashlib.sha256(content).hexdigest() != script.sha256:
            raise Bad("it is not what its digest says")
        text = content.decode()
        done.trivial = inspect(script, text)
        for solver in solvers:
            if decides(solver, text):
                answer = ask(solver, text, place / script.file, timeout)
                if answer != "unsat":
                    raise Bad(f"{solver} says {answer}")
                done.agreed += (solver,)
        if not done.agreed:
            raise Bad(f"it is not in a logic of {', '.join(solvers)}")
    except (Bad, OSError, UnicodeError) as error:
        done.wrong = f"{script.file}: {error}"
    done.seconds = time.monotonic() - began
    return done


def _alone() -> None:
    """In a worker: an interrupt is for the parent, which ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check(work: tuple[Path, list[Script], Sequence[str], float]) -> list[Checked]:
    place, some, solvers, timeout = work
    return [check(place, script, solvers, timeout) for script in some]


CHUNK = 16


def check_all(
    place: Path, todo: Sequence[Script], solvers: Sequence[str], jobs: int, timeout: float
) -> Iterator[Checked]:
    """Check scripts side by side."""
    work = [
        (place, list(todo[i : i + CHUNK]), solvers, timeout) for i in range(0, len(todo), CHUNK)
    ]
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _alone)
    try:
        for done in pool.map(_check, work):
            yield from done
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


def teller(total: int) -> Callable[[int], None]:
    """A function that tells on stderr how many of all scripts are done: on a terminal in one line
    that changes, elsewhere in a line every few seconds."""
    told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        text = f"{done:,} of {total:,} scripts"
        if sys.stderr.isatty():
            end = "\r" if done < total else "\n"
            print(text, end=end, file=sys.stderr, flush=True)
        elif time.monotonic() - told > EVERY:
            told = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    return tell


def recheck(
    place: Path,
    solvers: Sequence[str],
    jobs: int | None = None,
    timeout: float = TIMEOUT,
) -> tuple[list[str], list[Checked]]:
    """What is wrong with the certificates in ``place``, and what came of each script."""
    try:
        manifest = read(place)
        theories, families = manifest["theories"], manifest["families"]
        by_theory = {theory["id"]: scripts(theory) for theory in theories}
        by_family = {family["id"]: scripts(family) for family in families}
        todo = [s for some in (*by_theory.values(), *by_family.values()) for s in some]
        wrong = list(inventory(place, todo))
        if len(by_theory) < len(theories):
            wrong.append("manifest.json: a theory is there twice")
        ids = Counter(theorem["id"] for theory in theories for theorem in theory["theorems"])
        wrong += [f"manifest.json: theorem {id} is there twice" for id, n in ids.items() if n > 1]
        for theory in theories:
            some = by_theory[theory["id"]]
            wrong += [f"{theory['id']}: {what}" for what in claimed(theory)]
            list(statements(theory))  # which raises if it is damaged
            wrong += [f"{theory['id']}: {what}" for what in coverage(theory, some)]
            wrong += [f"{s.file}: {what}" for s in some for what in declared(theory, s)]
        wrong += families_of(manifest)
        for family in families:
            some = by_family[family["id"]]
            wrong += [f"{family['id']}: {what}" for what in run_coverage(family, some)]
            wrong += [f"{s.file}: {what}" for s in some for what in run_declared(family, s)]
            wrong += [] if wrong else supposed(place, some)
    except Bad as bad:
        return [str(bad)], []
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return [f"manifest.json: it is damaged: {type(error).__name__}: {error}"], []
    if wrong:
        return wrong, []
    results = []
    tell = teller(len(todo))
    for done in check_all(place, todo, solvers, jobs or os.cpu_count() or 1, timeout):
        results.append(done)
        tell(len(results))
    wrong = [done.wrong for done in results if done.wrong]
    trivial = {done.file for done in results if done.trivial}
    for theory in theories:
        some = by_theory[theory["id"]]
        told = {script.clause for script in some if script.file not in trivial}
        paths = {action["name"]: len(action["paths"] + action["impossible"])
                 for action in theory["actions"]}  # fmt: skip
        wrong += [
            f"{theory['id']}: {clause['name']} has nothing to prove anywhere"
            for clause in theory["clauses"]
            if clause["name"] not in told
        ]
        if theory["constants"] and CONSTANT not in told:
            wrong.append(f"{theory['id']}: its constants have nothing to prove anywhere")
        wrong += [
            f"{script.file}: it says nothing, where there are many paths"
            for script in some
            if script.clause == COVER and script.file in trivial and paths[script.action] > 1
        ]
    return wrong, results


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.recheck", description="Check certificates with other solvers."
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
        "--timeout", type=float, default=TIMEOUT, help="seconds for one script (%(default)s)"
    )
    options = parser.parse_args(argv)
    if options.jobs is not None and options.jobs < 1:
        parser.error("--jobs must be at least 1")
    if options.timeout <= 0:
        parser.error("--timeout must be more than 0")
    if not options.place.is_dir():
        print(f"recheck: {options.place}: no such directory", file=sys.stderr)
        return 2
    solvers = list(dict.fromkeys(options.solver or ("cvc5", "bitwuzla")))
    for solver in [solver for solver in solvers if missing(solver)]:
        if options.solver or solver == "cvc5":
            print(f"recheck: {solver} is not installed", file=sys.stderr)
            return 4
        print(f"recheck: {solver} is not installed, and was not asked", file=sys.stderr)
        solvers.remove(solver)
    began = time.monotonic()
    try:
        wrong, results = recheck(options.place, solvers, options.jobs, options.timeout)
    except BrokenProcessPool:
        print("recheck: a solver's process died", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("recheck: interrupted", file=sys.stderr)
        return 3
    for what in wrong:
        print(f"recheck: {what}", file=sys.stderr)
    if not wrong:
        for theory in read(options.place)["theories"]:
            print("\n".join(statements(theory)))
    agreed = Counter(solver for done in results for solver in done.agreed)
    said = ", ".join(f"{solver} {agreed[solver]:,}" for solver in solvers)
    slowest = max((done.seconds for done in results), default=0.0)
    print(
        f"{options.place}: {'NOT accepted' if wrong else 'accepted'}; {len(results):,} scripts, "
        f"unsat by {said}; {time.monotonic() - began:.0f} s, the slowest {slowest:.1f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
