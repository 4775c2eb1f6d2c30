"""Trees and expressions cut into named pieces, so that a text of them can be read.

A traced tree shares nothing, and printed as it is an expression repeats what it shares: texts of
megabytes. Here equal subtrees become one, and what is used more than once, or would make a line
too long, gets a name. Names are given in the order in which they must be defined.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from checker.ir.nodes import Node
from checker.ir.tracing import Branch, Leaf, Tree

K = TypeVar("K", bound=Hashable)


def merged(tree: Tree) -> Tree:
    """``tree`` with equal subtrees the same object: equal tests, outputs and static parts.

    What stays apart has other rules, sends otherwise, or comes from other lines.
    """
    known: dict[tuple[object, ...], Tree] = {}

    def visit(tree: Tree) -> Tree:
        if isinstance(tree, Leaf):
            return known.setdefault((repr(tree.static), tree.outputs), tree)
        then, other = visit(tree.then), visit(tree.other)
        key = (tree.test, id(then), id(other), tree.where)
        return known.setdefault(key, Branch(tree.test, then, other, tree.where))

    return visit(tree)


def subtrees(tree: Tree) -> list[Tree]:
    """The different subtrees of a merged tree, every one after its own."""
    seen: dict[Tree, None] = {}

    def visit(tree: Tree) -> None:
        if tree not in seen:
            if isinstance(tree, Branch):
                visit(tree.then)
                visit(tree.other)
            seen[tree] = None

    visit(tree)
    return list(seen)


def cut(tree: Tree, most: int = 12) -> list[tuple[str, Tree]]:
    """The subtrees of a merged tree that get a name, in order; the last is all of it.

    Named are branches that are reached in more than one way and those below which ``most``
    levels stand already; the name is the line that decides.
    """
    order = subtrees(tree)
    reached = Counter(
        id(below) for one in order if isinstance(one, Branch) for below in (one.then, one.other)
    )
    named: list[tuple[str, Tree]] = []
    height: dict[int, int] = {}
    used: Counter[str] = Counter()
    for one in order:
        if isinstance(one, Leaf):
            height[id(one)] = 0
            continue
        height[id(one)] = 1 + max(height[id(one.then)], height[id(one.other)])
        if one is tree or reached[id(one)] > 1 or height[id(one)] >= most:
            height[id(one)] = 0
            path, _, line = one.where.rpartition(":")
            name = f"{PurePosixPath(path).stem}_{line}"
            used[name] += 1
            named.append((name if used[name] == 1 else f"{name}_{used[name]}", one))
    if isinstance(tree, Leaf):
        named.append(("only", tree))
    return named


def used_in(tree: Tree) -> Iterator[Node]:
    """The expressions of a merged tree: every test and output, once for each use."""
    for one in subtrees(tree):
        if isinstance(one, Branch):
            yield one.test
        else:
            yield from one.outputs


@dataclass(frozen=True, slots=True)
class Definition(Generic[K]):
    """A name, and the text that it stands for."""

    name: str
    key: K
    text: str


class Writer(Generic[K]):
    """Writes expressions, and collects the definitions of what they name.

    ``parts`` gives the expressions that one is made of, ``write`` its text from theirs, and
    ``call`` the text that refers to what is defined. ``keys`` are those to be written: what
    occurs in them more than once, with a text longer than ``least``, is named, and so
    is the longest part of what would be longer than ``width``.
    """

    def __init__(
        self,
        keys: Iterable[K],
        parts: Callable[[K], Sequence[K]],
        write: Callable[[K, Sequence[str]], str],
        call: Callable[[str, K], str] = lambda name, key: name,
        least: int = 24,
        width: int = 84,
    ) -> None:
        self._parts, self._write, self._call = parts, write, call
        self._least, self._width = least, width
        self._times: Counter[K] = Counter()
        self._known: dict[K, str] = {}
        self._named: set[K] = set()
        self.definitions: list[Definition[K]] = []
        for key in keys:
            self._count(key)

    def _count(self, key: K) -> None:
        self._times[key] += 1
        if self._times[key] == 1:
            for part in self._parts(key):
                self._count(part)

    def of(self, key: K) -> str:
        """The text of an expression, in which long and shared parts stand by their names."""
        if key not in self._known:
            parts = self._parts(key)
            texts = [self.of(part) for part in parts]
            text = self._write(key, texts)
            while len(text) > self._width:
                open_ = [i for i, part in enumerate(parts) if part not in self._named]
                longest = max(open_, key=lambda i: len(texts[i]), default=None)
                if longest is None or len(texts[longest]) <= self._least:
                    break
                texts[longest] = self._name(parts[longest], texts[longest])
                text = self._write(key, texts)
            self._known[key] = text
            if self._times[key] > 1 and len(text) > self._least:
                self._name(key, text)
        return self._known[key]

    def _name(self, key: K, text: str) -> str:
        definition = Definition(f"v{len(self.definitions) + 1}", key, text)
        self.definitions.append(definition)
        self._named.add(key)
        self._known[key] = self._call(definition.name, key)
        return self._known[key]


def bare(text: str) -> str:
    """``text`` without the parentheses around all of it."""
    if not text.startswith("("):
        return text
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return text[1:-1] if i == len(text) - 1 else text
    return text
