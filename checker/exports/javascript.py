"""A composition as one ES module: its trees as functions of plain integers, without a library.

A component and a message are arrays of integers. Their fields have names, which are constants of
the module: ``me[TCB_SND_NXT]``. A bool is 0 or 1, and a member of an enumeration its place in it.
Each input is a function of the component, the message, what is seen and the number drawn. It gives
null where the input is not possible; else the component afterwards, the messages sent and a *path*:
the rules that were applied, what the user was told, and whether a number was drawn. Equal subtrees
are one function. A name like ``rules_120`` is the decision at line 120 of ``rules.py``.

What the composition does with its inputs, messages in flight and time, is the same for all of them
and written by hand (``composition.js``), behind what is printed.

Claims are functions of all components. One that is false tells where: the decisions that led there.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from typing import Any

from checker.exports.pieces import Writer, bare, cut, merged, used_in
from checker.ir.composition import Composition
from checker.ir.nodes import Node
from checker.ir.schema import Field
from checker.ir.tracing import Leaf, Tree

WIDEST = 32
"""The bits of a number that JavaScript wraps as Python does."""

_ARGUMENTS = "me, seg, sight, drawn"


@dataclass(frozen=True, slots=True)
class Function:
    """A tree that is a function by itself: it gives the leaf's outputs, as an array. ``names`` has
    the text of each variable, over the ``arguments``."""

    tree: Tree
    arguments: str
    names: Mapping[str, str]


def javascript(
    model: Composition,
    claims: Mapping[str, Tree],
    title: str,
    settings: Sequence[str] = (),
    functions: Mapping[str, Function] | None = None,
) -> str:
    """The module's text; ``claims`` are predicates of every state, over ``a.*`` and so on.

    ``settings`` are variables that whoever uses the module may set: they are 0 at first.
    ``functions`` are beside all that, by name.
    """
    return _Module(model, claims, title, settings, functions or {}).text()


def constant(path: str, prefix: str = "") -> str:
    """The name of a field's index."""
    return re.sub(r"\W+", "_", f"{prefix}{path}", flags=re.ASCII).upper()


def plain(value: Any) -> int:
    """A value as an integer."""
    return list(type(value)).index(value) if isinstance(value, Enum) else int(value)


def kinds_of(fields: Iterable[Field]) -> dict[str, Any]:
    """What the integers of the fields mean that are no numbers: "bool", or an enumeration's
    members."""
    found: dict[str, Any] = {}
    for field in fields:
        if field.sort.members is not None:
            found[field.path] = [str(member.value) for member in field.sort.members]
        elif field.sort.kind == "bool":
            found[field.path] = "bool"
    return found


_INFIX = {"add": "+", "sub": "-", "lt": "<", "le": "<=", "and": "&&", "or": "||"}


class _Module:
    """One module being written."""

    def __init__(
        self,
        model: Composition,
        claims: Mapping[str, Tree],
        title: str,
        settings: Sequence[str],
        functions: Mapping[str, Function],
    ) -> None:
        if len({tuple(component.fields) for component in model.components}) > 1:
            raise ValueError("the components of a module have the same fields")
        self.model, self.title = model, title
        self.fields = model.components[0].fields
        self.names = [component.name for component in model.components]
        self.claims = claims
        self.settings = settings
        self.functions = functions
        self.given: Mapping[str, str] = {}  # variables of a function that is being written
        self.seen = list(model.sight)
        self.rules: dict[str, int] = {}
        self.paths: dict[str, int] = {}
        self.used: set[str] = set()

    # Expressions

    def _variable(self, name: str) -> str:
        if name in self.given:
            return self.given[name]
        head, _, path = name.partition(".")
        if head == "me":
            return f"me[{constant(path)}]"
        if head == "seg":
            return f"seg[{constant(path, 'seg_')}]"
        if head == "sight":
            return f"sight[{self.seen.index(name)}]"
        if self.model.draw is not None and name == self.model.draw.name:
            return "drawn"
        if head == "peer" or head in self.names:
            end = "peer" if head == "peer" else f"ends[{self.names.index(head)}]"
            return f"{end}[{constant(path)}]"
        if name in self.settings:
            return f"settings.{name}"
        slot = re.fullmatch(r"(out|in)(\d+)", head)
        if slot and path == "present":
            return f"({slot[1]}_.length > {slot[2]})"
        if slot:
            return f"at({slot[1]}_, {slot[2]}, {constant(path, 'seg_')})"
        raise ValueError(f"{name}: an ES module has no such variable")

    def _write(self, node: Node, texts: Sequence[str]) -> str:
        """The text of an expression from its parts'."""
        match node.op:
            case "const":
                return str(plain(node.data))
            case "var":
                return self._variable(node.data)
            case "wrap" if node.data < WIDEST:
                return f"({texts[0]} & {(1 << node.data) - 1})"
            case "wrap" if node.data == WIDEST:
                return f"({texts[0]} >>> 0)"
            case "int":
                return f"+!!{texts[0]}"
            case "eq" if node.args[0].sort.kind == "bool":
                return f"(!{texts[0]} === !{texts[1]})"
            case "eq":
                return f"({texts[0]} === {texts[1]})"
            case "not":
                return f"!{texts[0]}"
            case "ite":
                return f"({texts[0]} ? {texts[1]} : {texts[2]})"
        if node.op not in _INFIX:
            raise ValueError(f"{node!r}: an ES module has no {node.op} of these")
        return f"({texts[0]} {_INFIX[node.op]} {texts[1]})"

    def _writer(self, nodes: Iterable[Node], arguments: str, prefix: str) -> "Writer[Node]":
        return Writer(
            nodes,
            lambda node: node.args,
            self._write,
            lambda name, _: f"{prefix}{name}({arguments})",
            least=32,
        )

    def _helpers(self, writer: "Writer[Node]", arguments: str, prefix: str) -> list[str]:
        return [
            f"const {prefix}{one.name} = ({arguments}) => {bare(one.text)};"
            for one in writer.definitions
        ]

    def _output(self, writer: "Writer[Node]", node: Node) -> str:
        """A value that goes into a field: an integer, whatever the test was."""
        text = bare(writer.of(node))
        if node.sort.kind != "bool" or node.op in ("const", "var"):
            return text
        return f"+!!({text})"

    # Trees

    def _path(self, leaf: Leaf) -> int:
        """The number of what is constant on a leaf's path."""
        static = leaf.static
        rules = [self.rules.setdefault(str(rule), len(self.rules)) for rule in static.rules]
        told = json.dumps(
            {"rules": rules, "signals": list(static.signals), "drew": bool(static.drew)}
        )
        return self.paths.setdefault(told, len(self.paths))

    def _leaf(self, leaf: Leaf, writer: "Writer[Node]") -> str:
        if not leaf.static.possible:
            return "null"
        changes = []
        for field, node in zip(self.fields, leaf.outputs, strict=False):
            if not (node.op == "var" and node.data == f"me.{field.path}"):
                changes.append(f"{constant(field.path)}, {self._output(writer, node)}")
        count, width = len(self.fields), len(self.model.message_fields)
        sent = [
            "[" + ", ".join(self._output(writer, n) for n in leaf.outputs[at : at + width]) + "]"
            for at in range(count, len(leaf.outputs), width)
        ]
        return (
            f"leads({self._path(leaf)}, me, [{', '.join(changes)}]"
            f"{', ' if sent else ''}{', '.join(sent)})"
        )

    def _outputs(self, leaf: Leaf, writer: "Writer[Node]") -> str:
        """A leaf of a function that is one by itself."""
        return "[" + ", ".join(self._output(writer, node) for node in leaf.outputs) + "]"

    def _function(
        self,
        name: str,
        tree: Tree,
        prefix: str,
        arguments: str = _ARGUMENTS,
        leaf: "Callable[[Leaf, Writer[Node]], str] | None" = None,
    ) -> tuple[str, str]:
        """The text of a tree's functions, and the name of that for all of it."""
        leaf = leaf or self._leaf
        one = merged(tree)
        writer = self._writer(used_in(one), arguments, prefix)
        names: dict[Tree, str] = {}

        def told(tree: Tree, by: int) -> str:
            """A tree as statements, down to its ends and to what has a name."""
            pad = "  " * by
            if tree in names:
                return f"{pad}return {names[tree]}({arguments});\n"
            if isinstance(tree, Leaf):
                return f"{pad}return {leaf(tree, writer)};\n"
            test = bare(writer.of(tree.test))
            then = told(tree.then, by + 1)
            return f"{pad}if ({test}) {{\n{then}{pad}}}\n{told(tree.other, by)}"

        bodies = []
        for piece, part in cut(one):
            body = told(part, 1)
            names[part] = f"{prefix}{piece}"
            bodies.append(f"const {names[part]} = ({arguments}) => {{\n{body}}};")
        text = "\n".join([f"// {name}", "", *self._helpers(writer, arguments, prefix), *bodies])
        return text, names[one]

    def _claim(self, id: str, tree: Tree, prefix: str) -> tuple[str, str]:
        """A claim's functions: each gives null where it holds, else the places of the decisions."""
        one = merged(tree)
        writer = self._writer(used_in(one), "ends", prefix)
        names: dict[Tree, str] = {}

        def told(part: Tree, by: int) -> str:
            pad = "  " * by
            if part in names:
                return f"{pad}return {names[part]}(ends, way);\n"
            if isinstance(part, Leaf):
                (good,) = part.outputs
                return f"{pad}return {bare(writer.of(good))} ? null : way;\n"
            test, where = bare(writer.of(part.test)), json.dumps(part.where)
            return (
                f"{pad}if ({test}) {{\n{pad}  way = [...way, [{where}, 1]];\n"
                f"{told(part.then, by + 1)}{pad}}}\n{pad}way = [...way, [{where}, 0]];\n"
                f"{told(part.other, by)}"
            )

        bodies = []
        for piece, part in cut(one):
            body = told(part, 1)
            names[part] = f"{prefix}{piece}"
            bodies.append(f"const {names[part]} = (ends, way) => {{\n{body}}};")
        text = "\n".join([f"// {id}", "", *self._helpers(writer, "ends", prefix), *bodies])
        return text, names[one]

    # The module

    def text(self) -> str:
        """All of it."""
        m = self.model
        bodies: list[str] = []
        kinds: list[str] = []
        for number, kind in enumerate(m.kinds):
            text, name = self._function(kind.name, kind.tree, f"k{number}_")
            bodies.append(text)
            kinds.append(
                f"{{ name: {json.dumps(kind.name)}, delivers: {json.dumps(kind.delivers)}, "
                f"ports: {json.dumps(kind.ports)}, step: {name} }}"
            )
        components = []
        ticks: dict[int, str] = {}
        for number, one in enumerate(m.components):
            tick = "null"
            if one.tick is not None:
                if id(one.tick) not in ticks:
                    text, ticks[id(one.tick)] = self._function("tick", one.tick, f"t{number}_")
                    bodies.append(text)
                tick = ticks[id(one.tick)]
            blocked = "(me) => false"
            if one.tick_blocked is not None:
                blocked = self._lambda(bodies, one.tick_blocked, "me", f"b{number}_")
            first = json.dumps([plain(one.initial[field.path]) for field in one.fields])
            components.append(
                f"{{ name: {json.dumps(one.name)}, initial: {first}, tick: {tick}, "
                f"blocked: {blocked} }}"
            )
        ports = []
        for port in m.ports:
            peer = m.links[port.out(0)][1] if port.sends else port.component
            ports.append(
                json.dumps(
                    {
                        "component": port.component,
                        "takes": port.takes,
                        "sends": port.sends,
                        "peer": peer,
                        "out": port.out(0) if port.sends else None,
                    }
                )
            )
        offers = []
        for number, (guard, values) in enumerate(m.draw.offers if m.draw else ()):
            offers.append(
                f"[{self._lambda(bodies, guard, 'me', f'd{number}_')}, {json.dumps(values)}]"
            )
        claims = []
        for number, (id_, tree) in enumerate(self.claims.items()):
            text, name = self._claim(id_, tree, f"c{number}_")
            bodies.append(text)
            claims.append(f"  {json.dumps(id_)}: (ends) => {name}(ends, []),")
        functions = []
        for number, (name, one_) in enumerate(self.functions.items()):
            self.given = one_.names
            text, called = self._function(
                name, one_.tree, f"f{number}_", one_.arguments, self._outputs
            )
            self.given = {}
            bodies.append(text)
            functions.append(f"  {json.dumps(name)}: {called},")
        sights = self._sights(bodies)
        ttl = next((i for i, f in enumerate(m.message_fields) if f.path == m.ttl), None)
        listed = "\n".join(f"  {rule}," for rule in map(json.dumps, self.rules))
        paths = "\n".join(f"  {path}," for path in self.paths)
        parts = [
            f"// {self.title}\n//\n// Printed from the traced specification: do not edit.",
            self._constants(),
            f"/** The rules, by number. */\nexport const rules = [\n{listed}\n];",
            f"const paths = [\n{paths}\n];",
            _PRELUDE,
            *bodies,
            "/** What is of this composition alone. */\nexport const parts = {\n"
            f"  components: [\n    {_lines(components)}\n  ],\n"
            f"  links: {json.dumps(m.links)},\n"
            f"  ports: [\n    {_lines(ports)}\n  ],\n"
            f"  kinds: [\n    {_lines(kinds)}\n  ],\n"
            f"  offers: [\n    {_lines(offers)}\n  ],\n"
            f"  observe: {sights},\n"
            f"  ttl: {json.dumps(ttl)},\n  timed: {json.dumps(m.timed)},\n"
            f"  capacity: {m.capacity},\n  inFlight: {m.in_flight},\n"
            f"  duplicate: {json.dumps(m.duplicate)},\n  lose: {json.dumps(m.lose)},\n}};",
            "/** Claims: null where one holds, else the decisions that led to its falling. */\n"
            "export const claims = {\n" + "\n".join(claims) + "\n};",
            *self._named(functions),
            _by_hand(),
        ]
        return "\n\n".join(parts) + "\n"

    def _named(self, functions: Sequence[str]) -> Iterator[str]:
        if functions:
            yield "export const functions = {\n" + "\n".join(functions) + "\n};"

    def _constants(self) -> str:
        m = self.model
        lines = [
            "/** The fields of a component and of a message, in order; what is no number. */",
            f"export const fields = {json.dumps([f.path for f in self.fields])};",
            f"export const messageFields = {json.dumps([f.path for f in m.message_fields])};",
            f"export const meanings = {json.dumps(kinds_of(self.fields))};",
            f"export const messageMeanings = {json.dumps(kinds_of(m.message_fields))};",
        ]
        if self.settings:
            first = ", ".join(f"{name}: 0" for name in self.settings)
            lines.append(f"export const settings = {{ {first} }};")
        lines += [f"const {constant(f.path)} = {i};" for i, f in enumerate(self.fields)]
        lines += [
            f"const {constant(f.path, 'seg_')} = {i};" for i, f in enumerate(m.message_fields)
        ]
        return "\n".join(lines)

    def _lambda(self, bodies: list[str], node: Node, arguments: str, prefix: str) -> str:
        """An expression as a function."""
        writer = self._writer([node], arguments, prefix)
        text = bare(writer.of(node))
        if helpers := self._helpers(writer, arguments, prefix):
            bodies.append("\n".join(helpers))
        return f"({arguments}) => {text}"

    def _sights(self, bodies: list[str]) -> str:
        """What an observer sees, as a function of the peer, both bags and the component."""
        if not self.seen:
            return "() => []"
        arguments = "peer, out_, in_, me"
        writer = self._writer(self.model.sight.values(), arguments, "o_")
        values = [self._output(writer, node) for node in self.model.sight.values()]
        bodies.append("\n".join(self._helpers(writer, arguments, "o_")))
        return f"({arguments}) => [\n    {_lines(values)}\n  ]"


def _by_hand() -> str:
    return files("checker.exports").joinpath("composition.js").read_text(encoding="utf-8").strip()


def _lines(texts: Sequence[str]) -> str:
    return ",\n    ".join(texts) + ("," if texts else "")


_PRELUDE = """\
const leads = (path, me, changes, ...sent) => {
  const end = me.slice();
  for (let i = 0; i < changes.length; i += 2) end[changes[i]] = changes[i + 1];
  return { path: paths[path], end, sent };
};
const at = (bag, slot, field) => (bag.length > slot ? bag[slot][field] : 0);"""
