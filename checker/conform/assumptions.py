"""What the user says of a capture that it does not show, and that a verdict then rests on."""

from collections.abc import Iterable
from dataclasses import dataclass

from checker.support.errors import UsageProblem
from checker.support.names import unknown
from spec.tcp.tcb import State

WORDS = ("no-abort", "fresh-isn", "rate-limits", "user-timeout>SECONDS", "state=STATE")


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Hypotheses; by default there are none, but that what was seen to arrive has arrived."""

    arrived: bool = True  # at its own capture, what an end was seen to be sent has arrived
    no_abort: bool = False  # nobody called ABORT, or its reset is in the capture
    fresh_isn: bool = False  # no ISN is that of the connection before
    rate_limits: bool = False  # challenge ACKs may be missing (RFC 5961, 7)
    user_timeout: float = 0.0  # seconds that it takes, at least, after the last segment
    state: State | None = None  # of an end that was not seen to open
    words: tuple[str, ...] = ()  # as they were given


def assume(words: Iterable[str], arrived: bool = True, rate_limits: bool = False) -> Assumptions:
    """From the words after ``--assume``."""
    chosen: dict[str, object] = {"arrived": arrived, "rate_limits": rate_limits}
    words = tuple(dict.fromkeys(words))
    for kind in ("user-timeout>", "state="):
        if len(given := [word for word in words if word.startswith(kind)]) > 1:
            raise UsageProblem(f"--assume {given[0]} and {given[1]} exclude each other")
    for word in words:
        if word.startswith("user-timeout>"):
            seconds = word.partition(">")[2].removesuffix("s")
            if not seconds.replace(".", "", 1).isdigit():
                raise UsageProblem(f"--assume {word!r}: user-timeout> is followed by seconds")
            chosen["user_timeout"] = float(seconds)
        elif word.startswith("state="):
            name = word.partition("=")[2].upper().replace("_", "-")
            states = {state.value: state for state in State}
            if name not in states:
                raise unknown("state", name, states)
            chosen["state"] = states[name]
        elif word in WORDS:
            chosen[word.replace("-", "_")] = True
        else:
            raise unknown("assumption", word, WORDS)
    return Assumptions(words=words, **chosen)  # type: ignore[arg-type]
