"""The kernel that runs this, as an endpoint that speaks lines (``lines.py``): for another machine.

``fresh`` begins another endpoint, and gives up the one before. A tick is a millisecond, in real
time; its answer says how many of them passed, since a packet ends the wait.
"""

import sys
from contextlib import ExitStack

from checker.stacks.drivers.kernel import KERNEL
from checker.stacks.drivers.stack import Refused, Stack


def main() -> None:
    """Answer lines until there are no more."""
    print("ready", flush=True)
    with ExitStack() as current:
        stack: Stack | None = None
        for line in sys.stdin:
            word, _, argument = line.strip().partition(" ")
            try:
                if word == "fresh":
                    current.close()
                    stack = current.enter_context(KERNEL.start())
                    answer = "ok"
                elif stack is None:
                    answer = "no endpoint: say fresh"
                else:
                    answer = "ok " + _obey(stack, word, argument)
            except Refused as error:
                answer = f"no {error}"
            for packet in stack.packets() if stack is not None else ():
                print(f"out {packet.hex()}")
            print(answer, flush=True)


def _obey(stack: Stack, word: str, argument: str) -> str:
    if word == "in":
        stack.inject(bytes.fromhex(argument))
    elif word == "tick":
        return str(round(1000 * stack.advance(int(argument) / 1000)))
    elif word == "state":
        told = stack.state()
        return "?" if told is None else told.state + " record" * (not told.whole)
    elif word == "tcb":
        numbers = stack.numbers()
        return f"rcv.nxt={numbers.rcv_nxt} snd.una={numbers.snd_una}" if numbers else ""
    else:
        stack.call(word)
    return ""


if __name__ == "__main__":
    main()
