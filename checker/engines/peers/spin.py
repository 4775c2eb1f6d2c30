"""SPIN on a Promela model: an independent checker that counts the same states and steps.

SPIN writes a verifier in C, gcc compiles it, and it is run: depth-first (``dfs``), breadth-first
(``bfs``, whose counterexamples are shortest) or breadth-first on two cores (``bfs-par``). Partial
order reduction is off, and no state is hashed away. SPIN counts the initial state as a transition,
so one is taken off. A failed claim is a step of its own, whose depth is the length of the run
to the state that it is about.

A verifier's exit code says nothing. It is asked whether it stopped early: at its depth, at its
memory, at a full table, or dead.
"""

import re
from collections.abc import Sequence

from checker.engines.peers.peer import Measured, PeerRun, Program, found, last, measure

MODES = {
    "dfs": ("-DSAFETY",),
    "bfs": ("-DSAFETY", "-DBFS"),
    "bfs-par": ("-DSAFETY", "-DBFS_PAR", "-DBFS_MAXPROCS=2"),
}
"""What tells the compiler how to search. The breadth-first ones take no hidden variables."""

_ALWAYS = ("-DNOREDUCE", "-DNOFAIR", "-DNOBOUNDCHECK")
_DEPTH = 1_000_000  # of the depth-first search: no run visits a state twice


class Verifier(Program):
    """A model made into a program.

    ``defines`` are macros of the model: the checks to be made.
    """

    def __init__(
        self,
        model: str,
        mode: str = "dfs",
        defines: Sequence[str] = (),
        *,
        memory_mb: int = 4096,
        optimise: str = "-O3",
        timeout: float | None = None,
    ) -> None:
        self.mode = mode
        super().__init__("model.pml", model)
        scratch = [] if mode == "dfs" else ["-DSCRATCH="]
        macros = [*scratch, *(f"-D{name}" for name in defines)]
        with self.making():
            self.make([found("spin"), *macros, "-a", "model.pml"], "pan.c", timeout)
            self._count_exactly()
            gcc = [found("gcc"), optimise, "-w", *MODES[mode], *_ALWAYS, f"-DMEMLIM={memory_mb}"]
            self.make([*gcc, "-o", "pan", "pan.c"], "pan", timeout)

    def _count_exactly(self) -> None:
        """Have the verifier print its counts whole: as it is made, it rounds to eight digits."""
        source = self.directory / "pan.c"
        text = source.read_text("utf-8", errors="surrogateescape")
        source.write_text(text.replace("%9.8g", "%.15g"), "utf-8", errors="surrogateescape")

    def run(self, *, depth: int = _DEPTH, table: int = 22, timeout: float | None = None) -> PeerRun:
        """Search; ``depth`` bounds the depth-first search, and reaching it is no result.

        The hash table has 2^``table`` slots; too few make it slow, not wrong.
        """
        limits = [f"-m{depth}"] if self.mode == "dfs" else []
        done = measure(["./pan", f"-w{table}", *limits], self.directory, timeout)
        return read(done, self.mode, self.compile_s)


def run(
    model: str,
    mode: str = "dfs",
    defines: Sequence[str] = (),
    *,
    timeout: float | None = None,
    optimise: str = "-O3",
) -> PeerRun:
    """Build a verifier of ``model`` and run it."""
    with Verifier(model, mode, defines, optimise=optimise, timeout=timeout) as verifier:
        return verifier.run(timeout=timeout)


_STOPPED = (
    "max search depth too small",
    "Search not completed",
    "reached -DMEMLIM",
    "out of memory",
    "hash table is full",
    "aborting",
    "block in d_step",
)
"""What a verifier says that did not visit every state."""


def read(done: Measured, mode: str, compile_s: float = 0.0) -> PeerRun:
    """What a verifier's output says."""
    text = done.stdout
    states = _number(r"^\s*([\d.e+]+) states, stored", text)
    taken = _number(r"^\s*([\d.e+]+) transitions", text)
    depth = _number(r"depth reached ([\d.e+]+)", text)
    errors = _number(r"errors: (\d+)", text)
    note = ""
    violated = length = None
    if done.timed_out:
        note = f"killed after {done.wall_s:.0f} s"
    elif done.code:
        note = f"the verifier ended with code {done.code}: {last(text)}"
    elif errors is None or states is None or taken is None:
        note = f"the verifier gave no counts: {last(text)}"
    elif errors:
        at = re.search(r"pan:\d+: assertion violated.*\(at depth (\d+)\)", text)
        if at is None:
            said = re.search(r"pan:\d+: (.*)", text)
            note = said[1] if said else "an error that is no failed claim"
        else:
            violated, length = "assertion", int(at[1])
    else:
        note = next((line for sign in _STOPPED for line in text.splitlines() if sign in line), "")
    return PeerRun(
        tool="spin",
        mode=mode,
        states=states,
        transitions=None if taken is None else taken - 1,
        depth=depth,
        violated=violated,
        length=length,
        wall_s=done.wall_s,
        compile_s=compile_s,
        rss_bytes=done.rss_bytes,
        complete=not note and violated is None,
        note=note,
    )


def _number(pattern: str, text: str) -> int | None:
    """A count; from ten million on, SPIN rounds to eight digits and writes 1.2345678e+08."""
    match = re.search(pattern, text, re.MULTILINE)
    return None if match is None else int(float(match.group(1)))
