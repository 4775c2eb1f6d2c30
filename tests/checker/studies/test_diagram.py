"""The diagrams are what was reached, Figure 5 is part of it, and the rest is explained."""

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from checker.model.interned import Interned
from checker.studies import diagram
from checker.studies.diagram import EXTRA, RUNS, machine
from checker.support.errors import ToolProblem, UsageProblem
from spec.observe.figure_5 import FIGURE_5, NOTED, NOTES, Edge
from spec.rules import SWITCHES, Rules
from spec.seq import Space
from spec.tcp.tcb import SYNCHRONIZED, State

HERE = Path(__file__).parents[3] / "diagrams"
EXPLAINED = [(edge, extra) for extra in EXTRA for edge in extra.edges()]


def name(edge: Edge) -> str:
    return f"{edge.before.value} {edge.event} / {edge.action} {edge.after.value}"


# Figure 5 (RFC 9293 section 3.3.2)


def test_figure_5_has_twenty_edges_and_all_states() -> None:
    assert len(set(FIGURE_5)) == 20
    assert {edge.before for edge in FIGURE_5} == {edge.after for edge in FIGURE_5} == {*State}


@pytest.mark.parametrize("edge", FIGURE_5, ids=name)
def test_every_edge_of_figure_5_is_reachable(edge: Edge) -> None:
    assert machine().get(edge) == ""  # with the same event and action, by the RFC's rules


@pytest.mark.parametrize(("edge", "extra"), EXPLAINED, ids=lambda value: "")
def test_every_explained_edge_is_reachable(edge: Edge, extra: diagram.Extra) -> None:
    assert edge not in FIGURE_5
    assert machine().get(edge) == extra.switch, name(edge)


def test_every_edge_beyond_figure_5_is_explained_once() -> None:
    times = Counter(edge for edge, _ in EXPLAINED)
    assert set(times) == set(machine()) - set(FIGURE_5)
    assert set(times.values()) == {1}
    assert all(extra.section and extra.why for extra in EXTRA)


def test_switches_are_the_rfc_s_other_choices() -> None:
    switches = {switch for switch, _ in RUNS if switch}
    assert switches == {extra.switch for extra in EXTRA if extra.switch}
    for switch in switches:
        assert "RFC 9293" in SWITCHES[switch].metadata["section"]


def test_note_1_a_reset_returns_to_listen_after_a_passive_open_only() -> None:
    seen = set()
    _, bounds = RUNS[0]
    for change in diagram.changes(Interned(Rules(), bounds), Space(bounds.width)):
        if change.edge[:2] == (State.SYN_RECEIVED, "rcv RST"):
            seen.add((change.before.end(change.host).tcb.passive, change.edge.after))
    assert seen == {(True, State.LISTEN), (False, State.CLOSED)}
    assert set(NOTED.values()) == {1}


def test_note_2_fin_wait_1_to_time_wait_with_fin_and_ack() -> None:
    edge = Edge(State.FIN_WAIT_1, "rcv FIN + ACK of FIN", "snd ACK", State.TIME_WAIT)
    assert machine()[edge] == ""
    ways = [e for e in machine() if e[::3] == edge[::3] and e.event != "ABORT"]
    assert ways == [edge]


def test_note_3_who_sends_a_reset_enters_time_wait_only_with_the_switch() -> None:
    sends = {e: switch for e, switch in machine().items() if "snd RST" in e.action}
    to = {switch: {e.after for e in sends if sends[e] == switch} for switch in sends.values()}
    assert to == {"": {State.CLOSED}, "abort_time_wait": {State.TIME_WAIT}}
    sources = {switch: {e.before for e in sends if sends[e] == switch} for switch in sends.values()}
    assert sources[""] == sources["abort_time_wait"]


def test_note_3_a_reset_leads_to_listen_or_closed_from_any_state() -> None:
    resets = [e for e, switch in machine().items() if e.event == "rcv RST" and not switch]
    assert {e.after for e in resets} == {State.LISTEN, State.CLOSED}
    assert {e.before for e in resets} == {State.SYN_SENT, State.SYN_RECEIVED, *SYNCHRONIZED}
    assert set(NOTES) == {1, 2, 3}


# What is drawn


def drawn(source: str) -> list[tuple[str, str]]:
    """The visible edges, as dot reads them."""
    said = subprocess.run(
        ["dot", "-Tdot_json"], input=source, capture_output=True, text=True, check=True
    )
    graph: dict[str, Any] = json.loads(said.stdout)
    names = {each["_gvid"]: each["name"] for each in graph["objects"]}
    return [
        (names[edge["tail"]], names[edge["head"]])
        for edge in graph["edges"]
        if edge.get("style") != "invis"
    ]


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return diagram.diagrams()


def test_endpoint_draws_figure_5_and_no_more(sources: dict[str, str]) -> None:
    edges = [tuple(end.removesuffix("_AGAIN") for end in e) for e in drawn(sources["endpoint"])]
    assert Counter(edges) == Counter((e.before.name, e.after.name) for e in FIGURE_5)


def test_endpoint_all_draws_or_lists_every_edge(sources: dict[str, str]) -> None:
    source = sources["endpoint-all"]
    edges = {tuple(end.removesuffix("_AGAIN") for end in e) for e in drawn(source)}
    listing = source[source.index("listed [") :]
    for edge, switch in machine().items():
        if edge in FIGURE_5 or not (switch or edge.after == State.CLOSED):
            assert (edge.before.name, edge.after.name) in edges, name(edge)
        else:
            does = edge.event + (f" / {edge.action}" if edge.action != "x" else "")
            rows = [row for row in listing.split("<TR>") if f">{does}<" in row]
            assert any(edge.before.value in row and edge.after.value in row for row in rows)
    assert "not explained" not in source
    assert ">?<" not in source


def test_an_edge_without_an_explanation_is_drawn_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = Edge(State.LISTEN, "rcv SYN", "x", State.ESTABLISHED)
    more = {**machine(), odd: ""}
    monkeypatch.setattr(diagram, "machine", lambda: more)
    source = diagram.diagrams()["endpoint-all"]
    assert "LISTEN -> ESTABLISHED" in source
    assert ">?<" in source


@pytest.mark.parametrize(
    ("bounds", "count"), [(diagram.CLIENT_SERVER, 37), (diagram.TWO_CLIENTS, 10)]
)
def test_joint_states_run_from_closed_to_their_end(bounds: Any, count: int) -> None:
    edges = diagram.joint(bounds)
    nodes = {view for pair in edges for view in pair}
    assert len(nodes) == count
    final = nodes - {before for before, _ in edges}
    assert len(final) == 1
    (last,) = final
    assert last[:2] in ((State.CLOSED, State.CLOSED), (State.ESTABLISHED, State.ESTABLISHED))
    assert not any("RST" in edge.event + edge.action for es in edges.values() for _, edge in es)
    assert {edge for es in edges.values() for _, edge in es} <= set(machine())


def test_a_connection_is_in_four_pictures_that_have_every_edge() -> None:
    edges = diagram.joint(diagram.CLIENT_SERVER)
    found = diagram.parts(edges)
    assert {pair for part in found.values() for pair in part} == {*edges}
    sizes = {name: len({view for pair in part for view in pair}) for name, part in found.items()}
    assert sizes == {"open": 13, "close-client": 10, "close-server": 10, "close-both": 16}
    mirrored = {(x.b, x.a, y.b, y.a) for x, y in found["close-server"]}
    assert mirrored == {(x.a, x.b, y.a, y.b) for x, y in found["close-client"]}


def test_the_usual_ways_go_through_figure_5(sources: dict[str, str]) -> None:
    client, server = diagram._ways()
    assert client | server <= {*FIGURE_5} and not client & server
    assert {edge.before for edge in client} == {
        State.CLOSED, State.SYN_SENT, State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2,
        State.TIME_WAIT,
    }  # fmt: skip
    assert sources["endpoint"].count("penwidth=1.8") == len(client | server)
    assert "x: nothing" in sources["endpoint"] and "note 1: " in sources["endpoint"]


def test_joint_states_of_a_simultaneous_open_are_symmetric() -> None:
    edges = diagram.joint(diagram.TWO_CLIENTS)
    told = {(*pair, host, edge) for pair, es in edges.items() for host, edge in es}
    swapped = {
        (diagram.Both(x.b, x.a, x.over), diagram.Both(y.b, y.a, y.over), 1 - host, edge)
        for x, y, host, edge in told
    }
    assert told == swapped


def test_handshakes_have_their_segments(sources: dict[str, str]) -> None:
    for words in ("SYN SEQ=0 LEN=1", "SYN,ACK SEQ=0 ACK=1 LEN=1", "ACK SEQ=1 ACK=1 LEN=0"):
        assert sources["handshake"].count(f">{words}<") == 1
    for words in ("FIN,ACK SEQ=1 ACK=1 LEN=1", "FIN,ACK SEQ=1 ACK=2 LEN=1"):
        assert sources["close"].count(f">{words}<") == 1
    assert "TIME-WAIT TIMEOUT" in sources["close"]


# The files


def test_checked_in_diagrams_are_fresh() -> None:
    assert diagram.check(HERE) == []


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diagrams") / "new"
    diagram.write(folder)
    return folder


def test_write_writes_dot_and_svg(fresh: Path, sources: dict[str, str]) -> None:
    files = {f"{name}.{form}" for name in sources for form in ("dot", "svg")}
    files |= {f"{name}.svg" for name in diagram.walks()}
    found = {str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file()}
    assert found == files
    assert all("</svg>" in path.read_text() for path in fresh.rglob("*.svg"))
    assert diagram.check(fresh) == []


def test_check_names_what_is_stale_or_missing(fresh: Path) -> None:
    (fresh / "endpoint.dot").write_text((fresh / "endpoint.dot").read_text() + " ")
    (fresh / "close.dot").unlink()
    (fresh / "handshake.svg").unlink()
    (fresh / "connection.svg").write_text("drawn by another version")
    (fresh / "nagle-windows.svg").write_text("<svg/>")
    assert diagram.check(fresh) == ["endpoint", "handshake", "close", "nagle-windows"]
    diagram.write(fresh)
    assert diagram.check(fresh) == []


def test_check_of_no_directory_names_all(tmp_path: Path, sources: dict[str, str]) -> None:
    assert diagram.check(tmp_path / "none") == [*sources, *diagram.walks()]


def test_write_without_dot_says_so_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolProblem, match="no program 'dot'"):
        diagram.write(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_write_where_it_cannot_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageProblem, match="cannot make"):
        diagram.write(tmp_path / "file")
