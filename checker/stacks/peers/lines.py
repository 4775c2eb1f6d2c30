"""What endpoints in Python that speak lines (checker/stacks/drivers/lines.py) have in common."""

import os
import sys
from collections.abc import Callable

AGAIN = 3
"""The exit code of an endpoint that gives way to another."""


def serve(obey: Callable[[str, str], str], sent: Callable[[], list[bytes]]) -> None:
    """Answer lines until there are no more, or another endpoint is asked for."""
    for line in sys.stdin:
        word, _, argument = line.strip().partition(" ")
        if word == "fresh":
            os._exit(AGAIN)
        try:
            answer = "ok " + obey(word, argument)
        except Exception as error:  # whatever it refuses with
            answer = f"no {type(error).__name__}: {error}"
        for packet in sent():
            print("out", packet.hex())
        print(answer, flush=True)


def one_after_the_other(endpoint: Callable[[], None]) -> None:
    """``fresh`` begins another endpoint, in a process of its own: what was imported is there."""
    print("ready", flush=True)
    line = sys.stdin.readline()
    while line.strip() == "fresh":
        child = os.fork()
        if child == 0:
            print("ok", flush=True)
            endpoint()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        line = "fresh" if os.waitstatus_to_exitcode(status) == AGAIN else ""
