"""Three hosts: one client with a socket to each of two servers."""

from dataclasses import replace
from pathlib import Path

from checker.engines.explicit.engine import Check
from checker.engines.explicit.engine import Path as Run
from checker.engines.explicit.reference import explore
from checker.model.interned import Interned
from checker.model.replay import replay as replayed
from checker.model.story import story
from checker.render.ladder import ladder
from checker.render.sequence import dot
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world.bounds import Bounds
from spec.world.records import paths
from spec.world.system import System, World
from spec.world.topology import TWO_HOSTS, connected

TWO_SERVERS = connected(("client", "one"), ("client", "two"))

BOUNDS = Bounds(
    width=4, window=3, in_flight=2, capacity=1, incarnations=1, a_passive=False, b_active=False,
    close=False, abort=False, duplicate=False, lose=False, send_window=False, listen_open=False,
)  # fmt: skip
"""The client opens, the servers listen, and nothing is lost: what is here is the many hosts."""


def established(world: World) -> list[bool]:
    return [end.tcb.state == State.ESTABLISHED for end in world.ends()]


def all_connected(world: World) -> bool:
    return all(established(world))


def agree(world: World) -> bool:
    """T1 of each connection: whoever is ESTABLISHED expects its own peer's number."""
    return all(
        end.tcb.irs == peer.tcb.iss
        for end, peer in world.pairs()
        if end.tcb.state == State.ESTABLISHED
    )


def first_connection(bounds: Bounds = BOUNDS) -> Run:
    found = explore(
        Interned(Rules(), bounds, topology=TWO_SERVERS),
        {"all": Check("sometimes", all_connected), "agree": Check("always", agree)},
    )
    assert found.complete
    assert "agree" not in found.decisive
    return found.decisive["all"]


def test_topology() -> None:
    assert (TWO_HOSTS.names, TWO_HOSTS.ends, TWO_HOSTS.peers) == (
        ("A", "B"),
        ((0, 0), (1, 0)),
        (1, 0),
    )
    assert TWO_SERVERS.names == ("client", "one", "two")
    assert TWO_SERVERS.ends == ((0, 0), (0, 1), (1, 0), (2, 0))
    assert TWO_SERVERS.peers == (2, 3, 0, 1)
    named = [TWO_SERVERS.named(end) for end in range(4)]
    assert named == ["client.0", "client.1", "one", "two"]


def test_leaves_of_hosts_with_one_socket_keep_their_names() -> None:
    client, one, _ = Interned(Rules(), BOUNDS, topology=TWO_SERVERS).initial().hosts
    assert {"tcb.snd.una", "up", "quiet", "crashes", "ghost.made"} <= set(paths(one))
    assert {"sockets.0.tcb.iss", "sockets.1.tcb.iss", "up", "ghosts.1.made"} <= set(paths(client))


def test_both_connections_are_made_and_agree() -> None:
    """Two handshakes, in any order; the shortest run to both is of two opens, six segments ..."""
    path = first_connection()
    assert len(path.steps) == 10
    replayed(Interned(Rules(), BOUNDS, topology=TWO_SERVERS), path)


def test_the_connections_are_independent() -> None:
    """Where there is room for the segments of both, states are pairs of states of each."""
    roomy = replace(BOUNDS, in_flight=4)
    one = explore(Interned(Rules(), roomy), {}, graph=False)
    two = explore(Interned(Rules(), roomy, topology=TWO_SERVERS), {}, graph=False)
    assert two.states == one.states**2
    assert two.transitions == 2 * one.states * one.transitions
    assert two.depth == 2 * one.depth


def test_a_system_that_remembers_does_the_same() -> None:
    """... as one that works everything out anew, with states by value."""
    limits = {"graph": False, "max_states": 400}
    for topology in (TWO_HOSTS, TWO_SERVERS):
        found = explore(Interned(Rules(), BOUNDS, topology=topology), {}, **limits)
        again = explore(System(Rules(), BOUNDS, topology=topology), {}, **limits)
        assert (found.states, found.transitions, found.depth) == (
            again.states,
            again.transitions,
            again.depth,
        )


def test_a_crash_takes_all_connections_of_a_host() -> None:
    system = Interned(Rules(), replace(BOUNDS, crashes=1), topology=TWO_SERVERS)
    world = system.initial()
    for end in (0, 1):
        (world,) = (
            after
            for step, after in system.steps(world)
            if (step.end, step.action) == (end, Input.OPEN_ACTIVE.value)
        )
    crashed = [after for step, after in system.steps(world) if step.action == Input.CRASH.value]
    (after,) = crashed
    client = after.hosts[0]
    assert [socket.tcb.state for socket in client.host.sockets] == [State.CLOSED] * 2
    assert (client.host.up, client.crashes) == (False, 1)
    assert not [step for step, _ in system.steps(after) if step.host == 0 and step.end == 1]


def test_its_ladder_and_its_picture() -> None:
    path = first_connection()
    told = story(Rules(), BOUNDS, path, "One client, two servers", "Both are connected.", False)
    assert told.lifelines == ("client.0", "client.1", "one", "two")
    here = Path(__file__)
    assert ladder(told, 120) + "\n" == here.with_name("two_servers.txt").read_text()
    assert dot(told) == here.with_name("two_servers.dot").read_text()
