"""``bench``: how many states, how fast, in how much memory, against whom.

It takes one case (a profile under rules and bounds), exports it, and has it searched to its end by
the reference explorer, by the native engine and that of sets, with one and two threads, and by the
other checkers that are installed, one after another on the same machine. Each run is a process of
its own, several times. Times and memory are medians of whole processes. Compilation is counted
apart: gcc's for SPIN and Rumur, and numba's for ours when nothing is compiled yet. A tool that does
not finish in time, or within its memory, has a row that says so. Counts must be equal: a comparison
of checkers that search different systems would mean nothing.

``starts`` measures how soon there is a result: whole processes of short commands, beside Python's
own start.
"""

import importlib.util
import json
import os
import platform
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from checker.engines.peers import rumur, spin, tlc
from checker.engines.peers.peer import PeerRun, measure
from checker.exports.murphi import murphi
from checker.exports.promela import promela
from checker.exports.tlaplus import tlaplus
from checker.model.model import Model
from checker.model.options import choose_profile, choose_rules
from checker.studies.crosscheck import PEERS, missing
from checker.support import machine
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, ToolProblem
from checker.support.names import unknown

TOOLS = (
    *("explore", "native", "native-2", "sets", "sets-2", "sorted", "sorted-2"),
    *("distributed-2", "distributed-4", "spin-dfs", "spin-bfs", "spin-bfs-par", "tlc"),
    *("rumur", "rumur-2"),
)
"""Who can be asked; ``native-2``, ``sets-2``, ``sorted-2`` and ``rumur-2`` have two threads,
``distributed-2`` two workers, ``spin-bfs-par`` two processes."""

SLOWED = ("rumur", "rumur-2")
"""Compiled without optimisation, so that their times say little: measured where they are named."""

COMPILED = ("native", "sets", "sorted")
"""Our engines whose compilation is counted."""

_THREADS = {
    **{"native-2": 2, "sets-2": 2, "sorted-2": 2},
    **{"distributed-2": 2, "distributed-4": 4, "spin-bfs-par": 2, "rumur-2": 2},
}


@dataclass(slots=True, kw_only=True)
class Row:
    """The runs of one tool: medians. Times are in seconds, memory in octets."""

    tool: str
    threads: int
    states: int | None
    transitions: int | None
    depth: int | None
    wall_s: float  # without compilation
    compile_s: float
    rss_bytes: int
    complete: bool
    runs: int
    note: str = ""
    steady: bool = True  # all complete runs counted the same

    @property
    def states_per_s(self) -> float:
        """Distinct states for each second of ``wall_s``."""
        return (self.states or 0) / self.wall_s if self.wall_s else 0.0

    @property
    def bytes_per_state(self) -> float:
        """Peak memory of the whole process for each distinct state."""
        return self.rss_bytes / self.states if self.states else 0.0


def bench(
    profile: str,
    rules: Mapping[str, Any],
    bounds: Mapping[str, Any],
    tools: Sequence[str] | None = None,
    *,
    repeat: int = 3,
    timeout: float = 1800.0,
    memory: int | None = None,
    said: Callable[[str], None] = lambda line: None,
) -> list[Row]:
    """Measure ``tools`` on one case; ``said`` is told of each run. Memory is in octets.

    Who is named must be there; if nobody is, those that are installed are measured.
    """
    for tool in tools or ():
        if tool not in TOOLS:
            raise unknown("tool", tool, TOOLS)
        if why := _missing(tool):
            raise ToolProblem(f"{tool}: {why}")
    memory = memory or machine.spare()
    model = Model(choose_rules(rules), *choose_profile(profile, bounds))
    words = ["--profile", profile]
    words += [w for name, value in rules.items() for w in ("--rules", f"{name}={_text(value)}")]
    words += [w for name, value in bounds.items() for w in ("--bounds", f"{name}={_text(value)}")]
    rows: list[Row] = []
    for tool in tools or [tool for tool in TOOLS if tool not in SLOWED]:
        if why := _missing(tool):
            said(f"{tool}: skipped: {why}")
            continue
        if tool.startswith("spin"):
            known = max((row.states or 0 for row in rows), default=0)
            rows.append(_spin(tool, model, known, repeat, timeout, memory, said))
        elif tool.startswith("rumur"):
            rows.append(_rumur(tool, model, repeat, timeout, said))
        elif tool == "tlc":
            rows.append(_tlc(model, repeat, timeout, said))
        else:
            rows.append(_ours(tool, words, repeat, timeout, memory, said))
    return rows


def _missing(tool: str) -> str:
    """Why ``tool`` cannot be asked; nothing if it can."""
    if tool.startswith("distributed") and importlib.util.find_spec("ray") is None:
        return "Ray is not installed"
    return missing(tool.partition("-")[0]) if tool.startswith(tuple(PEERS)) else ""


def _text(value: Any) -> str:
    return str(getattr(value, "value", int(value) if isinstance(value, bool) else value))


def median(tool: str, runs: Sequence[Row]) -> Row:
    """The row of several runs; all must have reached the end, and counted the same."""
    counted = {(run.states, run.transitions) for run in runs if run.complete}
    worst = min(runs, key=lambda run: run.complete)
    return Row(
        tool=tool,
        threads=worst.threads,
        states=worst.states,
        transitions=worst.transitions,
        depth=worst.depth,
        wall_s=round(statistics.median(run.wall_s for run in runs), 3),
        compile_s=round(statistics.median(run.compile_s for run in runs), 3),
        rss_bytes=int(statistics.median(run.rss_bytes for run in runs)),
        complete=worst.complete,
        runs=len(runs),
        note=worst.note,
        steady=len(counted) <= 1,
    )


def _ours(
    tool: str,
    words: Sequence[str],
    repeat: int,
    timeout: float,
    memory: int,
    said: Callable[[str], None],
) -> Row:
    """Runs of ``python -m checker explore``."""
    threads = _THREADS.get(tool, 1)
    engine = tool.partition("-")[0]
    compile_s = _compile_time(engine) if engine in COMPILED else 0.0
    with tempfile.TemporaryDirectory() as place:
        answer = Path(place) / "explored.json"
        command = [sys.executable, "-m", "checker", "explore", *words, "--engine", engine]
        command += ["--json", str(answer), "--max-memory", str(memory / 2**30)]
        command += ["--threads", str(threads)] if threads > 1 or engine in COMPILED else []

        def once() -> Row:
            answer.unlink(missing_ok=True)
            done = measure(command, Path.cwd(), timeout)
            found = json.loads(answer.read_text()) if answer.exists() else {}
            note = f"more than {timeout:.0f} s" if done.timed_out else found.get("why", "")
            if not found and not note:
                note = f"ended with {done.code}: " + (done.stdout.strip().splitlines() or [""])[-1]
            return Row(
                tool=tool,
                threads=threads,
                states=found.get("states"),
                transitions=found.get("transitions"),
                depth=found.get("depth"),
                wall_s=done.wall_s,
                compile_s=compile_s,
                # Of a distributed search, its workers' too; Ray's own processes are not counted
                rss_bytes=done.rss_bytes + sum(s["resident"] for s in found.get("shares", ())),
                complete=bool(found.get("complete")),
                runs=1,
                note=note,
            )

        return median(engine, _repeated(once, repeat, said))


def _compile_time(engine: str) -> float:
    """Seconds that a first search takes more when nothing is compiled yet."""
    words = ["--profile", "forgery", "--engine", engine]
    command = [sys.executable, "-m", "checker", "explore", *words]
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = (
            measure(command, Path.cwd(), env={"XDG_CACHE_HOME": cache}).wall_s for _ in range(2)
        )
    return max(0.0, cold - warm)


def _spin(
    tool: str,
    model: Model,
    known: int,
    repeat: int,
    timeout: float,
    memory: int,
    said: Callable[[str], None],
) -> Row:
    """Runs of one SPIN verifier without any claim.

    It is given a hash table with a slot for each state, ``known`` from others' runs, and room for
    a depth-first search as deep as that, up to forty million.
    """
    text = promela(model.composition, {}, {})
    mode = tool.partition("-")[2]
    depth, table = min(max(known, 1_000_000), 40_000_000), max(20, known.bit_length())
    with spin.Verifier(text, mode, memory_mb=memory >> 20) as verifier:

        def once() -> Row:
            return _row(tool, verifier.run(depth=depth, table=table, timeout=timeout))

        return median(tool, _repeated(once, repeat, said))


def _rumur(
    tool: str, model: Model, repeat: int, timeout: float, said: Callable[[str], None]
) -> Row:
    """Runs of one Rumur verifier without any claim.

    It is compiled without optimisation, and slow therefore: what Rumur makes of our large rules
    takes gcc minutes at -O1 already.
    """
    text = murphi(model.composition, {})
    with rumur.Verifier(text, _THREADS.get(tool, 1), optimise="-O0") as verifier:
        rows = _repeated(lambda: _row(tool, verifier.run(timeout=timeout)), repeat, said)
        return median("rumur", rows)


def _tlc(model: Model, repeat: int, timeout: float, said: Callable[[str], None]) -> Row:
    module, configuration = tlaplus(model.composition, {})
    rows = _repeated(
        lambda: _row("tlc", tlc.run(module, configuration, timeout=timeout)), repeat, said
    )
    return median("tlc", rows)


def _repeated(once: Callable[[], Row], repeat: int, said: Callable[[str], None]) -> list[Row]:
    """So many runs, or up to the first that does not finish."""
    rows: list[Row] = []
    while len(rows) < repeat and all(row.complete for row in rows):
        rows.append(once())
        said(_line(rows[-1]))
    return rows


def _row(tool: str, run: PeerRun) -> Row:
    return Row(
        tool=tool,
        threads=_THREADS.get(tool, 1),
        states=run.states,
        transitions=run.transitions,
        depth=run.depth,
        wall_s=run.wall_s,
        compile_s=run.compile_s,
        rss_bytes=run.rss_bytes,
        complete=run.complete,
        runs=1,
        note=run.note,
    )


def _line(row: Row) -> str:
    states = "?" if row.states is None else f"{row.states:,}"
    note = "" if row.complete else f" (not complete: {row.note})"
    return f"{row.tool}, {row.threads} threads: {states} states, {row.wall_s:.1f} s{note}"


STARTS = (
    "--version",
    "list rules",
    "trace T2 --rules three_way=off",
    "explore --profile forgery --engine native",
    "verify T1 --small",
)
"""Commands whose first result one waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Whole processes of one command: medians, in seconds, and how many times as long as a Python
    that does nothing they take."""

    command: str
    wall_s: float
    cpu_s: float  # of all its processes
    ratio: float
    runs: int


def starts(repeat: int, said: Callable[[str], None] = lambda line: None) -> list[Start]:
    """Measure short commands, in turns, and beside them ``python -c pass``, which comes first.

    Each has run once before, so that nothing is compiled; not even where the environment forbids to
    keep what Python compiles.
    """
    python = [sys.executable, "-c", "pass"]
    ours = [[sys.executable, "-m", "checker", *shlex.split(command)] for command in STARTS]
    names = ["python -c pass", *STARTS]
    walls: dict[str, list[float]] = {name: [] for name in names}
    cpus: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeat + 1):
        for name, command in zip(names, [python, *ours], strict=True):
            done = measure(command, Path.cwd(), env={"PYTHONDONTWRITEBYTECODE": ""})
            if done.code:
                raise ToolProblem(f"{name} ended with {done.code}: {done.stdout.strip()[-200:]}")
            if turn:
                walls[name].append(done.wall_s)
                cpus[name].append(done.cpu_s)
        said(f"turn {turn} of {repeat}")
    least = statistics.median(walls[names[0]])
    rows = []
    for name in names:
        wall, cpu = statistics.median(walls[name]), statistics.median(cpus[name])
        ratio = round(wall / least, 1)
        rows.append(
            Start(
                command=name,
                wall_s=round(wall, 3),
                cpu_s=round(cpu, 3),
                ratio=ratio,
                runs=repeat,
            )
        )
    return rows


def baseline(rows: Sequence[Row]) -> Row | None:
    """What the others are compared with: the native engine's run on one thread."""
    return next((row for row in rows if (row.tool, row.threads) == ("native", 1)), None)


def exit_code(rows: Sequence[Row]) -> int:
    """1 if two runs that reached the end counted differently, 3 if none did."""
    ended = [row for row in rows if row.complete]
    if len({(row.states, row.transitions) for row in ended}) > 1 or not all(
        row.steady for row in rows
    ):
        return VIOLATED
    return OK if ended else INCONCLUSIVE


def described() -> dict[str, Any]:
    """What the numbers were measured on."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
    }


def document_of_starts(rows: Sequence[Start]) -> dict[str, Any]:
    """The JSON of starts."""
    return {"version": 1, "machine": described(), "starts": [asdict(row) for row in rows]}


def document(
    rows: Sequence[Row], profile: str, rules: Mapping[str, Any], bounds: Mapping[str, Any]
) -> dict[str, Any]:
    """The JSON of a bench."""
    return {
        "version": 1,
        "machine": described(),
        "profile": profile,
        "rules": {name: _text(value) for name, value in rules.items()},
        "bounds": {name: int(value) for name, value in bounds.items()},
        "rows": [
            {
                **asdict(row),
                "states_per_s": round(row.states_per_s),
                "bytes_per_state": round(row.bytes_per_state, 1),
            }
            for row in rows
        ],
    }
