"""The rules that the specification cites, read from its source."""

import ast
from pathlib import Path

import spec
from spec.tcp.rule import Rule, cite
from spec.tcp.tcb import State


def cited() -> dict[str, list[Rule]]:
    """Every citation, by id, as it stands in the source."""
    found: dict[str, list[Rule]] = {}
    for file in sorted(Path(spec.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "tcp.rule":
                rule = _rule(*node.args)
                found.setdefault(rule.id, []).append(rule)
    return found


def _rule(id: ast.expr, says: ast.expr, enters: ast.expr | None = None) -> Rule:
    assert isinstance(id, ast.Constant), ast.unparse(id)
    assert isinstance(says, ast.Constant), ast.unparse(says)
    if enters is None:
        return cite(id.value, says.value, None)
    assert isinstance(enters, ast.Attribute), ast.unparse(enters)
    return cite(id.value, says.value, State[enters.attr])
