"""Statements of theories: all that a theorem is about, as text that another program reads.

``proofs.recheck.statement`` says what is in one. It derives from it, by itself, what there is to
prove.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from importlib import resources
from pathlib import Path
from typing import Any

from checker.engines.solver.induction import TICK, Clause, Theory, nodes_of
from checker.engines.solver.response import Lively
from checker.ir.nodes import Node, Sort, least
from checker.ir.tracing import Branch, Leaf, Tree
from checker.model.options import show
from checker.studies.prove.theories import options
from checker.support import files
from proofs.theorems.table import Theorem

PLACE = Path(str(resources.files("proofs"))) / "statements"
LONG = 40
"""Characters from which a term that is used twice gets a name."""

_HEAD = """\
; What is claimed of a theory, and all that it is claimed of. `python -m checker prove` writes it;
; `python -m proofs.recheck` derives from it what there is to prove. How to read it:
; proofs/recheck/statement.py
"""


def stale(theorems: Sequence[Theorem], theory: Theory) -> str:
    """What is wrong with the statement of a theory that is there; nothing, if all is well."""
    place = PLACE / f"{theory.name}.txt"
    there = _there(place)
    if there == written(theorems, theory):
        return ""
    said = "is not what the specification and the clauses say now" if there else "is not there"
    return f"the statement {place.name} {said}; prove --statements writes it, git diff shows it"


def _there(place: Path) -> str:
    try:
        return place.read_text("utf-8")
    except OSError:
        return ""


def write(theorems: Sequence[Theorem], theory: Theory) -> bool:
    """Write the statement of a theory in its place; whether it is another than before."""
    place = PLACE / f"{theory.name}.txt"
    text = written(theorems, theory)
    if _there(place) == text:
        return False
    files.write(place, text.encode())
    return True


def written(theorems: Sequence[Theorem], theory: Theory) -> str:
    """The statement of a theory."""
    return _HEAD + "\n".join(_used([*_Writer(theorems, theory).lines()])) + "\n"


_NAME = re.compile(r"\$\d+")


def _used(lines: list[str]) -> list[str]:
    """Lines without the definitions that none of them uses, and with names in order."""
    while True:
        uses = Counter(name for line in lines for name in _NAME.findall(line))
        kept = [
            line
            for line in lines
            if not line.startswith("(define ") or uses[_NAME.findall(line)[0]] > 1
        ]
        if len(kept) == len(lines):
            break
        lines = kept
    names = {
        name: f"${n}" for n, name in enumerate(dict.fromkeys(_NAME.findall("\n".join(lines))), 1)
    }
    return [_NAME.sub(lambda found: names[found[0]], line) for line in lines]


class _Writer:
    def __init__(self, theorems: Sequence[Theorem], theory: Theory) -> None:
        self.theorems, self.theory = theorems, theory
        self.names: dict[str, str] = {}  # of terms that are used more than once
        self.texts: dict[Node, str] = {}
        self.untouched = {"true", *(_is(name, value) for name, value in theory.constants.items())}

    def lines(self) -> Iterator[str]:
        """The lines of the statement."""
        t, base = self.theory, self.theorems[0]
        yield f"(theory {t.name})"
        for theorem in self.theorems:
            claims = " ".join(f.__name__ for f in theorem.claimed)
            chosen = "".join(f" {name}" for name in options(theorem, base))
            yield f"(theorem {theorem.id} {_quoted(theorem.title)}"
            yield f"  {_quoted(theorem.cites)} (claims {claims}) (options{chosen}))"
        yield from (f"(rule {name} {show(value)})" for name, value in base.rules.items())
        yield from (
            f"(bound {name} {show(value)})"
            for name, value in base.bounds.items()
            if name not in base.free
        )
        yield ""
        seen = self._seen()
        yield from self._enums([*seen.values(), *(f.sort for f in (*t.fields, *t.message_fields))])
        yield from (f"(parameter {name} {_sort(sort)})" for name, sort in t.parameters.items())
        yield "(end"
        for f in t.fields:
            yield f"  ({f.path} {_sort(f.sort)} {_value(t.initial[f.path])})"
        yield ")"
        if t.message_fields:
            yield "(message"
            yield from (f"  ({f.path} {_sort(f.sort)})" for f in t.message_fields)
            yield ")"
        shown = t.constancy
        if shown is not None:
            for name, value in t.constants.items():
                yield f"(constant {name} {_sort(shown.variables[name])} {_value(value)})"
        if t.elapsed is not None:
            yield f"(time {t.ttl or '-'} {t.elapsed})"
        yield ""
        for memory in t.memories:
            first = "any" if memory.first is None else _value(memory.first)
            update = "same" if memory.update is None else self._text(memory.update)
            yield f"(memory {memory.name} {_sort(memory.sort)} {first} {update})"
        if t.told:
            yield f"(told {t.told})"
        yield from self._looks("sight", t.sight, seen)
        yield from self._looks("drawn", t.drawn, seen)
        yield ""
        yield from (f"(fact {_said(one)} {self._folded(one.tree)})" for one in t.facts)
        for one in t.pairs:
            yield f"(pair {_said(one)} {_when(one)}\n  {self._folded(one.tree)})"
        for one in t.clauses:
            about = f"{one.name} {one.about} {_quoted(one.doc)}"
            yield f"(clause {about} {_when(one)}\n  {self._folded(one.tree)})"
        if isinstance(t, Lively):
            yield from self._lively(t)
        yield ""
        trees = [kind.tree for kind in t.kinds] + ([] if t.tick is None else [t.tick])
        self.texts.clear()
        yield from self._defined([*trees, *(shown.trees.values() if shown is not None else ())])
        for kind in t.kinds:
            head = "delivery" if kind.delivers else "injection" if kind.injects else "action"
            yield f"({head} {_quoted(kind.name)} {_paths(kind.tree)}"
            yield from self._tree(kind.tree, 1)
        if t.tick is not None:
            yield f"({TICK} {_paths(t.tick)}"
            yield from self._tree(t.tick, 1)
        if shown is not None and t.constants:
            for name, tree in shown.trees.items():
                yield f"(keeps {_quoted(name)}"
                yield from self._kept(tree, 1)
                yield ")"

    def _lively(self, t: Lively) -> Iterator[str]:
        """What happens in the end."""
        yield f"(left {_quoted(t.left.doc)}"
        yield f"  {self._folded(t.left.tree)})"
        for one in t.responses:
            yield f"(response {_said(one.leads)}"
            yield f"  {self._folded(one.leads.tree)}"
            for stage in one.stages:
                yield f" (stage {_said(stage.holds)}"
                yield f"   {self._folded(stage.holds.tree)}"
                yield f"   (by {stage.by} {_quoted(stage.action)})"
                for heard in stage.heard:
                    yield f"   (heard {_said(heard)} {self._folded(heard.tree)})"
                yield " )"
            yield ")"
        for quiet in t.silences:
            yield f"(silence {_said(quiet.weight)}"
            yield f"  {self._folded(quiet.weight.tree)})"

    def _seen(self) -> dict[str, Sort]:
        """The variables of all trees, and their sorts."""
        t = self.theory
        trees = [kind.tree for kind in t.kinds] + ([] if t.tick is None else [t.tick])
        trees += [one.tree for one in (*t.facts, *t.pairs, *t.clauses)]
        trees += [one.tree for one in t.parts] if isinstance(t, Lively) else []
        if t.constancy is not None:
            trees += t.constancy.trees.values()
        nodes = [node for tree in trees for node in nodes_of(tree)]
        nodes += [m.update for m in t.memories if m.update is not None]
        nodes += [*t.sight.values(), *t.drawn.values()]
        return {n.data: n.sort for n in _within(nodes) if n.op == "var"}

    def _enums(self, sorts: Iterable[Sort]) -> Iterator[str]:
        kinds = {sort.members.__name__: sort.members for sort in sorts if sort.members is not None}
        for name, members in sorted(kinds.items()):
            yield f"(enum {name} {' '.join(member.name for member in members)})"

    def _looks(
        self, head: str, some: Mapping[str, Node], seen: Mapping[str, Sort]
    ) -> Iterator[str]:
        for name, node in some.items():
            if name in seen:
                yield f"({head} {name} {_sort(seen[name])} {self._text(node)})"

    # Terms

    def _text(self, node: Node) -> str:
        """A term; shared ones by the name that they have."""
        text = self.texts.get(node)
        if text is None:
            text = self.texts[node] = self._made(node)
        return self.names.get(text, text)

    def _made(self, node: Node) -> str:
        if node.op == "const":
            return _value(node.data)
        if node.op == "var":
            return str(node.data)
        args = " ".join(map(self._text, node.args))
        if node.op == "wrap":
            return f"(wrap {args} {node.data})"
        if node.op == "apply":
            return f"({node.data[0]} {args})"
        return f"({_SIGNS.get(node.op, node.op)} {args})"

    def _folded(self, tree: Tree) -> str:
        """A tree with one output as one term."""
        if isinstance(tree, Leaf):
            return self._text(tree.outputs[0])
        assert isinstance(tree, Branch)
        return f"(ite {self._text(tree.test)} {self._folded(tree.then)} {self._folded(tree.other)})"

    def _kept(self, tree: Tree, depth: int) -> list[str]:
        """Are all outputs true? As lines. What an action does not touch keeps its value, and tests
        that make no difference are left out."""
        space = " " * depth
        if isinstance(tree, Leaf):
            parts = [self._text(node) for node in dict.fromkeys(tree.outputs)]
            left = [part for part in parts if part not in self.untouched]
            return [space + (f"(and {' '.join(left)})" if len(left) > 1 else (left or ["true"])[0])]
        assert isinstance(tree, Branch)
        then, other = self._kept(tree.then, depth + 1), self._kept(tree.other, depth + 1)
        if then == other:
            return [line[1:] for line in then]
        return [f"{space}(ite {self._text(tree.test)}", *then, *other[:-1], f"{other[-1]})"]

    def _defined(self, trees: Sequence[Tree]) -> Iterator[str]:
        """Names for what is used more than once."""
        uses: Counter[Node] = Counter()
        order: list[Node] = []
        for tree in trees:
            for root in nodes_of(tree):
                uses[root] += 1
                stack = [(root, False)]
                while stack:
                    node, done = stack.pop()
                    if done:
                        order.append(node)
                    elif uses[node] == 1 or node is root:
                        if node is root and uses[node] > 1:
                            continue
                        stack.append((node, True))
                        for arg in node.args:
                            uses[arg] += 1
                            if uses[arg] == 1:
                                stack.append((arg, False))
        for node in order:
            if uses[node] > 1 and node.args:
                text = self.texts[node] = self._made(node)
                if len(text) >= LONG and text not in self.names:
                    name = f"${len(self.names) + 1}"
                    yield f"(define {name} {text})"
                    self.names[text] = name

    # Trees

    def _tree(self, tree: Tree, depth: int) -> Iterator[str]:
        """An indented tree; the last line closes what is open around it."""
        stack: list[tuple[Tree, int, int]] = [(tree, depth, 1)]  # with how many ) follow
        while stack:
            here, at, after = stack.pop()
            if isinstance(here, Branch):
                yield f"{' ' * at}(if {self._text(here.test)}"
                stack.append((here.other, at + 1, after + 1))
                stack.append((here.then, at + 1, 0))
                continue
            assert isinstance(here, Leaf)
            *lines, last = self._leaf(here)
            yield from (f"{' ' * at}{line}" for line in lines)
            yield f"{' ' * at}{last}{')' * after}"

    def _leaf(self, leaf: Leaf) -> list[str]:
        t = self.theory
        if leaf.static is not None and not leaf.static.possible:
            return ["impossible"]
        outputs = dict(zip([f.path for f in t.fields], leaf.outputs, strict=False))
        texts = {path: self._text(node) for path, node in outputs.items()}
        start = {path: _value(t.initial[path]) for path in texts}
        own = [path for path in texts if path.startswith("tcb.")]
        blank = own and all(texts[path] == start[path] for path in own)
        kept = {path: f"me.{path}" for path in texts}
        if blank:
            kept |= {path: start[path] for path in own}
        cited = [] if leaf.static is None else [getattr(r, "id", str(r)) for r in leaf.static.rules]
        lines = [" ".join(["(do", *map(_quoted, cited), *(["blank"] if blank else [])])]
        lines += [f"  (set {p} {text})" for p, text in texts.items() if text != kept[p]]
        rest = leaf.outputs[len(t.fields) :]
        width = len(t.message_fields)
        for n in range(leaf.static.sent if leaf.static is not None else 0):
            row = zip(t.message_fields, rest[n * width : (n + 1) * width], strict=True)
            said = [
                f"({f.path} {self._text(node)})"
                for f, node in row
                if self._text(node) != _value(least(f.sort))
            ]
            lines.append(f"  (send {' '.join(said)})")
        lines[-1] += ")"
        return lines


_SIGNS = {"add": "+", "sub": "-", "eq": "=", "lt": "<", "le": "<="}


def _within(nodes: Iterable[Node]) -> set[Node]:
    found: set[Node] = set()
    stack = [*nodes]
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack += node.args
    return found


def _paths(tree: Tree) -> int:
    if isinstance(tree, Leaf):
        return 1
    assert isinstance(tree, Branch)
    return _paths(tree.then) + _paths(tree.other)


def _quoted(text: str) -> str:
    return '"' + " ".join(text.replace('"', "'").split()) + '"'


def _said(one: Clause) -> str:
    return f"{one.name} {_quoted(one.doc)}"


def _when(one: Clause) -> str:
    return "(when" + "".join(f" ({' '.join(way)})" for way in one.when) + ")"


def _value(value: Any) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return str(value).lower()


def _is(name: str, value: Any) -> str:
    """That a field has a value, as it is written."""
    if isinstance(value, bool):
        return name if value else f"(not {name})"
    return f"(= {name} {_value(value)})"


def _sort(sort: Sort) -> str:
    if sort.kind == "enum":
        assert sort.members is not None
        return sort.members.__name__
    if sort.kind == "real" and sort.lo:
        return "positive"
    return f"{sort.lo}..{sort.hi}" if sort.kind == "int" else sort.kind
