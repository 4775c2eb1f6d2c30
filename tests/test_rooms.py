"""The generic rooms know no TCP: not by import (a contract in pyproject.toml), nor by word."""

import re
from pathlib import Path

import pytest

import checker
from proofs.claims.table import CLAIMS

ROOMS = ("ir", "engines", "exports", "render", "support")
FOREIGN = re.compile(
    r"(?<![A-Za-z])(?:isns?|incarnations?)(?![A-Za-z'])"
    + "".join(rf"|(?<![\w.])(?-i:{re.escape(claim.id)})(?!\w)" for claim in CLAIMS),
    re.IGNORECASE,
)
"""Initial sequence numbers and incarnations, also in a name; and the id of any claim."""


@pytest.mark.parametrize("room", ROOMS)
def test_a_generic_room_names_nothing_of_tcp(room: str) -> None:
    files = sorted((Path(checker.__file__).parent / room).rglob("*.py"))
    assert files
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = FOREIGN.search(line)
            assert not found, f"{file}:{number}: {found[0]!r} is a word of TCP: {line.strip()}"


@pytest.mark.parametrize(
    "line",
    [
        "if leaf.static.drew_isn:",
        "for all ISNs at once",
        'values["isn"] = 0',
        "of an earlier incarnation",
        "bounds.incarnations",
        'if claim.id == "T1":',
        "what L2.silent.timer says",
    ],
)
def test_a_word_of_tcp_is_found(line: str) -> None:
    assert FOREIGN.search(line)


@pytest.mark.parametrize("line", ["it isn't so", "T = TypeVar('T')", "T11", "t1 = 0", "disneyland"])
def test_other_words_are_not(line: str) -> None:
    assert not FOREIGN.search(line)
