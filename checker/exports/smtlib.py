"""A composition as an SMT-LIB 2 script in QF_BV: does a short run lead to where a claim fails?

States, messages and choices are bit-vectors cut into fields; ``(end.mode me)`` reads a field
and ``(with.end.mode me v)`` writes one. Each input is a function ``on.<input>`` of the
component, the message, what is seen and the number drawn; its body is the traced tree, cut at
lines of the specification. ``step`` joins two states by one choice of the adversary: which
component, which input, which message, whether it stays, which number. At the end the steps are
unrolled, and for each claim one ``check-sat``: ``sat`` means that a run of at most so many steps
leads to a state in which the claim fails, ``unsat`` that none does.

Bags are rows of slots, the full ones first. An expression has the width that its interval
needs; what is wrapped is computed at the width that it is wrapped to.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from checker.exports.pieces import Writer, cut, merged, used_in
from checker.ir.composition import Composition, Kind
from checker.ir.interpret import leaves
from checker.ir.nodes import Node, least, variables, width_of
from checker.ir.tracing import Branch, Leaf, Tree

Key = tuple[Node, int]
"""An expression and the bits at which it is wanted; 0 for a bool."""

_LOAD = 8  # bits that count messages


def smtlib(
    model: Composition,
    claims: Mapping[str, Tree],
    depth: int,
    isns: Sequence[Sequence[str]] | None = None,
    assumptions: Sequence[str] = (),
) -> str:
    """The script that asks of runs of at most ``depth`` steps whether they keep the ``claims``.

    The numbers drawn are those of the model's ``offers``; or, with ``isns``, what component c
    draws as its n-th is the constant ``isns[c][n]``, any of those that satisfy ``assumptions``.
    """
    return _Script(model, claims, depth, isns, assumptions).text()


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


def _spread(word: str, parts: Sequence[str]) -> str:
    """``word`` of parts, over several lines where one is too short."""
    line = f"({word} {' '.join(parts)})"
    if len(line) <= 90 and "\n" not in line:
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


class _Script:
    """One script being written."""

    def __init__(
        self,
        model: Composition,
        claims: Mapping[str, Tree],
        depth: int,
        isns: Sequence[Sequence[str]] | None,
        assumptions: Sequence[str],
    ) -> None:
        self.model, self.claims, self.depth = model, claims, depth
        self.isns, self.assumptions = isns, assumptions
        trees = {kind.name: merged(kind.tree) for kind in model.kinds}
        nodes = [node for tree in trees.values() for node in used_in(tree)]
        used = variables(nodes)
        self.seen = [path for path in model.sight if path in used]
        self.isn_bits = _isn_bits(nodes, model.isn_paths[0])
        self.most = max((leaf.static.sent for k in model.kinds for leaf in _possible(k)), default=0)
        self.acts = [*(kind.name for kind in model.kinds), "lose", "tick", "stay"]
        self.act_bits = max(1, (len(self.acts) - 1).bit_length())
        self.at_bits = max(1, (model.capacity - 1).bit_length())
        self.end = _Row("End", [(f.path, width_of(f.sort)) for f in model.fields])
        self.msg = _Row("Msg", [(f.path, width_of(f.sort)) for f in model.message_fields])
        self.slot = _Row("Slot", [("present", 0), ("msg", self.msg.bits)])
        self.bag = _Row("Bag", [(str(i), self.slot.bits) for i in range(model.capacity)])
        self.state = _Row(
            "State",
            [(x, self.end.bits) for x in "ab"] + [(f"from.{x}", self.bag.bits) for x in "ab"],
        )
        self.choice = _Row(
            "Choice",
            [
                ("act", self.act_bits),
                ("who", 0),
                ("at", self.at_bits),
                ("kept", 0),
                ("isn", self.isn_bits),
            ],
        )
        sent = [(f"sent.{i}", self.slot.bits) for i in range(self.most)]
        self.result = _Row("Result", [("possible", 0), ("end", self.end.bits), *sent])
        sights = [(p.partition(".")[2], width_of(model.sight[p].sort)) for p in self.seen]
        self.sight = _Row("Sight", sights or [("none", 0)])
        self.sorts = {
            "me": "End",
            "peer": "End",
            "seg": "Msg",
            "sight": "Sight",
            "isn": _sort(self.isn_bits),
            "s": "State",
        }

    def text(self) -> str:
        """All of it."""
        parts = [
            _HEADER,
            *self._members(),
            "; Fields",
            *self.end.definitions(),
            *self.msg.definitions(),
            *self.slot.definitions(writes=False),
            *self.bag.definitions(writes=False),
            *self.state.definitions(writes=False),
            *self.choice.definitions(writes=False),
            *self.result.definitions(writes=False),
            *(self.sight.definitions(writes=False) if self.seen else []),
            "\n; The beginning, and messages",
            *self._constants(),
            "\n; Bags",
            *self._bags(),
        ]
        for kind in self.model.kinds:
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
        sorts = dict.fromkeys(f.sort for f in (*m.fields, *m.message_fields))
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
        if node.op in ("const", "add", "sub"):
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
                return f"(end.{path} {head})"
            case "seg":
                return f"(msg.{path} seg)"
            case "sight":
                return f"(sight.{path} sight)"
            case "a" | "b":
                return f"(end.{path} (state.{head} s))"
        if side := re.fullmatch("(out|in)([0-9]+)", head):
            slot = f"(bag.{side[2]} {side[1]})"
            if path == "present":
                return f"(slot.present {slot})"
            return f"(msg.{path} (slot.msg {slot}))"
        return "isn"

    def _needed(self, nodes: Iterable[Node]) -> list[str]:
        """The parameters of a function that computes ``nodes``."""
        heads = {self._parameter(name) for name in variables(nodes)}
        return [name for name in (*self.sorts, "out", "in") if name in heads]

    def _parameter(self, variable: str) -> str:
        head = variable.partition(".")[0]
        if head in ("a", "b"):
            return "s"
        if side := re.fullmatch("(out|in)[0-9]+", head):
            return side[1]
        return "isn" if variable == self.model.isn_paths[0] else head

    def _typed(self, names: Iterable[str]) -> dict[str, str]:
        return {name: self.sorts.get(name, "Bag") for name in names}

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
                sorts = [f.sort for f in self.model.fields]
                for _ in range(one.static.sent):
                    sorts += [f.sort for f in self.model.message_fields]
                for node, sort in zip(one.outputs, sorts, strict=True):
                    yield node, width_of(sort)

    def _kind(self, name: str, tree: Tree, outputs: bool = True, sort: str = "Result") -> list[str]:
        """The functions of a tree: those it shares, those of its pieces, and the whole."""
        tree = merged(tree)
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
        if not leaf.static.possible:
            return "impossible"
        m = self.model
        outputs = iter(leaf.outputs)
        changes = []
        for field in m.fields:
            node = next(outputs)
            if not (node.op == "var" and node.data == f"me.{field.path}"):
                changes.append((field.path, writer.of((node, width_of(field.sort)))))
        parts = [_changed("end", "me", changes)]
        for i in range(self.most):
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
        line = f"(becomes {' '.join(parts)})"
        if len(line) <= 88 and "\n" not in line:
            return comment + line
        return comment + "(becomes\n" + _indented("\n".join(parts), 2) + ")"

    # The frame

    def _constants(self) -> Iterator[str]:
        m = self.model
        first = {f.path: _literal(m.initial[f.path], width_of(f.sort)) for f in m.fields}
        yield _function("first", {}, "End", _changed("end", _zeros(self.end), _but_zero(first)))
        blank = {f.path: _literal(least(f.sort), width_of(f.sort)) for f in m.message_fields}
        yield _function("blank", {}, "Msg", _changed("msg", _zeros(self.msg), _but_zero(blank)))
        yield _function("nothing", {}, "Slot", _zeros(self.slot))
        yield _function("sent", {"m": "Msg"}, "Slot", "(concat #b1 m)")
        yield _function("impossible", {}, "Result", _zeros(self.result))
        sent = [f"m{i}" for i in range(self.most)]
        yield _function(
            "becomes",
            {"e": "End"} | dict.fromkeys(sent, "Slot"),
            "Result",
            _joined(["#b1", "e", *sent]),
        )

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
        total = ones[0]
        for one in ones[1:]:
            total = f"(bvadd {total}\n{one})"
        yield _function("bag.size", {"b": "Bag"}, _sort(_LOAD), total)
        room = f"(bvult (bvadd load (bag.size b)) {_literal(m.in_flight, _LOAD)})"
        slots = []
        for i in range(n):
            before = f" (slot.present (bag.{i - 1} b))" if i else ""
            here = f"(and put (not (slot.present (bag.{i} b))){before})"
            slots.append(f"(ite {here}\n  m (bag.{i} b))")
        body = f"(let ((put (and (slot.present m) {room})))\n{_indented(_joined(slots), 2)})"
        inputs = {"b": "Bag", "m": "Slot", "load": _sort(_LOAD)}
        yield "; ... if there is room beside load others"
        yield _function("bag.with", inputs, "Bag", body)
        empty = _joined(["nothing"] * n)
        yield _function("bag.empty", {}, "Bag", empty)

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
        inputs = {"me": "End", "who": "Bool", "isn": _sort(self.isn_bits)}
        if self.isns is None:
            text = "false"
            for i, (guard, values_) in reversed(list(enumerate(m.offers))):
                lines, test = self._expression(f"offered.{i}", guard, 0)
                yield from lines
                which = [f"(= isn {_literal(v, self.isn_bits)})" for v in values_]
                text = f"(ite {test} {_all(which, 'or')}\n{text})"
            yield _function("offered", inputs, "Bool", text)
            return
        for name in dict.fromkeys(itertools.chain(*self.isns)):
            yield f"(declare-const {name} {_sort(self.isn_bits)})"
        for text in self.assumptions:
            yield f"(assert {text})"
        counter = m.isn_paths[1]
        bits = self.end.fields[counter]
        texts = []
        for mine in self.isns:
            text = mine[-1]
            for i, other in reversed(list(enumerate(mine[:-1]))):
                text = f"(ite (= (end.{counter} me) {_literal(i, bits)}) {other} {text})"
            texts.append(text)
        yield _function("offered", inputs, "Bool", f"(= isn (ite who {texts[1]} {texts[0]}))")

    def _time(self) -> Iterator[str]:
        m = self.model
        if m.tick is None:
            yield "; There is none."
            return
        yield from self._kind("on.tick", m.tick)
        yield "; Time must not go on before this component acts."
        blocked = "false"
        if m.tick_blocked is not None:
            lines, blocked = self._expression("blocked", m.tick_blocked, 0)
            yield from lines
        yield _function("blocked", {"me": "End"}, "Bool", blocked)
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
        parts = [f"(result.end (on.tick (state.{x} s)))" for x in "ab"]
        parts += [f"(bag.older (state.from.{x} s))" for x in "ab"]
        yield _function("later", {"s": "State"}, "State", _joined(parts))

    def _act(self, name: str) -> str:
        return f"(= (choice.act c) {_literal(self.acts.index(name), self.act_bits)})"

    def _steps(self) -> Iterator[str]:
        m = self.model
        for i, name in enumerate(self.acts):
            yield f"; act {_literal(i, self.act_bits)}: {name}"
        both = {"s": "State", "c": "Choice"}
        for name, sort, one, two in (
            ("me", "End", "state.b", "state.a"),
            ("peer", "End", "state.a", "state.b"),
            ("out", "Bag", "state.from.b", "state.from.a"),
            ("in", "Bag", "state.from.a", "state.from.b"),
        ):
            body = f"(ite (choice.who c) ({one} s) ({two} s))"
            yield _function(f"acting.{name}", both, sort, body)
        yield _function("picked", both, "Slot", "(bag.pick (acting.in s c) (choice.at c))")
        given = {
            "me": "(acting.me s c)",
            "seg": "(slot.msg (picked s c))",
            "sight": "(see (acting.me s c) (acting.peer s c) (acting.out s c) (acting.in s c))",
            "isn": "(choice.isn c)",
        }
        chain = []
        for kind in m.kinds:
            needed = self._needed(used_in(merged(kind.tree)))
            if "me" not in needed:
                needed.insert(0, "me")
            call = _spread(f"on.{name_of(kind.name)}", [given[name] for name in needed])
            chain.append(f"(ite {self._act(kind.name)}\n{_indented(call, 2)}")
        text = "\n".join([*chain, "impossible" + ")" * len(chain)])
        yield _function("outcome", both, "Result", text)
        kinds = []
        for kind in m.kinds:
            conditions = [self._act(kind.name), "(result.possible (outcome s c))"]
            if len(kind.components) == 1:
                conditions.append(
                    "(choice.who c)" if kind.components[0] else "(not (choice.who c))"
                )
            if kind.delivers:
                conditions.append("(slot.present (picked s c))")
            if not kind.delivers or not m.duplicate:
                conditions.append("(not (choice.kept c))")
            if not kind.delivers:
                conditions.append(f"(= (choice.at c) {_literal(0, self.at_bits)})")
            if any(leaf.static.drew_isn for leaf in _possible(kind)):
                conditions.append("(offered (acting.me s c) (choice.who c) (choice.isn c))")
            else:
                conditions.append(f"(= (choice.isn c) {_literal(0, self.isn_bits)})")
            kinds.append(_spread("and", conditions))
        plain = f"(= (choice.isn c) {_literal(0, self.isn_bits)}) (not (choice.kept c))"
        if m.lose:
            kinds.append(f"(and {self._act('lose')} (slot.present (picked s c)) {plain})")
        plain += f" (= (choice.at c) {_literal(0, self.at_bits)}) (not (choice.who c))"
        if m.tick is not None:
            free = "(not (blocked (state.a s))) (not (blocked (state.b s)))"
            kinds.append(f"(and {self._act('tick')} {free} (not (= (later s) s)) {plain})")
        kinds.append(f"(and {self._act('stay')} {plain})")
        yield _function("possible", both, "Bool", _spread("or", kinds))
        takes = [f"(and {self._act(k.name)} (not (choice.kept c)))" for k in m.kinds if k.delivers]
        taken = _all([*takes, self._act("lose")], "or")
        inbox = ["(bag.without (acting.in s c) (choice.at c))", "(acting.in s c)"]
        yield _function("in.after", both, "Bag", _spread("ite", [taken, *inbox]))
        outbox = "(acting.out s c)"
        for i in range(self.most):
            outbox = (
                f"(bag.with {outbox}\n  (result.sent.{i} (outcome s c)) (bag.size (in.after s c)))"
            )
        yield _function("out.after", both, "Bag", outbox)
        same = [f"(state.{name} s)" for name in ("a", "b")]
        bags = ["(in.after s c)", "(out.after s c)"]
        moved_bags = _spread("ite", ["(choice.who c)", _joined(bags), _joined(bags[::-1])])
        end = "(result.end (outcome s c))"
        ends = f"(ite (choice.who c) (concat {same[0]} {end}) (concat {end} {same[1]}))"
        ends = _spread("ite", [self._act("lose"), _joined(same), ends])
        moved = f"(concat\n{_indented(ends, 2)}\n{_indented(moved_bags, 2)})"
        if m.tick is not None:
            moved = f"(ite {self._act('tick')} (later s)\n{moved})"
        yield _function("next", both, "State", f"(ite {self._act('stay')} s\n{moved})")
        whole = {"s": "State", "c": "Choice", "t": "State"}
        yield _function("step", whole, "Bool", "(and (possible s c) (= t (next s c)))")
        start = _joined(["first", "first", "bag.empty", "bag.empty"])
        yield _function("init", {"s": "State"}, "Bool", f"(= s {start})")

    def _claims(self) -> Iterator[str]:
        for id, tree in self.claims.items():
            name = f"good.{name_of(id)}"
            lines = self._kind(name, tree, outputs=False, sort="Bool")
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


def _possible(kind: Kind) -> list[Leaf]:
    return [leaf for leaf in leaves(kind.tree) if leaf.static.possible]


def _isn_bits(nodes: Iterable[Node], name: str) -> int:
    """The width of the number that is drawn."""
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
; Two components, a and b, joined by two bags of messages. A message may be delivered, which
; takes it out of its bag or leaves it there as well, or be lost. What is sent to a full bag is
; lost.
(set-logic QF_BV)
"""
