"""Reads other projects' scripts, and writes what they say as facts.

    python -m tests.programs.foreign freebsd-net/tcp-testsuite CLONE
    python -m tests.programs.foreign "google/gvisor packetimpact" READINGS
    python -m tests.programs.foreign --judge --page

``CLONE`` is a folder with the project's files. The table goes to ``tests/foreign``, and has no line
of a script; the commit is that of the clone, or ``--commit``. ``READINGS`` is a file of what was
read by hand, since those tests are programs. The last form needs no clone: it judges all facts
anew, as after a change of a stack's profile, and writes the page.
"""

import argparse
import subprocess
from pathlib import Path

from checker.stacks.foreign.facts import (
    Judge,
    Table,
    derive,
    derive_by_hand,
    derive_learned,
    dump,
    load,
)
from checker.stacks.foreign.page import PAGE, page
from checker.stacks.foreign.sources import SOURCES

ROOT = Path(__file__).parents[2]
HERE = ROOT / "tests" / "foreign"
COMMAND = "python -m tests.programs.foreign --judge --page"


def file(source: str) -> Path:
    """Where a project's facts stand."""
    return HERE / f"{source.replace('/', '-').replace(' ', '-')}.toml"


def tables() -> list[Table]:
    """All tables."""
    return [load(file(source)) for source in SOURCES if file(source).exists()]


def main() -> None:
    """Read a clone, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", choices=sorted(SOURCES))
    parser.add_argument("clone", nargs="?", type=Path)
    parser.add_argument("--commit", help="of the clone, if it has no repository")
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--page", action="store_true")
    args = parser.parse_args()
    if args.clone is not None:
        source = SOURCES[args.source]
        if args.clone.is_file():
            table = derive_by_hand(source, args.clone)
        else:
            reads = derive_learned if source.learned else derive
            table = reads(source, args.clone, args.commit or _head(args.clone))
        file(args.source).write_text(dump(table))
        counts = dict(table.counts())
        print(f"{table.scripts} scripts, {table.events} events, {len(table.facts)} facts: {counts}")
    if args.judge:
        for table in tables():
            judge = Judge(SOURCES[table.source])
            for fact in table.facts:
                judge.judge(fact)
            file(table.source).write_text(dump(table))
    if args.page:
        (ROOT / PAGE).write_text(page(tables(), COMMAND))


def _head(clone: Path) -> str:
    command = ["git", "-C", str(clone), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
