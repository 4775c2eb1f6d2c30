"""Claims, profiles and rules of your own, from a file that need not be in the repository.

``load`` runs a Python file, and takes these names from it, of which it needs none:

* ``CLAIMS``: claims (``proofs.claims.claim.Claim``), with their witnesses;
* ``PROFILES``: profiles by name (``spec.world.profiles.Profile``), for these claims or others;
* ``FAILURES``: by claim, what has happened where it is violated, for traces.

Where the file decorates a function with ``instead``, that function takes the place of one of the
specification. Nothing is pinned of such a specification, as under other switches.

An installed package offers such a file as an entry point of the group ``synproof``, which names a
module; ``load_installed`` takes them all. It may not replace rules, since every command would run
with them. Nothing here is pinned: a claim of your own is expected to hold, or to be violated if it
has a ``finding``.
"""

import importlib
import importlib.metadata
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from checker.support.errors import UsageProblem
from proofs.claims.claim import SOMETIMES, Claim
from proofs.claims.failures import FAILURES
from proofs.claims.table import BY_ID, SUBJECTS
from spec.world.profiles import PROFILES, PURPOSES, Profile

F = TypeVar("F", bound=Callable[..., Any])

GROUP = "synproof"
"""The group of entry points."""

CLAIMS: dict[str, Claim] = {}
"""The claims that were loaded, by identifier."""
REPLACED: dict[str, str] = {}
"""The functions of the specification that were replaced, and by which file."""
FILES: dict[Path, list[str]] = {}
"""The files that were loaded, each with its claims."""
_TEXTS: list[bytes] = []


def load(path: Path) -> list[Claim]:
    """Run a file and take what it defines; its claims.

    Raises ``UsageProblem`` if it cannot be run, if a name is taken, or if a claim names a profile
    or a witness that is not there.
    """
    if not path.is_file():
        raise UsageProblem(f"{path}: no such file")
    spec = importlib.util.spec_from_file_location(f"own_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UsageProblem(f"{path}: a file of Python is wanted, whose name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # workers look up there what a claim refers to
    try:
        spec.loader.exec_module(module)
    except UsageProblem:
        raise
    except Exception as error:
        raise UsageProblem(f"{path}, line {_line(error, path)}: {_said(error)}") from error
    _TEXTS.append(path.read_bytes())
    claims = take(module, str(path))
    FILES[path] = [claim.id for claim in claims]
    return claims


def load_installed() -> None:
    """Take what installed packages offer."""
    for entry in importlib.metadata.entry_points(group=GROUP):
        where = f"entry point {entry.name} = {entry.value}"
        try:
            module = entry.load()
        except Exception as error:
            raise UsageProblem(f"{where}: {_said(error)}") from error
        if REPLACED:
            raise UsageProblem(
                f"{where}: it replaces rules, which only a file named by --claims may: {replaced()}"
            )
        _TEXTS.append(inspect.getsource(module).encode())
        take(module, entry.value)


def take(module: ModuleType, where: str) -> list[Claim]:
    """The claims of a module that was run, after they and its profiles are made known."""
    try:
        profiles: dict[str, Profile] = dict(getattr(module, "PROFILES", {}))
        claims: tuple[Claim, ...] = tuple(getattr(module, "CLAIMS", ()))
    except (TypeError, ValueError) as error:
        wanted = "CLAIMS is a sequence of claims, and PROFILES has profiles by name"
        raise UsageProblem(f"{where}: {wanted}: {error}") from error
    if not all(isinstance(claim, Claim) for claim in claims):
        raise UsageProblem(f"{where}: in CLAIMS is something that is no Claim")
    for name in profiles:
        if name in PROFILES:
            raise UsageProblem(f"{where}: there is a profile {name} already")
    ids = [claim.id for claim in claims]
    for claim in claims:
        if claim.id in BY_ID or ids.count(claim.id) > 1:
            raise UsageProblem(f"{where}: there is a claim {claim.id} already")
        if claim.profile not in {**PROFILES, **profiles}:
            raise UsageProblem(f"{where}: claim {claim.id} is of no known profile: {claim.profile}")
        for witness in claim.witnesses:
            if witness not in ids and witness not in BY_ID:
                raise UsageProblem(f"{where}: claim {claim.id} has no witness {witness}")
    PROFILES.update(profiles)
    PURPOSES.update(dict.fromkeys(profiles, f"of {where}"))
    FAILURES.update(getattr(module, "FAILURES", {}))
    of_file = {claim.id: claim for claim in claims}
    BY_ID.update(of_file)
    CLAIMS.update(of_file)
    if claims:
        SUBJECTS[f"Of {where}"] = claims
    return [*claims]


def expectations() -> dict[str, dict[str, Any]]:
    """What is expected of the claims that were loaded, as pins are."""
    return {id: {"verdict": _expected(claim)} for id, claim in CLAIMS.items()}


def _expected(claim: Claim) -> str:
    return "violated" if claim.finding and claim.kind != SOMETIMES else "holds"


def instead(name: str) -> Callable[[F], F]:
    """Let a function take the place of the specification's function of that name, such as
    ``spec.tcp.timeouts.time_wait_is_over``, wherever it is called from."""

    def replace(function: F) -> F:
        module, _, attribute = name.rpartition(".")
        try:
            before = getattr(importlib.import_module(module), attribute)
        except (ImportError, ValueError, AttributeError):
            before = None
        if not module.startswith("spec.") or not inspect.isfunction(before):
            raise UsageProblem(f"there is no function {name} in the specification to replace")
        takes = [list(inspect.signature(one).parameters) for one in (before, function)]
        if takes[0] != takes[1]:
            raise UsageProblem(f"{name} takes {', '.join(takes[0])}, not {', '.join(takes[1])}")
        for known, user in list(sys.modules.items()):
            if known.startswith("spec."):
                for its_name, value in list(vars(user).items()):
                    if value is before:
                        setattr(user, its_name, function)
        REPLACED[name] = Path(inspect.getfile(function)).name
        return function

    return replace


def replaced() -> str:
    """What was replaced, in a line; empty if nothing was."""
    return ", ".join(f"{name} (of {file})" for name, file in REPLACED.items())


def as_options() -> str:
    """The files that were loaded, to name them again."""
    return "".join(f" --claims {path}" for path in FILES)


def texts() -> tuple[bytes, ...]:
    """The text of all that was loaded: what a checkpoint is of besides the specification."""
    return tuple(_TEXTS)


def _line(error: BaseException, path: Path) -> int:
    """The last line of ``path`` that an error came through."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    lines = [
        frame.lineno or 0
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == path
    ]
    return lines[-1] if lines else 0


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
