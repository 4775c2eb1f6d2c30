"""A statement, made a theory for the prover again.

So the prover and ``proofs.recheck`` can be asked of the same small system, and what is printed of
the theory can be read as the statement that it was made of.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from checker.engines.solver.induction import Clause, Constancy, Memory, Theory
from checker.engines.solver.response import Lively, Response, Silence, Stage
from checker.ir.composition import Kind
from checker.ir.nodes import BOOL, NAT, POSITIVE, REAL, Builder, Node, Sort, integer
from checker.ir.schema import Field
from checker.ir.tracing import Branch, Leaf, Tree
from proofs.recheck import statement, terms
from proofs.recheck.statement import ENDS, MESSAGE, Action, Statement, Way
from proofs.recheck.terms import Term

_SORTS = {terms.BOOL: BOOL, terms.NAT: NAT, terms.REAL: REAL, terms.POSITIVE: POSITIVE}


def theory(text: str) -> Theory:
    """The theory that a statement says."""
    return _Made(statement.statement(text)).theory()


def theorems(text: str) -> list[Any]:
    """Of what is printed about theorems as much as a statement says."""
    made = statement.statement(text)
    return [
        SimpleNamespace(
            id=one.id,
            title=one.title,
            cites=one.cites,
            claimed=[SimpleNamespace(__name__=name) for name in one.claims],
            rules=made.rules,
            bounds=made.bounds,
            free=(),
            switches=lambda _, one=one: one.options,
            further=lambda _: (),
        )
        for one in made.theorems
    ]


class _Made:
    def __init__(self, made: Statement) -> None:
        self.made, self.builder = made, Builder()

    def theory(self) -> Theory:
        made = self.made
        claims = [name for one in made.theorems for name in one.claims]
        of: dict[str, Any] = {
            "name": made.id,
            "fields": [Field(name, _sort(sort)) for name, sort in made.end.items()],
            "message_fields": [Field(name, _sort(sort)) for name, sort in made.message.items()],
            "initial": {name: term.data for name, term in made.first.items()},
            "constants": {name: term.data for name, term in made.constants.items()},
            "kinds": [self.kind(action) for action in made.actions],
            "tick": None if made.tick is None else self.tree(made.tick, bare=True),
            "ttl": made.ttl or None,
            "elapsed": made.elapsed or None,
            "sight": self.row(made.sight),
            "drawn": self.row(made.drawn),
            "memories": [
                Memory(
                    one.name,
                    _sort(one.sort),
                    None if one.update is None else self.node(one.update),
                    None if one.first is None else one.first.data,
                )
                for one in made.memories
            ],
            "told": made.told,
            "number": NAT,
            "parameters": {name: _sort(sort) for name, sort in made.parameters.items()},
            "facts": [self.clause(one) for one in made.facts],
            "pairs": [self.clause(one) for one in made.pairs],
            "clauses": [self.clause(one) for one in made.clauses],
            "claims": tuple(name for name in claims if name not in made.ending),
            "constancy": self.constancy(),
        }
        if made.left is None:
            return Theory(**of)
        return Lively(
            **of,
            left=self.said("left", "", made.left),
            responses=tuple(
                Response(
                    self.said(one.name, one.says, one.leads),
                    tuple(
                        Stage(
                            self.said(stage.name, stage.says, stage.holds),
                            stage.by,
                            stage.action,
                            tuple(map(self.clause, stage.heard)),
                        )
                        for stage in one.stages
                    ),
                )
                for one in made.responses
            ),
            silences=tuple(
                Silence(self.said(one.name, one.says, one.weight, MESSAGE)) for one in made.silences
            ),
        )

    def kind(self, action: Action) -> Kind:
        tree = self.tree(action)
        return Kind(action.name, tree, action.delivers, injects=action.injects)

    def tree(self, action: Action, bare: bool = False) -> Tree:
        """The paths of an action, as the tree that they come of."""

        def of(ways: Sequence[Way], depth: int) -> Tree:
            first = ways[0]
            if len(ways) == 1 and len(first.tests) == depth:
                return self.leaf(first, bare)
            test = first.tests[depth]
            then = [way for way in ways if way.tests[depth] is test]
            other = [way for way in ways if way.tests[depth] is not test]
            where = f"{action.name}:{first.number}"
            return Branch(self.node(test), of(then, depth + 1), of(other, depth + 1), where)

        return of(action.paths, 0)

    def leaf(self, way: Way, bare: bool) -> Leaf:
        if way.leaf is None:
            return Leaf(way.number, SimpleNamespace(possible=False, sent=0, rules=()), ())
        rows = [way.leaf.after, *way.leaf.sent]
        outputs = tuple(self.node(term) for row in rows for term in row.values())
        static = SimpleNamespace(possible=True, sent=len(way.leaf.sent), rules=way.leaf.rules)
        return Leaf(way.number, None if bare else static, outputs)

    def constancy(self) -> Constancy | None:
        made = self.made
        if not made.constants:
            return None
        sorts = {f"me.{name}": sort for name, sort in made.end.items()}
        sorts |= {f"seg.{name}": sort for name, sort in made.message.items()}
        return Constancy(
            first={name: term.data for name, term in made.constants.items()},
            variables={name: _sort(sort) for name, sort in (sorts | made.left_out).items()},
            trees={name: Leaf(0, None, (self.node(term),)) for name, term in made.keeps.items()},
        )

    def clause(self, one: statement.Clause) -> Clause:
        return self.said(one.name, one.says, one.term, one.about, one.when)

    def said(
        self,
        name: str,
        says: str,
        term: Term,
        about: str = ENDS,
        when: tuple[tuple[str, ...], ...] = (),
    ) -> Clause:
        return Clause(name, about, Leaf(0, None, (self.node(term),)), f"{name}:1", says, when)

    def row(self, row: statement.Row) -> dict[str, Node]:
        return {name: self.node(term) for name, term in row.items()}

    def node(self, term: Term) -> Node:
        """The same expression."""
        b, args = self.builder, [self.node(arg) for arg in term.args]
        match term.op:
            case "const":
                return b.const(term.data)
            case "var":
                return b.var(term.data, _sort(term.sort))
            case "apply":
                return b.apply(term.data, args[0], NAT, _sort(term.sort))
            case "wrap":
                return b.wrap(args[0], term.data)
            case "and" | "or":
                join = b.and_ if term.op == "and" else b.or_
                found = args[0]
                for arg in args[1:]:
                    found = join(found, arg)
                return found
        known = {"+": b.add, "-": b.sub, "=": b.eq, "<": b.lt, "<=": b.le}
        known |= {"int": b.int, "not": b.not_, "ite": b.ite}
        return known[term.op](*args)


def _sort(sort: terms.Sort) -> Sort:
    return integer(sort.lo, sort.hi) if sort.kind == "int" else _SORTS[sort]
