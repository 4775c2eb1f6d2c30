"""Faults of one line in the prover, and in what prints what it proves: most make it prove what is
false. Each is an edit of a text that stands once in its file, and is put to what is asked of
mutants of the prover (``checker.studies.prover_mutants``)."""

from dataclasses import dataclass

INDUCTION = "checker/engines/solver/induction.py"
THEORIES = "checker/studies/prove/theories.py"
STATEMENTS = "checker/studies/prove/statements.py"
CERTIFICATES = "checker/studies/prove/certificates.py"
PROVE = "checker/studies/prove/prove.py"


@dataclass(frozen=True, slots=True)
class Fault:
    """``old``, in a file, becomes ``new``."""

    says: str
    file: str
    old: str
    new: str


FAULTS = (
    Fault(
        "what is sent is not asked about",
        INDUCTION,
        'messages = [*self.other.items(), *(("x", message) for message in sent)]',
        "messages = [*self.other.items()]",
    ),
    Fault(
        "a state is missing from a sort",
        INDUCTION,
        "return z3.ULT(term, len(sort.members))",
        "return z3.ULT(term, len(sort.members) - 1)",
    ),
    Fault(
        "RETRANSMISSION TIMEOUT is forgotten",
        THEORIES,
        "inputs = [what for what in (*CALLS, Forgery.ANY, Input.SEGMENT) if what in model.inputs]",
        "inputs = [what for what in (*CALLS, Forgery.ANY, Input.SEGMENT) if what in model.inputs"
        ' and "RETR" not in what.value]',
    ),
    Fault(
        "what is assumed of two different numbers is assumed of one",
        INDUCTION,
        'holds = z3.Implies(numbers["m"] != numbers["n"], holds)',
        'holds = z3.And(holds, z3.substitute(holds, (numbers["m"], numbers["n"])))',
    ),
    Fault(
        "nobody ABORTs",
        THEORIES,
        "inputs = [what for what in (*CALLS, Forgery.ANY, Input.SEGMENT) if what in model.inputs]",
        "inputs = [what for what in (*CALLS, Forgery.ANY, Input.SEGMENT) if what in model.inputs"
        ' and what.value != "ABORT"]',
    ),
    Fault(
        "time stands still",
        THEORIES,
        "tick=traced.narrow(traced.tree(Input.TICK)) if timed else None",
        "tick=None",
    ),
    Fault(
        "nothing arrives",
        THEORIES,
        "inputs = [what for what in (*CALLS, Forgery.ANY, Input.SEGMENT) if what in model.inputs]",
        "inputs = [what for what in (*CALLS, Forgery.ANY) if what in model.inputs]",
    ),
    Fault(
        "all paths but one are called impossible, in the statement",
        STATEMENTS,
        "if leaf.static is not None and not leaf.static.possible:",
        "if leaf.static is not None and (not leaf.static.possible or leaf.index):",
    ),
    Fault(
        "all paths but one are left out by the prover",
        PROVE,
        "return [step.path for step in self.steps if step.leaf.static.possible]",
        "return [step.path for step in self.steps if step.leaf.static.possible][:1]",
    ),
    Fault(
        "what is to be proved is `p or not p`, for the prover",
        INDUCTION,
        "holds = self._said(clause, *args, message)",
        "holds = z3.Or((p := self._said(clause, *args, message)), z3.Not(p))",
    ),
    Fault(
        "clauses are `p or not p`, in the statement",
        STATEMENTS,
        "            return self._text(tree.outputs[0])\n",
        '            p = self._text(tree.outputs[0])\n            return f"(or {p} (not {p}))"\n',
    ),
    Fault(
        'a hypothesis "sorts of the moon" is false',
        INDUCTION,
        'rows = {f"state {h}": self.ends[h] for h in "xy"}',
        'found["sorts of the moon"] = z3.BoolVal(False)\n'
        '        rows = {f"state {h}": self.ends[h] for h in "xy"}',
    ),
    Fault(
        "what is assumed contradicts itself, for the prover",
        INDUCTION,
        'found[f"fact {fact.name}"] = self._holds(fact, Terms(self.parameters))',
        'found[f"fact {fact.name}"] = z3.And('
        "(p := self._holds(fact, Terms(self.parameters))), z3.Not(p))",
    ),
    Fault(
        "what is assumed contradicts itself, in the statement",
        STATEMENTS,
        'yield from (f"(fact {_said(one)} {self._folded(one.tree)})" for one in t.facts)',
        'yield from (f"(fact {_said(one)} (and false {self._folded(one.tree)}))" for one in'
        " t.facts)",
    ),
    Fault(
        "clauses are claimed always, not only under their options, in the statement",
        STATEMENTS,
        '''return "(when" + "".join(f" ({' '.join(way)})" for way in one.when) + ")"''',
        'return "(when)"',
    ),
    Fault(
        "the certificates are of a theorem that nobody stated",
        CERTIFICATES,
        'return {"id": proof.id, "hints": name}',
        'return {"id": "T9", "hints": name}',
    ),
    Fault(
        "each path is said to be never taken",
        CERTIFICATES,
        "[what.action, what.path, what.clause, _hints(what, about)] for what in proof.obligations",
        '[what.action, what.path, "never", _hints(what, about)] for what in proof.obligations',
    ),
    Fault(
        "what is unknown counts as proved",
        INDUCTION,
        "what.verdict = VERDICTS[str(answer)]",
        'what.verdict = "failed" if str(answer) == "sat" else "proved"',
    ),
    Fault(
        "what is refuted counts as proved",
        INDUCTION,
        "what.verdict = VERDICTS[str(answer)]",
        'what.verdict = "proved"',
    ),
)
