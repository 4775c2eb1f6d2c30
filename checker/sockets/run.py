"""``sockets``: a table is read, explained on the terminal, and written as JSON."""

from pathlib import Path

from checker.sockets import meaning
from checker.sockets.table import read
from checker.support import files, terminal
from checker.support.errors import INCONCLUSIVE, OK, UsageProblem


def explain(table: Path, json: Path | None) -> int:
    """Say what the states in a table mean; the exit code."""
    files.apart((json,), [table])
    try:
        with table.open(encoding="utf-8", errors="backslashreplace") as file:
            found = meaning.summary(read(file))
    except OSError as error:
        raise UsageProblem(f"cannot read {str(table)!r}: {error.strerror}") from error
    if not found.sockets:
        raise UsageProblem(
            f"{str(table)!r} has no line with a state and two sockets: is it of `ss -tan`, "
            "`netstat -tan` or /proc/net/tcp? (ss leaves the state out where it is chosen)"
        )
    for line in meaning.lines(found, terminal.room()):
        print(line)
    if json is not None:
        files.write_json(json, found.as_json())
    return INCONCLUSIVE if found.refused else OK
