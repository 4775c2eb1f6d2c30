"""Statements: what a theory is and what is claimed of it, as text.

A statement is all that one has to believe is right to believe a theorem, beside this program and a
solver: `proofs/statements/` has one for each theory. It says, in this order,

``(theory ID)``
``(theorem ID "title" "cites" (claims CLAUSE ...) (options NAME ...))``
    what is claimed: clauses, if the options, which are parameters, are true.
``(rule NAME VALUE)``, ``(bound NAME VALUE)``
    the switches and bounds of the specification with which it was written down.
``(enum NAME MEMBER ...)``, ``(parameter NAME SORT)``
    sorts of names, and what is left open, in both ends alike.
``(end (FIELD SORT FIRST) ...)``, ``(message (FIELD SORT) ...)``
    the variables of an end, with what they are at the start, and of a message.
``(constant NAME VALUE)``
    fields of ends and messages that are left out, since they never change.
``(memory NAME SORT FIRST UPDATE)``
    what is remembered of each TCB of an end, by number: what it is at the start (``any``:
    anything), and after a step, over ``me.*`` as it is then, the number ``n`` and what was
    remembered before. It is of nothing that a tick changes.
``(told MEMORY)``
    of which memory the pairs speak.
``(sight NAME SORT TERM)``, ``(drawn NAME SORT TERM)``
    what an observer sees, over both ends and one message from each that may be there (``out0.*``,
    ``in0.*``); and which number a step draws.
``(time TTL ELAPSED)``
    the field of a message that tells how long it lives on, and the parameter that tells how much
    time goes by in a tick. Without it time stands still.
``(fact NAME "what it says" TERM)``, ``(pair NAME "..." (when (OPTION ...) ...) TERM)``
    what is assumed: of parameters, and of any two different numbers ``m`` and ``n`` of TCBs of one
    end.
``(clause NAME ABOUT "..." (when ...) TERM)``
    what is to hold in every state: of both ends (``ends``), of each message (``message``), of each
    number ``n`` (``number``). With ``when``, only if all options of one of its lists are true.
``(left "..." TERM)``
    a natural number of an end, over its fields alone, which no step makes greater.
``(response NAME "..." TERM STAGE ...)``
    what is true of ``me`` does not last. A stage is ``(stage NAME "..." TERM (by END "action")
    HEARD ...)``: while it holds, the end, ``me`` or ``peer``, goes on to take the action; ``(heard
    NAME "..." TERM)`` is true of what is sent then, of what answers that, and so on.
    ``proofs.recheck.response`` says what there is to prove of it.
``(silence NAME "..." TERM)``
    where nobody acts only finitely many messages are sent; the term is a message's weight.
``(define NAME TERM)``
    a name for a term.
``(action NAME PATHS TREE)``, ``(delivery NAME PATHS TREE)``, ``(tick PATHS TREE)``
    what an end may do, by itself or when a message arrives; and what time does to it.
``(injection NAME PATHS TREE)``
    what it does when a message arrives that neither end sent: nothing is supposed of it.
``(keeps NAME TERM)``
    of an action, over all fields: when do those that are left out keep their values, also in what
    is sent? What an action does not touch is not in it.

A tree is ``(if TERM TREE TREE)``, or a leaf: ``impossible``, where the action cannot be taken, or
``(do "rule" ... blank (set FIELD TERM) ... (send (FIELD TERM) ...) ...)``. Of fields that are not
set an end keeps the value. ``blank`` sets every field that begins with ``tcb.`` to what it is at
the start. Fields that a message is sent without are 0, false, or the first of their names.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofs.recheck.terms import (
    BOOL,
    NAT,
    POSITIVE,
    REAL,
    TRUE,
    Bad,
    Reader,
    Sort,
    Term,
    Tree,
    compare,
    constant,
    not_,
    parse,
    variable,
    variables_of,
)

ENDS, MESSAGE, NUMBER = "ends", "message", "number"
START, TICK, STATES = "start", "tick", "states"
ME, PEER = "me", "peer"
Row = dict[str, Term]


@dataclass(frozen=True, slots=True)
class Leaf:
    """The end of a path: the rules it cites, what the end becomes, what it sends."""

    rules: tuple[str, ...]
    after: Row
    sent: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One path of an action: the tests on the way, as they turn out; None: it is impossible."""

    number: int
    tests: tuple[Term, ...]
    leaf: Leaf | None


@dataclass(frozen=True, slots=True)
class Action:
    """One action, path by path: they are all there are, since a tree has no others."""

    name: str
    delivers: bool
    paths: tuple[Way, ...]
    injects: bool = False

    @property
    def possible(self) -> list[Way]:
        """The paths that can be taken, as far as one can see from them."""
        return [path for path in self.paths if path.leaf is not None]

    @property
    def refused(self) -> list[Way]:
        """The others."""
        return [path for path in self.paths if path.leaf is None]


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause, a fact or a pair."""

    name: str
    about: str
    says: str
    when: tuple[tuple[str, ...], ...]
    term: Term


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of TCBs; without ``update`` it never changes."""

    name: str
    sort: Sort
    first: Term | None
    update: Term | None


@dataclass(frozen=True, slots=True)
class Stage:
    """While ``holds``, the end ``by`` goes on to take an action, and what is ``heard`` ends it."""

    name: str
    says: str
    holds: Term
    by: str
    action: str
    heard: tuple[Clause, ...]

    def sender(self, n: int) -> str:
        """Who sends what is heard as number ``n``: the ends take turns."""
        return self.by if n % 2 == 0 else ME if self.by == PEER else PEER


@dataclass(frozen=True, slots=True)
class Response:
    """What does not last, and why."""

    name: str
    says: str
    leads: Term
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """There is an end to what is sent where nobody acts."""

    name: str
    says: str
    weight: Term


@dataclass(frozen=True, slots=True)
class Claim:
    """A theorem."""

    id: str
    title: str
    cites: str
    claims: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(slots=True)
class Statement:
    """One theory, as it is written down."""

    id: str = ""
    theorems: list[Claim] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)
    bounds: dict[str, str] = field(default_factory=dict)
    enums: dict[str, Sort] = field(default_factory=dict)
    parameters: dict[str, Sort] = field(default_factory=dict)
    end: dict[str, Sort] = field(default_factory=dict)
    first: Row = field(default_factory=dict)
    message: dict[str, Sort] = field(default_factory=dict)
    constants: dict[str, Term] = field(default_factory=dict)
    left_out: dict[str, Sort] = field(default_factory=dict)
    memories: list[Memory] = field(default_factory=list)
    told: str = ""
    sight: Row = field(default_factory=dict)
    drawn: Row = field(default_factory=dict)
    seen: dict[str, Sort] = field(default_factory=dict)  # of what is seen and drawn
    ttl: str = ""
    elapsed: str = ""
    facts: list[Clause] = field(default_factory=list)
    pairs: list[Clause] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    left: Term | None = None
    responses: list[Response] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    tick: Action | None = None
    keeps: dict[str, Term] = field(default_factory=dict)

    @property
    def ending(self) -> list[str]:
        """What is claimed to happen in the end, by name."""
        return [*(one.name for one in self.responses), *(one.name for one in self.silences)]

    def assumed(self, theorem: Claim) -> list[str]:
        """What a theorem assumes, by name: facts, pairs, and rules that are not the RFC's."""
        options = {*theorem.options}
        return [
            *(
                part.name
                for part in (*self.facts, *self.pairs)
                if not part.when or any({*way} <= options for way in part.when)
            ),
            *(f"{name}={value}" for name, value in self.rules.items()),
            *(f"{name}=on" for name in theorem.options if "." not in name),
        ]

    def lines(self) -> Iterator[str]:
        """What its theorems say and suppose, for a reader."""
        bounds = [f"{name}={value}" for name, value in self.bounds.items()]
        names = [f"{a.name} ({len(a.possible)})" for a in self.actions]
        if self.tick is not None:
            names.append(TICK)
        for theorem in self.theorems:
            supposed = ", ".join(self.assumed(theorem)) or "nothing"
            yield f"{theorem.id}: {', '.join(theorem.claims)}; supposes {supposed}"
        yield f"  bounds: {', '.join(bounds) or 'none'}"
        yield f"  actions, with their paths: {', '.join(names)}"


def read(place: Path) -> Statement:
    """The statement in a file."""
    try:
        return statement(place.read_text("utf-8"))
    except (OSError, UnicodeError) as error:
        raise Bad(f"{place.name}: {error}") from error
    except Bad as bad:
        raise Bad(f"{place.name}: {bad}") from bad


def statement(text: str) -> Statement:
    """The statement that a text is."""
    reading = _Reading()
    for part in parse(text):
        reading.part(part)
    return reading.done()


def _word(tree: Tree) -> str:
    if not isinstance(tree, str) or tree[0] == '"':
        raise Bad(f"{tree!r:.60} stands where a name should")
    return tree


def _string(tree: Tree) -> str:
    if not isinstance(tree, str) or tree[:1] != '"':
        raise Bad(f"{tree!r:.60} stands where a string should")
    return tree[1:-1]


def _words(tree: Tree, head: str) -> list[str]:
    return [_word(one) for one in _part(tree, head)]


class _Reading:
    """A statement as it is read, part by part."""

    def __init__(self) -> None:
        self.made = Statement()
        self.defined: Row = {}
        self.parts: dict[str, Callable[..., None]] = {
            "theory": self._theory,
            "theorem": self._theorem,
            "rule": lambda name, value: _once(self.made.rules, name, _word(value)),
            "bound": lambda name, value: _once(self.made.bounds, name, _word(value)),
            "enum": self._enum,
            "parameter": lambda name, sort: _once(self.made.parameters, name, self._sort(sort)),
            "end": self._end,
            "message": self._message,
            "constant": self._constant,
            "memory": self._memory,
            "told": self._told,
            "sight": self._sight,
            "drawn": self._drawn,
            "time": self._time,
            "fact": self._fact,
            "pair": self._pair,
            "clause": self._clause,
            "left": self._left,
            "response": self._response,
            "silence": self._silence,
            "define": self._define,
            "action": lambda *rest: self._action(False, False, *rest),
            "delivery": lambda *rest: self._action(True, False, *rest),
            "injection": lambda *rest: self._action(False, True, *rest),
            "tick": self._tick,
            "keeps": self._keeps,
        }

    def part(self, tree: Tree) -> None:
        """Read one part."""
        if isinstance(tree, str) or not tree or not isinstance(tree[0], str):
            raise Bad(f"{tree!r:.60} is no part of a statement")
        read = self.parts.get(tree[0])
        if read is None:
            raise Bad(f"there is no part ({tree[0]} ...)")
        if not self.made.id and tree[0] != "theory":
            raise Bad("it does not begin with (theory ID)")
        try:
            read(*tree[1:])
        except TypeError as error:
            raise Bad(f"({tree[0]} ...) has too many or too few parts") from error
        except Bad as bad:
            raise Bad(f"({tree[0]} {tree[1] if tree[1:] else ''} ...): {bad!s:.300}") from bad

    def done(self) -> Statement:
        """The statement, once all of it is read."""
        made = self.made
        for what, missing in (
            ("theorem", not made.theorems),
            ("field of an end", not made.end),
            ("action", not made.actions),
            ("clause", not made.clauses),
        ):
            if missing:
                raise Bad(f"it has no {what}")
        names = [part.name for part in (*made.clauses, *made.facts, *made.pairs)]
        names += made.ending
        doubled = [name for name in names if names.count(name) > 1]
        if doubled:
            raise Bad(f"{doubled[0]} is there twice")
        when = {clause.name: clause.when for clause in made.clauses}
        when |= dict.fromkeys(made.ending, ())
        for theorem in made.theorems:
            options = {*theorem.options}
            for option in options:
                if made.parameters.get(option) != BOOL:
                    raise Bad(f"{theorem.id}: {option} is an option, but nothing that may vary")
            if not theorem.claims:
                raise Bad(f"{theorem.id} claims nothing")
            for name in theorem.claims:
                if name not in when:
                    raise Bad(f"{theorem.id} claims {name}, which is no clause")
                if when[name] and not any({*way} <= options for way in when[name]):
                    raise Bad(f"{theorem.id} claims {name}, which holds under other options only")
        if made.responses or made.silences:
            self._ends()
        if made.tick is not None:
            self._remembered(made.tick)
        if made.constants:
            wanted = [action.name for action in made.actions]
            wanted += [TICK] if made.tick is not None else []
            if sorted(made.keeps) != sorted(wanted):
                raise Bad("it does not say of each action that it keeps the constants")
        return made

    def _remembered(self, tick: Action) -> None:
        """Refuse memories of what time changes: they are of what a step has left."""
        changed = {
            f"me.{name}"
            for path in tick.possible
            if path.leaf is not None
            for name, term in path.leaf.after.items()
            if term is not variable(f"me.{name}", self.made.end[name])
        }
        for memory in self.made.memories:
            read = set() if memory.update is None else variables_of([memory.update])
            if found := sorted(changed & read):
                raise Bad(f"{memory.name} is a memory of {found[0]}, which changes as time goes by")

    def _ends(self) -> None:
        """Refuse what cannot be claimed to happen in the end."""
        made = self.made
        if made.left is None:
            raise Bad("it does not say what is left")
        if made.elapsed or [theorem for theorem in made.theorems if theorem.options]:
            raise Bad("what happens in the end is claimed without time and options")
        if [action for action in made.actions if action.injects]:
            raise Bad("what happens in the end is claimed where nobody else sends")
        if sum(action.delivers for action in made.actions) != 1:
            raise Bad("messages arrive in one way")
        acts = [action.name for action in made.actions if not action.delivers]
        for one in made.responses:
            for stage in one.stages:
                if stage.action not in acts:
                    raise Bad(f"{stage.name}: {stage.action} is nothing that an end does")

    # Parts

    def _theory(self, name: Tree) -> None:
        if self.made.id:
            raise Bad("a statement is of one theory")
        self.made.id = _word(name)

    def _theorem(self, name: Tree, title: Tree, cites: Tree, claims: Tree, options: Tree) -> None:
        self.made.theorems.append(
            Claim(
                _word(name),
                _string(title),
                _string(cites),
                tuple(_words(claims, "claims")),
                tuple(_words(options, "options")),
            )
        )

    def _enum(self, name: Tree, *members: Tree) -> None:
        kind = _word(name)
        found = tuple(map(_word, members))
        if len({*found}) < len(found) or not found:
            raise Bad("its names are not different")
        _once(self.made.enums, kind, Sort("enum", name=kind, members=found))

    def _sort(self, tree: Tree) -> Sort:
        name = _word(tree)
        known = {"bool": BOOL, "nat": NAT, "real": REAL, "positive": POSITIVE} | self.made.enums
        if name in known:
            return known[name]
        low, _, high = name.partition("..")
        if not low.isdecimal() or not high.isdecimal() or int(high) < int(low):
            raise Bad(f"{name} is no sort")
        return Sort("int", int(low), int(high))

    def _end(self, *fields: Tree) -> None:
        for one in fields:
            if isinstance(one, str) or len(one) != 3:
                raise Bad(f"{one!r:.60} is no field")
            name, sort = _word(one[0]), self._sort(one[1])
            _once(self.made.end, name, sort)
            self.made.first[name] = self._value(one[2], sort)

    def _message(self, *fields: Tree) -> None:
        for one in fields:
            if isinstance(one, str) or len(one) != 2:
                raise Bad(f"{one!r:.60} is no field")
            _once(self.made.message, _word(one[0]), self._sort(one[1]))

    def _value(self, tree: Tree, sort: Sort) -> Term:
        """A constant of a sort."""
        term = Reader({}, self.made.enums, {}).read(tree)
        return fitted(term, sort)

    def _constant(self, name: Tree, sort: Tree, value: Tree) -> None:
        made = self._sort(sort)
        _once(self.made.left_out, name, made)
        _once(self.made.constants, name, self._value(value, made))

    def _memory(self, name: Tree, sort: Tree, first: Tree, update: Tree) -> None:
        made = self._sort(sort)
        known = [memory.name for memory in self.made.memories]
        if _word(name) in known:
            raise Bad("it is there twice")
        at_start = None if first == "any" else self._value(first, made)
        self.made.memories.append(Memory(_word(name), made, at_start, None))
        if update != "same":
            reader = self._reader("me.", numbers=("n",))
            term = fitted(reader.read(update), made)
            self.made.memories[-1] = Memory(_word(name), made, at_start, term)

    def _told(self, name: Tree) -> None:
        if name not in [memory.name for memory in self.made.memories]:
            raise Bad(f"{name} is no memory")
        self.made.told = _word(name)

    def _sight(self, name: Tree, sort: Tree, term: Tree) -> None:
        self._seen(self.made.sight, name, sort, self._reader("me.", "peer.", "out0.", "in0."), term)

    def _drawn(self, name: Tree, sort: Tree, term: Tree) -> None:
        self._seen(self.made.drawn, name, sort, self._reader("me."), term)

    def _seen(self, table: Row, name: Tree, sort: Tree, reader: Reader, term: Tree) -> None:
        made = self._sort(sort)
        _once(self.made.seen, name, made)
        _once(table, name, fitted(reader.read(term), made))

    def _time(self, ttl: Tree, elapsed: Tree) -> None:
        if elapsed not in self.made.parameters or (ttl != "-" and ttl not in self.made.message):
            raise Bad("there is no such field or parameter")
        self.made.ttl, self.made.elapsed = "" if ttl == "-" else _word(ttl), _word(elapsed)

    def _fact(self, name: Tree, says: Tree, term: Tree) -> None:
        found = self._reader().read(term)
        self.made.facts.append(Clause(_word(name), ENDS, _string(says), (), _truth(found)))

    def _when(self, tree: Tree) -> tuple[tuple[str, ...], ...]:
        ways = []
        for way in _part(tree, "when"):
            if isinstance(way, str) or not way:
                raise Bad("when has no list of options")
            names = tuple(map(_word, way))
            for name in names:
                if self.made.parameters.get(name) != BOOL:
                    raise Bad(f"{name} is an option, but nothing that may vary")
            ways.append(names)
        return tuple(ways)

    def _pair(self, name: Tree, says: Tree, when: Tree, term: Tree) -> None:
        found = self._reader(numbers=("m", "n")).read(term)
        self.made.pairs.append(
            Clause(_word(name), NUMBER, _string(says), self._when(when), _truth(found))
        )

    def _clause(self, name: Tree, about: Tree, says: Tree, when: Tree, term: Tree) -> None:
        rows = ["me.", "peer.", *(["seg."] if about == MESSAGE else [])]
        if about not in (ENDS, MESSAGE, NUMBER):
            raise Bad(f"it is about {about!r:.60}")
        found = self._reader(*rows, numbers=("n",) if about == NUMBER else ()).read(term)
        self.made.clauses.append(
            Clause(_word(name), str(about), _string(says), self._when(when), _truth(found))
        )

    def _left(self, says: Tree, term: Tree) -> None:
        _string(says)
        if self.made.left is not None:
            raise Bad("it is there twice")
        reader = Reader(self._variables(["me."], ()), self.made.enums, {})
        self.made.left = _natural(reader.read(term))

    def _response(self, name: Tree, says: Tree, leads: Tree, *stages: Tree) -> None:
        reader = self._reader("me.", "peer.")
        found = Response(
            _word(name),
            _string(says),
            _truth(reader.read(leads)),
            tuple(self._stage(*_part(one, "stage")) for one in stages),
        )
        if not found.stages:
            raise Bad("it has no stage")
        self.made.responses.append(found)

    def _stage(self, name: Tree, says: Tree, holds: Tree, by: Tree, *heard: Tree) -> Stage:
        who, action = _part(by, "by")
        if who not in (ME, PEER):
            raise Bad(f"{who!r:.60} is no end")
        term = _truth(self._reader("me.", "peer.").read(holds))
        messages = tuple(self._heard(*_part(one, "heard")) for one in heard)
        return Stage(_word(name), _string(says), term, str(who), _string(action), messages)

    def _heard(self, name: Tree, says: Tree, term: Tree) -> Clause:
        found = _truth(self._reader("me.", "peer.", "seg.").read(term))
        return Clause(_word(name), MESSAGE, _string(says), (), found)

    def _silence(self, name: Tree, says: Tree, term: Tree) -> None:
        reader = self._reader("me.", "peer.", "seg.")
        self.made.silences.append(Silence(_word(name), _string(says), _natural(reader.read(term))))

    def _define(self, name: Tree, term: Tree) -> None:
        if _word(name)[0] != "$":
            raise Bad("the name of a term begins with $")
        reader = Reader(self._all(), self.made.enums, self._functions(), self.defined)
        _once(self.defined, name, reader.read(term))

    def _action(self, delivers: bool, injects: bool, name: Tree, paths: Tree, tree: Tree) -> None:
        called = _string(name)
        if called in (START, TICK, *(action.name for action in self.made.actions)):
            raise Bad("its name is another's")
        reader = self._stepping(delivers or injects)
        found = tuple(self._paths(tree, reader))
        self.made.actions.append(Action(called, delivers, _counted(found, paths), injects))

    def _tick(self, paths: Tree, tree: Tree) -> None:
        if not self.made.elapsed or self.made.tick is not None:
            raise Bad("there is no time, or two")
        reader = self._reader("me.")
        reader.defined = self.defined
        found = tuple(self._paths(tree, reader))
        self.made.tick = Action(TICK, False, _counted(found, paths))

    def _keeps(self, name: Tree, term: Tree) -> None:
        reader = Reader(self._all(), self.made.enums, {}, self.defined)
        called = _string(name)
        if called in self.made.keeps:
            raise Bad("it is there twice")
        self.made.keeps[called] = _truth(reader.read(term))

    # Terms

    def _all(self) -> Row:
        """All fields of an end and of a message, those that are left out too."""
        sorts = {f"me.{f}": sort for f, sort in self.made.end.items()}
        sorts |= {f"seg.{f}": sort for f, sort in self.made.message.items()}
        sorts |= self.made.left_out | self.made.parameters | self.made.seen
        return {name: variable(name, sort) for name, sort in sorts.items()}

    def _variables(self, rows: Sequence[str], numbers: Sequence[str]) -> Row:
        found = {name: variable(name, sort) for name, sort in self.made.parameters.items()}
        for row in rows:
            fields = self.made.end if row in ("me.", "peer.") else self.made.message
            found |= {f"{row}{f}": variable(f"{row}{f}", sort) for f, sort in fields.items()}
            if row in ("out0.", "in0."):
                found[f"{row}present"] = variable(f"{row}present", BOOL)
        return found | {name: variable(name, NAT) for name in numbers}

    def _functions(self) -> dict[str, Sort]:
        return {
            f"{whose}.{memory.name}": memory.sort
            for memory in self.made.memories
            for whose in ("mine", "its")
        }

    def _reader(self, *rows: str, numbers: Sequence[str] = ()) -> Reader:
        """Reads what is over some variables, and memories."""
        return Reader(self._variables(rows, numbers), self.made.enums, self._functions())

    def _stepping(self, delivers: bool) -> Reader:
        """Reads what a step is made of: the sight and what is drawn stand for themselves."""
        variables = self._variables(["me.", *(["seg."] if delivers else [])], ())
        variables |= {name: variable(name, sort) for name, sort in self.made.seen.items()}
        return Reader(variables, self.made.enums, self._functions(), self.defined)

    def _paths(self, tree: Tree, reader: Reader) -> Iterator[Way]:
        number = 0
        stack: list[tuple[Tree, tuple[Term, ...]]] = [(tree, ())]
        while stack:
            here, way = stack.pop()
            choice = _rest(here, "if")
            if choice is not None:
                if len(choice) != 3:
                    raise Bad("if has a test and two trees")
                test = _truth(reader.read(choice[0]))
                stack.append((choice[2], (*way, not_(test))))
                stack.append((choice[1], (*way, test)))
                continue
            yield Way(number, way, self._leaf(here, reader))
            number += 1

    def _leaf(self, tree: Tree, reader: Reader) -> Leaf | None:
        if tree == "impossible":
            return None
        parts = _rest(tree, "do")
        if parts is None:
            raise Bad(f"{tree!r:.60} is no leaf")
        made = self.made
        after = {f: reader.variables[f"me.{f}"] for f in made.end}
        rules, sent, done = [], [], set()
        for part in parts:
            if part == "blank":
                after |= {f: made.first[f] for f in made.end if f.startswith("tcb.")}
            elif isinstance(part, str):
                rules.append(_string(part))
            elif part[:1] == ["set"] and len(part) == 3:
                name = _word(part[1])
                if name not in made.end or name in done:
                    raise Bad(f"{name} is no field, or set twice")
                done.add(name)
                after[name] = sorted_as(reader.read(part[2]), made.end[name])
            elif part[:1] == ["send"]:
                row = {f: least(sort) for f, sort in made.message.items()}
                for one in part[1:]:
                    if isinstance(one, str) or len(one) != 2 or one[0] not in row:
                        raise Bad(f"{one!r:.60} is no field of a message")
                    name = _word(one[0])
                    row[name] = sorted_as(reader.read(one[1]), made.message[name])
                sent.append(row)
            else:
                raise Bad(f"{part!r:.60} is nothing that is done")
        return Leaf(tuple(rules), after, tuple(sent))


def _once(table: dict[str, Any], name: Tree, value: object) -> None:
    if _word(name) in table:
        raise Bad(f"{name} is there twice")
    table[_word(name)] = value


def _counted(found: tuple[Way, ...], said: Tree) -> tuple[Way, ...]:
    if str(len(found)) != said:
        raise Bad(f"it has {len(found)} paths, not {said!r:.20}")
    return found


def _part(tree: Tree, head: str) -> list[Tree]:
    found = _rest(tree, head)
    if found is None:
        raise Bad(f"{tree!r:.60} stands where ({head} ...) should")
    return found


def _rest(tree: Tree, head: str) -> list[Tree] | None:
    """What follows the word that a list begins with; None: it begins otherwise, or is no list."""
    return tree[1:] if not isinstance(tree, str) and tree[:1] == [head] else None


def _natural(term: Term) -> Term:
    if term.sort.kind != "int" or term.lo < 0:
        raise Bad(f"{term!r:.100} is no natural number")
    return term


def _truth(term: Term) -> Term:
    if term.sort.kind != "bool":
        raise Bad(f"{term!r:.100} is neither true nor false")
    return term


def least(sort: Sort) -> Term:
    """0, false, or the first of the names."""
    return constant(False) if sort.kind == "bool" else constant(0, sort)


def sorted_as(term: Term, sort: Sort) -> Term:
    """A term as the value of a variable: of its kind; whether it fits is another question."""
    if sort.endless and term.op == "const" and term.sort.kind == "int":
        return constant(term.data, Sort(sort.kind))
    if term.sort.kind != sort.kind or term.sort.name != sort.name:
        raise Bad(f"{term!r:.100} is a {term.sort.kind}, not a {sort.kind}")
    return term


def fits(term: Term, sort: Sort) -> Term:
    """When is a term a value of a sort?"""
    if sort.kind == "int":
        if term.lo >= 0 and term.hi <= sort.top:
            return TRUE
        if term.lo < 0:
            raise Bad(f"{term!r:.100} may be negative")
        return compare("<=", term, constant(sort.top))
    if sort.endless and _may_be_negative(term):
        return compare("<=", constant(0), term)
    return TRUE


def _may_be_negative(term: Term) -> bool:
    if term.op in ("apply", "wrap"):  # whatever their arguments are
        return False
    if term.op == "-":
        return True
    return any(_may_be_negative(arg) for arg in term.args if arg.sort.endless)


def fitted(term: Term, sort: Sort) -> Term:
    """A term as the value of a variable, which it always is."""
    found = sorted_as(term, sort)
    if fits(found, sort) is not TRUE:
        raise Bad(f"{term!r:.100} may be no {sort.kind} of these bounds")
    return found
