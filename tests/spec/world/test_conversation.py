"""A conversation by hand: the session in its docstring, and what is said when nothing fits."""

import doctest
from pathlib import Path

import pytest

from proofs.claims.table import BY_ID
from spec.rules import Rules
from spec.tcp.inputs import Input
from spec.tcp.tcb import State
from spec.world import conversation
from spec.world.conversation import Conversation, NotPossible
from spec.world.profiles import PROFILES


def test_the_session_of_the_docstring_runs():
    found = doctest.testmod(conversation)
    assert found.attempted > 10
    assert not found.failed


@pytest.fixture
def talk():
    """Two hosts, A listening and B's SYN in flight."""
    talk = Conversation()
    talk.a.listen()
    talk.b.open()
    return talk


def test_what_is_not_possible_names_what_is(talk):
    with pytest.raises(NotPossible, match=r"not possible now; what is:(?s:.*)lose <SYN SEQ=300"):
        talk.a.receive()
    assert len(talk.taken) == 2


def test_which_segment_must_be_said_where_there_are_several(talk):
    talk.b.timeout()
    talk.deliver(keep=True)
    with pytest.raises(NotPossible, match="which of these"):
        talk.deliver()
    talk.deliver("SYN,ACK")
    assert talk.b.state is State.ESTABLISHED


def test_each_tcb_has_a_number_of_its_own(talk):
    talk.b.abort()
    assert talk.b.open().step.sent[0].seq == 200_300
    assert talk.a.tcb.iss == 0


def test_back_takes_the_last_step_back(talk):
    before = talk.world
    talk.deliver()
    assert talk.a.state is State.SYN_RECEIVED
    talk.back()
    assert talk.world == before
    for _ in talk.taken[:]:
        talk.back()
    with pytest.raises(NotPossible, match="nothing has happened yet"):
        talk.back()


def test_text_is_sent_read_and_acknowledged(talk):
    talk.deliver()
    talk.deliver()
    talk.deliver()
    assert (talk.a.state, talk.b.state) == (State.ESTABLISHED, State.ESTABLISHED)
    assert talk.b.send().step.sent[0].text == 100
    talk.deliver()
    assert talk.a.tcb.rcv.nxt == 401
    talk.a.receive()
    assert talk.flight
    assert talk.offers()


def test_a_host_that_crashed_keeps_quiet(talk):
    talk.a.crash()
    talk.a.restart()
    with pytest.raises(NotPossible):
        talk.a.open()
    talk.tick()
    talk.tick()
    talk.a.open()


def test_a_claim_is_asked_about_its_world():
    """T2's counterexample without the third handshake, step by step."""
    claim = BY_ID["T2"]
    profile = PROFILES[claim.profile]
    bounds, watchers = profile.bounds, profile.watchers
    talk = Conversation(Rules(three_way=False), bounds, watchers, numbers=((0, 2), (0, 2)))
    talk.a.listen()
    talk.b.open()
    talk.b.abort()
    assert claim.predicate(talk.world)
    talk.deliver()
    assert not claim.predicate(talk.world)


def test_a_call_is_an_input_or_its_text(talk):
    talk.b.call("CLOSE")
    talk.back()
    talk.b.call(Input.CLOSE)
    assert talk.b.state is State.CLOSED


def test_the_session_of_the_page_runs():
    page = Path(__file__).parents[3] / "docs/how-to/play-in-python.md"
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 20
    assert not found.failed
