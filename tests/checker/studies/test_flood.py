"""How many SYNs a second keep a client out: the exhaustive search, and the page that has it."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.studies import flood
from spec.rules import Cookies, Rules

PAGE = Path("docs/how-to/run-a-server.md")


def test_rate_is_backlog_over_the_life_of_a_request_and_on_the_page():
    rates = flood.rates()
    assert [rate.least for rate in rates] == [rate.formula for rate in rates]
    assert rates[-1].formula == Fraction(3, 7)
    assert flood.table(rates) in PAGE.read_text("utf-8")


@pytest.mark.parametrize("retries", [3, 4, 5])
def test_a_request_lives_as_long_as_its_retries_say(retries):
    assert flood.least(1, retries).least == Fraction(1, 2 ** (retries + 1) - 1)


@pytest.mark.parametrize(
    ("rules", "least"),
    [
        ({"syncookies": Cookies.OVERFLOW}, None),
        ({"syn_queue_check": False}, None),
        ({"requests_forgotten": False}, 0),
    ],
)
def test_what_else_is_changed_changes_the_rate(rules, least):
    assert flood.least(2, 1, replace(Rules(), **rules)).least == least


def test_command_says_so():
    result = CliRunner().invoke(app, ["flood", "--rules", "syncookies=overflow"])
    assert result.exit_code == 0 and "| 3 | never | never | never |" in result.output
    result = CliRunner().invoke(app, ["flood"])
    assert result.exit_code == 0 and "| 3 | 3 | 1 | 3/7 |" in result.output


def test_a_rate_that_is_not_the_formula_is_an_error(monkeypatch):
    monkeypatch.setattr(flood.Rate, "formula", property(lambda _: Fraction(1, 2)))
    assert CliRunner().invoke(app, ["flood"]).exit_code == 1
