"""What requests cost, when ports run out, how long to keep a connection: arithmetic and search."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.studies import http
from spec.rules import Rules
from spec.tcp.inputs import Input

PAGE = Path("docs/explanation/http.md")


def command(*arguments: str):
    return CliRunner().invoke(app, ["http", *arguments])


# Requests


@pytest.mark.parametrize("version", http.VERSIONS)
@pytest.mark.parametrize("requests", [1, 2, 3, 5])
def test_cost_follows_from_runs_of_one_and_two_requests(version, requests):
    if version == "HTTP/1.0":
        ran = http.run(version, 1)
        assert http.cost(version, requests) == ran.times(requests)
    else:
        assert http.cost(version, requests) == http.run(version, requests)


def test_who_pays_and_for_how_many_round_trips():
    """A handshake is one, and so is a request, unless others are on their way with it."""
    costs = {version: http.cost(version, 7) for version in http.VERSIONS}
    assert [one.connections for one in costs.values()] == [7, 1, 1]
    assert [one.delays for one in costs.values()] == [2 * 2 * 7, 2 * (1 + 7), 2 * 2]
    assert [(one.clients, one.servers) for one in costs.values()] == [(0, 7), (1, 0), (1, 0)]


# Ports


@pytest.mark.parametrize("ports", [1, 2, 3])
@pytest.mark.parametrize("wait", [1, 2, 3, 4])
def test_highest_rate_is_ports_over_time_wait(ports, wait):
    assert (
        http.sustained(ports, wait) == http.highest(ports, Fraction(wait)) == Fraction(ports, wait)
    )


@pytest.mark.parametrize("rate", [1, 2, 3])
@pytest.mark.parametrize("ports", [1, 2, 3, 5, 6])
def test_ports_run_out_in_the_first_round_or_never(rate, ports):
    """... and not at a tie: 6 ports, 2 requests a tick and 3 ticks of TIME-WAIT are enough."""
    for wait in (1, 2, 3):
        out = http.runs_out(Fraction(rate), ports, Fraction(wait))
        assert http.first_refused(rate, ports, wait) == (None if out is None else out.request)
        assert (out is None) == (rate * wait <= ports)
        assert out is None or (out.at == Fraction(ports, rate) and out.at < wait)


def test_a_connection_that_is_open_needs_its_port_too():
    assert http.highest(10, Fraction(4), Fraction(1)) == 2
    assert http.runs_out(Fraction(2), 10, Fraction(4), Fraction(1)) is None
    assert http.runs_out(Fraction(21, 10), 10, Fraction(4), Fraction(1)) == http.Out(
        11, Fraction(100, 21)
    )


# Idle limits


@pytest.mark.parametrize("from_request", [False, True])
@pytest.mark.parametrize(("delay", "span"), [(0, 1), (1, 1), (0, 2)])
@pytest.mark.parametrize("limit", [2, 4])
def test_margin_is_exact(delay, span, limit, from_request):
    """H3: two delays if the client counts from the response, one if from its request; a delay is
    with all retransmissions."""
    found = http.margin(delay, span, limit, from_request)
    assert found.longest == found.formula
    left = limit - (delay + span - 1) * (1 if from_request else 2)
    assert found.longest == (left if left >= 1 else None)


@pytest.mark.slow
def test_margins_are_on_the_page():
    rows = http.margins()
    assert all(row.longest == row.formula for row in rows)
    assert http.margin_table(rows) in PAGE.read_text("utf-8")


def test_a_margin_that_is_not_the_formula_is_an_error(monkeypatch):
    cell = http.Margin(1, 1, 4, False, 2, 100)
    monkeypatch.setattr(http, "margins", lambda: [cell])
    result = command("--search")
    assert result.exit_code == 0 and "| response | 1 | 2 |" in result.output
    monkeypatch.setattr(http, "margins", lambda: [replace(cell, longest=3)])
    assert command("--search").exit_code == 1


# Queues


def test_a_full_queue_costs_timeouts():
    """Each time one more than the backlog gets in, if all that waited were accepted between."""
    assert http.syn_times() == [0, 1, 3, 7, 15, 31, 63]
    times = http.connected(2, 10, 100)
    assert times == [0] * 3 + [1] * 3 + [3] * 3 + [7]
    assert http.connected(9, 10, 0) == [0] * 10
    assert http.connected(2, 5, 0) == [0] * 3 + [None] * 2
    assert http.connected(2, 5, 1) == [0] * 3 + [1, 3]


def test_a_listener_whose_queue_has_no_end_keeps_nobody_waiting(monkeypatch):
    """The waiting is the accept queue's."""
    monkeypatch.setattr(http, "Rules", lambda: Rules(accept_queue_check=False))
    assert http.connected(2, 10, 0) == [0] * 10


# The command


def test_command_says_what_requests_cost_and_when_ports_run_out():
    result = command("--requests", "3", "--rate", "500")
    assert result.exit_code == 0
    assert "| HTTP/1.0 | 3 | 6 | 33 | 3 at the server |" in result.output
    assert "28232/60 = 470.53... connections" in result.output
    assert "there is none for request 28233, after 56.46... s" in result.output
    result = command("--rate", "2", "--ports", "6", "--time-wait", "2.5", "--hold", "0.5")
    assert "At 2 a second ports never run out." in result.output


def test_command_says_how_long_a_connection_may_be_used():
    result = command("--server-idle", "5", "--delay", "0.25")
    assert "before 4.5 s have gone by since it read the response" in result.output
    assert "before 4.75 s have gone by since its last request" in result.output
    result = command("--server-idle", "1", "--delay", "0.5")
    assert "never again since it read the response" in result.output


def test_command_says_how_long_clients_wait():
    result = command("--backlog", "2", "--clients", "5", "--accepts", "0")
    assert "| 0 s | 3 |\n| never | 2 |" in result.output


@pytest.mark.parametrize(
    "wrong",
    [
        ["--rate", "x"],
        ["--rate", "0"],
        ["--rate", "1/0"],
        ["--time-wait", "-1"],
        ["--time-wait", "0"],
        ["--requests", "0"],
        ["--server-idle", "soon"],
    ],
)
def test_command_refuses_what_makes_no_sense(wrong):
    result = command(*wrong)
    assert result.exit_code == 2 or (result.exception and result.exception.code == 2)


def test_the_page_has_what_the_command_says():
    text = PAGE.read_text("utf-8")
    assert http.cost_table(10) in text
    assert http.connected_table(5, 40, 3) in text
    assert http.ports_text(28232, Fraction(60), Fraction(), Fraction(500)) in text


def test_what_may_not_happen_is_no_connection():
    """A port in TIME-WAIT is not opened: the rates above are not of a host that opens anything."""
    clients = http._Clients(1, 2)
    assert [*clients.second((http.FREE,))] == [(0, (http.FREE,)), (1, (1,))]
    assert [*clients.second((0,))] == [(0, (http.FREE,)), (1, (1,))]
    assert [*clients.second((1,))] == [(0, (0,))]
    host = clients._host((1,))
    clients._call(host, 0, Input.OPEN_ACTIVE)
    assert not clients.possible
