"""Other solvers, by name: what they answer to a script, and whether they are there."""

import importlib.util
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from proofs.recheck.terms import Bad

SOLVERS = ("cvc5", "bitwuzla", "z3")


def decides(solver: str, text: str) -> bool:
    """Is a script in a logic that the solver knows?"""
    return solver != "bitwuzla" or not re.search(r"\b(Int|Real)\b", _code(text))


def _code(text: str) -> str:
    return re.sub(r"^;.*$", "", text, flags=re.MULTILINE)


def ask(solver: str, text: str, path: Path, timeout: float) -> str:
    """What a solver answers."""
    try:
        return {"cvc5": _cvc5, "bitwuzla": _bitwuzla, "z3": _z3}[solver](text, path, timeout)
    except Exception as error:
        return f"error: {' '.join(str(error).split())[:200]}"


TRIES: tuple[tuple[float, Mapping[str, str]], ...] = (
    (1 / 8, {}),
    (1 / 8, {"decision": "internal"}),
    (1.0, {}),
)
"""What part of the time each search of cvc5 has, and its options. How long a search takes hangs on
chance: what one does not find another may, at once."""


def _cvc5(text: str, path: Path, timeout: float) -> str:
    for part, options in TRIES:
        answer = _once(text, path, timeout * part, options)
        if "unknown" not in answer:
            break
    return answer


def _once(text: str, path: Path, timeout: float, options: Mapping[str, str]) -> str:
    answers = []
    for command, said in _invoked(_solver(timeout, options), text, path.name):
        if command == "check-sat":
            answers.append(said)
        elif said:
            return said
    return " ".join(answers)


def _solver(timeout: float, options: Mapping[str, str]) -> Any:
    """cvc5, with so many seconds for a question."""
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    for name, value in ({"tlimit-per": str(int(timeout * 1000))} | dict(options)).items():
        solver.setOption(name, value)
    return solver


def _invoked(solver: Any, text: str, name: str) -> Iterator[tuple[str, str]]:
    """The commands of a script, each with what cvc5 says when it is invoked."""
    import cvc5

    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, name)
    while not (command := parser.nextCommand()).isNull():
        said = str(command.invoke(solver, parser.getSymbolManager())).strip()
        yield command.getCommandName(), said


def proof(text: str, options: Mapping[str, str], timeout: float) -> str:
    """The proof of ``unsat`` that cvc5 writes, in its calculus CPC."""
    wanted = {
        "produce-proofs": "true",
        "proof-format-mode": "cpc",
        "proof-granularity": "dsl-rewrite",
        "proof-print-reference": "true",  # the question declares what there is
    }
    solver = _solver(timeout, wanted | dict(options))
    said = [answer for _, answer in _invoked(solver, text, "question") if answer]
    if said != ["unsat"]:
        raise Bad(f"cvc5 says {' '.join(said)}")
    (found,) = solver.getProof()
    printed = solver.proofToString(found)
    whole = (printed.decode() if isinstance(printed, bytes) else str(printed)).strip()
    if not (whole.startswith("(") and whole.endswith(")")):
        raise Bad("cvc5 writes something that is no proof")
    return whole[1:-1]


def _bitwuzla(text: str, path: Path, timeout: float) -> str:
    import bitwuzla

    parser = bitwuzla.Parser(bitwuzla.TermManager(), bitwuzla.Options())
    parser.parse(text, True, False)
    solver = parser.bitwuzla()
    end = time.monotonic() + timeout
    solver.configure_terminator(lambda: time.monotonic() > end)
    return str(solver.check_sat()).lower()


def _z3(text: str, path: Path, timeout: float) -> str:
    seconds = max(1, int(timeout))
    ran = subprocess.run(
        ["z3", f"-T:{seconds}", "-in"],
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout + 10,
        check=False,
    )
    return ran.stdout.strip()


def missing(solver: str) -> bool:
    """Is a solver not installed?"""
    if solver == "z3":
        return shutil.which("z3") is None
    return importlib.util.find_spec(solver) is None
