"""What there is to name is listed, whole, with its values."""

from collections.abc import Iterable

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.cli.listing import KINDS
from checker.support.errors import UsageProblem
from proofs.claims.scenarios import SCENARIOS
from proofs.claims.table import BY_ID
from proofs.theorems.table import BY_ID as THEOREMS
from spec.rules import SWITCHES
from spec.world.bounds import LIMITS
from spec.world.profiles import PROFILES, PURPOSES

NAMES: dict[str, Iterable[str]] = {
    "claims": BY_ID,
    "theorems": THEOREMS,
    "profiles": PROFILES,
    "bounds": LIMITS,
    "rules": SWITCHES,
    "scenarios": SCENARIOS,
}


def listed(kind: str, columns: str = "") -> list[str]:
    done = CliRunner().invoke(app, ["list", kind], env={"COLUMNS": columns})
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", NAMES)
def test_everything_is_there_in_order(kind: str) -> None:
    first = [line.split()[0] for line in listed(kind) if line and not line.startswith("    ")]
    found = [word for word in first if word in NAMES[kind]]
    assert sorted(found) == sorted(NAMES[kind])
    assert kind == "claims" or found == list(NAMES[kind])


def test_nothing_else_can_be_listed() -> None:
    assert set(KINDS) == set(NAMES)
    with pytest.raises(UsageProblem, match="did you mean rules"):
        CliRunner().invoke(app, ["list", "rule"], catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("rules", "three_way  on|off  (default on)"),
        ("rules", "isn  fresh|any|constant  (default fresh)"),
        ("rules", "time_wait_cut  -64..64  (default 0)"),
        ("bounds", "width  3..32  (default 3)"),
        ("bounds", "urgent  on|off  (default off)"),
        ("profiles", "rest  width=4 window=3 incarnations=1 in_flight=2 send_window=off"),
        ("profiles", "    Claims: T5s.far, W5s.far"),
        ("theorems", "    a blind sender whose guesses miss does no harm."),
        (
            "theorems",
            "    proved by an invariant of 4 clauses, of two hosts and a network; assumes nothing",
        ),
        ("theorems", "    proved with T1, by 2 clauses more; assumes window_is_sane, fresh, far"),
    ],
)
def test_values_are_told(kind: str, line: str) -> None:
    assert line in listed(kind)


@pytest.mark.parametrize("kind", NAMES)
def test_it_fits_a_narrow_terminal_and_is_whole_in_a_pipe(kind: str) -> None:
    narrow, whole = listed(kind, "60"), listed(kind)
    assert max(map(len, narrow)) <= 60
    assert " ".join(narrow).split() == " ".join(whole).split()


def test_every_profile_has_a_purpose() -> None:
    assert list(PURPOSES) == list(PROFILES)
