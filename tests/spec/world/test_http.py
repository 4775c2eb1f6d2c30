"""HTTP's applications: which calls client and server make, when, and what they count (H1-H7)."""

import dataclasses

import pytest

from checker.engines.explicit.engine import Check
from checker.engines.explicit.reference import explore
from checker.model.interned import Interned
from proofs.claims import properties as p
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world.enabled import calls, overdue
from spec.world.http import User
from spec.world.profiles import PROFILES
from spec.world.records import key
from spec.world.system import System
from spec.world.topology import connected
from tests.helpers.build import (
    BOUNDS,
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    WINDOW,
    endpoint,
    happen,
)

HTTP = dataclasses.replace(BOUNDS, abort=False, requests=2, client_idle=3, server_idle=5)


def end(state, server=False, unread=0, written=0, tcb=None, **user):
    made = endpoint(state, rcv_wnd=WINDOW - unread, passive=server, written=written, **(tcb or {}))
    made.users = (User(**user),)
    return made


def client(state=ESTABLISHED, **known):
    return end(state, **{"idle": 1, **known})


def server(state=ESTABLISHED, **known):
    return end(state, server=True, **{"idle": 1, **known})


def may(one, what, **bounds):
    return happen(one, what, bounds=dataclasses.replace(HTTP, **bounds)).possible


def user(one, what, **bounds):
    got = happen(one, what, bounds=dataclasses.replace(HTTP, **bounds))
    assert got.possible
    (found,) = got.end.users
    return found


def counted(found):
    return found.asked, found.answered, found.failed


# A client


@pytest.mark.parametrize(
    ("asked", "failed", "retries", "opens"),
    [(0, 0, 0, 1), (1, 0, 0, 1), (2, 0, 0, 0), (2, 1, 0, 0), (2, 1, 1, 1), (3, 1, 1, 0)],
)
def test_closed_open_is_called_while_there_is_something_to_ask(asked, failed, retries, opens):
    one = client(CLOSED, asked=asked, answered=asked - failed, failed=failed)
    assert may(one, Input.OPEN_ACTIVE, retries=retries) == opens
    live = client(asked=asked, answered=asked - failed, failed=failed)
    assert may(live, Input.SEND, retries=retries) == opens


@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED])
def test_nothing_is_sent_or_closed_before_the_connection_is_there(state):
    for what in (Input.SEND, Input.CLOSE, Input.RECEIVE, Input.ABORT):
        assert not may(end(state, idle=0), what)
        assert not may(end(state, server=True, idle=0), what, abort=True)


@pytest.mark.parametrize(
    ("pending", "pipelined", "sends"), [(0, 0, 1), (0, 1, 1), (1, 0, 0), (1, 1, 1)]
)
def test_established_client_send_waits_for_the_response_unless_pipelined(pending, pipelined, sends):
    assert may(client(asked=pending), Input.SEND, pipelined=pipelined) == sends


@pytest.mark.parametrize(("limit", "idle", "sends"), [(3, 1, 1), (3, 0, 0), (0, 0, 1)])
def test_established_client_send_comes_before_its_idle_limit(limit, idle, sends):
    assert may(client(idle=idle), Input.SEND, client_idle=limit) == sends


@pytest.mark.parametrize("watches", [0, 1])
def test_close_wait_client_uses_the_connection_if_it_does_not_watch(watches):
    assert may(client(CLOSE_WAIT), Input.SEND, watches=watches) != watches
    assert may(client(CLOSE_WAIT), Input.CLOSE, watches=watches) == watches
    assert may(client(CLOSE_WAIT, asked=1), Input.CLOSE, watches=watches)  # it waits to read
    assert not may(client(CLOSE_WAIT, asked=1, unread=1), Input.CLOSE, watches=watches)


@pytest.mark.parametrize(
    ("known", "bounds", "closes"),
    [
        ({"asked": 2, "answered": 2}, {}, True),  # it is done
        ({"asked": 2, "answered": 1}, {}, False),  # it waits
        ({"asked": 2, "answered": 1, "failed": 1}, {}, True),
        ({"asked": 2, "answered": 1, "failed": 1}, {"retries": True}, False),
        ({"asked": 1, "answered": 1}, {}, False),  # it has something to ask
        ({"asked": 2, "answered": 2}, {"kept": False}, False),  # the server closes
        ({"asked": 2, "answered": 2}, {"watches": False}, False),  # it does not know that it is
        ({"asked": 2, "answered": 2, "unread": 1}, {}, False),
        ({"asked": 1, "answered": 1, "written": 1}, {"client_closes": True}, True),
        ({"asked": 1, "written": 1}, {"client_closes": True}, False),
        ({}, {"client_closes": True}, False),
        ({"idle": 0}, {}, True),  # it is idle
        ({"idle": 0}, {"client_idle": 0}, False),
        ({"idle": 0, "asked": 1}, {}, False),  # it is not idle
        ({"idle": 1}, {"msl": 0}, True),  # without time it may be, any time
    ],
)
def test_established_client_close(known, bounds, closes):
    assert may(client(**known), Input.CLOSE, **bounds) == closes


def test_client_never_aborts():
    assert not may(client(unread=1), Input.ABORT, abort=True)


# A server


@pytest.mark.parametrize(
    ("known", "kept", "reads"),
    [
        ({"unread": 1}, 1, 1),
        ({"unread": 1}, 0, 1),
        ({"unread": 1, "asked": 1}, 1, 1),  # ahead of what it answers
        ({"unread": 1, "asked": 1}, 0, 0),
        ({"unread": 1, "asked": 1, "answered": 1, "written": 1}, 1, 1),
        ({"unread": 1, "asked": 1, "answered": 1, "written": 1}, 0, 0),
        ({}, 1, 0),  # nothing is there
    ],
)
def test_established_server_receive(known, kept, reads):
    assert may(server(**known), Input.RECEIVE, kept=kept) == reads


@pytest.mark.parametrize(
    ("known", "kept", "answers"),
    [
        ({"asked": 1}, 1, 1),
        ({"asked": 1}, 0, 1),
        ({}, 1, 0),
        ({"asked": 1, "answered": 1}, 1, 0),
        ({"asked": 2, "answered": 1, "written": 1}, 1, 1),
        ({"asked": 2, "answered": 1, "written": 1}, 0, 0),
        ({"asked": 1, "failed": 1}, 1, 0),
    ],
)
def test_established_server_send_answers_what_was_read(known, kept, answers):
    assert may(server(**known), Input.SEND, kept=kept) == answers


@pytest.mark.parametrize(
    ("state", "known", "bounds", "closes"),
    [
        (ESTABLISHED, {"written": 1}, {"kept": False}, True),  # after its response
        (ESTABLISHED, {"written": 1}, {}, False),
        (ESTABLISHED, {}, {"kept": False}, False),
        (ESTABLISHED, {"idle": 0}, {}, True),  # idle
        (ESTABLISHED, {"idle": 0}, {"server_idle": 0}, False),
        (ESTABLISHED, {"idle": 0, "asked": 1}, {}, False),
        (ESTABLISHED, {"idle": 1}, {"msl": 0}, True),
        (CLOSE_WAIT, {}, {}, True),  # after the client
        (CLOSE_WAIT, {"asked": 1}, {}, False),
        (CLOSE_WAIT, {"unread": 1}, {}, False),
        (CLOSE_WAIT, {"unread": 1, "idle": 0}, {"looks": True}, False),
    ],
)
def test_server_close(state, known, bounds, closes):
    assert may(server(state, **known), Input.CLOSE, **bounds) == closes
    assert not may(server(state, **known), Input.ABORT, **bounds)


@pytest.mark.parametrize(
    ("known", "bounds"),
    [({"written": 1}, {"kept": False}), ({"idle": 0}, {"looks": False})],
)
def test_server_closes_over_what_is_unread_by_a_reset_or_lingers(known, bounds):
    one = server(unread=1, **known)
    assert may(one, Input.ABORT, **bounds) and not may(one, Input.CLOSE, **bounds)
    lingers = {**bounds, "lingers": True}
    assert may(one, Input.CLOSE, **lingers) and not may(one, Input.ABORT, **lingers)


def test_server_that_looks_does_not_close_over_what_is_unread():
    one = server(unread=1, idle=0)
    assert not may(one, Input.CLOSE) and not may(one, Input.ABORT)


@pytest.mark.parametrize("state", [FIN_WAIT_1, FIN_WAIT_2, CLOSING])
def test_server_that_has_closed_resets_what_comes_or_lingers(state):
    one = server(state, unread=1)
    assert may(one, Input.ABORT) and not may(one, Input.RECEIVE)
    assert not may(server(state), Input.ABORT)
    assert not may(one, Input.ABORT, lingers=True)
    if state != CLOSING:  # where RECEIVE is answered with an error
        assert counted(user(one, Input.RECEIVE, lingers=True)) == (0, 0, 0)  # nobody will answer


@pytest.mark.parametrize("state", [ESTABLISHED, CLOSE_WAIT, FIN_WAIT_2, LAST_ACK])
def test_server_process_may_end_at_any_time(state):
    assert may(server(state), Input.ABORT, abort=True, lingers=True)


def test_which_calls_there_are():
    """A server that does not linger may reset; a client never."""
    for lingers in (False, True):
        bounds = dataclasses.replace(HTTP, lingers=lingers, abort=False)
        assert Input.ABORT not in calls(bounds, Rules(), 0, 0)
        assert (Input.ABORT in calls(bounds, Rules(), 1, 0)) != lingers
    assert Input.ABORT not in calls(
        dataclasses.replace(HTTP, requests=0, abort=False), Rules(), 1, 0
    )


# What they count


def test_client_counts_what_it_asks_and_reads():
    assert counted(user(client(), Input.SEND)) == (1, 0, 0)
    assert counted(user(client(asked=2, unread=2), Input.RECEIVE)) == (2, 2, 0)


def test_server_counts_what_it_reads_and_answers():
    assert counted(user(server(unread=2), Input.RECEIVE)) == (2, 0, 0)
    assert counted(user(server(asked=2), Input.SEND)) == (2, 1, 0)


def test_what_is_pending_when_the_connection_ends_has_failed():
    reset = happen(
        server(asked=2, answered=1), Input.ABORT, bounds=dataclasses.replace(HTTP, abort=True)
    )
    assert counted(reset.end.users[0]) == (2, 1, 1)
    over = happen(
        client(TIME_WAIT, tcb={"time_wait": 0}, asked=2), Input.TIME_WAIT_TIMEOUT, bounds=HTTP
    )
    assert counted(over.end.users[0]) == (2, 0, 2) and over.end.users[0].idle == 0
    again = happen(
        client(CLOSED, asked=2, failed=2),
        Input.OPEN_ACTIVE,
        bounds=dataclasses.replace(HTTP, retries=True),
    )
    assert counted(again.end.users[0]) == (2, 0, 2)  # once


# Time


def test_server_time_begins_when_it_answers():
    assert user(server(asked=1), Input.SEND).idle == 5
    assert user(server(unread=1), Input.RECEIVE).idle == 1


def test_client_time_begins_when_it_has_read_the_response_or_with_its_request():
    assert user(client(asked=1, unread=1), Input.RECEIVE).idle == 3
    assert user(client(), Input.SEND).idle == 1
    own = {"idle_from_request": True}
    assert user(client(), Input.SEND, **own).idle == 3
    assert user(client(asked=1, unread=1), Input.RECEIVE, **own).idle == 1


def test_both_begin_when_the_connection_is_there():
    system = System(Rules(), PROFILES["http-idle"].bounds)
    found = set()
    seen, todo = set(), [system.initial()]
    while todo:
        world = todo.pop()
        if world in seen or len(seen) > 400:
            continue
        seen.add(world)
        for step, after in system.steps(world):
            if step.host is not None and step.end is not None:
                old, new = world.hosts[step.host], after.hosts[step.host]
                if ESTABLISHED == new.tcb.state != old.tcb.state:
                    found.add((step.host, new.users[0].idle))
            todo.append(after)
    assert found == {(0, 2), (1, 4)}


def test_time_goes_by_and_stops_where_something_is_due():
    late = happen(client(idle=2), Input.TICK, bounds=HTTP).end
    assert late.users[0].idle == 1
    for one, due in [
        (client(idle=1), False),
        (client(idle=0), True),
        (client(idle=0, asked=1), False),
        (client(asked=1, unread=1), True),
        (client(FIN_WAIT_2, idle=0), False),
        (client(SYN_SENT, idle=0), False),
        (server(SYN_RECEIVED, idle=0), False),
        (client(CLOSE_WAIT, idle=0), True),
        (server(idle=0), True),
        (server(idle=0, asked=1), False),
        (server(FIN_WAIT_2, unread=1, idle=0), True),
        (server(FIN_WAIT_1, unread=1, idle=0), True),
        (server(CLOSE_WAIT, unread=1), True),
        (server(TIME_WAIT, unread=1, idle=0), False),
        (server(CLOSE_WAIT, idle=0, tcb={"closing": True}), False),
    ]:
        assert overdue(one, Rules(), HTTP) == due
    for limits in ({"client_idle": 0}, {"server_idle": 0}):
        bounds = dataclasses.replace(HTTP, **limits)
        one = client(idle=0) if "client_idle" in limits else server(idle=0)
        assert not overdue(one, Rules(), bounds)


# Several connections


def test_each_socket_has_an_application_of_its_own():
    topology = connected(("A", "B"), ("A", "B"))
    system = System(Rules(), PROFILES["http-pool"].bounds, (), topology)
    world = system.initial()
    assert [len(host.users) for host in world.hosts] == [2, 2]
    (opened,) = (
        after
        for step, after in system.steps(world)
        if (step.end, step.action) == (1, "OPEN (active)")
    )
    assert [one.state for one in (opened.end(0).tcb, opened.end(1).tcb)] == [CLOSED, SYN_SENT]
    assert State.LISTEN == LISTEN and len(opened.end(1).users) == 1


def test_what_a_client_sees_is_the_same_whether_its_request_was_read_or_not():
    """H3.known and WH3.unread: the runs differ in nothing that befalls the client."""
    bounds = PROFILES["http-restart"].bounds
    checks = {
        "read": Check("always", p.unanswered_is_unread),
        "unread": Check("sometimes", p.unanswered_and_unread),
    }
    found = explore(Interned(Rules(), bounds), checks, stop_when_decided=False).decisive

    def seen(name):
        for step, after in found[name].steps:
            if step.host == 0:
                state = after.hosts[0].tcb.state
                yield step.action, step.segment and key(step.segment), step.signals, state

    assert [*seen("read")] == [*seen("unread")]
    server_read = [found[name].steps[-1][1].hosts[1].users[0].asked for name in found]
    assert sorted(server_read) == [0, 1]
