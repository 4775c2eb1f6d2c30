"""Which changes of the rules do other projects' tests notice?

``python -m tests.programs.foreign_mutants`` makes the changes that ``python -m checker mutants``
makes, one at a time, and replays the facts of ``tests/foreign`` that agree with RFC 9293's own
rules. It says of each file how many changes there are, how many are at lines that a fact runs
through, and how many of these make a fact fail. With words it takes the places that contain one of
them. Facts of text that comes in all orders are many and alike: every fifth is asked.
"""

import argparse
import dataclasses
from collections import Counter, deque

from checker.ir.mutate import Mutant, applied, watched
from checker.stacks.foreign.facts import AGREES, Fact, Judge
from checker.stacks.foreign.sources import SOURCES
from checker.stacks.foreign.terms import switches
from checker.studies.mutants import FUNCTIONS, all_mutants
from spec.rules import Rules
from tests.programs import foreign

FIFTH = 5


def facts(text: bool) -> deque[Fact]:
    """Those that are asked, the quick ones first; those of connections with ``text`` too."""
    every = [f for table in foreign.tables() for f in table.facts if f.verdict == AGREES]
    quick = [f for f in every if not f.start.setup.mss]
    return deque([*quick, *[f for f in every if text and f.start.setup.mss][::FIFTH]])


def fails(judge: Judge, fact: Fact) -> bool:
    """Does the fact no longer agree?"""
    rules = dataclasses.replace(Rules(), **switches(fact.start.settings))
    try:
        _, done, agreed = judge.replay(fact, rules)
    except (AssertionError, ValueError, RecursionError):
        return True
    return not agreed or done.before.state.value != fact.state


def notices(change: Mutant, asked: deque[Fact]) -> bool:
    """Does a fact notice a change? What noticed the last one is asked first."""
    judge = Judge(SOURCES["freebsd-net/tcp-testsuite"])
    with applied(change):
        for at, fact in enumerate(asked):
            if fails(judge, fact):
                del asked[at]
                asked.appendleft(fact)
                return True
    return False


def main() -> None:
    """Ask of each change."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only places that contain one of these")
    parser.add_argument("--no-text", action="store_true", help="only facts without text: quick")
    args = parser.parse_args()
    words = args.words
    asked = facts(not args.no_text)
    judge = Judge(SOURCES["freebsd-net/tcp-testsuite"])
    with watched(FUNCTIONS) as lines:
        assert not any(fails(judge, fact) for fact in asked)
    changes: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    for change in all_mutants():
        if words and not any(w in f"{change.place} {change.function}" for w in words):
            continue
        changes[change.file] += 1
        if not any((change.file, n) in lines for n in range(change.first, change.last + 1)):
            continue
        reached[change.file] += 1
        if notices(change, asked):
            noticed[change.file] += 1
        else:
            said = f"{change.before} -> {change.after}"
            print(f"{change.place}: {change.function}: {said}: not noticed", flush=True)
    for file in changes:
        print(f"{file}: {changes[file]} changes, {reached[file]} reached, {noticed[file]} noticed")
    every = [sum(c.values()) for c in (changes, reached, noticed)]
    print(f"{every[0]} changes, {every[1]} reached, {every[2]} noticed, {len(asked)} facts")


if __name__ == "__main__":
    main()
