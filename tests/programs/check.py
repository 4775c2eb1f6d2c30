"""``./run check``: lint, types, import contracts and the tests of what changed, in seconds.

What changed is what differs from a revision, HEAD unless ``--base`` says otherwise, with the files
that Git does not know yet. The tests mirror the source, so they are found by name: those of
``spec/tcp/tcb.py`` are ``tests/spec/tcp/test_tcb.py``, ``test_tcb_*.py`` or the folder ``tcb/``;
where there are none, those of its folder, and so on upwards. A changed test is run itself, and a
changed helper's users are. With them goes a fast core, always.

Tests that are known to be quick are always run, and of the others what fits in ``--seconds``. What
did not fit is listed, as left for ``./run test``. The exit status is 1 if something failed, else
0, which says less than ``./run test`` does.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
CORE = (
    "tests/spec/test_seq.py",
    "tests/spec/test_rules.py",
    "tests/spec/test_dialect.py",
    "tests/spec/tcp",
    "tests/checker/ir/test_ir.py",
)
"""What is run whatever changed: the RFC's rules, one by one, and what reads them."""
ELSEWHERE = {
    "README.md": "tests/docs",
    "docs": "tests/docs",
    "diagrams": "tests/checker/studies/test_diagram.py",
    "tests/captures": "tests/checker/conform",
    "proofs/results": "tests/checker/studies",
    "checker/cli": "tests/checker/studies",
}
"""Tests of what has none of its own name."""
LINTERS = {
    "ruff check": ["ruff", "check", "--quiet"],
    "ruff format": ["ruff", "format", "--check", "--quiet"],
    "mypy": ["mypy", "--no-error-summary"],
    "lint-imports": ["lint-imports", "--no-logo"],
}
SECONDS = 8.0
"""Of tests. To start and to find them takes two or three more; the linters go on beside them."""


def changed(base: str) -> list[str]:
    """Paths that differ from a revision; those of files that are gone too."""
    known = _git("diff", "--name-only", "--no-renames", base, "--")
    return sorted({*known, *_git("ls-files", "--others", "--exclude-standard")})


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"check: git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def all_tests() -> set[str]:
    return _within(ROOT / "tests")


def _within(place: Path) -> set[str]:
    found = [place] if place.is_file() else place.rglob("test_*.py")
    return {file.relative_to(ROOT).as_posix() for file in found}


def tests_of(path: str) -> set[str]:
    """The test files that a changed file calls for; none if nothing is known of it."""
    for place, tests in ELSEWHERE.items():
        if PurePosixPath(path).is_relative_to(place):
            return _within(ROOT / tests)
    match PurePosixPath(path).parts:
        case ("tests", *_, name) if re.fullmatch(r"test_.*\.py", name):
            return _within(ROOT / path) if (ROOT / path).exists() else set()
        case ("tests", *_) if path.endswith(".py"):
            return users(path)
        case ("spec" | "proofs" | "checker", *_):
            return mirrored(path)
    return set()


def mirrored(path: str) -> set[str]:
    """The tests of a module by its place, or else of the nearest folder around it."""
    source = PurePosixPath(path)
    around = [source.with_suffix(""), *source.parents][:-1]
    for part in around:
        place = ROOT / "tests" / part
        found = _within(place) if place.is_dir() else set()
        for name in (f"test_{part.name}.py", f"test_{part.name}_*.py"):
            found |= {test.relative_to(ROOT).as_posix() for test in place.parent.glob(name)}
        if found:
            return found
    return set()


def users(helper: str) -> set[str]:
    """The test files that import a module of ``tests``, also by way of another such module."""
    texts = {
        file.relative_to(ROOT).as_posix(): file.read_text()
        for file in (ROOT / "tests").rglob("*.py")
    }
    waiting, seen = [helper], {helper}
    while waiting:
        package, _, name = waiting.pop().removesuffix(".py").replace("/", ".").rpartition(".")
        uses = re.compile(
            rf"^\s*(from {package}\.{name} import|import {package}\.{name}\b"
            rf"|from {package} import [^\n]*\b{name}\b)",
            re.MULTILINE,
        )
        new = {file for file, text in texts.items() if uses.search(text)} - seen
        seen |= new
        waiting += new
    return {file for file in seen if PurePosixPath(file).name.startswith("test_")}


def chosen(paths: Iterable[str]) -> list[str]:
    """The test files to run, those of the core first."""
    core = set().union(*(_within(ROOT / place) for place in CORE))
    return [*sorted(core), *sorted(set().union(*map(tests_of, paths)) - core)]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="run check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", metavar="REV", default="HEAD", help="what changed since this")
    parser.add_argument("--seconds", metavar="N", type=float, default=SECONDS, help="for the tests")
    options = parser.parse_args()

    begun = time.monotonic()
    paths = changed(options.base)
    files = chosen(paths)
    linters = {
        name: subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for name, command in LINTERS.items()
    }
    # Compiled tests are kept, also where Python is told not to: they take a third of the time
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(ROOT / "build/pycache")}
    command = ["pytest", "-q", "-n", "0", "-rfE", "--within", str(options.seconds), *files]
    failed = []
    tests = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=os.environ | kept, check=False
    )
    if tests.returncode:
        failed.append("pytest")
    for name, process in linters.items():
        said, _ = process.communicate()
        if process.returncode:
            failed.append(name)
            print(f"\n{name}:\n{said.rstrip()}")

    print(f"\n{len(paths)} changed since {options.base}; ", end="")
    print(f"ran {len(files)} of {len(all_tests())} test files", end=" ")
    print(f"and {', '.join(LINTERS)} in {time.monotonic() - begun:.1f} s")
    print(
        f"FAILED: {', '.join(failed)}"
        if failed
        else "nothing failed of what ran; ./run test runs everything"
    )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
