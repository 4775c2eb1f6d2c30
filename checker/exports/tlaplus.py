r"""A composition as a TLA+ module, for TLC and for readers.

The state is two functions: ``end``, a record for each component, with the fields under their own
names (``end["a"].mode``), and ``bag``, the messages in flight on each link (``bag["a_to_b"]``), as
a function from messages to how often they are there. Members of enumerations are strings.

Each input is an operator of the component, the message, what is seen and the number drawn, whose
body is the traced tree, and an action. Equal subtrees are written once. A name like ``rules_120``
is the decision at line 120 of ``rules.py``; a comment at an end names the rules that were applied.

*One step is one generated state.* Actions choose just what a step's label tells: port, input,
message, whether it stays, and the number drawn where one is. TLC counts a generated state for
every choice that leads somewhere, also to the same state, and one for the initial state; so it
generates as many states as there are transitions, and one more, and its depth counts states,
one more than steps. For that no condition may be a disjunction: TLC takes each of its sides that
is true for a choice of its own. Distinct states are told apart by 64-bit fingerprints.

TLC's integers have 32 bits: a module with wider ones is good TLA+, but nothing for TLC.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from checker.exports.pieces import Writer, bare, cut, merged, used_in
from checker.ir.composition import Composition, Kind, most_sent
from checker.ir.interpret import leaves
from checker.ir.nodes import Node, least, variables
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tree

Resting = Mapping[str, tuple[Tree, Collection[str]]]
"""Claims of states in which no action is possible but those named."""

_WORDS = frozenset(
    re.findall(
        r"\S+",
        """
        ASSUME ASSUMPTION AXIOM BY CASE CHOOSE CONSTANT CONSTANTS DEF DEFINE DEFS DOMAIN ELSE
        ENABLED EXCEPT EXTENDS HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS
        OMITTED OTHER PICK PROOF PROVE QED RECURSIVE STATE SUBSET SUFFICES TAKE TEMPORAL THEN
        THEOREM UNCHANGED UNION USE VARIABLE VARIABLES WITH WITNESS TRUE FALSE BOOLEAN STRING
        """,
    )
)
"""TLA+'s words that could be taken for names."""

_OWN = frozenset(
    re.findall(
        r"\S+",
        """
        Nat Int Seq Append Head Tail Len SubSeq SelectSeq Cardinality IsFiniteSet Print PrintT
        Assert JavaTime TLCGet TLCSet Permutations SortSeq RandomElement Any ToString TLCEval
        b c l m n p x me seg sight out left room kept keeps end bag bags sent links alive later aged
        list after Init Next Spec Components Links Ports CAPACITY IN_FLIGHT FIRST BLANK Size Total
        With Without Sent Older Aged Sight Slot Listed Offered Result Drawn Impossible Blocked lose
        tick vars
        """,
    )
)
"""Names that the module, or one that it extends, gives a meaning."""


def identifier(name: str) -> str:
    """``name`` as a TLA+ name."""
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    if not re.search("[A-Za-z]", plain) or plain[0].isdigit():
        plain = f"x_{plain}"
    taken = plain in _WORDS | _OWN or re.match(
        "On_|Busy_|Port_|[WS]F_|(v|FIRST|Blocked)[0-9]+$", plain
    )
    return f"x_{plain}" if taken else plain


def tlaplus(
    model: Composition,
    claims: Mapping[str, Tree],
    resting: Resting | None = None,
    name: str = "Composition",
) -> tuple[str, str]:
    """The module's text and that of the configuration with which TLC checks it.

    ``claims`` are predicates of every state, over the components' fields, ``a.*`` and so on;
    ``resting`` those of states in which no step is possible but the actions listed with them. Other
    deadlocks are none of TLC's business: a composition may rest.
    """
    writer = _Module(model, claims, resting or {}, name)
    return writer.module(), writer.configuration()


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Enum):
        return f'"{value.name}"'
    return str(value)


def select(path: str) -> str:
    """A dotted path as TLA+ selects it; its numbers are indices."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))


def record(values: Mapping[str, str]) -> str:
    """The record with ``values`` at the dotted paths."""
    if list(values) == [""]:
        return values[""]
    groups: dict[str, dict[str, str]] = {}
    for path, text in values.items():
        head, _, tail = path.partition(".")
        groups.setdefault(head, {})[tail] = text
    inner = {head: record(group) for head, group in groups.items()}
    if all(head.isdigit() for head in inner):
        return "(" + " @@ ".join(f"{head} :> {text}" for head, text in inner.items()) + ")"
    return "[" + ", ".join(f"{head} |-> {text}" for head, text in inner.items()) + "]"


_INFIX = {"add": "+", "sub": "-", "eq": "=", "lt": "<", "le": "<=", "and": "/\\", "or": "\\/"}


def _write(node: Node, texts: Sequence[str], names: Mapping[str, str]) -> str:
    """The text of an expression from its parts'; what is not atomic stands in parentheses."""
    match node.op:
        case "const":
            return _literal(node.data)
        case "var":
            head, _, path = node.data.partition(".")
            return names.get(str(head), str(head)) + (select(path) if path else "")
        case "wrap":
            return f"({texts[0]} % {1 << node.data})"
        case "int":
            return f"(IF {texts[0]} THEN 1 ELSE 0)"
        case "not" if node.args[0].op == "eq" and " = " in texts[0]:
            left, _, right = texts[0].partition(" = ")
            return f"{left} # {right}" if " = " not in right else f"~{texts[0]}"
        case "not":
            return f"~{texts[0]}"
        case "ite":
            return f"(IF {texts[0]} THEN {texts[1]} ELSE {texts[2]})"
    return f"({texts[0]} {_INFIX[node.op]} {texts[1]})"


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


class _Module:
    """One module being written."""

    def __init__(
        self,
        model: Composition,
        claims: Mapping[str, Tree],
        resting: Resting,
        name: str,
    ) -> None:
        self.model, self.name = model, name
        self.fields: Sequence[Field] = ()  # of the component that a tree is about
        self.claims = {**claims, **{id: tree for id, (tree, _) in resting.items()}}
        self.idle = {id: idle for id, (_, idle) in resting.items()}
        for field in (*(f for _, f in model.places()), *model.message_fields):
            for part in field.path.split("."):
                if part in _WORDS or not (part.isdigit() or re.fullmatch(r"[A-Za-z]\w*", part)):
                    raise ValueError(f"{field.path}: {part!r} is no name of a field in TLA+")
        trees = [kind.tree for kind in model.kinds]
        seen = variables(node for tree in trees for node in used_in(merged(tree)))
        self.seen = [path for path in model.sight if path in seen]
        self.drawn = identifier(model.draw.name) if model.draw else ""
        self.operators = self._distinct()
        self.ports = self._port_names()

    def _port_names(self) -> list[str]:
        """A name for each port: its component's, with a number where that has several."""
        m = self.model
        owners = [m.components[port.component].name for port in m.ports]
        names = []
        for n, owner in enumerate(owners):
            number = f"_{owners[: n + 1].count(owner)}" if owners.count(owner) > 1 else ""
            names.append(f"Port_{owner}{number}")
        return names

    def _distinct(self) -> dict[str, str]:
        """A name for the action of each kind, and for each claim."""
        names: dict[str, str] = {}
        for name in (*(kind.name for kind in self.model.kinds), *self.claims):
            found = identifier(name)
            while found in names.values() or found == self.drawn:
                found += "_"
            names[name] = found
        return names

    # Expressions and trees

    def _expression(self, node: Node, names: Mapping[str, str]) -> str:
        """An expression on its own, with what it shares in a LET."""
        writer = Writer([node], lambda n: n.args, lambda n, texts: _write(n, texts, names))
        body = bare(writer.of(node))
        if not writer.definitions:
            return body
        lets = "\n".join(f"  {d.name} == {bare(d.text)}" for d in writer.definitions)
        return f"LET\n{lets}\nIN {body}"

    def _tree(self, tree: Tree, outputs: bool, names: Mapping[str, str]) -> str:
        """A tree: IF, THEN, ELSE down to its ends, with shared values and subtrees in a LET."""
        tree = merged(tree)
        writer = Writer(used_in(tree), lambda n: n.args, lambda n, texts: _write(n, texts, names))
        pieces = cut(tree)
        called = {id(piece): name for name, piece in pieces[:-1]}
        trees = []
        for name, piece in pieces:
            trees.append((name, self._nested(piece, writer, called, outputs, top=True)))
        lets = [f"{d.name} == {bare(d.text)}" for d in writer.definitions]
        lets += [f"{name} ==\n{_indented(text, 2)}" for name, text in trees[:-1]]
        body = trees[-1][1]
        if not lets:
            return body
        return "LET\n" + _indented("\n".join(lets), 2) + "\nIN\n" + body

    def _nested(
        self,
        tree: Tree,
        writer: Writer[Node],
        called: Mapping[int, str],
        outputs: bool,
        top: bool = False,
    ) -> str:
        if not top and id(tree) in called:
            return called[id(tree)]
        if isinstance(tree, Leaf):
            return self._leaf(tree, writer) if outputs else bare(writer.of(tree.outputs[0]))
        test = bare(writer.of(tree.test))
        then = self._nested(tree.then, writer, called, outputs)
        other = self._nested(tree.other, writer, called, outputs)
        yes = f" {then}" if "\n" not in then else "\n" + _indented(then, 2)
        chained = isinstance(tree.other, Branch) or "\n" not in other
        no = f" {other}" if chained else "\n" + _indented(other, 2)
        return f"IF {test} \\* {tree.where}\nTHEN{yes}\nELSE{no}"

    def _leaf(self, leaf: Leaf, writer: Writer[Node]) -> str:
        """The end of a path: the component afterwards, the messages sent, the rules cited."""
        if not leaf.static.possible:
            return "Impossible"
        m = self.model
        outputs = iter(leaf.outputs)
        changes = []
        for field in self.fields:
            node = next(outputs)
            if not (node.op == "var" and node.data == f"me.{field.path}"):
                changes.append((field, bare(writer.of(node))))
        sent = []
        for _ in range(leaf.static.sent):
            said = [(field, next(outputs)) for field in m.message_fields]
            differs = [
                (field, bare(writer.of(node)))
                for field, node in said
                if not (node.op == "const" and node.data == least(field.sort))
            ]
            sent.append(_except("BLANK", differs))
        result = "Drawn" if leaf.static.drew else "Result"
        me, messages = _except("me", changes), "<<" + ", ".join(sent) + ">>"
        body = f"{result}({me}, {messages})"
        if "\n" in body or len(body) > 80:
            body = f"{result}(\n{_indented(me, 2)},\n{_indented(messages, 2)})"
        return "".join(f"\\* {_comment(str(rule))}\n" for rule in leaf.static.rules) + body

    # The module

    def module(self) -> str:
        """All of it."""
        m = self.model
        kinds = "\n\n".join(self._kind(kind) for kind in m.kinds)
        parts = [
            f"{'-' * 20} MODULE {self.name} {'-' * 20}",
            _HEADER,
            self._frame(),
            self._sight(),
            self._offered(),
            kinds,
            self._channel(),
            self._next(),
            *self._claims(),
        ]
        return "\n\n".join(part for part in parts if part) + "\n" + "=" * 60 + "\n"

    def configuration(self) -> str:
        """What TLC has to check."""
        lines = [r"\* A state without a step is no error: run TLC with -deadlock."]
        lines.append("SPECIFICATION Spec")
        lines += [f"INVARIANT {self.operators[id]}" for id in self.claims]
        return "\n".join(lines) + "\n"

    def _frame(self) -> str:
        m = self.model
        alike = self._alike([tuple(c.initial[f.path] for f in c.fields) for c in m.components])
        firsts = [
            _FIRST.format(
                name=_numbered("FIRST", n),
                first=_folded(record({f.path: _literal(c.initial[f.path]) for f in c.fields})),
            )
            for n, c in enumerate(m.components[group[0]] for group in alike)
        ]
        blank = record({f.path: _literal(least(f.sort)) for f in m.message_fields})
        links = [m.link(n) for n in range(len(m.links))]
        return _FRAME.format(
            components=", ".join(f'"{c.name}"' for c in m.components),
            links=", ".join(f'"{link}"' for link in links),
            ports=self._ports(),
            capacity=m.capacity,
            in_flight=m.in_flight,
            firsts="\n\n".join(firsts),
            blank=_folded(blank),
            total=" + ".join(f'Size(bags["{link}"])' for link in links),
        )

    def _ports(self) -> str:
        """The ports' records."""
        m = self.model
        lines = []
        for name, port in zip(self.ports, m.ports, strict=True):
            said = {"me": m.components[port.component].name}
            if port.takes is not None:
                said["takes"] = m.link(port.takes)
            if self.seen:
                said["peer"] = m.components[m.view(port).peer].name
            fields = [f'{field} |-> "{value}"' for field, value in said.items()]
            sends = ", ".join(f'"{m.link(link)}"' for link in port.sends)
            lines.append(f"{name} == [{', '.join(fields)}, sends |-> <<{sends}>>]")
        return "\n".join([*lines, f"Ports == {{{', '.join(self.ports)}}}"])

    def _alike(self, things: Sequence[Any]) -> list[list[int]]:
        """The components, by number, those together whose ``things`` are the same; not None."""
        groups: dict[Any, list[int]] = {}
        for n, thing in enumerate(things):
            if thing is not None:
                groups.setdefault((tuple(self.model.components[n].fields), thing), []).append(n)
        return list(groups.values())

    def _members(self, group: Sequence[int]) -> str:
        """The set of some components."""
        m = self.model
        if len(group) == len(m.components):
            return "Components"
        return "{" + ", ".join(f'"{m.components[n].name}"' for n in group) + "}"

    def _choice(self, texts: Sequence[str], groups: Sequence[Sequence[int]], other: str) -> str:
        """For component ``c`` the text of its group; ``other`` for those in none."""
        result = other
        for text, group in reversed(list(zip(texts, groups, strict=True))):
            if result == "" or len(group) == len(self.model.components):
                result = text
            else:
                result = f"IF c \\in {self._members(group)} THEN {text} ELSE {result}"
        return result

    def _sight(self) -> str:
        """What is seen of the whole state, where a tree asks for it."""
        m = self.model
        if not self.seen:
            return ""
        slots = variables(m.sight[path] for path in self.seen)
        bags = sorted(
            head
            for head in {name.partition(".")[0] for name in slots}
            if re.fullmatch("(out|in)[0-9]+", head)
        )
        names = {"me": "end[p.me]", "peer": "end[p.peer]"}
        lets = []
        for head in bags:
            side, number = re.fullmatch("(out|in)([0-9]+)", head).groups()  # type: ignore[union-attr]
            link = "p.sends[1]" if side == "out" else "p.takes"
            lets.append(f"{head} == Slot(Listed(bag[{link}]), {int(number) + 1})")
        fields = ",\n".join(
            f"{path.partition('.')[2]} |->\n" + _indented(self._expression(m.sight[path], names), 2)
            for path in self.seen
        )
        body = f"[\n{_indented(fields, 2)}\n]"
        if lets:
            body = "LET\n" + _indented("\n".join(lets), 2) + "\nIN " + body
        listing = _SLOTS if lets else ""
        what = "\\* What an observer at port p sees of the whole state.\n"
        return f"{listing}{what}Sight(p) ==\n{_indented(body, 2)}"

    def _offered(self) -> str:
        """The numbers that may be drawn."""
        draw = self.model.draw
        if draw is None or not any(_draws(kind) for kind in self.model.kinds):
            return ""
        chain = "\n    ELSE ".join(
            f"IF {self._expression(guard, {})} THEN <<{', '.join(map(str, values))}>>"
            for guard, values in draw.offers
        )
        return (
            "\\* What a component may draw: the values of the first case that holds.\n"
            f'Offered(me) ==\n    {chain}\n    ELSE Assert(FALSE, "nothing to draw")'
        )

    def _parameters(self, kind: Kind) -> dict[str, str]:
        """The parameters of a kind's operator, and what its action gives for them."""
        used = {v.partition(".")[0] for v in variables(used_in(merged(kind.tree)))} | {"me"}
        given = {"me": "end[p.me]", "seg": "m", "sight": "Sight(p)"}
        found = {name: text for name, text in given.items() if name in used}
        if self.model.draw is not None and self.model.draw.name in used:
            found[self.drawn] = "Offered(end[p.me])[n]"
        return found

    def _kind(self, kind: Kind) -> str:
        """The operator and the action of one input."""
        name, given = self.operators[kind.name], self._parameters(kind)
        draws, sends = _draws(kind), most_sent(kind.tree) > 0
        self.fields = self.model.fields_of(kind)
        names = {self.model.draw.name: self.drawn} if self.model.draw else {}
        lines = [
            f'\\* The input "{_comment(kind.name)}": what a component becomes by it.',
            f"On_{name}({', '.join(given)}) ==",
            _indented(self._tree(kind.tree, True, names), 2),
            "",
            f"{name}(p{', keeps' if kind.delivers else ''}) ==",
        ]
        choices = []
        if kind.delivers:
            choices.append("\\E m \\in DOMAIN bag[p.takes]")
        if draws:
            choices.append("\\E n \\in DOMAIN Offered(end[p.me])")
        lines += [f"  {choice} :" for choice in choices]
        lines.append(f"  LET out == On_{name}({', '.join(given.values())}) IN")
        lines.append("  /\\ out.possible")
        if draws:
            lines.append("  /\\ n > 1 => out.draws \\* what does not draw is one step")
        if kind.delivers:
            lines += [
                "  /\\ \\E kept \\in keeps :",
                "     LET left == IF kept THEN bag ELSE [bag EXCEPT ![p.takes] = Without(@, m)] IN",
                "     /\\ end' = [end EXCEPT ![p.me] = out.me]",
                "     /\\ bag' = Sent(left, out.sent, p.sends)",
            ]
        else:
            lines.append("  /\\ end' = [end EXCEPT ![p.me] = out.me]")
            bag = "bag' = Sent(bag, out.sent, p.sends)"
            lines.append(f"  /\\ {bag if sends else 'UNCHANGED bag'}")
        return "\n".join(lines)

    def _channel(self) -> str:
        """What the links and time do."""
        m = self.model
        parts = [_LOSE] if m.lose else []
        if m.timed:
            aged = "Aged(b) == b \\* messages live for ever"
            if m.ttl is not None:
                aged = _AGED.format(ttl=select(m.ttl))
            parts.append(aged)
            waits, ends = [], []
            blocked = self._alike([c.tick_blocked for c in m.components])
            for n, group in enumerate(blocked):
                node = m.components[group[0]].tick_blocked
                assert node is not None
                name = _numbered("Blocked", n)
                text = _indented(self._expression(node, {}), 4)
                parts.append(f"{_WAITS}\n{name}(me) ==\n{text}")
                members = self._members(group)
                waits.append(f"    /\\ \\A c \\in {members} : ~{name}(end[c])\n")
            ticking = self._alike([c.tick for c in m.components])
            for n, group in enumerate(ticking):
                component = m.components[group[0]]
                assert component.tick is not None
                self.fields, name = component.fields, _numbered("On_tick", n)
                text = _indented(self._tree(component.tick, True, {}), 2)
                parts.append(f"{name}(me) ==\n{text}")
                ends.append(f"{name}(end[c]).me")
            later = self._choice(ends, ticking, "end[c]")
            parts.append(_TICK.format(waits="".join(waits), later=later))
        return "\n\n".join(parts)

    def _steps(self, idle: Collection[str]) -> Iterator[str]:
        """The disjuncts of the next-state action, but those of ``idle``."""
        m = self.model
        for kind in m.kinds:
            name = self.operators[kind.name]
            keeps = [
                value
                for value, action in (("FALSE", kind.name), ("TRUE", "duplicate"))
                if action not in idle and (m.duplicate or value == "FALSE")
            ]
            if not keeps if kind.delivers else kind.name in idle:
                continue
            more = f", {{{', '.join(keeps)}}}" if kind.delivers else ""
            if len(kind.ports) == len(m.ports):
                yield f"\\E p \\in Ports : {name}(p{more})"
            else:
                yield from (f"{name}({self.ports[n]}{more})" for n in kind.ports)
        if m.lose and "lose" not in idle:
            yield "\\E l \\in Links : lose(l)"
        if m.timed and "tick" not in idle:
            yield "tick"

    def _next(self) -> str:
        m = self.model
        steps = "\n".join(f"    \\/ {step}" for step in self._steps(()))
        alike = self._alike([tuple(c.initial[f.path] for f in c.fields) for c in m.components])
        firsts = [_numbered("FIRST", n) for n in range(len(alike))]
        return _NEXT.format(steps=steps, first=self._choice(firsts, alike, ""))

    def _claims(self) -> Iterator[str]:
        names = {c.name: f'end["{c.name}"]' for c in self.model.components}
        for id, tree in self.claims.items():
            name = self.operators[id]
            good = self._tree(tree, False, names)
            if id not in self.idle:
                yield f"{name} ==\n{_indented(good, 2)}"
                continue
            idle = self.idle[id]
            steps = "\n".join(f"    \\/ {step}" for step in self._steps(idle)) or "    FALSE"
            yield (
                f"\\* Steps that are no rest: all but {', '.join(sorted(idle)) or 'none'}.\n"
                f"Busy_{name} ==\n{steps}\n\n"
                f"{name} == ~ENABLED Busy_{name} =>\n{_indented(good, 2)}"
            )


def _comment(text: str) -> str:
    return text.replace("\n", " ")


def _draws(kind: Kind) -> bool:
    return any(leaf.static.drew for leaf in leaves(kind.tree) if leaf.static.possible)


def _numbered(name: str, n: int) -> str:
    """``name``, with a number for the second and further ones."""
    return f"{name}{n + 1}" if n else name


def _except(what: str, changes: Sequence[tuple[Field, str]]) -> str:
    """The record ``what`` with some fields changed."""
    if not changes:
        return what
    updates = [f"!{select(field.path)} = {text}" for field, text in changes]
    line = f"[{what} EXCEPT {', '.join(updates)}]"
    if len(line) <= 72:
        return line
    return f"[{what} EXCEPT\n" + ",\n".join(f"  {update}" for update in updates) + "]"


def _folded(text: str) -> str:
    """A long record over several lines, cut at spaces."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) > 84:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return _indented("\n".join([*lines, line]), 4)


_HEADER = r"""EXTENDS Integers, Sequences, FiniteSets, TLC

\* Components joined by links, each with a bag of messages. A message may be delivered, which
\* takes it out of its bag or leaves it there as well (a duplicate), or be lost; a bag has no
\* order. What is sent to a full bag is lost in the same step.

VARIABLES
    end, \* the state of each component
    bag  \* the messages in flight on each link: how often each is there

vars == <<end, bag>>"""

_FIRST = r"""{name} == \* a component at the beginning
{first}"""

_FRAME = r"""Components == {{{components}}}
Links == {{{links}}}

\* Whose each port is, the link that it takes messages from, and those that it sends on.
{ports}

CAPACITY == {capacity} \* messages on each link
IN_FLIGHT == {in_flight} \* messages on all links

{firsts}

BLANK == \* a message
{blank}

Size(b) == Cardinality({{<<m, n>> \in (DOMAIN b) \X (1..CAPACITY) : n <= b[m]}})

Total(bags) == {total}

With(b, m) ==
    [x \in DOMAIN b \cup {{m}} |->
        IF x # m THEN b[x] ELSE IF m \in DOMAIN b THEN b[m] + 1 ELSE 1]

Without(b, m) ==
    IF b[m] > 1 THEN [b EXCEPT ![m] = @ - 1] ELSE [x \in DOMAIN b \ {{m}} |-> b[x]]

\* The bags and what is sent, as far as there is room: the first message goes on the first of the
\* links, the second on the second, and all further ones on the last.
RECURSIVE Sent(_, _, _)
Sent(bags, sent, links) ==
    IF sent = <<>> THEN bags
    ELSE LET l == Head(links)
             room == Size(bags[l]) < CAPACITY /\ Total(bags) < IN_FLIGHT
             after == IF room THEN [bags EXCEPT ![l] = With(@, Head(sent))] ELSE bags
         IN Sent(after, Tail(sent), IF Len(links) > 1 THEN Tail(links) ELSE links)

\* What an input makes of a component: nothing, or a state and what is sent; and does it draw?
Impossible == [possible |-> FALSE]
Result(me, sent) == [possible |-> TRUE, draws |-> FALSE, me |-> me, sent |-> sent]
Drawn(me, sent) == [possible |-> TRUE, draws |-> TRUE, me |-> me, sent |-> sent]"""

_SLOTS = r"""\* The messages of a bag, in some order.
RECURSIVE Listed(_)
Listed(b) ==
    IF DOMAIN b = {} THEN <<>>
    ELSE LET m == CHOOSE m \in DOMAIN b : TRUE IN Append(Listed(Without(b, m)), m)

Slot(list, n) ==
    IF n <= Len(list) THEN [present |-> TRUE] @@ list[n] ELSE [present |-> FALSE] @@ BLANK

"""

_LOSE = r"""lose(l) ==
    \E m \in DOMAIN bag[l] :
    /\ bag' = [bag EXCEPT ![l] = Without(@, m)]
    /\ UNCHANGED end"""

_AGED = r"""Older(m) == [m EXCEPT !{ttl} = @ - 1]

\* A bag one tick later: what had one tick to live is gone.
Aged(b) ==
    LET alive == {{m \in DOMAIN b : m{ttl} > 1}}
    IN [x \in {{Older(m) : m \in alive}} |-> b[CHOOSE m \in alive : Older(m) = x]]"""

_WAITS = r"\* Time must not go on before this component acts."

_TICK = r"""tick ==
{waits}    /\ LET later == [c \in Components |-> {later}]
           aged == [l \in Links |-> Aged(bag[l])]
       IN /\ <<later, aged>> # <<end, bag>>
          /\ end' = later
          /\ bag' = aged"""

_NEXT = r"""Init ==
    /\ end = [c \in Components |-> {first}]
    /\ bag = [l \in Links |-> [m \in {{}} |-> 0]]

Next ==
{steps}

Spec == Init /\ [][Next]_vars"""
