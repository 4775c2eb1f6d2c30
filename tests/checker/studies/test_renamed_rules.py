"""The text of a rule is for readers: with every text another one, only what is printed changes."""

from typing import Any

import pytest

from checker.conform.connection import Connection
from checker.model.model import Model
from checker.model.search import Options
from checker.studies.coverage import coverage
from checker.studies.diagram import RUNS, changes
from checker.studies.explorations import jobs
from proofs.claims.table import BY_ID
from spec.rules import Rules
from spec.seq import Space
from spec.tcp.context import Tcp
from spec.tcp.rule import Rule, cite
from spec.tcp.tcb import State
from tests.helpers.mutate import CAPTURES
from tests.helpers.wire import LINUX, captured


def renamed(tcp: Tcp, id: str, _says: str, enters: State | None = None) -> None:
    """``Tcp.rule``, which says nothing that is true."""
    tcp.cited.append(cite(id, "enter LISTEN, enter nothing", enters))


def both(monkeypatch: pytest.MonkeyPatch, what: Any) -> tuple[Any, Any]:
    """What comes of ``what`` with the rules' own texts, and with others."""
    own = what()
    monkeypatch.setattr(Tcp, "rule", renamed)
    return own, what()


def counted(rules: dict[Rule, int]) -> dict[tuple[str, State | None], int]:
    """How often each fired, without its text."""
    return {(rule.id, rule.enters): times for rule, times in rules.items()}


def followed(name: str) -> list[Connection]:
    return captured(CAPTURES / name, LINUX)


@pytest.mark.parametrize(
    "name", ["close_4way.A.pcap", "simultaneous_open.A.pcap", "timewait_port_reuse.A.pcap"]
)
def test_conform(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The same verdicts and changes of state; the lines that tell them are others."""
    own, other = both(monkeypatch, lambda: followed(name))
    for a, b in zip(own, other, strict=True):
        assert (a.verdict, a.edges, a.states, a.notes) == (b.verdict, b.edges, b.states, b.notes)
        assert len(a.life) == len(b.life)
        assert a.life != b.life


def test_diagram(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same edges."""
    _, bounds = RUNS[0]

    def edges() -> list[Any]:
        return [
            change.edge for change in changes(Model(Rules(), bounds).system, Space(bounds.width))
        ]

    own, other = both(monkeypatch, edges)
    assert own
    assert own == other


@pytest.mark.slow
def test_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules fire, as often; what is printed of them is another text."""
    own, other = both(monkeypatch, lambda: coverage(jobs([BY_ID["T10"]], {}, {}, Options())))
    assert own.answers == other.answers
    assert counted(own.rules) == counted(other.rules)
    assert not set(map(str, own.rules)) & set(map(str, other.rules))
