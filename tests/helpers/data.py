"""What ``conform --data`` finds in the captures: ``python -m tests.helpers.data`` writes it again.

A line for each check that neither holds nor had no occasion; once by the RFCs, and again with what
is known of Linux, where that says something else.
"""

from collections.abc import Iterator
from pathlib import Path

from checker.capture import frames
from checker.conform.connection import Connection
from checker.conform.data import Watch, timing
from checker.conform.follow import MIDDLE, Follower, Position
from checker.dataplane.judge import HOLDS, IDLE, Check
from tests.helpers.tshark import FOLDER, RULES, captures, name
from tests.helpers.wire import end

TABLE = FOLDER / "data.txt"


def judged(path: Path, rules: list[str], where: Position) -> list[Check]:
    """Of all connections of a capture."""
    watch, found = Watch(timing(rules)), []

    def done(connection: Connection) -> None:
        found.extend(watch.close(connection))

    follower = Follower(RULES, where, done)
    follower.feed(watch.over(follower, frames(path)))
    follower.finish()
    return found


def places(path: Path) -> dict[str, Position]:
    """Where it may be said to be taken."""
    found = {"middle": MIDDLE}
    if path.parent.name == "linux" and path.suffixes[0] in (".A", ".B"):
        found["end"] = end(path)
    if path.parent.name == "lossy":
        found["end"] = Position(role="client" if path.suffixes[0] == ".A" else "server")
    return found


def _lines(path: Path) -> Iterator[str]:
    for where, position in places(path).items():
        known: list[str] = []
        for rules in ([], ["linux"]):
            told = [
                f"{check.name} of {'AB'[check.side]} {check.verdict}: "
                + "; ".join([*(f"{f.packet} {f.text}" for f in check.found[:2]), *check.doubts[:1]])
                for check in judged(path, rules, position)
                if check.verdict not in (HOLDS, IDLE)
            ]
            if not rules or told != known:
                head = f"{name(path)} {where} {'linux' if rules else 'rfc'}"
                yield from (f"{head}: {line}" for line in told or ["nothing"])
            known = told
            if not rules and not told:
                break


def table() -> str:
    """Of all captures. Those of which there is nothing to say are not in it."""
    lines = [line for path in captures() for line in _lines(path)]
    return "\n".join(line for line in lines if not line.endswith(" rfc: nothing")) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table())
