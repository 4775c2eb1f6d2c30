"""The terms that a statement is written in: read, evaluated, and printed for a solver.

A term is written as an S-expression::

    true  false  7  State.LISTEN  me.snd.una      constants and variables
    (+ a b) (- a b) (wrap a 32)                   whole numbers; wrap: modulo 2^32
    (int p)                                       1 if p, else 0
    (= a b) (< a b) (<= a b) (not p) (and p q) (or p q) (ite p a b)
    (mine.iss n)                                  a function of a number

Sorts are ``bool``; ``lo..hi``, whole numbers with bounds; a list of names, as ``State``; ``nat``,
natural numbers; ``real``, reals that are not negative; ``positive``, reals above 0. Whole numbers
with bounds are what they are in Python. For the solver they become bit-vectors, as wide as the
values need that a term may have; that is worked out here, from the bounds of what it is made of.
Natural numbers are whole numbers for the solver, and a difference of two may be negative.

Equal terms are one object. A term is simplified, when it is made, where constants decide it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class Bad(Exception):
    """A certificate or a statement is not what it should be."""


@dataclass(frozen=True, slots=True)
class Sort:
    """What values a variable has."""

    kind: str  # "bool", "int", "enum", "nat" or "real"
    lo: int = 0  # real: 1 stands for "above 0"
    hi: int = 0
    name: str = ""  # of the enum
    members: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Its bits, as a bit-vector."""
        return max(1, (len(self.members) - 1 if self.members else self.hi).bit_length())

    @property
    def top(self) -> int:
        """The highest number that its bits can hold: what is not excluded counts as possible."""
        return (1 << self.width) - 1

    @property
    def endless(self) -> bool:
        """Has it no bounds?"""
        return self.kind in ("nat", "real")

    def text(self) -> str:
        """The sort for a solver."""
        known = {"bool": "Bool", "nat": "Int", "real": "Real"}
        return known.get(self.kind) or f"(_ BitVec {self.width})"


BOOL, NAT, REAL = Sort("bool"), Sort("nat"), Sort("real")
POSITIVE = Sort("real", 1)


class Term:
    """One term; ``lo`` and ``hi`` bound the value of a whole number with bounds."""

    __slots__ = ("args", "data", "hi", "lo", "op", "sort")

    def __init__(self, op: str, args: tuple["Term", ...], data: Any, sort: Sort) -> None:
        self.op, self.args, self.data, self.sort = op, args, data, sort
        self.lo, self.hi = sort.lo, sort.hi

    def __repr__(self) -> str:
        return show(self)


_made: dict[tuple[Any, ...], Term] = {}


def _term(op: str, args: tuple[Term, ...], data: Any, sort: Sort) -> Term:
    memo = (op, *map(id, args), type(data), data, sort)
    found = _made.get(memo)
    if found is None:
        found = _made[memo] = Term(op, args, data, sort)
    return found


def constant(value: bool | int, sort: Sort | None = None) -> Term:
    """A constant; of an enum, the number of its member; a number is of any sort of numbers."""
    if sort is None:
        sort = BOOL if isinstance(value, bool) else Sort("int", value, value)
    elif sort.kind == "int":
        sort = Sort("int", value, value)
    return _term("const", (), value, sort)


TRUE, FALSE = constant(True), constant(False)


def variable(name: str, sort: Sort) -> Term:
    """A variable."""
    if sort.kind == "int":
        sort = Sort("int", 0, sort.top)
    return _term("var", (), name, sort)


def apply(name: str, argument: Term, sort: Sort) -> Term:
    """The value of a function of a natural number."""
    if sort.kind == "int":
        sort = Sort("int", 0, sort.top)
    return _term("apply", (_as(argument, NAT),), name, sort)


def _as(term: Term, sort: Sort) -> Term:
    """What is made of constants and truths becomes of the sort without bounds that it meets."""
    if term.sort.kind == "int":
        if term.op == "const" and term.data >= 0:
            return constant(term.data, Sort(sort.kind))
        if term.op == "int":
            return _term("int", term.args, None, Sort(sort.kind))
        if term.op == "ite":
            test, a, b = term.args
            return ite(test, _as(a, sort), _as(b, sort))
        if term.op == "+":
            return sum_("+", *(_as(arg, sort) for arg in term.args))
    if term.sort.kind != sort.kind:
        raise Bad(f"{show(term)} is of the sort {term.sort.kind}, not {sort.kind}")
    return term


def _alike(op: str, a: Term, b: Term) -> tuple[Term, Term]:
    """Two terms of one sort."""
    for one in (a, b):
        if one.sort.endless:
            return _as(a, one.sort), _as(b, one.sort)
    if a.sort.kind != b.sort.kind or a.sort.name != b.sort.name:
        raise Bad(f"{op} of {show(a)}, a {a.sort.kind}, and {show(b)}, a {b.sort.kind}")
    return a, b


def _kind(op: str, kind: str, *terms: Term) -> None:
    for term in terms:
        if term.sort.kind != kind:
            raise Bad(f"{op} of {show(term)}, which is no {kind}")


def _signless(op: str, *terms: Term) -> None:
    for term in terms:
        if term.lo < 0:
            raise Bad(f"{op} of {show(term)}, which may be negative")


def sum_(op: str, a: Term, b: Term) -> Term:
    """a + b or a - b."""
    a, b = _alike(op, a, b)
    if a.sort.kind not in ("int", "nat", "real"):
        raise Bad(f"{op} of {show(a)}, which is no number")
    if a.op == b.op == "const" and (op == "+" or a.data >= b.data or not a.sort.endless):
        value = a.data + b.data if op == "+" else a.data - b.data
        return constant(value, a.sort)
    if b is constant(0, b.sort):
        return a
    if op == "+" and a is constant(0, a.sort):
        return b
    if a.sort.endless:
        return _term(op, (a, b), None, Sort(a.sort.kind))
    low, high = (a.lo + b.lo, a.hi + b.hi) if op == "+" else (a.lo - b.hi, a.hi - b.lo)
    return _term(op, (a, b), None, Sort("int", low, high))


def wrap(a: Term, bits: int) -> Term:
    """a modulo 2^bits."""
    if bits < 1:
        raise Bad("wrap to no bits")
    if a.op == "const" and a.sort.kind in ("int", "nat"):
        return constant(a.data % (1 << bits), a.sort)
    if a.sort.kind == "nat":
        return _term("wrap", (a,), bits, NAT)
    _kind("wrap", "int", a)
    if a.lo >= 0 and a.hi < 1 << bits:
        return a
    return _term("wrap", (a,), bits, Sort("int", 0, (1 << bits) - 1))


def number(a: Term) -> Term:
    """1 if a, else 0."""
    _kind("int", "bool", a)
    return constant(int(a.data)) if a.op == "const" else _term("int", (a,), None, Sort("int", 0, 1))


def compare(op: str, a: Term, b: Term) -> Term:
    """a = b, a < b or a <= b."""
    a, b = _alike(op, a, b)
    _signless(op, a, b)
    if op != "=" and a.sort.kind in ("bool", "enum"):
        raise Bad(f"{op} of {show(a)}, which is no number")
    if a is b:
        return FALSE if op == "<" else TRUE
    if a.op == b.op == "const":
        return constant({"=": a.data == b.data, "<": a.data < b.data, "<=": a.data <= b.data}[op])
    return _term(op, (a, b), None, BOOL)


def not_(a: Term) -> Term:
    """not a."""
    _kind("not", "bool", a)
    if a.op == "const":
        return constant(not a.data)
    return a.args[0] if a.op == "not" else _term("not", (a,), None, BOOL)


def and_(*terms: Term) -> Term:
    """All of them."""
    return _joined("and", terms, TRUE, FALSE)


def or_(*terms: Term) -> Term:
    """One of them."""
    return _joined("or", terms, FALSE, TRUE)


def _joined(op: str, terms: Sequence[Term], none: Term, enough: Term) -> Term:
    """``none`` is what no terms are together, and ``enough`` decides by itself."""
    _kind(op, "bool", *terms)
    left = list(dict.fromkeys(term for term in terms if term is not none))
    if enough in left:
        return enough
    if len(left) < 2:
        return left[0] if left else none
    return _term(op, tuple(left), None, BOOL)


def implies(a: Term, b: Term) -> Term:
    """If a, then b."""
    return or_(not_(a), b)


def ite(test: Term, a: Term, b: Term) -> Term:
    """a if test, else b."""
    _kind("ite", "bool", test)
    a, b = _alike("ite", a, b)
    if test.op == "const":
        return a if test.data else b
    if a is b:
        return a
    sort = a.sort
    if sort.kind == "int":
        sort = Sort("int", min(a.lo, b.lo), max(a.hi, b.hi))
    return _term("ite", (test, a, b), None, sort)


# Reading

Tree = str | list["Tree"]
MOST, DEEPEST = 4_000_000, 300
"""Characters of a text, and terms within terms: more is refused, soon."""


def parse(text: str) -> list[Tree]:
    """The S-expressions of a text; ``;`` begins a comment, and strings stand between quotes."""
    if len(text) > MOST:
        raise Bad(f"it has more than {MOST:,} characters")
    stack: list[list[Tree]] = [[]]
    for token in _tokens(text):
        if token == "(":
            stack.append([])
            if len(stack) > DEEPEST:
                raise Bad(f"it has more than {DEEPEST:,} parentheses within each other")
        elif token == ")":
            if len(stack) < 2:
                raise Bad("it has a ) too many")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    if len(stack) > 1:
        raise Bad("a ( is not closed")
    return stack[0]


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text)
    while at < end:
        c = text[at]
        if c.isspace():
            at += 1
        elif c == ";":
            at = text.find("\n", at) + 1 or end
        elif c in "()":
            yield c
            at += 1
        elif c == '"':
            until = text.find('"', at + 1)
            if until < 0:
                raise Bad("a string does not end")
            yield text[at : until + 1]
            at = until + 1
        else:
            until = at
            while until < end and not text[until].isspace() and text[until] not in '();"':
                until += 1
            yield text[at:until]
            at = until


_TAKES = {"+": 2, "-": 2, "=": 2, "<": 2, "<=": 2, "int": 1, "not": 1, "ite": 3}
"""How many terms an operation is of."""


class Reader:
    """Reads terms over variables, enums, functions and definitions that are known by name."""

    def __init__(
        self,
        variables: Mapping[str, Term],
        enums: Mapping[str, Sort],
        functions: Mapping[str, Sort],
        defined: Mapping[str, Term] | None = None,
    ) -> None:
        self.variables, self.enums, self.functions = variables, enums, functions
        self.defined = defined or {}

    def read(self, tree: Tree) -> Term:
        """A term."""
        if isinstance(tree, str):
            return self._atom(tree)
        if not tree or not isinstance(tree[0], str):
            raise Bad(f"no operation in {tree!r:.60}")
        op, rest = tree[0], tree[1:]
        if op == "wrap" and len(rest) == 2 and isinstance(rest[1], str) and rest[1].isdecimal():
            return wrap(self.read(rest[0]), int(rest[1]))
        args = [self.read(one) for one in rest]
        if _TAKES.get(op) == len(args) or (op in ("and", "or") and len(args) > 1):
            return made(op, None, args)
        if op in self.functions and len(args) == 1:
            return apply(op, args[0], self.functions[op])
        raise Bad(f"{op} of {len(args)} means nothing")

    def _atom(self, name: str) -> Term:
        if name in ("true", "false"):
            return constant(name == "true")
        if name.isdecimal():
            return constant(int(name))
        found = self.defined.get(name) or self.variables.get(name)
        if found is not None:
            return found
        kind, _, member = name.partition(".")
        if kind in self.enums and member in self.enums[kind].members:
            sort = self.enums[kind]
            return constant(sort.members.index(member), sort)
        raise Bad(f"{name} is not known")


def show(term: Term) -> str:
    """A term as it is written."""
    if term.op == "const":
        if term.sort.kind == "enum":
            return f"{term.sort.name}.{term.sort.members[term.data]}"
        return str(term.data).lower()
    if term.op == "var":
        return str(term.data)
    args = " ".join(map(show, term.args))
    if term.op == "wrap":
        return f"(wrap {args} {term.data})"
    return f"({term.data if term.op == 'apply' else term.op} {args})"


def variables_of(terms: Iterable[Term]) -> set[str]:
    """The names of the variables in terms."""
    found: set[str] = set()
    seen: set[Term] = set()
    stack = [*terms]
    while stack:
        term = stack.pop()
        if term not in seen:
            seen.add(term)
            if term.op == "var":
                found.add(str(term.data))
            stack += term.args
    return found


# Using

Function = Callable[[Term], Term]


class Place:
    """Puts terms in the place of variables, and functions in that of functions."""

    def __init__(
        self, variables: Mapping[str, Term], functions: Mapping[str, Function] | None = None
    ) -> None:
        self.variables, self.functions = variables, functions or {}
        self._known: dict[Term, Term] = {}

    def of(self, term: Term) -> Term:
        """The term with all that in it."""
        found = self._known.get(term)
        if found is None:
            found = self._known[term] = self._made(term)
        return found

    def _made(self, term: Term) -> Term:
        op = term.op
        if op == "const":
            return term
        if op == "var":
            if term.data not in self.variables:
                raise Bad(f"{term.data} stands where it is not known")
            return self.variables[term.data]
        args = [self.of(arg) for arg in term.args]
        if op == "apply":
            if term.data not in self.functions:
                raise Bad(f"{term.data} stands where it is not known")
            return self.functions[term.data](args[0])
        return made(op, term.data, args)


def made(op: str, data: Any, args: Sequence[Term]) -> Term:
    """The term of an operation, other than a variable or a function, of terms."""
    match op:
        case "+" | "-":
            return sum_(op, *args)
        case "=" | "<" | "<=":
            return compare(op, *args)
        case "wrap":
            return wrap(args[0], data)
        case "int":
            return number(*args)
        case "not":
            return not_(*args)
        case "and":
            return and_(*args)
        case "or":
            return or_(*args)
    assert op == "ite"
    return ite(*args)


Values = Mapping[str, Any]


def evaluate(
    term: Term,
    values: Values,
    functions: Mapping[str, Callable[[Any], Any]] | None = None,
    known: dict[Term, Any] | None = None,
) -> Any:
    """The value of a term in plain Python; of an enum, the number of the member.

    ``known`` are values of other terms, of the same variables, to which this adds.
    """
    known = {} if known is None else known

    def of(term: Term) -> Any:
        if term in known:
            return known[term]
        value = known[term] = plain(term)
        return value

    def plain(term: Term) -> Any:
        op, args = term.op, term.args
        if op == "const":
            return term.data
        if op == "var":
            return values[term.data]
        if op == "ite":
            return of(args[1] if of(args[0]) else args[2])
        if op == "and":
            return all(of(arg) for arg in args)
        if op == "or":
            return any(of(arg) for arg in args)
        if op == "apply":
            return (functions or {})[term.data](of(args[0]))
        a = of(args[0])
        if op == "not":
            return not a
        if op == "int":
            return int(a)
        if op == "wrap":
            return a % (1 << term.data)
        b = of(args[1])
        return {"+": a + b, "-": a - b, "=": a == b, "<": a < b, "<=": a <= b}[op]

    return of(term)


# For a solver


def script(supposed: Sequence[Term], goal: Term) -> str:
    """An SMT-LIB 2 script that is unsatisfiable if all that is supposed implies the goal."""
    return question([*supposed, not_(goal)])


def question(asserted: Sequence[Term]) -> str:
    """An SMT-LIB 2 script that asks for values of which all these terms are true."""
    printer = _Printer()
    lines = [f"(assert {printer.text(term)})" for term in asserted]
    return "\n".join(["(set-logic ALL)", *printer.lines, *lines, "(check-sat)", ""])


class _Printer:
    """Prints terms, each that is used twice once, with what they declare."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._known: dict[tuple[Term, int], str] = {}
        self._declared: set[str] = set()

    def text(self, term: Term) -> str:
        """A term that is no whole number with bounds: the others are printed at a width."""
        return self._at(term, 0)

    def _at(self, term: Term, bits: int) -> str:
        """A term; a whole number with bounds, modulo 2^bits."""
        known = self._known.get((term, bits))
        if known is not None:
            return known
        text = self._bits(term, bits) if term.sort.kind == "int" else self._plain(term)
        if term.args and term.op != "not" and len(text) > SHORT:
            name = f"t!{len(self._known)}"
            sort = f"(_ BitVec {bits})" if term.sort.kind == "int" else term.sort.text()
            self.lines.append(f"(define-fun {name} () {sort} {text})")
            text = name
        self._known[term, bits] = text
        return text

    def _bits(self, term: Term, bits: int) -> str:
        op, args = term.op, term.args
        if op == "const":
            return f"(_ bv{term.data % (1 << bits)} {bits})"
        if op in ("+", "-"):
            sign = "bvadd" if op == "+" else "bvsub"
            return f"({sign} {self._at(args[0], bits)} {self._at(args[1], bits)})"
        if op == "ite":
            yes, no = self._at(args[1], bits), self._at(args[2], bits)
            return f"(ite {self.text(args[0])} {yes} {no})"
        # The others are not negative, and have a width of their own
        have = term.data if op == "wrap" else term.sort.width
        if op == "wrap" and bits <= have:
            return self._at(args[0], bits)
        if have > bits:
            return f"((_ extract {bits - 1} 0) {self._at(term, have)})"
        if have < bits:
            return f"((_ zero_extend {bits - have}) {self._at(term, have)})"
        if op == "int":
            return f"(ite {self.text(args[0])} (_ bv1 {bits}) (_ bv0 {bits}))"
        return self._named(term)

    def _plain(self, term: Term) -> str:
        op, args = term.op, term.args
        if op == "const":
            if term.sort.kind == "enum":
                return f"(_ bv{term.data} {term.sort.width})"
            text = str(term.data).lower()
            return f"{text}.0" if term.sort.kind == "real" else text
        if op in ("var", "apply"):
            return self._named(term)
        if args[0].sort.kind == "int":
            bits = max(arg.sort.width for arg in args)
            sign = {"=": "=", "<": "bvult", "<=": "bvule"}[op]
            return f"({sign} {self._at(args[0], bits)} {self._at(args[1], bits)})"
        if op == "wrap":
            return f"(mod {self.text(args[0])} {1 << term.data})"
        if op == "int":
            one, none = ("1.0", "0.0") if term.sort.kind == "real" else ("1", "0")
            return f"(ite {self.text(args[0])} {one} {none})"
        return f"({op} {' '.join(map(self.text, args))})"

    def _named(self, term: Term) -> str:
        name = f"|{term.data}|"
        if name not in self._declared:
            self._declared.add(name)
            of = "Int" if term.op == "apply" else ""
            self.lines.append(f"(declare-fun {name} ({of}) {term.sort.text()})")
        if term.op == "apply":
            name = f"({name} {self.text(term.args[0])})"
        self.lines += _typed(name, term.sort)
        return name


def _typed(name: str, sort: Sort) -> list[str]:
    """What its sort says of a variable, or of what is remembered, beside what its bits do."""
    if sort.endless:
        zero = "0.0" if sort.kind == "real" else "0"
        return [f"(assert ({'<' if sort.lo else '<='} {zero} {name}))"]
    if sort.members and len(sort.members) <= sort.top:
        return [f"(assert (bvult {name} (_ bv{len(sort.members)} {sort.width})))"]
    return []


SHORT = 40
"""A text of more characters gets a name."""
