"""Names that nobody knows, and which was meant."""

from __future__ import annotations

import pytest

from checker.support.errors import USAGE
from checker.support.names import SHORT, unknown

CLAIMS = ["T1", "T1.lifecycle", "W1.lifecycle", *(f"X{n}" for n in range(2 * SHORT))]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("T1.lifecicle", "no claim 'T1.lifecicle': did you mean T1.lifecycle?"),
        ("t1", "no claim 't1': did you mean T1?"),
        ("lifecycle", "no claim 'lifecycle': did you mean W1.lifecycle or T1.lifecycle?"),
        ("xyzzy", "no claim 'xyzzy'; there are 27, such as T1, T1.lifecycle, W1.lifecycle"),
        ("", "no claim ''; there are 27, such as T1, T1.lifecycle, W1.lifecycle"),
    ],
)
def test_of_a_long_list_only_what_is_like_it_is_told(name: str, says: str) -> None:
    assert str(unknown("claim", name, CLAIMS)) == says


def test_a_short_list_is_told_whole() -> None:
    problem = unknown("peer", "nuxmv", ["spin", "tlc"])
    assert str(problem) == "no peer 'nuxmv'; there are: spin, tlc"
    assert problem.code == USAGE
