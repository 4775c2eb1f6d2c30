"""The plain interpreter: expressions and trees on plain values.

It is the smallest reading of a tree, and the yardstick for every other one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from checker.ir.nodes import Node, Value
from checker.ir.tracing import Branch, Leaf, Tree

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "int": lambda a: 1 if a else 0,
    "eq": lambda a, b: a == b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "not": lambda a: not a,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "ite": lambda c, a, b: a if c else b,
}


def evaluate(node: Node, values: Mapping[str, Value]) -> Any:
    """The value of an expression; ``values`` gives each variable's."""
    if node.op == "const":
        return node.data
    if node.op == "var":
        return values[node.data]
    args = [evaluate(arg, values) for arg in node.args]
    if node.op == "wrap":
        return args[0] % (1 << node.data)
    return _OPERATIONS[node.op](*args)


def leaf_of(tree: Tree, values: Mapping[str, Value]) -> tuple[Leaf, list[tuple[Branch, bool]]]:
    """The leaf that ``values`` lead to, and the decisions on the way."""
    way = []
    while isinstance(tree, Branch):
        answer = bool(evaluate(tree.test, values))
        way.append((tree, answer))
        tree = tree.then if answer else tree.other
    return tree, way


def run(tree: Tree, values: Mapping[str, Value]) -> tuple[Any, list[Any]]:
    """What the traced function would have returned: (static part, values)."""
    leaf, _ = leaf_of(tree, values)
    return leaf.static, [evaluate(output, values) for output in leaf.outputs]


def leaves(tree: Tree) -> list[Leaf]:
    """The leaves, in order."""
    if isinstance(tree, Leaf):
        return [tree]
    return leaves(tree.then) + leaves(tree.other)


def branches(tree: Tree) -> list[Branch]:
    """The branches, outermost first."""
    if isinstance(tree, Leaf):
        return []
    return [tree, *branches(tree.then), *branches(tree.other)]
