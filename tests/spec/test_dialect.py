"""A lint of ``spec`` and ``proofs``: they stand alone, and what is traced keeps to the dialect.

A *traced* module runs on symbolic values too, where some of Python decides without being asked:
``is`` compares objects, ``isinstance`` and ``type`` look at the carrier, f-strings and ``int()``
want one value, a look-up hashes. Those are banned in its functions. ``is`` remains for None, which
is never a value of a state; a subscript remains where it is a constant, since tuples have a fixed
shape. The *machinery* (interning, flattening, the tables of claims and ablations) runs on plain
values only.
"""

import ast
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT.glob("proofs/recheck/*.py")  # knows neither spec nor the rest of proofs
FILES = sorted({*ROOT.glob("spec/**/*.py"), *ROOT.glob("proofs/**/*.py")} - {*PROGRAM})
MACHINERY = {
    "spec/tcp/rule.py",  # a citation is a constant
    "proofs/requirements.py",  # a table
    *(f"spec/world/{name}.py" for name in ("system", "channel", "records", "topology")),
    "spec/world/conversation.py",  # picks among steps
    *(f"proofs/claims/{path.name}" for path in ROOT.glob("proofs/claims/*.py")),  # claims are data
    *(f"proofs/theorems/{name}.py" for name in ("table", "families", "needs")),
} - {"proofs/claims/properties.py"}
MUST_BE_TRACED = {
    *(
        f"spec/tcp/segment_arrives/{name}.py"
        for name in ("__init__", "closed", "listen", "syn_sent", "others", "syn")
    ),
    *(f"spec/tcp/{name}.py" for name in ("user_calls", "timeouts", "sending", "tcb", "segment")),
    *(f"spec/tcp/{name}.py" for name in ("congestion", "receiving", "retransmission", "transfer")),
    "spec/seq.py",
    *(f"spec/observe/{path.name}" for path in ROOT.glob("spec/observe/*.py")),
    "spec/tcp/host.py",
    *(f"spec/world/{name}.py" for name in ("endpoint", "enabled", "forgery", "happen", "http")),
    "proofs/claims/properties.py",
    "proofs/theorems/invariants.py",
}
EXEMPT = {
    ("spec/tcp/segment.py", "__str__"),  # for readers
    ("spec/tcp/user_calls.py", "status"),  # no step of the system
    ("spec/seq.py", "choose"),  # the one place that asks a value whether it is symbolic
    ("spec/world/endpoint.py", "only"),  # sockets are numbered by plain ints
    ("spec/observe/watcher.py", "_left"),  # over the fields of a record, by their names
    ("spec/observe/watcher.py", "_return"),
    ("proofs/theorems/pace.py", "_marked"),
    ("spec/observe/refinement.py", "_among"),
    ("spec/observe/refinement.py", "_same"),
    ("spec/world/enabled.py", "calls"),  # of bounds, before anything happens
    ("spec/world/bounds.py", "_bound"),  # these make the tables
    ("spec/world/bounds.py", "_flag"),
    ("spec/rules.py", "_rule"),
    ("spec/observe/flow.py", "_sends"),  # places in a list are plain ints
    ("spec/observe/flow.py", "_hears"),
    ("proofs/theorems/text.py", "_check_kept"),  # over the fields of a record, by their names
    ("proofs/theorems/text.py", "_tcb"),
    ("proofs/theorems/text.py", "_keep"),
    ("proofs/theorems/text.py", "_leave_time_wait"),
    ("proofs/theorems/text.py", "_return"),
    ("proofs/theorems/draining.py", "_sent"),
    ("proofs/theorems/draining.py", "_leave"),  # moves by their names
    ("proofs/theorems/draining.py", "_retransmit"),
    ("proofs/theorems/draining.py", "_arrives"),
    ("proofs/theorems/draining.py", "_reset"),
    ("proofs/theorems/draining.py", "_moves"),
    ("proofs/theorems/margin.py", "_bounds"),  # of bounds, before anything happens
}
"""Functions of traced modules that no step runs, or that are the boundary itself."""

CALLS = {
    "isinstance", "issubclass", "type", "int", "float", "bool", "str", "repr", "hash", "id",
    "bytes", "chr", "hex", "bin", "ord", "format", "getattr", "setattr", "vars", "dict", "set",
    "frozenset", "print", "eval", "exec", "divmod", "pow", "open",
}  # fmt: skip
METHODS = {"format", "format_map", "get", "setdefault", "index", "join"}


def imports(tree: ast.AST, allowed: set[str]):
    """Imports of anything but the standard library and ``allowed`` packages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["."] if node.level else [node.module or ""]
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            if top not in allowed and top not in sys.stdlib_module_names:
                yield node.lineno, f"import of {name}"


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def constant_index(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) is int


def check(node: ast.AST):
    """What the dialect forbids about this one node."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=rights):
            for op, a, b in zip(ops, [left, *rights], rights, strict=False):
                if isinstance(op, ast.Is | ast.IsNot) and not (is_none(a) or is_none(b)):
                    yield "`is` between values: write =="
                if isinstance(op, ast.In | ast.NotIn) and isinstance(b, ast.Set | ast.Dict):
                    yield "`in` a set or dict hashes: write a tuple"
        case ast.JoinedStr():
            yield "f-string"
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
            yield "% formatting"
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield f"{name}()"
        case ast.Call(func=ast.Attribute(attr=name)) if name in METHODS:
            yield f".{name}()"
        case ast.Subscript(slice=index) if not constant_index(index):
            yield "look-up: only a constant may be a subscript"
        case ast.Dict() | ast.DictComp() | ast.Set() | ast.SetComp():
            yield "dict or set"
        case ast.Match():
            yield "match"
        case ast.While():
            yield "while: the number of turns depends on a value"
        case ast.Try() | ast.Raise() | ast.Global() | ast.Nonlocal() | ast.Await() | ast.Yield():
            yield type(node).__name__.lower()


def bodies(node: ast.AST, inside: str = ""):
    """(function, node) for all that runs: no annotations, decorators, or module level."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                within = inside
                if isinstance(child, ast.FunctionDef | ast.Lambda):
                    within = inside or getattr(child, "name", "lambda")
                if inside:
                    yield inside, child
                yield from bodies(child, within)


def dialect(tree: ast.AST, exempt: set[str] = frozenset()):
    """Everything that a traced module may not do."""
    for function, node in bodies(tree):
        if function not in exempt:
            for what in check(node):
                yield node.lineno, what


def lint(path: str, source: str) -> list[str]:
    """All complaints about the file ``path`` of this repository."""
    tree = ast.parse(source)
    package = path.split("/", maxsplit=1)[0]
    found = list(imports(tree, {"spec"} if package == "spec" else {"spec", "proofs"}))
    if path not in MACHINERY:
        found += dialect(tree, {name for file, name in EXEMPT if file == path})
    return [f"{path}:{line}: {what}" for line, what in found]


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_file(file):
    assert lint(file.relative_to(ROOT).as_posix(), file.read_text()) == []


def test_the_rules_are_linted_as_traced():
    here = {file.relative_to(ROOT).as_posix() for file in FILES}
    assert here >= MUST_BE_TRACED | MACHINERY
    assert not MUST_BE_TRACED & MACHINERY


@pytest.mark.parametrize(
    "name", ["import z3", "from networkx import DiGraph", "import checker.ir", "from . import x"]
)
@pytest.mark.parametrize("path", ["spec/seeded.py", "spec/world/system.py", "proofs/seeded.py"])
def test_lint_finds_import(path, name):
    assert len(lint(path, name)) == 1
    assert len(lint(path, f"def f():\n    {name}")) == 1


def test_spec_may_not_import_proofs():
    assert lint("spec/seeded.py", "from proofs import claims")
    assert not lint("proofs/seeded.py", "from proofs import claims\nfrom spec.tcp.tcb import State")


BAD = [
    "if tcb.state is State.CLOSED: pass",
    "if tcb.state is not other: pass",
    "if a == b is c: pass",
    "if isinstance(seg.ack, int): pass",
    "x = type(seg.ack)",
    "x = int(tcb.snd.una)",
    "x = bool(tcb.closing)",
    "x = str(tcb.state)",
    "x = f'{tcb.state}'",
    "x = '{}'.format(tcb.state)",
    "x = '%s' % tcb.state",
    "x = {State.CLOSED: 1}",
    "x = TABLE[tcb.state]",
    "x = TABLE[tcb.snd.una]",
    "x = TABLE.get(tcb.state)",
    "TABLE[tcb.state] = 1",
    "if tcb.state in {State.CLOSED, State.LISTEN}: pass",
    "x = {s for s in y}",
    "x = hash(tcb.state)",
    "x = getattr(tcb, name)",
    "while tcb.snd.una != 0: pass",
    "match tcb.state:\n    case _: pass",
    "try: pass\nfinally: pass",
    "x = lambda s: s is y",
    "def g():\n    return tcb.state is State.CLOSED",
]


@pytest.mark.parametrize("line", BAD)
@pytest.mark.parametrize(
    "path", ["spec/tcp/segment_arrives/others.py", "proofs/claims/properties.py"]
)
def test_lint_finds(path, line):
    bad = "def f(tcb, seg):\n" + textwrap.indent(line, "    ")
    assert lint(path, bad)
    assert lint(path, "class C:\n" + textwrap.indent(bad, "    "))


def test_lint_exempts_only_what_it_names():
    bad = "def {}(tcb):\n    return f'{{tcb}}'"
    assert not lint("spec/tcp/user_calls.py", bad.format("status"))
    assert lint("spec/tcp/user_calls.py", bad.format("send"))
    assert lint("spec/tcp/timeouts.py", bad.format("status"))


GOOD = """
from dataclasses import dataclass
Seq = Annotated[int, "seq"]
TABLE = {State.CLOSED: f"{1}"}
def f(tcb: dict[str, int], seg: "Segment | None") -> dict[str, int]:
    if seg is None or seg is not None:
        x: list[Segment] = []
    if tcb.state in (State.CLOSED, State.LISTEN) and states[0] == states[-1]:
        y = a if a > b else b
    for i, pair in enumerate(past):
        z = max(0, range(3))
    return not x
"""


def test_lint_passes_the_dialect():
    assert lint("spec/seeded.py", GOOD) == []
