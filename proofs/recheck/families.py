"""Certificates of families of runs: that no shorter TIME-WAIT is enough.

A family is a run with open delays, and what each of its steps asks is a script. It is refused where

* a file is missing, was added, or is not what the manifest's digest says;
* the scripts do not cover the run: for each step, all that it asks; that there are delays as
  supposed, that the bound is the run's own, and an example; for each theorem, all families that
  were written;
* a script is not what it is written down as: another name or rule, a hypothesis that is none of
  the run's, a command other than declarations, assertions and one ``check-sat`` at the end.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofs.recheck.terms import Bad

CHOICE, NO_MORE, EXAMPLE, BEYOND = "choice", "no more", "example", "beyond"


@dataclass(frozen=True, slots=True)
class Script:
    """A file, and what the manifest says of it."""

    file: str
    sha256: str
    action: str
    path: int
    clause: str
    rules: tuple[str, ...]
    line: str
    hypotheses: tuple[str, ...]

    def header(self) -> list[str]:
        """The comment that must begin it."""
        return [
            f"; obligation: {self.action}.{self.path}.{self.clause}",
            f"; clause: {self.clause}",
            *(f"; rule: {rule}" for rule in self.rules),
            f"; line: {self.line}",
            *(f"; hypothesis: {name}" for name in self.hypotheses),
        ]


def scripts(family: dict[str, Any]) -> list[Script]:
    """The scripts of a family."""
    return [
        Script(
            o["file"],
            o["sha256"],
            o["action"],
            o["path"],
            o["clause"],
            tuple(o["rules"]),
            o["line"],
            tuple(o["hypotheses"]),
        )
        for o in family["obligations"]
    ]


def whole(family: dict[str, Any]) -> set[tuple[int, str]]:
    """What must be proved of a family, beside its steps."""
    wanted = {(0, EXAMPLE)}
    if family["delays"]:
        wanted.add((0, CHOICE))
    if family["condition"]:
        wanted.add((0, NO_MORE))
    if family["complement"]:
        wanted.add((0, BEYOND))
    return wanted


def run_coverage(family: dict[str, Any], found: Sequence[Script]) -> Iterator[str]:
    """What the obligations of a family leave open, and what they are beside it."""
    wanted = whole(family)
    for number, step in enumerate(family["steps"], 1):
        if step["number"] != number:
            yield "its steps are not numbered from 1 on"
        if not step["who"] and "time goes on" not in step["asks"]:
            yield f"step {number} is a wait, but does not ask that time goes on"
        wanted |= {(number, ask) for ask in step["asks"]}
    held = Counter((script.path, script.clause) for script in found)
    yield from (f"step {n}: {what} is there twice" for (n, what), k in held.items() if k > 1)
    yield from (f"step {n}: no obligation for {what}" for n, what in sorted(wanted - {*held}))
    yield from (f"step {n}: there should be none for {what}" for n, what in {*held} - wanted)
    if any(script.action != family["id"] for script in found):
        yield "it has obligations of another"


def run_declared(family: dict[str, Any], script: Script) -> Iterator[str]:
    """Hypotheses that a script of a family may not have."""
    names = ["msl", "span", "time_wait", *family["delays"]]
    allowed = {f"sort of {name}" for name in names}
    if script.path:
        allowed |= {f"delay {n}" for n in range(1, len(family["where"]) + 1)}
    elif script.clause == CHOICE:
        allowed -= {f"sort of {name}" for name in family["delays"]}
        allowed |= {f"given {n}" for n in range(1, len(family["condition"]) + 1)}
    elif script.clause == NO_MORE:
        allowed |= {f"step {s['number']}: {ask}" for s in family["steps"] for ask in s["asks"]}
    elif script.clause == EXAMPLE:
        allowed = {f"value of {name}" for name in names}
    for hypothesis in script.hypotheses:
        if hypothesis not in allowed:
            yield f"it supposes {hypothesis!r}, which is not declared"


def families_of(manifest: dict[str, Any], theorems: Collection[str]) -> Iterator[str]:
    """What is wrong with which families there are, of theorems that are there."""
    families = manifest["families"]
    ids = [family["id"] for family in families]
    if len({*ids}) < len(ids):
        yield "manifest.json: a family is there twice"
    for family in families:
        if family["theorem"] not in theorems:
            yield f"{family['id']}: its theorem {family['theorem']} is not there"


def supposed(place: Path, some: Sequence[Script]) -> Iterator[str]:
    """Hypotheses that have one name in two scripts of a family, and do not say the same."""
    said: dict[str, list[str]] = {}
    for script in some:
        text = (place / script.file).read_text("utf-8")
        asserted = [command for command in commands(text) if command[1:2] == ["assert"]]
        for name, command in zip(script.hypotheses, asserted, strict=False):
            if said.setdefault(name, command) != command:
                yield f"{script.file}: it supposes something else by {name!r} than another"


def inventory(place: Path, found: Sequence[Script], others: Collection[str]) -> Iterator[str]:
    """Files that are there and should not be, or the other way round, or stand for two."""
    listed = Counter(script.file for script in found)
    yield from (f"{file}: it stands for two obligations" for file, n in listed.items() if n > 1)
    there = {
        path.relative_to(place).as_posix()
        for path in place.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    yield from (f"{file}: missing" for file in sorted(set(listed) - there))
    extra = there - set(listed) - {*others}
    yield from (f"{file}: not in the manifest" for file in sorted(extra))


# Scripts

_TOKEN = re.compile(r"""\s+|;[^\n]*|"(?:[^"]|"")*"|\|[^|\\]*\||[()]|[^\s()";|]+""")
_DECLARATIONS = ("declare-fun", "declare-const")
_BUILT_IN = re.compile(r"\|?(true|false|not|and|or|xor|=>?|ite|distinct|let|[-+*/<>].*|bv.*)\|?")


def commands(text: str) -> list[list[str]]:
    """The commands of a script, each as its tokens."""
    if any(ord(c) < 32 and c not in "\n\t" for c in text):
        raise Bad("it has control characters")
    found: list[list[str]] = []
    depth = at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Bad(f"it cannot be read at character {at}")
        at, token = match.end(), match.group()
        if token[0].isspace() or token[0] == ";":
            continue
        if token == "(":
            if depth == 0:
                found.append([])
            depth += 1
        elif token == ")":
            depth -= 1
        elif depth == 0:
            raise Bad(f"{token!r} stands outside of a command")
        if depth < 0:
            raise Bad("it has a ) too many")
        found[-1].append(token)
    if depth:
        raise Bad("a command does not end")
    return found


def closed(command: Sequence[str]) -> bool:
    """Does an assertion speak of nothing, so that it is true or false by itself?"""
    return set(command) <= {"(", ")", "assert", "not", "and", "or", "=>", "true", "false"}


def inspect(script: Script, text: str) -> bool:
    """Is it a script as it should be? Its goal may be true by itself: then it says True."""
    header = []
    for line in text.split("\n"):
        if not line.startswith(";"):
            break
        header.append(line)
    if header != script.header():
        wrong = [*(set(header) ^ set(script.header())), "the order"][0]
        raise Bad(f"its header disagrees with the manifest: {wrong}")
    found = commands(text)
    names = [command[1] if len(command) > 2 else "" for command in found]
    if names[:1] != ["set-logic"] or names.count("set-logic") != 1:
        raise Bad("it does not begin with set-logic")
    if names[-1:] != ["check-sat"] or names.count("check-sat") != 1:
        raise Bad("it does not end with its only check-sat")
    for name in names[1:-1]:
        if name != "assert" and name not in _DECLARATIONS:
            raise Bad(f"it has the command {name or '()'}")
    for command, name in zip(found, names, strict=True):
        if name in _DECLARATIONS and _BUILT_IN.fullmatch(command[2]):
            raise Bad(f"it declares {command[2]}, which has a meaning")
    asserted = [command for command, name in zip(found, names, strict=True) if name == "assert"]
    if len(asserted) != len(script.hypotheses) + 1:
        raise Bad(f"{len(asserted)} assertions, of {len(script.hypotheses)} hypotheses and a goal")
    *supposed, goal = asserted
    for name, command in zip(script.hypotheses, supposed, strict=True):
        if closed(command):
            raise Bad(f"it supposes {name!r} without saying anything of a state")
    if closed(goal) and supposed:
        raise Bad("its goal says nothing, but it has hypotheses")
    return closed(goal)
