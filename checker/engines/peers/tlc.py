"""TLC on a TLA+ module: an independent checker that counts the same states and steps.

TLC searches breadth-first with one worker, so that its counterexamples are shortest and its
depth means something. It counts a generated state for every step from every state and for each
initial state, and numbers levels from 1; a ``PeerRun`` has steps in both, so one is taken off.

``TLA2TOOLS_JAR`` names the jar of the TLA+ tools (https://github.com/tlaplus/tlaplus), which Java
runs.
"""

import os
import re
import tempfile
from pathlib import Path

from checker.engines.peers.peer import Measured, PeerRun, found, measure
from checker.support.errors import ToolProblem

JAR = "TLA2TOOLS_JAR"

_MESSAGE = re.compile(r"@!@!@STARTMSG (\d+):\d+ @!@!@\n(.*?)\n@!@!@ENDMSG \1 @!@!@", re.DOTALL)
"""A message with ``-tool``: its number and its text."""

# Numbers of messages (tlc2.output.EC), the same in every version since 2009
_SUCCESS, _COUNTS, _DEPTH, _STATE = 2193, 2199, 2194, 2217
_INVARIANT, _INITIAL = 2110, 2107  # a violation, and one by an initial state


def tools() -> tuple[str, Path]:
    """Java, and the jar; a problem if either is missing."""
    name = os.environ.get(JAR)
    if not name:
        raise ToolProblem(f"no TLC: set {JAR} to the path of tla2tools.jar")
    jar = Path(name).absolute()
    if not jar.is_file():
        raise ToolProblem(f"no TLC: {JAR}={name} is no file")
    return found("java"), jar


def run(
    module: str,
    configuration: str,
    *,
    timeout: float | None = None,
    memory: str = "2g",
) -> PeerRun:
    """Check ``module`` as ``configuration`` says.

    States without a successor are no error. ``violated`` is the invariant's name in the module.
    A run that TLC itself does not call complete, or call a violation, is incomplete; its
    ``note`` says why.
    """
    java, jar = tools()
    name = _name(module)
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        here.joinpath(f"{name}.tla").write_text(module, "utf-8")
        here.joinpath(f"{name}.cfg").write_text(configuration, "utf-8")
        command: list[str | Path] = [
            java,
            "-XX:+UseParallelGC",
            "-Xss64m",  # expressions are deep
            f"-Xmx{memory}",
            f"-Djava.io.tmpdir={here}",
            "-cp",
            jar,
            "tlc2.TLC",
            *("-tool", "-workers", "1", "-deadlock", "-metadir", here / "states", name),
        ]
        return read(measure(command, here, timeout))


def parse(module: str, timeout: float = 60.0) -> None:
    """Check the syntax, names and arities of ``module`` with SANY; a problem if they are wrong."""
    java, jar = tools()
    name = _name(module)
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        here.joinpath(f"{name}.tla").write_text(module, "utf-8")
        options = ["-Xss64m", f"-Djava.io.tmpdir={here}", "-cp", str(jar)]
        done = measure([java, *options, "tla2sany.SANY", f"{name}.tla"], here, timeout)
    # SANY does not say so with its exit code in every version.
    wrong = re.search(r"\*\*\* ?(Parse Error|Errors|Abort)|(Fatal|Semantic) errors", done.stdout)
    reached = f"Semantic processing of module {name}" in done.stdout
    if done.code or wrong or done.timed_out or not reached:
        raise ToolProblem(f"SANY does not accept module {name}: {_excerpt(done.stdout)}")


def read(done: Measured) -> PeerRun:
    """What a run of TLC with ``-tool`` found."""
    messages = [(int(number), text) for number, text in _MESSAGE.findall(done.stdout)]
    said = dict(messages)
    states = transitions = depth = left = length = None
    if counts := re.match(
        r"([\d,]+) states generated, ([\d,]+) distinct states found, ([\d,]+) states left",
        said.get(_COUNTS, ""),
    ):
        generated, states, left = (int(n.replace(",", "")) for n in counts.groups())
        transitions = generated - 1
    if levels := re.search(r"search is (\d+)", said.get(_DEPTH, "")):
        depth = int(levels[1]) - 1
    violated = None
    for number in (_INVARIANT, _INITIAL):
        if by := re.match(r"Invariant (\S+) is violated", said.get(number, "")):
            violated = by[1]
            trace = [text for number, text in messages if number == _STATE]
            length = max(len(trace) - 1, 0)
    complete = not done.timed_out and done.code == 0 and _SUCCESS in said and left == 0
    note = ""
    if done.timed_out:
        note = f"killed after {done.wall_s:.0f} s"
    elif not complete and violated is None:
        note = f"TLC ended with code {done.code}: {_excerpt(done.stdout)}"
    return PeerRun(
        tool="tlc",
        mode="breadth-first",
        states=states,
        transitions=transitions,
        depth=depth,
        violated=violated,
        length=length,
        wall_s=done.wall_s,
        rss_bytes=done.rss_bytes,
        complete=complete,
        note=note,
    )


def _name(module: str) -> str:
    """The name that a module gives itself."""
    first = re.match(r"-{4,} *MODULE +(\w+) *-{4,}", module)
    if first is None:
        raise ValueError("a TLA+ module begins with ---- MODULE name ----")
    return first[1]


def _excerpt(text: str) -> str:
    """The lines that say what went wrong, or the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "@!@!@" not in line]
    for i, line in enumerate(lines):
        if re.search(r"error|exception|Unknown operator|Encountered", line, re.IGNORECASE):
            return " ".join(lines[i : i + 8])[:500]
    return lines[-1][:500] if lines else "it said nothing"
