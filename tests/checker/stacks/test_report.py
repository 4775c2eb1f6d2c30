"""``stack``: what was played is told, and what was not played looks like no pass."""

import json

import pytest

from checker.stacks import report
from checker.stacks.drivers import DRIVERS, lwip, tun
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from spec.rules import Rules
from tests.checker.stacks.drivers.faults import NoFin, faulty
from tests.checker.stacks.drivers.itself import itself


def test_without_root_nothing_is_passed(monkeypatch, capsys):
    monkeypatch.setattr(tun.os, "geteuid", lambda: 1000)
    assert report.stack("linux", Rules()) == INCONCLUSIVE
    assert "needs root" in capsys.readouterr().err


def test_without_its_package_nothing_is_passed(monkeypatch, capsys):
    """Neither played nor built, and the reason names the package."""
    monkeypatch.setattr(lwip, "HEADER", "/nowhere/init.h")
    assert report.stack("lwip", Rules()) == INCONCLUSIVE
    assert report.build("lwip") == INCONCLUSIVE
    assert "apt-get install liblwip-dev" in capsys.readouterr().err


def test_stacks_are_listed():
    lines = list(report.listed())
    assert all(any(line.startswith(name) for line in lines) for name in DRIVERS)
    assert all("here" in line or "needs" in line for line in lines)


def test_a_stack_that_nobody_knows():
    with pytest.raises(UsageProblem, match="no stack 'lwop': did you mean lwip"):
        report.stack("lwop", Rules())


@pytest.mark.parametrize("fault", [None, NoFin], ids=["right", "faulty"])
def test_what_was_played_is_told(monkeypatch, tmp_path, capsys, fault):
    driver = faulty(itself(), fault) if fault else itself()
    monkeypatch.setitem(DRIVERS, "itself", driver)
    monkeypatch.setitem(report.PROFILES, "itself", report.PROFILES["lwip"])
    out = tmp_path / "played.json"
    code = report.stack("itself", Rules(), departures=False, json_file=out)
    assert code == (VIOLATED if fault else OK)
    told = capsys.readouterr().out
    assert ("UNEXPLAINED" in told) == bool(fault)
    found = json.loads(out.read_text())
    assert bool(found["unexplained"]) == bool(fault)
    assert len(found["taken"]) + len(found["unexplained"]) + len(found["not_reached"]) == 371
