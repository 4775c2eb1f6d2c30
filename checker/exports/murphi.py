"""A composition as a Murphi model, for Rumur.

The model has the composition's states and steps, one for one: Rumur finds as many states as the
explorer visits, and fires as many rules as that takes transitions. How the pieces correspond:

* Components that begin alike are an array of records, ``side`` if all do. Each field has exactly
  its range: a checker notices a value outside it. Members of an Enum are constants.
* A message is one number; a link's bag is an array of them, greatest first, empty slots 0 at the
  end, so that equal bags are equal arrays.
* Every step is one rule of a ruleset over the ports where it may happen; a delivery's is over
  slots too, and over whether the message stays. Slots that repeat the one before are passed over.
* A claim is an invariant of its name.

Numbers are never negative but within an expression, so that every Murphi has the operators used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from checker.exports.guarded import (
    Commands,
    Ports,
    Resting,
    Scope,
    bits,
    indented,
)
from checker.ir.composition import Composition, Kind, most_sent
from checker.ir.nodes import Node, Sort
from checker.ir.tracing import Tree

_RESERVED = frozenset(
    """
    alias array assert assume begin boolean by case clear const cover do else elsif end endalias
    endexists endfor endforall endfunction endif endprocedure endrecord endrule endruleset
    endstartstate endswitch endwhile enum error exists false for forall from function if in
    interleaved invariant isundefined ismember liveness log multiset multisetadd multisetcount
    multisetremove multisetremovepred of process program procedure property put real record return
    rule ruleset scalarset startstate stop switch then to traceuntil true type undefine union var
    while number message bag side link port slot stays send remove age in_flight taken box sum kept
    moved x m n i
    """.split()  # noqa: SIM905 (a list of words is read, not written)
)


def murphi(model: Composition, claims: Mapping[str, Tree], resting: Resting | None = None) -> str:
    """The Murphi text of ``model``; ``claims`` and ``resting`` are invariants.

    They are as in ``promela``: what ought to be true of every reachable state, and of those where
    nothing but the steps of some kinds can be done.
    """
    return "\n".join(_Murphi(model).text(claims, resting or {})) + "\n"


class _Murphi(Commands):
    """Writes one model."""

    language = "Murphi"
    reserved = _RESERVED
    becomes = ":="
    port = "port"
    operators: ClassVar[Mapping[str, str]] = {
        **Commands.operators,
        **{"eq": "=", "and": "&", "or": "|"},
    }

    def __init__(self, model: Composition) -> None:
        super().__init__(model)
        self.links = [self.bag(str(n)) for n in range(len(model.links))]
        self.used: dict[str, str] = {}  # scratch variables of a rule, and their types

    # The language

    @classmethod
    def ident(cls, path: str) -> str:
        """``path`` as an identifier; keywords may be written with capitals."""
        word = super().ident(path)
        return f"{word}_" if word.lower() in cls.reserved else word

    def choice(self, test: str, yes: str, no: str) -> str:
        return f"({test} ? {yes} : {no})"

    def fork(self, test: str, where: str, then: Sequence[str], other: Sequence[str]) -> list[str]:
        return [f"if {test} then -- {where}", *indented(then), "else", *indented(other), "end;"]

    def packed(self, values: Sequence[Node], scope: Scope) -> str:
        parts = [str(self.present)]
        for node, (at, sort) in zip(values, self.layout.values(), strict=True):
            if sort.kind == "bool":
                text = self.as_int(node, scope, top=False)
            else:
                text = self.expr(node, scope)
            parts.append(f"{text} * {1 << at}" if at else text)
        return " + ".join(parts)

    def scratch_of(self, number: int, node: Node) -> str:
        truth = node.sort.kind == "bool"
        name = f"{'truth' if truth else 'value'}{number}"
        self.used[name] = "boolean" if truth else "number"
        return name

    def as_int(self, node: Node, scope: Scope, top: bool) -> str:
        return self.choice(self.expr(node, scope, top=True), "1", "0")

    def wrapped(self, node: Node, bits: int, scope: Scope) -> str:
        turn = 1 << bits
        least = -node.sort.lo if node.sort.kind == "int" else 0
        more = (least + turn - 1) // turn * turn if least > 0 else 0
        text = self.expr(node, scope)
        return f"({text} + {more}) % {turn}" if more else f"{text} % {turn}"

    def full(self, slot: str) -> str:
        return f"{slot} != 0"

    def bag(self, link: str) -> str:
        return f"link[{link}]"

    # The text

    def text(self, claims: Mapping[str, Tree], resting: Resting) -> Iterator[str]:
        """The whole model, line by line."""
        yield "-- Components joined by links; made from decision trees, not by hand."
        yield "-- A rule is a step: what fires is the specification's transitions."
        yield from self._declarations()
        yield from self._messages()
        yield from self._bags()
        yield from self._start()
        yield from self._deliveries()
        yield from self._calls()
        yield from self._clock()
        yield from self._invariants(claims, resting)

    def _declarations(self) -> Iterator[str]:
        model = self.model
        for members, called in self.enums.items():
            yield ""
            yield f"-- {members.__name__}"
            yield "const"
            yield from indented(f"{name}: {i};" for i, name in enumerate(called.values()))
        yield ""
        yield "type"
        yield "  number: -2147483648..2147483647; -- within a step"
        greatest = 2 * self.present - 1
        yield f"  message: 0..{greatest}; -- 0: none; else {self.present} and its fields"
        yield f"  bag: array [0..{model.capacity - 1}] of message; -- greatest first, then none"
        alike = self._by_array()
        for array, those in alike.items():
            yield f"  {array}_t: record"
            for f in model.components[those[0]].fields:
                yield f"    {self.ident(f.path)}: {self._range(f.sort)};"
            yield "  end;"
        yield ""
        yield "var"
        for array, those in alike.items():
            names = ", ".join(model.components[n].name for n in those)
            yield f"  {array}: array [0..{len(those) - 1}] of {array}_t; -- {names}"
        names = ", ".join(model.link(n) for n in range(len(model.links)))
        yield f"  link: array [0..{len(model.links) - 1}] of bag; -- {names}"

    def _range(self, sort: Sort) -> str:
        if sort.kind == "bool":
            return "boolean"
        if sort.members is not None:
            return f"0..{len(sort.members) - 1}"
        return f"{sort.lo}..{sort.hi}"

    def _messages(self) -> Iterator[str]:
        for path, (at, sort) in self.layout.items():
            part = f"m / {1 << at}" if at else "m"
            yield ""
            if sort.kind == "bool":
                yield f"function get_{self.ident(path)}(m: message): boolean;"
                yield f"begin return ({part}) % 2 = 1; end;"
            else:
                size = 1 << bits(sort)
                yield f"function get_{self.ident(path)}(m: message): 0..{size - 1};"
                yield f"begin return ({part}) % {size}; end;"

    def _bags(self) -> Iterator[str]:
        """Putting into a bag, and taking out of it."""
        model, last = self.model, self.model.capacity - 1
        room = [f"box[{last}] = 0"] if model.capacity <= model.in_flight else []
        if model.in_flight < model.capacity * len(self.links):
            yield ""
            yield "function in_flight(): number;"
            yield "var sum: number;"
            yield "begin"
            yield "  sum := 0;"
            yield f"  for n: 0..{len(self.links) - 1} do for i: 0..{last} do"
            yield "    if link[n][i] != 0 then sum := sum + 1; end;"
            yield "  end; end;"
            yield "  return sum;"
            yield "end;"
            room.append(f"in_flight() < {model.in_flight}")
        yield ""
        yield "-- Send m, if there is one and room for it."
        yield "procedure send(var box: bag; m: message);"
        yield "var x: message; moved: message;"
        yield "begin"
        yield f"  if {self.all_of(['m != 0', *room])} then"
        yield "    x := m;"
        yield f"    for i: 0..{last} do"
        yield "      if x > box[i] then moved := box[i]; box[i] := x; x := moved; end;"
        yield "    end;"
        yield "  end;"
        yield "end;"
        yield ""
        yield "-- Take what is in a slot of the bag out of it."
        yield f"procedure remove(var box: bag; slot: 0..{last});"
        yield "begin"
        if last:
            yield f"  for i: 0..{last - 1} do"
            yield "    if i >= slot then box[i] := box[i + 1]; end;"
            yield "  end;"
        yield f"  box[{last}] := 0;"
        yield "end;"
        if model.ttl is not None:
            at, _ = self.layout[model.ttl]
            yield ""
            yield "-- One tick older, in order still; what has run out of time is gone."
            yield "procedure age(var box: bag);"
            yield f"var kept: 0..{model.capacity}; m: message;"
            yield "begin"
            yield "  kept := 0;"
            yield f"  for i: 0..{last} do"
            yield "    m := box[i];"
            yield "    box[i] := 0;"
            yield f"    if m != 0 & get_{self.ident(model.ttl)}(m) > 1 then"
            yield f"      box[kept] := m - {1 << at};"
            yield "      kept := kept + 1;"
            yield "    end;"
            yield "  end;"
            yield "end;"

    def _start(self) -> Iterator[str]:
        yield ""
        yield 'startstate "start"'
        yield "begin"
        for array, those in self._by_array().items():
            yield f"  for n: 0..{len(those) - 1} do"
            component = self.model.components[those[0]]
            for f in component.fields:
                start = self.value(component.initial[f.path])
                yield f"    {array}[n].{self.ident(f.path)} := {start};"
            yield "  end;"
        yield f"  for n: 0..{len(self.links) - 1} do"
        yield f"    for i: 0..{self.model.capacity - 1} do link[n][i] := 0; end;"
        yield "  end;"
        yield "end;"

    def _at(self, here: Ports) -> Scope:
        """What names stand for at a port."""
        names: Mapping[str, Any] = self._placed(here)
        fields = self.model.components[self._of(here)[0].component].fields
        return Scope(fields, macros=False, **names)

    def _ruleset(self, here: Ports, over: Sequence[str], rules: Sequence[str]) -> Iterator[str]:
        """Rules for each port and whatever else they are ``over``."""
        at = len(here.ports)
        over = [*([f"{self.port}: 0..{at - 1}"] if at > 1 else []), *over]
        if not rules:
            return
        yield ""
        yield f"-- {', '.join(self.model.components[p.component].name for p in self._of(here))}"
        if over:
            yield f"ruleset {'; '.join(over)} do"
        yield from rules
        if over:
            yield "end;"

    def _rule(self, name: str, guard: str, body: Sequence[str]) -> list[str]:
        lines = [f'rule "{name}"', f"  {guard}", "==>"]
        lines += [f"var {variable}: {type_};" for variable, type_ in self.used.items()]
        self.used = {}
        kept = [line for line in body if line.strip() != "skip;"]
        return ["", *indented([*lines, "begin", *indented(kept), "end;"])]

    def _steps(
        self, kind: Kind, extra: Sequence[str], scope: Scope, here: Ports
    ) -> Iterator[list[str]]:
        """A rule for each value that may be drawn."""
        tree = self.simple.tree(kind.tree, {})
        sent = most_sent(tree)
        for k, at, guard in self._ways(tree, [], extra, scope):
            if kind.delivers:
                first = [f"taken := {at.message};"]
                at = replace(at, message="taken")
            else:
                first = []
            first += [f"sent{n} := 0;" for n in range(sent)]
            body = self.body(tree, k, at)
            if kind.delivers:
                self.used["taken"] = "message"
                body.append(f"if !stays then remove({at.inbox}, slot); end;")
            for n in range(sent):
                self.used[f"sent{n}"] = "message"
                body.append(f"send({self._outbox(kind, here, at, n)}, sent{n});")
            yield self._rule(kind.name, guard, [*first, *body])

    def _deliveries(self) -> Iterator[str]:
        """Delivering the message in a slot, and losing it."""
        model, last = self.model, self.model.capacity - 1
        slots = f"slot: 0..{last}"
        stays = "stays: boolean" if model.duplicate else "stays: false..false"
        for here in self._taking():
            at = self._at(here)
            content = f"{at.inbox}[slot]"
            at = replace(at, message=content)
            new = f"(slot = 0 | {content} != {at.inbox}[slot - 1])"
            first = [self.full(content), *([new] if last else [])]
            rules = [
                line
                for kind in self._kinds(here, delivers=True)
                for rule in self._steps(kind, [*first, *self._whose(kind.ports, here)], at, here)
                for line in rule
            ]
            yield from self._ruleset(here, [slots, stays], rules)
            if losing := self._losing(here):
                guard = self.all_of([*first, *self._whose(losing, here)])
                rule = self._rule("lose", guard, [f"remove({at.inbox}, slot);"])
                yield from self._ruleset(here, [slots], rule)

    def _calls(self) -> Iterator[str]:
        """Everything that befalls a component without a message."""
        for here in self._acting():
            at = self._at(here)
            rules = [
                line
                for kind in self._kinds(here, delivers=False)
                for rule in self._steps(kind, self._whose(kind.ports, here), at, here)
                for line in rule
            ]
            yield from self._ruleset(here, [], rules)

    def _clock(self) -> Iterator[str]:
        model = self.model
        if not model.timed:
            return
        body = self._ticks()
        if model.ttl is not None:
            body += [f"age({link});" for link in self.links]
        yield from self._rule("tick", self._tick_guard(), body)

    def _invariants(self, claims: Mapping[str, Tree], resting: Resting) -> Iterator[str]:
        scope = Scope(macros=False)
        for name, tree in claims.items():
            yield ""
            yield f'invariant "{name}"'
            yield f"  {self.guard(self._good(tree), scope, top=True)};"
        for name, (tree, idle) in resting.items():
            yield ""
            yield f'invariant "{name}"'
            yield f"  !({self.all_of(self._bad_at_rest(tree, idle))});"
