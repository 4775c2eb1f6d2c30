"""Rumur on a Murphi model: an independent checker that counts the same states and steps.

Rumur writes a verifier in C, gcc compiles it, and it is run: breadth-first, so that on one thread
its counterexamples are shortest. Symmetry reduction is off, since it would count orbits of states,
and a state without a successor is no error. Rules fired are steps: the start state is none.

A verifier tells what it found in XML. It does not tell how deep the deepest state is.
"""

import platform
import re
import xml.etree.ElementTree as xml

from checker.engines.peers.peer import Measured, PeerRun, Program, found, last, measure

_ALWAYS = (
    *("--symmetry-reduction", "off", "--deadlock-detection", "off"),
    *("--output-format", "machine-readable"),
)


class Verifier(Program):
    """A model made into a program.

    The set of states visited begins with ``capacity`` octets; it grows.
    """

    def __init__(
        self,
        model: str,
        threads: int = 1,
        *,
        optimise: str = "-O3",
        capacity: int = 8 << 20,
        timeout: float | None = None,
    ) -> None:
        self.threads = threads
        super().__init__("model.m", model)
        options = [*_ALWAYS, "--threads", str(threads), "--set-capacity", str(capacity)]
        wide = ["-mcx16"] if _wide() else []
        with self.making():
            rumur = [found("rumur"), *options, "--output", "model.c", "model.m"]
            self.make(rumur, "model.c", timeout)
            gcc = [found("gcc"), optimise, "-w", *wide, "-o", "model", "model.c", "-lpthread"]
            self.make(gcc, "model", timeout)

    def run(self, *, timeout: float | None = None) -> PeerRun:
        """Search."""
        return read(measure(["./model"], self.directory, timeout), self.threads, self.compile_s)


def run(
    model: str, threads: int = 1, *, timeout: float | None = None, optimise: str = "-O3"
) -> PeerRun:
    """Build a verifier of ``model`` and run it."""
    with Verifier(model, threads, optimise=optimise, timeout=timeout) as verifier:
        return verifier.run(timeout=timeout)


def read(done: Measured, threads: int = 1, compile_s: float = 0.0) -> PeerRun:
    """What a verifier's output says.

    The length of a counterexample is the rules that it fires; on several threads it need not be
    the shortest, and is not told.
    """
    states = transitions = errors = violated = length = None
    note = ""
    try:
        told = xml.fromstring(done.stdout)
    except xml.ParseError:
        told = xml.Element("nothing")
    summary = told.find("summary")
    if summary is not None:
        states, transitions, errors = (
            int(summary.get(name, "-1")) for name in ("states", "rules_fired", "errors")
        )
    if done.timed_out:
        note = f"killed after {done.wall_s:.0f} s"
    elif errors is None:
        note = f"the verifier ended with code {done.code}: {last(done.stdout)}"
    elif errors:
        said = told.findtext("error/message") or "an error that is not told"
        by = re.fullmatch(r'invariant "(.*)" failed', said)
        if by is None:
            note = said
        else:
            violated = by[1]
            if threads == 1:
                length = len(told.findall("error/transition")) - 1
    elif done.code:
        note = f"the verifier ended with code {done.code}"
    return PeerRun(
        tool="rumur",
        mode="breadth-first",
        states=states,
        transitions=transitions,
        violated=violated,
        length=length,
        wall_s=done.wall_s,
        compile_s=compile_s,
        rss_bytes=done.rss_bytes,
        complete=not note and violated is None,
        note=note,
    )


def _wide() -> bool:
    """Does gcc need to be told that the processor swaps two words at once?"""
    return platform.machine() == "x86_64"
