"""How this program was called, and the checkout that it stands in, if it does.

The same modules run as ``./run``, as ``python -m checker`` and, installed, as ``synproof``. What a
hint tells to type is what the user typed; and what compares or rewrites files of the repository
says so where there is none.
"""

import os
import sys
from pathlib import Path

from checker.support.errors import UsageProblem

BY_RUN = "CHECKER_CALLED"
"""The environment variable in which ``./run`` says how it was called."""
INSTALLED = "synproof"
"""The name of the installed program."""
_TOP = Path(__file__).parents[2]


def called() -> str:
    """What is typed before the name of a command."""
    if name := os.environ.get(BY_RUN):
        return name
    return INSTALLED if Path(sys.argv[0]).stem == INSTALLED else "python -m checker"


def say(what: str) -> None:
    """Tell on stderr, in one line, what there is to say of this call."""
    name = called().rpartition("/")[2].rpartition(" ")[2]
    print(f"{name}: {what}", file=sys.stderr)


def missing(package: str) -> str:
    """What to do where a package is not installed."""
    if BY_RUN in os.environ:
        return f"the package {package} is missing: remove {_TOP / '.venv'}, and call this once more"
    return f"the package {package} is missing: install synproof[all]"


def shipped(name: str | Path = "") -> Path:
    """A file or folder that is checked in, by its path from the top, to be read.

    Installed, what is in none of the packages is in ``checker/shipped`` (``pyproject.toml``).
    """
    if (_TOP / "run").is_file() or Path(name).parts[:1] in (("spec",), ("proofs",), ("checker",)):
        return _TOP / name
    return _TOP / "checker" / "shipped" / name


def checkout(name: str | Path = "") -> Path:
    """A file of the repository, by its path from the top; as seen from here where that is shorter.

    Raises UsageProblem where this is installed, and there is no repository.
    """
    if not (_TOP / "run").is_file():
        raise UsageProblem(
            f"this works on files of synproof's repository ({name or 'spec/, docs/, diagrams/'}), "
            "and the installed package has none: clone the repository, and call ./run there"
        )
    path = _TOP / name
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
