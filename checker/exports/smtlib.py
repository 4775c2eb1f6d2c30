"""A composition as an SMT-LIB 2 script in QF_BV: does a short run lead to where a claim fails?

States, messages and choices are bit-vectors cut into fields; ``(end.mode me)`` reads a field
and ``(with.end.mode me v)`` writes one. Each input is a function ``on.<input>`` of the
component, the message, what is seen and the number drawn; its body is the traced tree, cut at
lines of the specification. ``step`` joins two states by one choice of the adversary: which
port, which input, which message, whether it stays, which number. At the end the steps are
unrolled, and for each claim one ``check-sat``: ``sat`` means that a run of at most so many steps
leads to a state in which the claim fails, ``unsat`` that none does.

A link's bag is a row of slots, the full ones first. Where components have different fields, each
kind of them has sorts and functions of its own, numbered. An expression has the width that its
interval needs; what is wrapped is computed at the width that it is wrapped to.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from checker.exports.pieces import Writer, cut, merged, used_in
from checker.ir.composition import Composition, Kind, Port, most_sent
from checker.ir.interpret import leaves
from checker.ir.nodes import Node, least, variables, width_of
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tree

T = TypeVar("T")
Key = tuple[Node, int]
"""An expression and the bits at which it is wanted; 0 for a bool."""

_LOAD = 8  # bits that count messages


def smtlib(
    model: Composition,
    claims: Mapping[str, Tree],
    depth: int,
    draws: Sequence[Sequence[str]] | None = None,
    assumptions: Sequence[str] = (),
) -> str:
    """The script that asks of runs of at most ``depth`` steps whether they keep the ``claims``.

    The numbers drawn are those on offer; or, with ``draws``, what component c draws as its n-th is
    the constant ``draws[c][n]``, any of those that satisfy ``assumptions``.
    """
    return _Script(model, claims, depth, draws, assumptions).text()


def _sort(bits: int) -> str:
    return f"(_ BitVec {bits})" if bits else "Bool"


def _literal(value: Any, bits: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    value %= 1 << bits
    return f"#x{value:0{bits // 4}x}" if bits % 4 == 0 else f"#b{value:0{bits}b}"


def name_of(text: str) -> str:
    """``text`` as part of a symbol."""
    return re.sub(r"[^A-Za-z0-9_.]+", "_", text).strip("_")


def _call(name: str, args: Sequence[str]) -> str:
    return f"({name} {' '.join(args)})" if args else name


def _function(name: str, parameters: Mapping[str, str], sort: str, body: str) -> str:
    inputs = " ".join(f"({parameter} {of})" for parameter, of in parameters.items())
    head = f"(define-fun {name} ({inputs}) {sort}"
    if len(head) > 98:
        head = f"(define-fun {name}\n  ({inputs}) {sort}"
    if len(head) + len(body) < 98 and "\n" not in body:
        return f"{head} {body})"
    return f"{head}\n{_indented(body, 2)})"


def _spread(word: str, parts: Sequence[str], width: int = 90) -> str:
    """``word`` of parts, over several lines where one is too short."""
    line = f"({word} {' '.join(parts)})"
    if len(line) <= width and "\n" not in line:
        return line
    return f"({word}\n" + _indented("\n".join(parts), 2) + ")"


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.split("\n"))


def _joined(parts: Sequence[str]) -> str:
    """A concatenation; ``concat`` takes two."""
    *most, text = parts
    for part in reversed(most):
        line = f"(concat {part} {text})"
        text = line if len(line) <= 90 and "\n" not in line else f"(concat {part}\n{text})"
    return text


def _all(parts: Sequence[str], word: str = "and") -> str:
    if not parts:
        return "true" if word == "and" else "false"
    return parts[0] if len(parts) == 1 else f"({word} {' '.join(parts)})"


def _sum(texts: Sequence[str]) -> str:
    total = texts[0]
    for text in texts[1:]:
        total = f"(bvadd {total}\n{text})"
    return total


def _as_bits(text: str, bits: int) -> str:
    return text if bits else f"(ite {text} #b1 #b0)"


class _Row:
    """A sort that is a bit-vector cut into fields: (name, bits; 0 for a bool, name of the sort)."""

    def __init__(self, sort: str, fields: Sequence[tuple[str, int]]) -> None:
        self.sort, self.fields = sort, dict(fields)
        self.prefix = sort.lower()
        self.bits = sum(max(1, bits) for bits in self.fields.values())

    def definitions(self, writes: bool = True) -> Iterator[str]:
        """The sort, and how its fields are read and written."""
        yield f"(define-sort {self.sort} () (_ BitVec {self.bits}))"
        high = self.bits
        for field, bits in self.fields.items():
            top, low = high - 1, high - max(1, bits)
            part = f"((_ extract {top} {low}) r)"
            body = part if bits else f"(= {part} #b1)"
            name = f"{self.prefix}.{field}"
            yield _function(name, {"r": self.sort}, _sort(bits), body)
            if writes:
                parts = [_as_bits("v", bits)]
                if top < self.bits - 1:
                    parts.insert(0, f"((_ extract {self.bits - 1} {top + 1}) r)")
                if low:
                    parts.append(f"((_ extract {low - 1} 0) r)")
                inputs = {"r": self.sort, "v": _sort(bits)}
                yield _function(f"with.{name}", inputs, self.sort, _joined(parts))
            high = low

    def value(self, values: Mapping[str, str]) -> str:
        """The row with these fields."""
        return _joined([_as_bits(values[field], bits) for field, bits in self.fields.items()])


class _Layout:
    """Components of the same fields: their rows, and what a step makes of one."""

    def __init__(self, number: str, fields: Sequence[Field], most: int, slot_bits: int) -> None:
        self.number, self.fields, self.most = number, fields, most
        self.end = _Row(f"End{number}", [(f.path, width_of(f.sort)) for f in fields])
        sent = [(f"sent.{i}", slot_bits) for i in range(most)]
        self.result = _Row(f"Result{number}", [("possible", 0), ("end", self.end.bits), *sent])


class _Script:
    """One script being written."""

    def __init__(
        self,
        model: Composition,
        claims: Mapping[str, Tree],
        depth: int,
        draws: Sequence[Sequence[str]] | None,
        assumptions: Sequence[str],
    ) -> None:
        self.model, self.claims, self.depth = model, claims, depth
        self.draws, self.assumptions = draws, assumptions
        trees = {kind.name: merged(kind.tree) for kind in model.kinds}
        nodes = [node for tree in trees.values() for node in used_in(tree)]
        used = variables(nodes)
        self.seen = [path for path in model.sight if path in used]
        self.drawn = model.draw.name if model.draw and model.draw.name in used else ""
        self.drawn_bits = _bits_of(nodes, self.drawn)
        self.links = [model.link(n) for n in range(len(model.links))]
        self.acts = [*(kind.name for kind in model.kinds), "lose", "tick", "stay"]
        self.act_bits = max(1, (len(self.acts) - 1).bit_length())
        self.at_bits = max(1, (model.capacity - 1).bit_length())
        self.who_bits = max(1, (len(model.ports) - 1).bit_length())
        self.msg = _Row("Msg", [(f.path, width_of(f.sort)) for f in model.message_fields])
        self.slot = _Row("Slot", [("present", 0), ("msg", self.msg.bits)])
        self.bag = _Row("Bag", [(str(i), self.slot.bits) for i in range(model.capacity)])
        self.layouts = self._layouts()
        self.of_component = [self.layouts[tuple(c.fields)] for c in model.components]
        self.now = self.of_component[0]  # of the component that an expression is about
        ends = [
            (c.name, layout.end.bits)
            for c, layout in zip(model.components, self.of_component, strict=True)
        ]
        self.state = _Row("State", ends + [(link, self.bag.bits) for link in self.links])
        self.choice = _Row(
            "Choice",
            [
                ("act", self.act_bits),
                ("who", self.who_bits),
                ("at", self.at_bits),
                ("kept", 0),
                *([(self.drawn, self.drawn_bits)] if self.drawn else []),
            ],
        )
        sights = [(p.partition(".")[2], width_of(model.sight[p].sort)) for p in self.seen]
        self.sight = _Row("Sight", sights or [("none", 0)])

    def _layouts(self) -> dict[tuple[Field, ...], _Layout]:
        m = self.model
        found: dict[tuple[Field, ...], _Layout] = {}
        for c in m.components:
            fields = tuple(c.fields)
            if fields not in found:
                trees = [k.tree for k in m.kinds if tuple(m.fields_of(k)) == fields]
                most = max(map(most_sent, trees), default=0)
                number = str(len(found) + 1) if found else ""
                found[fields] = _Layout(number, fields, most, self.slot.bits)
        return found

    def _layout(self, kind: Kind) -> _Layout:
        return self.layouts[tuple(self.model.fields_of(kind))]

    def _sort_of(self, parameter: str) -> str:
        """The sort of a function's parameter."""
        sorts = {
            "me": self.now.end.sort,
            "peer": self.now.end.sort,
            "seg": "Msg",
            "sight": "Sight",
            "s": "State",
            "c": "Choice",
            "out": "Bag",
            "in": "Bag",
        }
        return _sort(self.drawn_bits) if parameter == self.drawn else sorts[parameter]

    def text(self) -> str:
        """All of it."""
        names = [c.name for c in self.model.components]
        rows = [row for layout in self.layouts.values() for row in layout.end.definitions()]
        parts = [
            _HEADER.format(names=f"{', '.join(names[:-1])} and {names[-1]}"),
            *self._members(),
            "; Fields",
            *rows,
            *self.msg.definitions(),
            *self.slot.definitions(writes=False),
            *self.bag.definitions(writes=False),
            *self.state.definitions(),
            *self.choice.definitions(writes=False),
        ]
        for layout in self.layouts.values():
            parts += layout.result.definitions(writes=False)
        parts += [
            *(self.sight.definitions(writes=False) if self.seen else []),
            "\n; The beginning, and messages",
            *self._constants(),
            "\n; Bags",
            *self._bags(),
        ]
        for kind in self.model.kinds:
            self.now = self._layout(kind)
            parts.append(f'\n; The input "{kind.name}"')
            parts += self._kind(f"on.{name_of(kind.name)}", kind.tree)
        parts += ["\n; What is seen of the whole state, and what may be drawn", *self._seen()]
        parts += ["\n; Time", *self._time()]
        parts += ["\n; Steps", *self._steps()]
        parts += ["\n; Claims", *self._claims()]
        parts += ["\n; Runs", *self._runs()]
        return "\n".join(parts) + "\n"

    def _members(self) -> Iterator[str]:
        """The members of enumerations by name."""
        m = self.model
        fields = [f for _, f in m.places()]
        sorts = dict.fromkeys(f.sort for f in (*fields, *m.message_fields))
        for sort in sorts:
            if sort.members is not None:
                yield f"; {sort.members.__name__}"
                for i, member in enumerate(sort.members):
                    bits = width_of(sort)
                    yield _function(_literal(member, bits), {}, _sort(bits), f"#b{i:0{bits}b}")

    # Expressions

    def _parts(self, key: Key) -> list[Key]:
        node, bits = key
        a = node.args
        if self._own(key) != bits:
            return [(node, self._own(key))]
        match node.op:
            case "const" | "var":
                return []
            case "add" | "sub" | "wrap":
                return [(arg, bits) for arg in a]
            case "eq" | "lt" | "le":
                common = max(width_of(arg.sort) for arg in a)
                return [(arg, common) for arg in a]
            case "ite":
                return [(a[0], 0), (a[1], bits), (a[2], bits)]
        return [(arg, 0) for arg in a]  # int, not, and, or

    def _own(self, key: Key) -> int:
        """The bits at which an expression is computed if ``key`` is wanted."""
        node, bits = key
        if node.op in ("const", "add", "sub") or (node.op == "ite" and node.sort.lo < 0):
            return bits
        return int(node.data) if node.op == "wrap" else width_of(node.sort)

    def _write(self, key: Key, texts: Sequence[str]) -> str:
        node, bits = key
        own = self._own(key)
        if own > bits:
            return f"((_ extract {bits - 1} 0) {texts[0]})"
        if own < bits:
            return f"((_ zero_extend {bits - own}) {texts[0]})"
        match node.op:
            case "const":
                return _literal(node.data, bits)
            case "var":
                return self._variable(str(node.data))
            case "wrap":
                return texts[0]
            case "int":
                return f"(ite {texts[0]} #b1 #b0)"
        word = {"add": "bvadd", "sub": "bvsub", "eq": "=", "lt": "bvult", "le": "bvule"}
        return f"({word.get(node.op, node.op)} {' '.join(texts)})"

    def _variable(self, name: str) -> str:
        head, _, path = name.partition(".")
        match head:
            case "me" | "peer":
                return f"({self.now.end.prefix}.{path} {head})"
            case "seg":
                return f"(msg.{path} seg)"
            case "sight":
                return f"(sight.{path} sight)"
        for component, layout in zip(self.model.components, self.of_component, strict=True):
            if component.name == head:
                return f"({layout.end.prefix}.{path} (state.{head} s))"
        if side := re.fullmatch("(out|in)([0-9]+)", head):
            slot = f"(bag.{side[2]} {side[1]})"
            if path == "present":
                return f"(slot.present {slot})"
            return f"(msg.{path} (slot.msg {slot}))"
        return self.drawn

    def _needed(self, nodes: Iterable[Node]) -> list[str]:
        """The parameters of a function that computes ``nodes``."""
        heads = {self._parameter(name) for name in variables(nodes)}
        order = ("me", "peer", "seg", "sight", self.drawn, "s", "out", "in")
        return [name for name in order if name in heads]

    def _parameter(self, variable: str) -> str:
        head = variable.partition(".")[0]
        if head in [component.name for component in self.model.components]:
            return "s"
        side = re.fullmatch("(out|in)[0-9]+", head)
        return side[1] if side else head

    def _typed(self, names: Iterable[str]) -> dict[str, str]:
        return {name: self._sort_of(name) for name in names}

    def _writer(self, prefix: str, keys: Iterable[Key]) -> Writer[Key]:
        def call(name: str, key: Key) -> str:
            return _call(f"{prefix}.{name}", self._needed([key[0]]))

        return Writer(keys, self._parts, self._write, call, least=36, width=88)

    def _named(self, prefix: str, writer: Writer[Key], since: int = 0) -> Iterator[str]:
        for d in writer.definitions[since:]:
            node, bits = d.key
            inputs = self._typed(self._needed([node]))
            yield _function(f"{prefix}.{d.name}", inputs, _sort(bits), d.text)

    def _expression(self, prefix: str, node: Node, bits: int) -> tuple[list[str], str]:
        """Definitions, and the text of an expression that uses them."""
        writer = self._writer(prefix, [(node, bits)])
        text = writer.of((node, bits))
        return list(self._named(prefix, writer)), text

    # Trees

    def _keys(self, tree: Tree, outputs: bool) -> Iterator[Key]:
        """The expressions of a merged tree, each at the width it is wanted."""
        seen: set[int] = set()
        stack: list[Tree] = [tree]
        while stack:
            one = stack.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            if isinstance(one, Branch):
                yield one.test, 0
                stack += [one.then, one.other]
            elif not outputs:
                yield one.outputs[0], 0
            elif one.static.possible:
                sorts = [f.sort for f in self.now.fields]
                for _ in range(one.static.sent):
                    sorts += [f.sort for f in self.model.message_fields]
                for node, sort in zip(one.outputs, sorts, strict=True):
                    yield node, width_of(sort)

    def _kind(self, name: str, tree: Tree, outputs: bool = True) -> list[str]:
        """The functions of a tree: those it shares, those of its pieces, and the whole."""
        tree = merged(tree)
        sort = self.now.result.sort if outputs else "Bool"
        writer = self._writer(name, self._keys(tree, outputs))
        pieces = cut(tree)
        inputs = self._needed(used_in(tree))
        if outputs and "me" not in inputs:
            inputs.insert(0, "me")
        called = {id(piece): _call(f"{name}.{n}", inputs) for n, piece in pieces[:-1]}
        bodies = [self._nested(piece, writer, called, outputs, True) for _, piece in pieces]
        lines = list(self._named(name, writer))
        for (piece, _), body in zip(pieces[:-1], bodies[:-1], strict=True):
            lines.append(_function(f"{name}.{piece}", self._typed(inputs), sort, body))
        return [*lines, _function(name, self._typed(inputs), sort, bodies[-1])]

    def _nested(
        self,
        tree: Tree,
        writer: Writer[Key],
        called: Mapping[int, str],
        outputs: bool,
        top: bool = False,
    ) -> str:
        if not top and id(tree) in called:
            return called[id(tree)]
        if isinstance(tree, Leaf):
            return self._leaf(tree, writer) if outputs else writer.of((tree.outputs[0], 0))
        test = writer.of((tree.test, 0))
        then = self._nested(tree.then, writer, called, outputs)
        other = self._nested(tree.other, writer, called, outputs)
        return f"(ite {test} ; {tree.where}\n{_indented(then, 2)}\n{_indented(other, 0)})"

    def _leaf(self, leaf: Leaf, writer: Writer[Key]) -> str:
        """The end of a path."""
        number, end = self.now.number, self.now.end.prefix
        if not leaf.static.possible:
            return f"impossible{number}"
        m = self.model
        outputs = iter(leaf.outputs)
        changes = []
        for field in self.now.fields:
            node = next(outputs)
            if not (node.op == "var" and node.data == f"me.{field.path}"):
                changes.append((field.path, writer.of((node, width_of(field.sort)))))
        parts = [_changed(end, "me", changes)]
        for i in range(self.now.most):
            if i >= leaf.static.sent:
                parts.append("nothing")
                continue
            said = [(field, next(outputs)) for field in m.message_fields]
            differs = [
                (field.path, writer.of((node, width_of(field.sort))))
                for field, node in said
                if not (node.op == "const" and node.data == least(field.sort))
            ]
            parts.append(f"(sent {_changed('msg', 'blank', differs)})")
        comment = "".join(f"; {rule}\n" for rule in leaf.static.rules)
        return comment + _spread(f"becomes{number}", parts, 88)

    # The frame

    def _constants(self) -> Iterator[str]:
        m = self.model
        for names in self._beginnings().values():
            component = m.components[names[0]]
            layout = self.of_component[names[0]]
            first = {
                f.path: _literal(component.initial[f.path], width_of(f.sort)) for f in layout.fields
            }
            row = layout.end
            text = _changed(row.prefix, _zeros(row), _but_zero(first))
            yield _function(self._first(names[0]), {}, row.sort, text)
        blank = {f.path: _literal(least(f.sort), width_of(f.sort)) for f in m.message_fields}
        yield _function("blank", {}, "Msg", _changed("msg", _zeros(self.msg), _but_zero(blank)))
        yield _function("nothing", {}, "Slot", _zeros(self.slot))
        yield _function("sent", {"m": "Msg"}, "Slot", "(concat #b1 m)")
        for layout in self.layouts.values():
            number, result = layout.number, layout.result
            yield _function(f"impossible{number}", {}, result.sort, _zeros(result))
            sent = [f"m{i}" for i in range(layout.most)]
            inputs = {"e": layout.end.sort} | dict.fromkeys(sent, "Slot")
            text = _joined(["#b1", "e", *sent])
            yield _function(f"becomes{number}", inputs, result.sort, text)

    def _beginnings(self) -> dict[Any, list[int]]:
        """The components, those together that begin alike."""
        alike: dict[Any, list[int]] = {}
        for n, c in enumerate(self.model.components):
            alike.setdefault(tuple((f, c.initial[f.path]) for f in c.fields), []).append(n)
        return alike

    def _first(self, component: int) -> str:
        """What a component is at the beginning."""
        alike = self._beginnings()
        if len(alike) == 1:
            return "first"
        (names,) = [names for names in alike.values() if component in names]
        return f"first.{self.model.components[names[0]].name}"

    def _bags(self) -> Iterator[str]:
        """What is done with bags: pick, take away, add, grow old."""
        m = self.model
        n = m.capacity
        at = _sort(self.at_bits)
        text = "nothing"
        for i in reversed(range(n)):
            text = f"(ite (= at {_literal(i, self.at_bits)}) (bag.{i} b) {text})"
        yield _function("bag.pick", {"b": "Bag", "at": at}, "Slot", text)
        slots = []
        for i in range(n):
            after = f"(bag.{i + 1} b)" if i + 1 < n else "nothing"
            slots.append(f"(ite (bvule at {_literal(i, self.at_bits)}) {after} (bag.{i} b))")
        yield _function("bag.without", {"b": "Bag", "at": at}, "Bag", _joined(slots))
        there = [_as_bits(f"(slot.present (bag.{i} b))", 0) for i in range(n)]
        ones = [f"((_ zero_extend {_LOAD - 1}) {one})" for one in there]
        yield _function("bag.size", {"b": "Bag"}, _sort(_LOAD), _sum(ones))
        room = f"(bvult load {_literal(m.in_flight, _LOAD)})"
        slots = []
        for i in range(n):
            before = f" (slot.present (bag.{i - 1} b))" if i else ""
            here = f"(and put (not (slot.present (bag.{i} b))){before})"
            slots.append(f"(ite {here}\n  m (bag.{i} b))")
        body = f"(let ((put (and (slot.present m) {room})))\n{_indented(_joined(slots), 2)})"
        inputs = {"b": "Bag", "m": "Slot", "load": _sort(_LOAD)}
        yield "; ... if there is room, where load are in flight"
        yield _function("bag.with", inputs, "Bag", body)
        empty = _joined(["nothing"] * n)
        yield _function("bag.empty", {}, "Bag", empty)
        sizes = [f"(bag.size (state.{link} s))" for link in self.links]
        yield _function("load", {"s": "State"}, _sort(_LOAD), _sum(sizes))

    def _seen(self) -> Iterator[str]:
        m = self.model
        if self.seen:
            values = {}
            for path in self.seen:
                node = m.sight[path]
                lines, text = self._expression(f"see.{path}", node, width_of(node.sort))
                yield from lines
                values[path.partition(".")[2]] = text
            inputs = {"me": "End", "peer": "End", "out": "Bag", "in": "Bag"}
            yield _function("see", inputs, "Sight", self.sight.value(values))
        if self.model.draw is None or not self.drawn:
            return
        for name in dict.fromkeys(itertools.chain(*(self.draws or ()))):
            yield f"(declare-const {name} {_sort(self.drawn_bits)})"
        for text in self.assumptions:
            yield f"(assert {text})"
        for layout in self.layouts.values():
            if any(self._layout(kind) is layout and _draws(kind) for kind in m.kinds):
                self.now = layout
                yield from self._offered()

    def _offered(self) -> Iterator[str]:
        """The numbers that a component may draw."""
        m, number = self.model, self.now.number
        assert m.draw is not None
        if self.draws is None:
            text = "false"
            for i, (guard, values) in reversed(list(enumerate(m.draw.offers))):
                lines, test = self._expression(f"offered{number}.{i}", guard, 0)
                yield from lines
                which = [f"(= {self.drawn} {_literal(v, self.drawn_bits)})" for v in values]
                text = f"(ite {test} {_all(which, 'or')}\n{text})"
        else:
            counter, chosen = m.draw.counter, {}
            bits = self.now.end.fields[counter]
            for n, port in enumerate(m.ports):
                if self.of_component[port.component] is self.now:
                    *mine, text = self.draws[port.component]
                    for i, other in reversed(list(enumerate(mine))):
                        test = f"(= ({self.now.end.prefix}.{counter} me) {_literal(i, bits)})"
                        text = f"(ite {test} {other} {text})"
                    chosen[n] = text
            text = f"(= {self.drawn} {self._of_port(chosen, 'who')})"
        inputs = {
            "me": self.now.end.sort,
            "who": _sort(self.who_bits),
            self.drawn: self._sort_of(self.drawn),
        }
        yield _function(f"offered{number}", inputs, "Bool", text)

    def _time(self) -> Iterator[str]:
        m = self.model
        if not m.timed:
            yield "; There is none."
            return
        ticks = _numbered("on.tick", [c.tick for c in m.components])
        blocks = _numbered("blocked", [c.tick_blocked for c in m.components])
        done: set[str] = set()
        for component, layout in zip(m.components, self.of_component, strict=True):
            self.now = layout
            if component.tick is not None and ticks[component.tick] not in done:
                done.add(ticks[component.tick])
                yield from self._kind(ticks[component.tick], component.tick)
        yield "; Time must not go on before this component acts."
        for component, layout in zip(m.components, self.of_component, strict=True):
            self.now = layout
            node = component.tick_blocked
            if node is not None and blocks[node] not in done:
                done.add(blocks[node])
                lines, text = self._expression(blocks[node], node, 0)
                yield from lines
                yield _function(blocks[node], {"me": self.now.end.sort}, "Bool", text)
        n = m.capacity
        yield "; One tick later; the slots that become free go to the end."
        older = "s"
        if m.ttl is not None:
            bits = self.msg.fields[m.ttl]
            ttl = f"(msg.{m.ttl} (slot.msg s))"
            less = f"(bvsub {ttl} {_literal(1, bits)})"
            older = (
                f"(ite (and (slot.present s) (bvugt {ttl} {_literal(1, bits)}))\n"
                f"  (sent (with.msg.{m.ttl} (slot.msg s) {less}))\n  nothing)"
            )
        yield _function("slot.older", {"s": "Slot"}, "Slot", older)
        text = _joined([f"(slot.older (bag.{i} b))" for i in range(n)])
        for i in range(n - 1):
            slots = [f"(bag.{j} b)" for j in range(n)]
            swapped = [*slots[:i], slots[i + 1], slots[i], *slots[i + 2 :]]
            gap = f"(and (not (slot.present {slots[i]})) (slot.present {slots[i + 1]}))"
            body = f"(ite {gap} {_joined(swapped)} b)"
            yield _function(f"bag.close.{i}", {"b": "Bag"}, "Bag", body)
        for _, i in itertools.product(range(n - 1), range(n - 1)):
            text = f"(bag.close.{i} {text})"
        yield _function("bag.older", {"b": "Bag"}, "Bag", text)
        parts, free = [], []
        for component, layout in zip(m.components, self.of_component, strict=True):
            end = f"(state.{component.name} s)"
            if component.tick_blocked is not None:
                free.append(f"(not ({blocks[component.tick_blocked]} {end}))")
            if component.tick is not None:
                end = f"({layout.result.prefix}.end ({ticks[component.tick]} {end}))"
            parts.append(end)
        parts += [f"(bag.older (state.{link} s))" for link in self.links]
        yield _function("later", {"s": "State"}, "State", _joined(parts))
        text = _spread("and", [*free, "(not (= (later s) s))"])
        yield _function("time.goes.on", {"s": "State"}, "Bool", text)

    def _act(self, name: str) -> str:
        return f"(= (choice.act c) {_literal(self.acts.index(name), self.act_bits)})"

    def _steps(self) -> Iterator[str]:
        m = self.model
        for i, name in enumerate(self.acts):
            yield f"; act {_literal(i, self.act_bits)}: {name}"
        both = {"s": "State", "c": "Choice"}
        who, ports = "(choice.who c)", dict(enumerate(m.ports))
        taking = {n: port.takes for n, port in ports.items() if port.takes is not None}
        for layout in self.layouts.values():
            ends = {n: f"(state.{self._name(p.component)} s)" for n, p in self._ports(layout)}
            sort = layout.end.sort
            yield _function(f"acting.me{layout.number}", both, sort, self._of_port(ends, who))
        if self.seen:
            views = {n: m.view(port) for n, port in ports.items()}
            for name, of_ports in (
                ("peer", {n: self._name(view.peer) for n, view in views.items()}),
                ("out", {n: self.links[view.out] for n, view in views.items()}),
                ("in", {n: self.links[view.in_] for n, view in views.items()}),
            ):
                texts = {n: f"(state.{part} s)" for n, part in of_ports.items()}
                sort = self._sort_of(name)
                yield _function(f"acting.{name}", both, sort, self._of_port(texts, who))
        texts = {
            n: f"(bag.pick (state.{self.links[link]} s) (choice.at c))"
            for n, link in taking.items()
        }
        missing = {n: "nothing" for n in ports if n not in taking}
        yield _function("picked", both, "Slot", self._of_port(texts | missing, who))
        for layout in self.layouts.values():
            self.now = layout
            yield from self._outcome()
        yield from self._possibilities()
        takes = [f"(and {self._act(k.name)} (not (choice.kept c)))" for k in m.kinds if k.delivers]
        taken = _all([*takes, self._act("lose")], "or")
        texts = {
            n: _spread(
                f"with.state.{self.links[link]}",
                ["s", f"(bag.without (state.{self.links[link]} s) (choice.at c))"],
            )
            for n, link in taking.items()
        }
        missing = dict.fromkeys(missing, "s")
        text = _spread("ite", [taken, self._of_port(texts | missing, who), "s"])
        yield "; What is delivered or lost, out of its bag"
        yield _function("taken", both, "State", text)
        after, most = "(taken s c)", max(layout.most for layout in self.layouts.values())
        for i in range(most):
            yield _function(f"put.{i}", both | {"t": "State"}, "State", self._put(i))
            after = f"(put.{i} s c {after})"
        texts = {}
        for n, port in ports.items():
            layout, name = self.of_component[port.component], self._name(port.component)
            end = f"({layout.result.prefix}.end (outcome{layout.number} s c))"
            texts[n] = f"(with.state.{name} {after} {end})"
        moved = _spread("ite", [self._act("lose"), "(taken s c)", self._of_port(texts, who)])
        if m.timed:
            moved = f"(ite {self._act('tick')} (later s)\n{moved})"
        yield _function("next", both, "State", f"(ite {self._act('stay')} s\n{moved})")
        whole = {"s": "State", "c": "Choice", "t": "State"}
        yield _function("step", whole, "Bool", "(and (possible s c) (= t (next s c)))")
        firsts = [self._first(n) for n in range(len(m.components))]
        start = _joined([*firsts, *["bag.empty"] * len(self.links)])
        yield _function("init", {"s": "State"}, "Bool", f"(= s {start})")

    def _name(self, component: int) -> str:
        return self.model.components[component].name

    def _ports(self, layout: _Layout) -> list[tuple[int, Port]]:
        """The ports of the components of a layout, numbered."""
        return [
            (n, port)
            for n, port in enumerate(self.model.ports)
            if self.of_component[port.component] is layout
        ]

    def _of_port(self, texts: Mapping[int, str], who: str) -> str:
        """The text that is of the port ``who``, one of those in ``texts``."""
        *others, (_, text) = texts.items()
        for n, other in reversed(others):
            if other != text:
                text = _spread("ite", [self._at_port(n, who), other, text])
        return text

    def _at_port(self, n: int, who: str = "(choice.who c)") -> str:
        return f"(= {who} {_literal(n, self.who_bits)})"

    def _outcome(self) -> Iterator[str]:
        """What the chosen input makes of the component that acts, for one layout."""
        layout = self.now
        me = f"(acting.me{layout.number} s c)"
        given = {
            "me": me,
            "seg": "(slot.msg (picked s c))",
            "sight": f"(see {me} (acting.peer s c) (acting.out s c) (acting.in s c))",
            self.drawn: f"(choice.{self.drawn} c)",
        }
        chain = []
        for kind in (kind for kind in self.model.kinds if self._layout(kind) is layout):
            needed = self._needed(used_in(merged(kind.tree)))
            if "me" not in needed:
                needed.insert(0, "me")
            call = _spread(f"on.{name_of(kind.name)}", [given[name] for name in needed])
            chain.append(f"(ite {self._act(kind.name)}\n{_indented(call, 2)}")
        text = "\n".join([*chain, f"impossible{layout.number}" + ")" * len(chain)])
        both = {"s": "State", "c": "Choice"}
        yield _function(f"outcome{layout.number}", both, layout.result.sort, text)

    def _put(self, i: int) -> str:
        """The state ``t`` with the i-th message that is sent on its link, if there is room."""
        texts = {}
        for n, port in enumerate(self.model.ports):
            layout = self.of_component[port.component]
            texts[n] = "t"
            if port.sends and i < layout.most:
                link = self.links[port.out(i)]
                sent = f"({layout.result.prefix}.sent.{i} (outcome{layout.number} s c))"
                bag = f"(bag.with (state.{link} t) {sent} (load t))"
                texts[n] = f"(with.state.{link} t\n  {bag})"
        return self._of_port(texts, "(choice.who c)")

    def _possibilities(self) -> Iterator[str]:
        """Which choices are possible; of those that come to the same only one."""
        m, ports = self.model, range(len(self.model.ports))
        nothing = f"(= (choice.{self.drawn} c) {_literal(0, self.drawn_bits)})"
        undrawn = [nothing] if self.drawn else []
        unplaced = f"(= (choice.at c) {_literal(0, self.at_bits)})"
        kinds = []
        for kind in m.kinds:
            layout = self._layout(kind)
            possible = f"({layout.result.prefix}.possible (outcome{layout.number} s c))"
            conditions = [self._act(kind.name), possible, *self._at_one_of(kind.ports)]
            if kind.delivers:
                conditions.append("(slot.present (picked s c))")
            if not kind.delivers or not m.duplicate:
                conditions.append("(not (choice.kept c))")
            if not kind.delivers:
                conditions.append(unplaced)
            if _draws(kind):
                me = f"(acting.me{layout.number} s c)"
                drawn = f"(choice.{self.drawn} c)"
                conditions.append(f"(offered{layout.number} {me} (choice.who c) {drawn})")
            else:
                conditions += undrawn
            kinds.append(_spread("and", conditions))
        plain = [*undrawn, "(not (choice.kept c))"]
        if m.lose:
            taking = {m.ports[n].takes: n for n in reversed(ports)}
            losing = self._at_one_of([n for n in ports if taking[m.ports[n].takes] == n])
            there = "(slot.present (picked s c))"
            kinds.append(_spread("and", [self._act("lose"), there, *losing, *plain]))
        plain += [unplaced, self._at_port(0)]
        if m.timed:
            kinds.append(_spread("and", [self._act("tick"), "(time.goes.on s)", *plain]))
        kinds.append(_spread("and", [self._act("stay"), *plain]))
        both = {"s": "State", "c": "Choice"}
        yield _function("possible", both, "Bool", _spread("or", kinds))

    def _at_one_of(self, ports: Sequence[int]) -> list[str]:
        """The condition that it is one of ``ports``; nothing where it cannot be another."""
        if len(ports) == 1 << self.who_bits:
            return []
        return [_all([self._at_port(n) for n in ports], "or")]

    def _claims(self) -> Iterator[str]:
        for id, tree in self.claims.items():
            name = f"good.{name_of(id)}"
            lines = self._kind(name, tree, outputs=False)
            if "(s State)" not in lines[-1]:
                lines[-1] = lines[-1].replace(f"{name} ()", f"{name} ((s State))", 1)
            yield from lines

    def _runs(self) -> Iterator[str]:
        yield f"; Of at most {self.depth} steps: at the end a run may stay where it is."
        for i in range(self.depth + 1):
            yield f"(declare-const s{i} State)"
        for i in range(1, self.depth + 1):
            yield f"(declare-const c{i} Choice)"
        yield "(assert (init s0))"
        for i in range(1, self.depth + 1):
            yield f"(assert (step s{i - 1} c{i} s{i}))"
        stay = _literal(self.acts.index("stay"), self.act_bits)
        for i in range(1, self.depth):
            stays = [f"(= (choice.act c{j}) {stay})" for j in (i, i + 1)]
            yield f"(assert (=> {stays[0]} {stays[1]}))"
        several = len(self.claims) > 1
        for id in self.claims:
            yield f"; {id}: sat if it fails"
            ask = f"(assert (not (good.{name_of(id)} s{self.depth})))"
            yield f"(push 1)\n{ask}\n(check-sat)\n(pop 1)" if several else f"{ask}\n(check-sat)"


def _bits_of(nodes: Iterable[Node], name: str) -> int:
    """The width of the variable ``name`` in ``nodes``."""
    seen: set[Node] = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node.op == "var" and node.data == name:
            return width_of(node.sort)
        if node not in seen:
            seen.add(node)
            stack.extend(node.args)
    return 1


def _draws(kind: Kind) -> bool:
    """Does a path of ``kind`` draw a number?"""
    return any(leaf.static.drew for leaf in leaves(kind.tree) if leaf.static.possible)


def _numbered(name: str, things: Iterable[T | None]) -> dict[T, str]:
    """A name for each of the different ``things``, the first without a number."""
    different = dict.fromkeys(thing for thing in things if thing is not None)
    return {thing: name + (str(n + 1) if n else "") for n, thing in enumerate(different)}


def _zeros(row: _Row) -> str:
    return f"(_ bv0 {row.bits})"


def _but_zero(values: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(k, v) for k, v in values.items() if v != "false" and not re.fullmatch("#[bx]0+", v)]


def _changed(row: str, what: str, changes: Sequence[tuple[str, str]]) -> str:
    """``what`` with the fields changed; over several lines the values come last."""
    heads = "".join(f"(with.{row}.{path} " for path, _ in reversed(changes))
    line = heads + what + "".join(f" {text})" for _, text in changes)
    if len(line) <= 84 or not changes:
        return line
    wrapped = [f"(with.{row}.{path}" for path, _ in reversed(changes)]
    values = [f"  {text}) ; {path}" for path, text in changes[:-1]]
    return "\n".join([*wrapped, f"  {what}", *values, f"  {changes[-1][1]})"])


_HEADER = """\
; The components {names}, and a bag of messages on each link between them. A message may be
; delivered, which takes it out of its bag or leaves it there as well, or be lost. What is sent to
; a full bag is lost.
(set-logic QF_BV)
"""
