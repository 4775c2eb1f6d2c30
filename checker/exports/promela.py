"""A composition as a Promela model, for SPIN.

The model has the composition's states and steps, one for one: SPIN stores as many states as the
explorer visits, and takes as many transitions. How the pieces correspond:

* Components that begin alike are an array of records, ``side`` if all do. A link is named after
  its ends, ``a_to_b``. A message is one int; a link's bag is an array of them, greatest first,
  empty slots 0 at the end, so that equal bags are equal arrays.
* Every step is one ``d_step``, and every process has a single control state, so that nothing but
  the variables tells states apart. A guard says whether the step exists; it is read off the tree.
* A message can be delivered at each port from each slot, and stay or go: each combination is a
  process, so that the large tree of a delivery stands in the text once for components that are
  alike. Slots that repeat the one before are passed over.
* A tree's decisions are nested ``if``s; a leaf assigns what changes, in an order in which no
  variable is read after it was written.
* A claim is a process of its own, enabled by ``-DCHECK_<name>``, that can step only where the
  claim fails: it costs one look a state, and its failed assertion ends a counterexample with one
  step more than the run to the state it is about.

Scratch variables are ``hidden``: no part of the state. SPIN's breadth-first searches refuse
that; with ``-DSCRATCH=`` they are ordinary variables, which are 0 between steps.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from checker.exports.guarded import (
    Commands,
    Ports,
    Resting,
    Scope,
    bits,
    indented,
    opposite,
    parts_of,
    tests_of,
)
from checker.ir.composition import Composition, Kind, most_sent
from checker.ir.interpret import leaves
from checker.ir.nodes import Node, Sort
from checker.ir.schema import Field
from checker.ir.tracing import Leaf, Tree

_LARGE = 20  # leaves; a tree with more is taken apart by its Enum
_TOO_LARGE = 1000  # lines; SPIN takes no d_step of more than 2048 statements
_RESERVED = frozenset(
    """
    active always assert atomic auto bit bool break byte case chan char const continue d_step
    default do double else empty enabled end enum eval eventually extern false fi float for full
    goto hidden if implies in init inline int len local long ltl mtype nempty never nfull notrace
    od of pc_value pid printf priority proctype provided register return run select short show
    signed sizeof skip static stronguntil struct switch timeout trace true typedef union unless
    unsigned until void volatile weakuntil while xr xs me peer side link inbox outbox
    channel component clock
    """.split()  # noqa: SIM905 (a list of words is read, not written)
)


def promela(model: Composition, claims: Mapping[str, Tree], resting: Resting | None = None) -> str:
    """The Promela text of ``model``.

    ``claims`` are trees over the components' fields, ``a.*`` and so on, that ought to be true of
    every reachable state (for a witness: that it is not one); ``resting`` those that ought to be
    true where nothing but the steps of some kinds can be done.
    """
    return "\n".join(_Promela(model).text(claims, resting or {})) + "\n"


def name_of(claim: str) -> str:
    """The macro that enables the check of ``claim``."""
    return f"CHECK_{_Promela.ident(claim)}"


# Trees made smaller: a part of the tree for each member of an Enum


def _dispatch(tree: Tree) -> Node | None:
    """The component's own variable of an Enum that ``tree`` asks about most."""
    asked = Counter(
        test.args[0] for test in tests_of(tree) if _names_member(test) and _is_own(test.args[0])
    )
    return asked.most_common(1)[0][0] if asked else None


def _count(tree: Tree, test: Node, yes: bool) -> int:
    """How many leaves are left where ``test`` is ``yes``."""
    if isinstance(tree, Leaf):
        return 1
    if tree.test is test:
        return _count(tree.then if yes else tree.other, test, yes)
    return _count(tree.then, test, yes) + _count(tree.other, test, yes)


def _names_member(test: Node) -> bool:
    return test.op == "eq" and test.args[0].sort.kind == "enum" and test.args[1].op == "const"


def _is_own(node: Node) -> bool:
    return node.op == "var" and str(node.data).startswith("me.")


class _Promela(Commands):
    """Writes one model."""

    language = "Promela"
    reserved = _RESERVED
    becomes = "="
    port = "PORT"
    operators: ClassVar[Mapping[str, str]] = {
        **Commands.operators,
        **{"eq": "==", "and": "&&", "or": "||"},
    }

    def __init__(self, model: Composition) -> None:
        super().__init__(model)
        self.processes = 0
        self.defined: list[str] = []  # macros of the process before
        self._cut: dict[tuple[Tree, tuple[Field, ...]], list[tuple[list[Node], Tree]]] = {}

    # The language

    def choice(self, test: str, yes: str, no: str) -> str:
        # Promela has no other conditional expression, and wants the brackets.
        return f"({test} -> {yes} : {no})"

    def fork(self, test: str, where: str, then: Sequence[str], other: Sequence[str]) -> list[str]:
        first = f":: {test} -> /* {where} */"
        return ["if", first, *indented(then), ":: else ->", *indented(other), "fi;"]

    def packed(self, values: Sequence[Node], scope: Scope) -> str:
        return f"MESSAGE({', '.join(self.expr(value, scope, top=True) for value in values)})"

    def scratch_of(self, number: int, node: Node) -> str:
        return f"t{number}"

    def as_int(self, node: Node, scope: Scope, top: bool) -> str:
        return self.expr(node, scope, top)

    def wrapped(self, node: Node, bits: int, scope: Scope) -> str:
        return f"{self.expr(node, scope)} & {(1 << bits) - 1}"

    def full(self, slot: str) -> str:
        return slot

    def bag(self, link: str) -> str:
        return f"link[{link}].slot"

    # The text

    def text(self, claims: Mapping[str, Tree], resting: Resting) -> Iterator[str]:
        """The whole model, line by line."""
        deliveries = list(self._deliveries())
        calls = list(self._calls())
        clock = list(self._clock())
        yield from self._head()
        yield from deliveries
        yield from calls
        yield from clock
        yield from self._watchers(claims, resting)

    def _head(self) -> Iterator[str]:
        model = self.model
        yield "/* Components joined by links; made from decision trees, not by hand."
        yield "   Every step is one d_step: SPIN's states and steps are the specification's. */"
        for members, called in self.enums.items():
            yield ""
            yield f"/* {members.__name__} */"
            for i, name in enumerate(called.values()):
                yield f"#define {name} {i}"
        yield ""
        for array, those in self._by_array().items():
            alike = [model.components[n] for n in those]
            type_ = array.capitalize()
            yield f"/* {', '.join(f'{array}[{n}]: {c.name}' for n, c in enumerate(alike))} */"
            yield f"typedef {type_} {{"
            for f in alike[0].fields:
                start = alike[0].initial[f.path]
                first = "" if self._number(start) == 0 else f" = {self.value(start)}"
                yield f"  {self._declare(f.path, f.sort)}{first};"
            yield "}"
            yield f"{type_} {array}[{len(alike)}];"
            yield ""
        yield "/* A message is an int: this bit is set, and below it are its fields. */"
        yield f"#define PRESENT {self.present}"
        for path, (at, sort) in self.layout.items():
            mask = (1 << bits(sort)) - 1
            yield f"#define get_{self.ident(path)}(m) (((m) >> {at}) & {mask})"
        names = [self.ident(path) for path in self.layout]
        packed = " | ".join(
            ["PRESENT", *(f"(({n}) << {at})" for n, (at, _) in zip(
                names, self.layout.values(), strict=True))]
        )  # fmt: skip
        yield f"#define MESSAGE({', '.join(names)}) \\\n  ({packed})"
        yield ""
        yield "/* What is in flight on each link, greatest first; then free slots: 0 */"
        yield f"typedef Bag {{ int slot[{model.capacity}] }}"
        yield f"Bag link[{len(self.links)}];"
        for n, name in enumerate(self.links):
            yield f"#define {name} {self.bag(str(n))}"
        yield ""
        yield "/* For use within a step. */"
        scratch = ["message", "moved", *(f"sent{n}" for n in range(self.sent))]
        scratch += [f"t{n}" for n in range(self.scratch)]
        wiped = " ".join(f"{name} = 0;" for name in scratch if not name.startswith("sent"))
        yield "#ifdef SCRATCH"
        yield f"#define WIPE {wiped}"
        yield "#else"
        yield "#define SCRATCH hidden"
        yield "#define WIPE"
        yield "#endif"
        for name in scratch:
            yield f"SCRATCH int {name};"
        if model.sight:
            yield ""
            yield "/* What is seen of the other side and of what is in flight. */"
            plain = Scope()
            for seen, node in model.sight.items():
                yield f"#define {self.variable(seen, plain)} {self.expr(node, plain)}"
        yield ""
        yield from self._bags()

    def _declare(self, path: str, sort: Sort) -> str:
        if sort.kind == "bool":
            return f"bool {self.ident(path)}"
        return f"unsigned {self.ident(path)} : {bits(sort)}"

    def _bags(self) -> Iterator[str]:
        """Putting into a bag, and taking out of it."""
        model, last = self.model, self.model.capacity - 1
        slots = [f"{link}[{n}]" for link in self.links for n in range(model.capacity)]
        room = [f"!bag[{last}]"] if model.capacity <= model.in_flight else []
        if model.in_flight < len(slots):
            count = " + ".join(f"({slot} != 0)" for slot in slots)
            yield f"#define IN_FLIGHT ({count})"
            room.append(f"IN_FLIGHT < {model.in_flight}")
        yield "/* Sort x into a bag that has a free slot; x is changed. */"
        yield "#define INSERT(bag, x) \\"
        for n in range(last):
            yield (
                f"  if :: x > bag[{n}] -> moved = bag[{n}]; bag[{n}] = x; x = moved"
                " :: else -> skip fi; \\"
            )
        yield f"  bag[{last}] = x"
        yield "/* Send x, if there is one and room for it. */"
        yield "#define SEND(bag, x) \\"
        yield f"  if :: x && {' && '.join(room)} -> INSERT(bag, x) :: else -> skip fi; \\"
        yield "  x = 0"
        yield "/* Take what is in a slot of the bag out of it. */"
        yield "#define REMOVE(bag, n) \\"
        for n in range(last):
            yield f"  if :: n <= {n} -> bag[{n}] = bag[{n + 1}] :: else -> skip fi; \\"
        yield f"  bag[{last}] = 0"
        if model.ttl is not None:
            at, _ = self.layout[model.ttl]
            ttl = f"get_{self.ident(model.ttl)}"
            yield "/* One tick older, in order still; what has run out of time is gone. */"
            yield "#define AGE(bag) \\"
            for n in range(model.capacity):
                yield (
                    f"  if :: bag[{n}] && {ttl}(bag[{n}]) > 1 -> bag[{n}] = bag[{n}] - {1 << at}"
                    f" :: else -> bag[{n}] = 0 fi; \\"
                )
            for passes in range(last, 0, -1):
                for n in range(passes):
                    yield (
                        f"  if :: bag[{n}] == 0 -> bag[{n}] = bag[{n + 1}]; bag[{n + 1}] = 0"
                        " :: else -> skip fi; \\"
                    )
            yield "  skip"

    def _option(self, name: str, guard: str, body: Sequence[str]) -> Iterator[str]:
        yield from indented(["", f"/* {_comment(name)} */", ":: d_step {"])
        yield from indented([f"  {guard} ->", *indented([*body, "WIPE"]), "}"])

    def _steps(
        self, kind: Kind, extra: Sequence[str], scope: Scope, here: Ports
    ) -> Iterator[tuple[str, list[str]]]:
        """Guards and bodies: for each part of the tree, and each value that may be drawn."""
        key = kind.tree, tuple(scope.fields)
        if key not in self._cut:
            self._cut[key] = list(self._parts(*key))
        for tests, tree in self._cut[key]:
            for k, at, guard in self._ways(tree, tests, extra, scope):
                body = self.body(tree, k, at)
                for n in range(most_sent(tree)):
                    body.append(f"SEND({self._outbox(kind, here, at, n)}, sent{n});")
                yield guard, body

    def _parts(self, tree: Tree, fields: Sequence[Field]) -> Iterator[tuple[list[Node], Tree]]:
        """``tree``; a large one in parts, each with the tests that lead to it."""
        subject = _dispatch(tree) if len(leaves(tree)) > _LARGE else None
        if subject is None or subject.sort.members is None:
            yield from self._halves(self.simple.tree(tree, {}), fields)
            return
        build = self.simple.build
        for member in subject.sort.members:
            constant = build.const(member)
            test = build.eq(build.var(subject.data, subject.sort), constant)
            for tests, part in self._halves(self.simple.tree(tree, {subject: constant}), fields):
                yield [test, *tests], part

    def _halves(self, tree: Tree, fields: Sequence[Field]) -> Iterator[tuple[list[Node], Tree]]:
        """``tree`` cut where that costs least, by short tests, until no part is too large."""
        lines = self._decide(tree, Scope(fields), frozenset())
        if isinstance(tree, Leaf) or len(lines) <= _TOO_LARGE:
            yield [], tree
            return
        test = min(
            dict.fromkeys(tests_of(tree)),
            key=lambda test: (
                sum(_count(tree, test, yes) for yes in (True, False)) + len(parts_of(test))
            ),
        )
        for yes in (True, False):
            for tests, part in self._halves(self.simple.given(tree, test, yes), fields):
                yield [test if yes else self.simple.build.not_(test), *tests], part

    def _process(self, name: str, here: Ports, times: int) -> Iterator[str]:
        """The beginning of what runs ``times`` times at each port, and where its parts are."""
        at = len(here.ports)
        pid = "_pid" if not self.processes else f"(_pid - {self.processes})"
        defined = {"PORT": f"({pid} % {at})"} if at > 1 else {}
        if times > 1:
            defined["COPY"] = f"({pid} / {at})"
        defined |= self._placed(here)
        yield from (f"#undef {macro}" for macro in self.defined)
        yield from (f"#define {macro} {text}" for macro, text in defined.items())
        self.defined = [*defined]
        alone = len(self._by_array()) == 1
        first = self.model.components[self._of(here)[0].component]
        whose = "" if alone else f"_{self.ident(first.name)}"
        yield f"active [{at * times}] proctype {name}{whose}() {{"
        yield "end:"
        yield "  do"
        self.processes += at * times

    def _deliveries(self) -> Iterator[str]:
        """A process for each port, slot, and whether the message stays; and losing."""
        model, c = self.model, self.model.capacity
        ways = 2 if model.duplicate else 1
        yield ""
        yield "/* Delivering the message in a slot; in a process of the second half it stays. */"
        if c > 1:
            yield f"#define SLOT (COPY % {c})"
        slot = "SLOT" if c > 1 else "0"
        content = f"inbox[{slot}]"
        first = f"{content} && (SLOT == 0 || {content} != inbox[SLOT - 1])" if c > 1 else content
        yield f"#define STAYS (COPY >= {c})" if ways > 1 else "#define STAYS false"
        for here in self._taking():
            yield from self._process("channel", here, c * ways)
            fields = model.components[self._of(here)[0].component].fields
            at = Scope(fields, message=content)
            for kind in self._kinds(here, delivers=True):
                extra = [first, *self._whose(kind.ports, here)]
                for (guard, _), (_, body) in zip(
                    self._steps(kind, extra, at, here),
                    self._steps(kind, extra, Scope(fields), here),
                    strict=True,
                ):
                    take = [f"message = {content};", *body]
                    sends = [i for i, line in enumerate(take) if line.startswith("SEND(")]
                    cut = sends[0] if sends else len(take)
                    out = f"if :: STAYS -> skip :: else -> REMOVE(inbox, {slot}) fi;"
                    yield from self._option(kind.name, guard, [*take[:cut], out, *take[cut:]])
            if losing := self._losing(here):
                guards = [first, *(["!STAYS"] if ways > 1 else []), *self._whose(losing, here)]
                yield from self._option("lose", " && ".join(guards), [f"REMOVE(inbox, {slot});"])
            yield "  od"
            yield "}"

    def _calls(self) -> Iterator[str]:
        """Everything that befalls a component without a message."""
        yield ""
        yield "/* What befalls a side, or what it does, by itself. */"
        for here in self._acting():
            yield from self._process("component", here, 1)
            at = Scope(self.model.components[self._of(here)[0].component].fields)
            for kind in self._kinds(here, delivers=False):
                for guard, body in self._steps(kind, self._whose(kind.ports, here), at, here):
                    yield from self._option(kind.name, guard, body)
            yield "  :: false -> skip"
            yield "  od"
            yield "}"

    def _clock(self) -> Iterator[str]:
        model = self.model
        if not model.timed:
            return
        yield ""
        yield "/* Time. */"
        yield "active proctype clock() {"
        yield "end:"
        yield "  do"
        body = self._ticks()
        if model.ttl is not None:
            body += [f"AGE({link});" for link in self.links]
        yield from self._option("tick", self._tick_guard(), body)
        yield "  od"
        yield "}"

    # Claims

    def _watchers(self, claims: Mapping[str, Tree], resting: Resting) -> Iterator[str]:
        for name, tree in claims.items():
            good = self._good(tree)
            if good is True:
                yield from ["", f"/* {_comment(name)}: what it is about never changes. */"]
            else:
                bad = self.guard(opposite(good), Scope(macros=False))
                yield from self._watcher(name, [bad])
        for name, (tree, idle) in resting.items():
            yield from self._watcher(name, self._bad_at_rest(tree, idle))

    def _watcher(self, name: str, bad: Sequence[str]) -> Iterator[str]:
        yield ""
        yield f"#ifdef {name_of(name)}"
        yield f"/* {_comment(name)} */"
        yield f"active proctype {self.ident(name)}_fails() {{"
        yield "end:"
        yield "  do"
        # On one line: SPIN may take the end of a line for a semicolon.
        yield f"  :: d_step {{ {' && '.join(bad)} -> assert(false) }}"
        yield "  od"
        yield "}"
        yield "#endif"


def _comment(text: str) -> str:
    return text.replace("*/", "* /")
