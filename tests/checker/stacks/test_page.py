"""The page of stacks is what the data make, and the data are of the profiles that there are."""

import dataclasses

from checker.stacks import page, report
from checker.stacks.drivers import DRIVERS
from checker.stacks.generate.plans import DEPARTS
from checker.stacks.lwip import LWIP
from checker.support.program import checkout
from spec.rules import Rules
from tests.checker.stacks.drivers.itself import itself


def data() -> page.Kept:
    return page.kept((checkout() / page.DATA).read_text())


def shown() -> str:
    return (checkout() / page.PAGE).read_text()


def test_the_page_that_is_checked_in_is_not_stale():
    assert page.check(checkout()) == []


def test_most_is_explained():
    """Of five stacks at least, of what their APIs allow; departures keep some out of reach."""
    shares = [page.share(one) for one in data().values()]
    assert sum(share >= 85 for share in shares) >= 5
    one = {"planned": 80, "unexplained": {"x": "y"}, "not_reached": 3}
    hindered = {DEPARTS + "z": 20, "the API has no ABORT": 9}
    assert page.share({**one, "hindered": hindered}) == 76


def test_what_is_stale_is_told(monkeypatch):
    lines = list(page.stale(data(), shown() + "more"))
    assert [line for line in lines if "is not what the data make" in line] == lines
    less = {name: one for name, one in data().items() if name != "lwip"}
    assert any("lwip was never played" in line for line in page.stale(less, page.page(less)))
    fewer = dataclasses.replace(LWIP, departures=LWIP.departures[1:])
    monkeypatch.setitem(page.PROFILES, "lwip", fewer)
    told = [line for line in page.stale(data(), shown()) if line.startswith("lwip")]
    assert len(told) == 1
    assert LWIP.departures[0].name in told[0]


def test_what_was_played_is_kept(monkeypatch, tmp_path):
    """An entry replaces the one before, and leaves the others."""
    for path in (page.DATA, page.PAGE):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text((checkout() / path).read_text())
    monkeypatch.setitem(DRIVERS, "itself", itself())
    monkeypatch.setitem(page.PROFILES, "itself", dataclasses.replace(LWIP, departures=()))
    played = report.play(itself(), Rules(), told=lambda _: None)
    page.write(tmp_path, played)
    found = page.kept((tmp_path / page.DATA).read_text())
    assert found.pop("itself")["as_specified"] == 371
    assert found == data()
    assert (
        "| [itself](#itself) | 9293 | 371 of 404 | 100% | 371 |"
        in (tmp_path / page.PAGE).read_text()
    )
    assert page.check(tmp_path) == []
