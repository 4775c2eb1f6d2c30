"""The running kernel's TCP, its own account of its states, and what the specification deduces.

Needs root, namespaces, TUN and tracefs; is skipped elsewhere, with the reason. What is deduced
comes from ``checker.conform``, by way of ``life``.
"""

import functools
import socket
import time
from pathlib import Path

import pytest

from tests.lab.lab import Tracer, lab, lacking
from tests.lab.life import life
from tests.lab.scenarios import SCENARIOS

WHY = functools.cache(lacking)
pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def tracer():
    if WHY():
        pytest.skip(WHY())
    made = Tracer()
    yield made
    made.close()


def test_there_are_enough():
    assert len(SCENARIOS) >= 30


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, tracer: Tracer, tmp_path: Path):
    """The kernel does what the scenario says; both captures tell its states, edge by edge."""
    chosen = SCENARIOS[name]
    number = list(SCENARIOS).index(name) + 1
    with lab(number, chosen.policy, tmp_path) as made:
        chosen.run(made)
        time.sleep(0.05)
        traced = {
            host.name: tracer.edges(host.address) + chosen.hidden.get(host.name, [])
            for host in (made.a, made.b)
        }
    assert any(traced.values())
    for host in (made.a, made.b):
        deduced = life(tmp_path / f"{host.name}.pcap", socket.inet_aton(host.address))
        assert sorted(traced[host.name]) == sorted(deduced + chosen.unseen.get(host.name, [])), (
            host.name
        )
