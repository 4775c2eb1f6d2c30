"""Proof objects: cvc5 writes down why something is so, and ethos checks each step of it.

``python -m proofs.recheck --proofs``. The solver need not be believed then. For each question, a
script that is to be unsatisfiable, cvc5 writes a proof in its own calculus (CPC), and ethos, a
small program, holds it against the rules of that calculus, which are in files of their own, the
signatures. What ethos is given beside the proof is the question, in its own notation
(``reference``): a proof that assumes anything else is refused. Six wrong proofs of a question of
two lines show, first of all, that what is said to be ethos refuses something.

A question is *checked* if ethos says ``correct`` and nothing else. It is not if

* cvc5 writes no proof in the time that it has: in any of several ways to search (``WAYS``), of
  each part of what is to be proved, and in cases, whether a test is true or not (``Answer``);
* a step of the proof is trusted. There is a rule for what cvc5 cannot justify yet, and a proof that
  has it is incomplete;
* the proof has a command that proofs do not need, such as one that declares a rule;
* ethos finds a fault, crashes, or takes too long.

Many obligations ask the same question. Each is asked once. With ``--record FILE`` what came of a
question is kept there, by the digest of its text, so that hours of work can be done in parts.
"""

import hashlib
import itertools
import json
import multiprocessing
import random
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from proofs.recheck.obligations import Obligation, Theory, together
from proofs.recheck.solvers import proof
from proofs.recheck.terms import Bad, Term, not_, script
from proofs.recheck.workers import side_by_side

WAYS: tuple[Mapping[str, str], ...] = (
    {"decision": "internal"},
    {"decision": "internal", "simplification": "none"},
)
"""Options of cvc5: what one way does not find in time, another may."""

SIGNATURE = "Cpc.eo"
"""In the folder of signatures, the file that includes the others."""

CORRECT = "correct"
"""What ethos says of a proof without fault."""

PATIENCE = 10
"""How many times as long as a search a proof may take to be written down, and to be checked; and
all cases of a question together."""
SHORT = 4
"""What part of the time of a search one case has."""
MORE, LONGEST = 2, 480.0
"""How many times as long a search has that did not end before; and seconds, at most."""


@dataclass(frozen=True, slots=True)
class Ethos:
    """The program, and the folder with the rules of the calculus."""

    program: str
    signatures: Path


@dataclass(slots=True)
class Question:
    """What is to be unsatisfiable, and which obligations ask it."""

    text: str
    names: list[tuple[str, str]]  # of the theory or family, and of the obligation
    obligation: Obligation | None = None
    theory: Theory | None = None

    @property
    def digest(self) -> str:
        """What tells it from others."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Proved:
    """What came of a question: nothing wrong, or why it is not checked; and what it took."""

    number: int
    wrong: str = ""
    proofs: int = 0  # more than one: in parts or cases
    octets: int = 0  # of the proofs
    finding: float = 0.0  # seconds of cvc5
    checking: float = 0.0  # seconds of ethos

    @property
    def unfound(self) -> bool:
        """Was no proof found, so that there was none to be refused?"""
        return bool(re.search(r"cvc5 (says unknown|takes more|crashes)|one case of it", self.wrong))


Known = dict[str, tuple[Proved, float]]
"""What came of questions, by digest, and how many seconds a search had."""


@dataclass(slots=True)
class Record:
    """What is known of questions, by theory, and the numbers of each theory.

    It holds for one version of cvc5. Nothing is known of a question whose text has changed.
    """

    version: str
    theories: dict[str, tuple[dict[str, int], Known]] = field(default_factory=dict)

    @classmethod
    def read(cls, place: Path, version: str) -> "Record":
        """What is in a file; nothing, if it is of another version, or not there."""
        made = cls(version)
        try:
            kept = json.loads(place.read_text("utf-8"))
            for id, theory in kept["theories"].items() if kept["cvc5"] == version else ():
                found = theory["found"].items()
                known = {key: (Proved(0, *row), float(limit)) for key, (limit, *row) in found}
                made.theories[id] = theory["numbers"], known
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Bad(f"{place} is no record of proofs: {error}") from error
        return made

    @property
    def known(self) -> Known:
        """All of it."""
        return {key: one for _, known in self.theories.values() for key, one in known.items()}

    def update(
        self,
        asked: Sequence[Question],
        counts: Mapping[str, tuple[int, int]],
        done: Sequence[Proved],
        timeout: float,
    ) -> list[Proved]:
        """Have what came of some questions; all that is known of those of these theories then."""
        known = self.known | {asked[one.number].digest: (one, timeout) for one in done}
        all_ = [
            replace(known[one.digest][0], number=n)
            for n, one in enumerate(asked)
            if one.digest in known
        ]
        found: dict[str, Known] = {}
        for one in asked:
            for id in dict.fromkeys(of for of, _ in one.names):
                some = found.setdefault(id, {})
                if one.digest in known:
                    some[one.digest] = known[one.digest]
        numbers = numbered(asked, counts, all_)
        self.theories |= {id: (numbers[id], found.get(id, {})) for id in numbers}
        return all_

    def write(self, place: Path) -> None:
        """Keep it: a line a question."""
        parts = []
        for id, (numbers, known) in sorted(self.theories.items()):
            lines = sorted(f"{json.dumps(k)}: {json.dumps(_row(*one))}" for k, one in known.items())
            found = "{" + "".join(f"\n{line}," for line in lines).rstrip(",") + "}"
            parts.append(
                f'{json.dumps(id)}: {{"numbers": {json.dumps(numbers)}, "found": {found}}}'
            )
        head = f'{{"cvc5": {json.dumps(self.version)}, "theories": {{\n'
        beside = place.with_name(f".{place.name}.part")
        beside.write_text(head + ",\n".join(parts) + "\n}}\n", "utf-8")
        beside.replace(place)

    def todo(self, asked: Sequence[Question], timeout: float) -> list[int]:
        """What to ask: of what nothing is known, and then what was not checked, what had least time
        first. The short come first, the more so the more obligations ask them; and theories take
        turns, so that no night is spent on one of them."""
        known = self.known
        never: dict[str, list[int]] = {}
        again = []
        cost = [len(one.text) / len(one.names) for one in asked]
        for n in sorted(range(len(asked)), key=cost.__getitem__):
            one = asked[n]
            before, limit = known.get(one.digest, (None, 0.0))
            if before is None:
                never.setdefault(one.names[0][0], []).append(n)
            elif before.wrong and self.seconds(one, timeout) > limit:
                again.append((limit, n))
        turns = itertools.zip_longest(*never.values())
        first = [n for turn in turns for n in turn if n is not None]
        return [*first, *(n for _, n in sorted(again, key=lambda item: item[0]))]

    def seconds(self, one: Question, timeout: float) -> float:
        """How long a search for its proof may take: twice as long as one that did not end, so that
        each night asks more of those that are left, up to ``LONGEST``."""
        before, limit = self.known.get(one.digest, (None, 0.0))
        if before is None or not before.wrong:
            return timeout
        return max(timeout, limit, min(MORE * limit, LONGEST))


def _row(found: Proved, limit: float) -> list[object]:
    """As it is kept, without its number, which is another's in the next run."""
    seconds = round(found.finding, 2), round(found.checking, 2)
    return [limit, found.wrong, found.proofs, found.octets, *seconds]


def numbered(
    asked: Sequence[Question], counts: Mapping[str, tuple[int, int]], done: Sequence[Proved]
) -> dict[str, dict[str, int]]:
    """Of each theory: how many questions are checked, and how many there are, how many obligations
    are covered by these, or are hypotheses word for word, and how many there are."""
    good = {one.number for one in done if not one.wrong}
    found = {
        id: {"checked": 0, "questions": 0, "covered": evident, "obligations": total}
        for id, (total, evident) in counts.items()
    }
    for number, one in enumerate(asked):
        for id, many in Counter(of for of, _ in one.names).items():
            blank = {"checked": 0, "questions": 0, "covered": 0, "obligations": 0}
            row = found.setdefault(id, blank)
            row["questions"] += 1
            row["obligations"] += many if id not in counts else 0
            row["checked"] += number in good
            row["covered"] += many if number in good else 0
    return found


# Questions


def questions(theories: Iterable[Theory]) -> tuple[list[Question], dict[str, tuple[int, int]]]:
    """The different questions of theories, and of each theory how many obligations it has, and how
    many of these are hypotheses word for word."""
    found: dict[str, Question] = {}
    counts = {}
    for theory in theories:
        total = evident = 0
        for _, some in itertools.groupby(theory.all(), lambda one: (one.action, one.path)):
            path = [*some]
            left = [one for one in path if not one.evident]
            total, evident = total + len(path), evident + len(path) - len(left)
            whole = together(theory.hints, path)
            # What a hint leaves out is asked of the theory; of all at once nothing is left out
            asks = [(one, [one], theory) for one in left]
            for asking, of_all, of in asks if whole is None else [(whole, left, None)]:
                text = script(asking.supposed, asking.goal)
                asked = found.setdefault(text, Question(text, [], asking, of))
                asked.names += [(theory.made.id, one.name) for one in of_all]
        counts[theory.made.id] = total, evident
    return list(found.values()), counts


def literal(text: str) -> str:
    """A script in which bit-vectors are written bit by bit."""

    def bits(found: re.Match[str]) -> str:
        value, width = int(found[1]), int(found[2])
        return f"#b{value:0{width}b}"

    return re.sub(r"\(_ bv(\d+) (\d+)\)", bits, text)


def reference(text: str) -> str:
    """A script as ethos reads it: an operation with numbers, (_ extract 3 0), takes these as its
    first arguments."""
    return re.sub(r"\(\(_ (extract|zero_extend) ([0-9 ]+)\)", r"(\1 \2", literal(text))


# Proofs


def apart(text: str, options: Mapping[str, str], timeout: float) -> str:
    """The proof that cvc5 writes, in a process of its own: it may crash, or not heed the time."""
    context = multiprocessing.get_context("fork")
    mine, its = context.Pipe(duplex=False)

    def write() -> None:
        try:
            its.send((True, proof(literal(text), options, timeout)))
        except Exception as error:  # cvc5 has many
            its.send((False, " ".join(str(error).split())[:200]))

    process = context.Process(target=write)
    process.start()
    its.close()
    try:
        if not mine.poll(timeout * PATIENCE):
            raise Bad(f"cvc5 takes more than {timeout * PATIENCE:.0f} s")
        good, said = mine.recv()
    except EOFError:
        raise Bad("cvc5 crashes") from None
    finally:
        process.kill()
        process.join()
        mine.close()
    if not good:
        raise Bad(said)
    return str(said)


_COMMANDS = frozenset(("define", "assume", "assume-push", "step", "step-pop"))
_ELSE = re.compile(
    r"(declare|define|check)-\S+|program|include|reference|reset|push|pop|exit|set-option|assert|"
    r"echo|;.*"
)
"""Other commands of ethos: a proof about what the question declares needs none."""


def inspect(found: str) -> None:
    """Refuse a proof that has a trusted step, or does something else than to prove."""
    if re.search(r":rule\s+\|?trust", found):
        raise Bad("a step is trusted: the proof is incomplete")
    heads = set(re.findall(r"\(\s*([^\s()]*)", found))
    if other := [head for head in sorted(heads) if _ELSE.fullmatch(head)]:
        raise Bad(f"the proof has a command that proofs do not need: {other[0]}")
    if named := re.search(rf"\(\s*(?:{'|'.join(_COMMANDS)})\s+([^@\s]\S*)", found):
        raise Bad(f"the proof names what is not its own: {named[1]}")
    if not heads & _COMMANDS:
        raise Bad("the proof is empty")


def judged(ethos: Ethos, question: str, found: str, timeout: float) -> str:
    """What ethos says of a proof: ``correct``, or what is wrong."""
    with tempfile.TemporaryDirectory(prefix="synproof-") as made:
        asked = Path(made) / "question.smt2"
        asked.write_text(reference(question), "utf-8")
        command = [
            ethos.program,
            f"--include={ethos.signatures / SIGNATURE}",
            "--require-proof-of-false",
            "--reference-define-fun",
            f"--reference={asked}",
        ]
        try:
            # In a file that is named after the question, ethos 0.2.3 does not compare what the
            # proof assumes
            ran = subprocess.run(
                command,
                input=found,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"ethos takes more than {timeout:.0f} s"
        except (OSError, ValueError) as error:
            return f"ethos cannot be run: {error}"
    said = " ".join(ran.stdout.split())
    if ran.returncode == 0 and said == CORRECT:
        return CORRECT
    words = " ".join((ran.stderr or ran.stdout).replace(made, "").split())
    return f"ethos says {said or 'nothing'} ({ran.returncode}): {words[-200:]}"


_TRIVIAL = "(declare-fun p () Bool)\n(assert p)\n(assert (not p))\n(check-sat)\n"
_SUPPOSED = "(assume @p1 p)\n(assume @p2 (not p))\n"
_PROVED = "(step @p3 false :rule contra :premises (@p1 @p2))\n"

CONTROLS = {
    "what the question does not assume": _SUPPOSED + "(assume @p0 false)\n" + _PROVED,
    "a trusted step": "(step @p1 false :rule trust :premises () :args (false))\n",
    "no proof of false": _SUPPOSED,
    "a step that does not follow": _SUPPOSED + _PROVED.replace("@p1 @p2", "@p1 @p1"),
    "nothing": "",
}
"""Proofs that ethos must refuse, by what is wrong with them."""


def control(ethos: Ethos, timeout: float) -> None:
    """Refuse what is said to be ethos, and accepts anything, or nothing."""
    said = judged(ethos, _TRIVIAL, _SUPPOSED + _PROVED, timeout)
    if said != CORRECT:
        raise Bad(f"{ethos.program} does not accept a proof of two lines: {said}")
    for what, found in CONTROLS.items():
        if judged(ethos, _TRIVIAL, found, timeout) == CORRECT:
            raise Bad(f"{ethos.program} accepts a proof of {what}")


class Answer:
    """Has one question proved, and the proofs checked."""

    def __init__(self, ethos: Ethos, question: Question, number: int, timeout: float) -> None:
        self.ethos, self.timeout = ethos, timeout
        self.done = Proved(number)
        self.until = time.monotonic() + timeout * PATIENCE
        self._one(question.text, timeout, WAYS)
        if self.done.wrong and question.obligation is not None:
            self._parts(question.obligation)
        if self.done.wrong and question.obligation is not None and question.theory is not None:
            whole = question.theory.unhinted(question.obligation)
            if whole.supposed != question.obligation.supposed:
                self.until = time.monotonic() + timeout * PATIENCE
                self._parts(whole)

    def _one(self, text: str, timeout: float, ways: Sequence[Mapping[str, str]]) -> bool:
        """Is it proved in one of these ways?"""
        for options in ways:
            began = time.monotonic()
            try:
                try:
                    found = apart(text, options, timeout)
                finally:
                    self.done.finding += time.monotonic() - began
                inspect(found)
                began = time.monotonic()
                said = judged(self.ethos, text, found, timeout * PATIENCE)
                self.done.checking += time.monotonic() - began
                if said != CORRECT:
                    raise Bad(said)
            except Bad as bad:
                self.done.wrong = str(bad)
            else:
                self.done.wrong = ""
                self.done.proofs += 1
                self.done.octets += len(found)
                return True
        return False

    def _parts(self, one: Obligation) -> None:
        """Prove each part of the goal, if need be in cases."""
        goals = conjuncts(one.goal)
        for goal in goals:
            text = script(one.supposed, goal)
            if not (len(goals) > 1 and self._one(text, self.timeout, WAYS)):
                if not self._cases(one.supposed, goal, tests((*one.supposed, goal))):
                    return

    def _cases(self, supposed: Sequence[Term], goal: Term, by: Sequence[Term]) -> bool:
        """Prove a goal if a test is true, and if it is not; one case may be split in turn."""
        for number, test in enumerate(by):
            left = [
                case
                for case in (test, not_(test))
                if not self._one(script((*supposed, case), goal), self.timeout / SHORT, WAYS[:1])
            ]
            if not left:
                return True
            wrong = self.done.wrong
            if len(left) == 1:
                return self._cases((*supposed, *left), goal, by[number + 1 :])
            if time.monotonic() > self.until:
                self.done.wrong = f"in cases, too: {wrong}"
                return False
        self.done.wrong = self.done.wrong or "one case of it is not proved"
        return False


def conjuncts(goal: Term) -> list[Term]:
    """What has to be true so that all of it is."""
    if goal.op != "and":
        return [goal]
    return [part for arg in goal.args for part in conjuncts(arg)]


def tests(terms: Sequence[Term]) -> list[Term]:
    """What a question can be split by: first whether two numbers are equal that are no constants,
    then what it is a matter of most often."""
    uses: Counter[Term] = Counter()
    todo = [*terms]
    while todo:
        term = todo.pop()
        uses[term] += 1
        if uses[term] == 1:
            todo += term.args
    found = [t for t in uses if t.sort.kind == "bool" and t.op in ("var", "=", "<", "<=")]

    def order(test: Term) -> tuple[bool, int]:
        numbers = test.op == "=" and all(arg.op != "const" for arg in test.args)
        return not numbers, -uses[test]

    return sorted(found, key=order)


# All of them

_asked: list[Question] = []
"""What the workers are forked with."""


def _answer(work: tuple[Ethos, int, float, float | None]) -> Proved | None:
    ethos, number, timeout, until = work
    if until is not None and time.monotonic() > until:
        return None
    return Answer(ethos, _asked[number], number, timeout).done


def sampled(total: int, wanted: int) -> list[int]:
    """Which questions to ask: the same ones each time."""
    return sorted(random.Random(1).sample(range(total), min(wanted, total)))


def answers(
    ethos: Ethos,
    asked: Sequence[Question],
    numbers: Mapping[int, float],
    jobs: int,
    until: float | None = None,
) -> Iterator[Proved]:
    """Have questions proved side by side, with so many seconds for a search of each; none is begun
    after ``until``."""
    _asked[:] = asked
    work = [(ethos, number, timeout, until) for number, timeout in numbers.items()]
    return (one for one in side_by_side(_answer, work, jobs) if one is not None)


def report(
    asked: Sequence[Question], counts: Mapping[str, tuple[int, int]], done: Sequence[Proved]
) -> Iterator[str]:
    """What to tell: of each theory how much is checked, what is not, and what it took."""
    good = [asked[one.number] for one in done if not one.wrong]
    for id in dict.fromkeys([*counts, *(of for one in asked for of, _ in one.names)]):
        mine = [[of for of, _ in one.names].count(id) for one in good]
        total, evident = counts.get(id, (0, 0))
        total = total or sum(of == id for one in asked for of, _ in one.names)
        checked = evident + sum(mine)
        asks = sum(id in (of for of, _ in one.names) for one in asked)
        yield (
            f"{id}: {checked:,} of {total:,} obligations: {evident:,} word for word, "
            f"{sum(mine):,} by {sum(map(bool, mine)):,} of {asks:,} proofs, which ethos checked"
        )
    for one in done:
        if one.wrong:
            (id, name), *others = asked[one.number].names
            more = f", and {len(others):,} that ask the same" if others else ""
            yield f"not covered: {id}: {name}{more}: {one.wrong}"
    text = sum(len(one.text) for one in good)
    proofs = sum(one.octets for one in done)
    split = sum(one.proofs > 1 for one in done if not one.wrong)
    yield (
        f"{len(good):,} of {len(asked):,} questions checked; {len(done) - len(good):,} not "
        f"covered, {len(asked) - len(done):,} not asked; {split:,} were checked in parts or cases"
    )
    if good:
        largest = max(one.octets for one in done)
        yield (
            f"proofs of {proofs / 1e6:,.1f} MB, {proofs / text:,.0f} times the questions, the "
            f"largest {largest / 1e6:,.1f} MB; cvc5 {sum(one.finding for one in done):,.0f} s, "
            f"ethos {sum(one.checking for one in done):,.0f} s"
        )
