"""The explorer: toy systems with known counts, and what the specification's own runs fire."""

from collections import Counter as Bag
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import networkx as nx
import pytest

from checker.engines.explicit import native
from checker.engines.explicit.engine import Check, Exploration
from checker.engines.explicit.reference import explore, quotient
from checker.model.interned import Interned
from checker.model.search import TcpParts
from proofs.claims.table import BY_ID
from proofs.claims.transfer import ONCE
from spec.rules import (
    AckLimit,
    Cookies,
    EarlyClose,
    FinAgain,
    Isn,
    KeepAlive,
    Restart,
    Rules,
    Silent,
    UnsentText,
)
from spec.world.profiles import PROFILES, Profile
from spec.world.records import key
from spec.world.system import System
from tests.helpers.cited import cited
from tests.helpers.systems import (
    COUNTED,
    AlternatingBit,
    Commit,
    Counter,
    Grid,
    Line,
    Mutex,
    Peterson,
    TwoPhaseCommit,
)

# Counts


@cache
def graph_of(name: str) -> Exploration:
    return explore(COUNTED[name][0], {})


@pytest.mark.parametrize("name", COUNTED)
def test_counts(name: str) -> None:
    system, states, depth = COUNTED[name]
    found = graph_of(name)
    assert (found.states, found.depth, found.complete) == (states, depth, True)
    assert (found.limited, found.why) == (False, "")
    # A closure without order, levels or memory of paths
    seen: set[Any] = set()
    waiting = [system.initial()]
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting += [after for _, after in system.steps(state)]
    labels = [label for state in seen for label, _ in system.steps(state)]
    assert seen == set(nx.get_node_attributes(found.graph, "state").values())
    assert found.transitions == len(labels)
    assert found.fired == Bag(rule for label in labels for rule in label.rules)


@pytest.mark.parametrize("name", COUNTED)
def test_edges_carry_every_step(name: str) -> None:
    system, graph = COUNTED[name][0], graph_of(name).graph
    states = nx.get_node_attributes(graph, "state")
    edges = [
        (states[a], label, states[b]) for a, b, d in graph.edges(data=True) for label in d["steps"]
    ]
    assert len(edges) == graph_of(name).transitions
    assert Bag(edges) == Bag(
        (state, label, after) for state in states.values() for label, after in system.steps(state)
    )


@pytest.mark.parametrize("name", COUNTED)
def test_states_are_numbered_in_order_of_distance(name: str) -> None:
    graph = graph_of(name).graph
    far = nx.single_source_shortest_path_length(graph, 0)
    distances = [far[n] for n in range(len(graph))]
    assert distances == sorted(distances)
    assert distances[-1] == graph_of(name).depth


# Claims


def always(predicate: Callable[[Any], bool]) -> dict[str, Check]:
    return {"claim": Check("always", predicate)}


def apart(state: Mutex) -> bool:
    return state.at != ("critical", "critical")


def at_most_one_ahead(state: Line) -> bool:
    return 0 <= state.ahead <= 1


def agreed(state: Commit) -> bool:
    return not {"c", "a"} <= set(state.told)


@pytest.mark.parametrize(
    ("right", "wrong", "predicate", "length"),
    [
        (Peterson(), Peterson(flags=False), apart, 6),  # three steps each
        (AlternatingBit(), AlternatingBit(numbered=False), at_most_one_ahead, 5),
        # all prepare, commit, one is told, another gives up
        (TwoPhaseCommit(3), TwoPhaseCommit(3, patient=False), agreed, 6),
        (Counter(4), Counter(5), lambda n: n < 5, 5),
    ],
    ids=["Peterson", "alternating bit", "two-phase commit", "counter"],
)
def test_always(right: Any, wrong: Any, predicate: Callable[[Any], bool], length: int) -> None:
    holds = explore(right, always(predicate))
    assert holds.complete
    assert holds.decisive == {}
    found = explore(wrong, always(predicate))
    path = found.decisive["claim"]
    assert len(path.steps) == length
    assert (found.complete, found.limited, found.why) == (False, False, "every claim is decided")
    # The path is a run, to the first bad state on it
    state = wrong.initial()
    assert path.start == state
    for label, after in path.steps:
        assert predicate(state)
        assert (label, after) in list(wrong.steps(state))
        state = after
    assert not predicate(state)
    # No shorter one: the distance in the whole graph
    whole = explore(wrong, {}).graph
    far = nx.single_source_shortest_path_length(whole, 0)
    assert length == min(d for n, d in far.items() if not predicate(whole.nodes[n]["state"]))


def test_a_bad_initial_state_is_a_path_of_no_steps() -> None:
    found = explore(Counter(5), always(lambda n: n > 0))
    assert found.decisive["claim"].steps == []
    assert found.states == 1


def test_sometimes() -> None:
    checks = {
        "far": Check("sometimes", lambda n: n == 3),
        "never": Check("sometimes", lambda n: n > 9),
    }
    found = explore(Counter(5), checks)
    assert found.complete
    assert [label.action for label, _ in found.decisive["far"].steps] == ["up"] * 3
    assert list(found.decisive) == ["far"]


def test_the_search_ends_when_all_is_decided_and_not_before() -> None:
    near, far = Check("sometimes", lambda n: n == 2), Check("sometimes", lambda n: n == 4)
    assert explore(Counter(50), {"near": near}).states == 3
    assert explore(Counter(50), {"near": near, "far": far}).states == 5
    on = explore(Counter(50), {"near": near}, stop_when_decided=False)
    assert (on.states, on.complete) == (51, True)
    assert explore(Counter(50), {"near": near, "always": Check("always", lambda n: True)}).complete


@pytest.mark.parametrize(
    ("system", "length"),
    # Without turns both wait for the other's flag: three steps each but for the turn
    [(Peterson(turns=False), 4), (Counter(3, back=False), 3), (TwoPhaseCommit(3), 4)],
    ids=["no turns", "one way", "two-phase commit"],
)
def test_rest(system: Any, length: int) -> None:
    found = explore(system, {"rest": Check("rest", lambda state: False)})
    path = found.decisive["rest"]
    assert len(path.steps) == length
    assert list(system.steps(path.steps[-1][1])) == []


def test_what_moves_on_never_rests() -> None:
    for system in (Peterson(), AlternatingBit(), Counter(3)):
        found = explore(system, {"rest": Check("rest", lambda state: False)})
        assert (found.decisive, found.complete) == ({}, True)


@pytest.mark.parametrize(("idle", "length"), [("down", 3), ("up", 0), ("", None)])
def test_what_has_idle_steps_only_rests(idle: str, length: int | None) -> None:
    rest = Check("rest", lambda n: False, idle=frozenset({idle}))
    assert explore(Counter(3), {"rest": rest}).lengths.get("rest") == length


def test_where_it_may_rest_it_may() -> None:
    over = {"rest": Check("rest", lambda s: set(s.told) in ({"c"}, {"a"}))}
    assert explore(TwoPhaseCommit(3), over).decisive == {}


def test_rest_is_asked_of_states_that_rest_only() -> None:
    asked: list[int] = []
    explore(
        Counter(3, back=False), {"rest": Check("rest", lambda n: bool(asked.append(n)) or True)}
    )
    assert asked == [3]


@pytest.mark.parametrize("limit", [1, 2, 5, 15])
def test_a_limit_leaves_the_result_incomplete(limit: int) -> None:
    found = explore(Grid(3), always(lambda state: True), max_states=limit)
    assert (found.complete, found.limited) == (False, True)
    assert found.why == f"limit of {limit} states reached"
    assert limit <= found.states <= limit + 1  # the state under work is finished
    assert found.decisive == {}


def test_a_limit_of_time_leaves_the_result_incomplete() -> None:
    found = explore(Counter(5000), always(lambda state: True), max_seconds=0.0)
    assert (found.complete, found.limited, found.why) == (False, True, "limit of 0 s reached")
    assert found.states < 5000
    assert explore(Counter(5000), always(lambda state: True), max_seconds=600.0).complete


def test_a_limit_that_is_not_reached_changes_nothing() -> None:
    assert explore(Grid(3), {}, max_states=17).complete


def test_a_violation_before_the_limit_is_found() -> None:
    found = explore(Counter(50), always(lambda n: n < 5), max_states=40)
    assert (len(found.decisive["claim"].steps), found.limited) == (5, False)


def test_without_a_graph_the_rest_is_the_same() -> None:
    one, two = explore(AlternatingBit(), {}, graph=False), explore(AlternatingBit(), {})
    assert one.graph is None
    assert [getattr(one, n) for n in ("states", "transitions", "depth", "fired")] == [
        getattr(two, n) for n in ("states", "transitions", "depth", "fired")
    ]


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr("checker.engines.explicit.reference.time.monotonic", lambda: next(clock))
    told: list[tuple[int, ...]] = []
    explore(Counter(3000), {}, progress=lambda *counts: told.append(counts))
    assert [states for states, *_ in told] == [1, 1025, 2049]
    assert [level for _, _, level, *_ in told] == [0, 1024, 2048]


# Quotients


def test_quotient_keeps_every_step_that_changes_the_view() -> None:
    found = graph_of("two-phase commit")
    view = quotient(found.graph, lambda s: s.decision)
    assert set(view.nodes) == {"", "a", "c"}
    assert {(a, b): len(d["steps"]) for a, b, d in view.edges(data=True)} == {
        ("", "a"): 27,
        ("", "c"): 1,
    }


def test_quotient_by_one_process() -> None:
    view = quotient(graph_of("Peterson").graph, lambda s: s.at[0])
    names = {(a, b): {label.action for label in d["steps"]} for a, b, d in view.edges(data=True)}
    assert names == {
        ("idle", "raised"): {"raise 0"},
        ("raised", "waiting"): {"yield 0"},
        ("waiting", "critical"): {"enter 0"},
        ("critical", "idle"): {"leave 0"},
    }


def test_quotient_by_everything_is_the_graph() -> None:
    found = graph_of("grid")
    view = quotient(found.graph, lambda state: state)
    assert nx.is_isomorphic(view, found.graph)


# The specification


@pytest.mark.parametrize("name", ["rest", "forgery", "time", "handshake"])
def test_a_system_that_remembers_nothing_does_the_same(name: str) -> None:
    """Memory in ``spec.world.system`` is a matter of speed only."""
    profile = PROFILES[name]
    one = explore(Interned(Rules(), *profile), {}, max_states=700)
    two = explore(System(Rules(), *profile), {}, max_states=700)
    assert (one.states, one.transitions, one.fired) == (two.states, two.transitions, two.fired)

    def steps(found: Exploration) -> list[Any]:
        return [
            (a, b, [key(tuple(label)) for label in d["steps"]])
            for a, b, d in found.graph.edges(data=True)
        ]

    assert steps(one) == steps(two)


def test_edges_of_the_specification_carry_every_step() -> None:
    found = explore(Interned(Rules(), *PROFILES["forgery"]), {})
    steps = [label for _, _, d in found.graph.edges(data=True) for label in d["steps"]]
    assert len(steps) == found.transitions
    assert Bag(rule for label in steps for rule in label.rules) == found.fired


# Rules that fired, and that never do

SMALL = ("T10", "D1", "D1.window", "T1s", "T9.literal", "T3", "T7", "S1")
"""Claims whose explorations are small."""

URGENT = PROFILES["stream"].but(urgent=True, a_passive=True, b_active=False, b_sends=False)
REOPENING = PROFILES["time"].but(msl=1, stride=3)
IDLE_SENDER = PROFILES["transfer-idle"].but(octets=3)
SWITCHED: list[tuple[dict[str, Any], Profile, int, set[str]]] = [
    # rules, profile, most states; what fires there and in no exploration of SMALL
    (
        {"three_way": False},
        PROFILES["rest"],
        1000,
        {"two-way handshake/syn"},
    ),
    (
        {"syncookies": Cookies.ALWAYS},
        PROFILES["backlog"],
        20_000,
        {
            "RFC 4987/3.6/cookie",
            "RFC 4987/3.6/valid",
            "RFC 4987/3.6/stranger",
            "sockets/backlog/cookie",
        },
    ),
    (
        {"abort_on_overflow": True},
        PROFILES["backlog"],
        20_000,
        {"Linux/abort_on_overflow/reset"},
    ),
    ({"defer_accept": True}, PROFILES["backlog"], 20_000, {"Linux/defer_accept/wait"}),
    (
        {"fast_open": True, "data_on_syn": True},
        PROFILES["fast-open"],
        1000,
        {"RFC 7413/4.2.2/text"},
    ),
    (
        {"fast_open": True, "fast_open_cookie": False},
        PROFILES["fast-open-flood"],
        1000,
        {"RFC 7413/4.1/anybody"},
    ),
    (
        {"syn_retransmitted": False},
        PROFILES["listener-closes"],
        1000,
        {"sockets/close"},
    ),
    (
        {"passive_time_wait": True},
        PROFILES["rest"],
        20_000,
        {"not in RFC 9293/LAST-ACK/wait"},
    ),
    (
        {"syn_challenge": False},
        PROFILES["forgery"],
        1000,
        {"RFC 793/fourth/reset"},
    ),
    ({"ack_needed": False}, PROFILES["forgery"], 20_000, {"lwIP/no-ack"}),
    ({"bad_ack_answered": False}, PROFILES["forgery"], 20_000, {"not in RFC 9293/fifth/silent"}),
    (
        {"unsent_text": UnsentText.TAKEN},
        PROFILES["forgery"],
        20_000,
        {"not in RFC 9293/fifth/unsent"},
    ),
    (
        {"late_text_resets": True},
        PROFILES["forgery"],
        20_000,
        {"not in RFC 9293/late text/reset"},
    ),
    ({"syn_silent": Silent.ALL}, PROFILES["half-open"], 20_000, {"not in RFC 9293/SYN/silent"}),
    ({"syn_sent_resends": True}, PROFILES["lifecycle"], 20_000, {"lwIP/SYN-SENT/ack"}),
    ({"bad_ack_reset": False}, PROFILES["lifecycle"], 20_000, {"PyTCP/fifth/bad-ack"}),
    ({"reset_ignored": True}, PROFILES["lifecycle"], 2_000, {"Zephyr/reset/ignored"}),
    (
        {"syn_sent_bad_ack_reset": False},
        PROFILES["lifecycle"],
        2_000,
        {"smoltcp/SYN-SENT/bad-ack"},
    ),
    (
        {"time_wait_fin_answered": False},
        PROFILES["lifecycle"],
        20_000,
        {"Zephyr/TIME-WAIT/fin-again"},
    ),
    ({"syn_received_fin": False}, PROFILES["lifecycle"], 20_000, {"PyTCP/SYN-RECEIVED/fin"}),
    (
        {"early_close": EarlyClose.SILENT},
        PROFILES["once"],
        20_000,
        {"gVisor/SYN-RECEIVED/close"},
    ),
    ({"fin_again": FinAgain.ANEW}, PROFILES["once"], 20_000, {"gVisor/FIN/anew"}),
    ({"time_wait_challenge": False}, PROFILES["reopening"], None, {"lwIP/TIME-WAIT/syn"}),
    (
        {"syn_ack_exact": True},
        PROFILES["simultaneous"],
        20_000,
        {"repair/our-syn"},
    ),
    (
        {"abort_time_wait": True},
        PROFILES["rest"].but(msl=1, span=1),
        20_000,
        {
            "3.5.2/reset",
            "3.5.2/CLOSING, LAST-ACK/wait",
        },
    ),
    (
        {"close_waits": True},
        PROFILES["stream"],
        9000,
        {
            "3.10.4/SYN-RECEIVED/queue",
            "3.10.2/LISTEN/queue",
        },
    ),
    (
        {"time_wait_restart": Restart.FIN},
        PROFILES["time"],
        20_000,
        {"3.10.7.4/first/fin-again"},
    ),
    (
        {"data_on_syn": True},
        URGENT,
        30_000,
        {
            "3.10.2/LISTEN/data-on-syn",
            "3.10.7.2/third/held",
            "3.10.7.4/sixth/urgent",
            "3.10.7.4/fourth/outside",
        },
    ),
    (
        {"time_wait_reopen": True},
        REOPENING,
        30_000,
        {
            "3.6.1/TIME-WAIT/reopen",
            "3.6.1/(2)/SYN-RECEIVED/reset",
        },
    ),
    (
        {"time_wait_ignores_reset": True, "reset_unanswered": False},
        PROFILES["once"],
        10_000,
        {"against RFC 1337/F1/answer"},
    ),
    (
        {"keep_alive": KeepAlive.EMPTY},
        PROFILES["keep-alive"],
        2000,
        {"3.8.4/keep-alive/probe", "3.8.4/keep-alive/give-up"},
    ),
    (
        {"ack_limit": AckLimit.HOST},
        PROFILES["opening"],
        10_000,
        {"RFC 5961/7/throttle", "RFC 5961/7/interval", "RFC 5961/7/others"},
    ),
    (
        {"keep_alive_gives_up": False},
        PROFILES["nat"],
        2000,
        {"RFC 5382/REQ-5/forgotten"},
    ),
    (
        {"time_wait_reuse": True, "time_wait_reopen": True, "isn": Isn.ANY},
        PROFILES["reused-resets"].but(plain=True, abort=False, duplicate=False),
        30_000,
        {
            "not in RFC 9293/reuse",
            "RFC 6191/2/later",
            "RFC 7323/5.3/R1",
            "RFC 7323/3.2/missing",
        },
    ),
    (
        {"time_wait_recycle": True},
        PROFILES["recycling"],
        3000,
        {"Linux/tw_recycle/drop", "Linux/tw_recycle/heard", "Linux/tw_recycle/forget"},
    ),
    (
        {"fin_wait_2_timeout": True},
        PROFILES["closing-giving-up"],
        10_000,
        {"not in RFC 9293/fin-wait-2"},
    ),
    (
        {"delayed_ack": True},  # of a data plane; all is as the RFCs have it
        PROFILES["transfer"],
        None,
        {
            "3.10.8/RETRANSMISSION TIMEOUT/front",
            "3.8.6.2.2/open",
            "3.8.6.3/delay",
            "3.8.6.3/timer",
            "RFC 5681/3.1/(2)/slow-start",
            "RFC 5681/3.1/(4)/timeout",
            "RFC 5681/3.1/avoidance",
            "RFC 5681/3.2/(2)/fast-retransmit",
            "RFC 5681/3.2/(4)/inflate",
            "RFC 5681/3.2/(6)/recovered",
            "RFC 6298/3/sample",
            "RFC 6582/3.2/(2)/known",
            "RFC 6582/3.2/partial",
        },
    ),
    ({"receiver_sws": True}, PROFILES["transfer-silly"], None, {"3.8.6.2.2/wait"}),
    ({"receiver_sws": False}, PROFILES["transfer-silly"], None, {"3.8.6.2.1/(4)/override"}),
    ({"window_newer": True}, PROFILES["transfer-shrinks"], None, {"3.8.6/shrink"}),
    ({}, PROFILES["transfer-sack"], None, {"RFC 2018/8/renege"}),
    ({}, PROFILES["transfer-ahead"], None, {"against RFC 9293/3.4/ahead"}),
    (ONCE, IDLE_SENDER, None, {"RFC 5681/4.1/idle"}),
    ({**ONCE, "restart_window": False}, IDLE_SENDER, None, {"against RFC 5681/4.1/idle"}),
    ({**ONCE, "cwnd_validated": True}, IDLE_SENDER, None, {"RFC 7661/4.3/not-validated"}),
]

ERROR = "an error that the RFC returns to the user: no step of the system (spec.world.enabled)"
IDLE = "a RECEIVE that finds nothing changes nothing: no step of the system (spec.world.enabled)"
PEER = "no segment that this specification sends meets it; tests/spec/tcp/segment_arrives does"
SILENT = {
    "3.10.1/exists": ERROR,
    "3.10.2/CLOSED/none": ERROR,
    "3.10.2/closing": ERROR,
    "3.10.3/CLOSED/none": ERROR,
    "3.10.3/closing": ERROR,
    "3.10.3/CLOSE-WAIT/closing": ERROR,
    "3.10.4/CLOSED/none": ERROR,
    "3.10.4/closing": ERROR,
    "3.10.5/CLOSED/none": ERROR,
    "3.10.3/LISTEN, SYN-SENT, SYN-RECEIVED/queue": IDLE,
    "3.10.3/queue": IDLE,
    "3.5.2/TIME-WAIT/remain": "changes nothing: no step of the system (spec.world.enabled)",
    # Only SYN and RST go without ACK, and those were dealt with before.
    "3.10.7.2/LISTEN/fourth/other": PEER,
    "3.10.7.2/listener/fourth/other": PEER,
    # A reset has no text here, so that its first octet decides in the first step already.
    "3.10.7.4/second/outside": PEER,
    # Honest numbers stay within a window of each other, old ones were acknowledged.
    "3.10.7.4/fifth/unsent": PEER,
}
"""Rules that none of these explorations fires, and why."""


def fires(rules: Rules, profile: Profile, max_states: int | None = None) -> set[str]:
    """The ids of the rules that fire, which the native engine finds sooner."""
    system = Interned(rules, *profile)
    if max_states is None:
        found = native.explore(TcpParts(system), {})
    else:
        found = explore(system, {}, graph=False, max_states=max_states)
    return {rule.id for rule in found.fired}


@cache
def fired_by_small() -> set[str]:
    fired = set()
    for id in SMALL:
        claim = BY_ID[id]
        fired |= fires(
            replace(Rules(), **claim.rules),
            PROFILES[claim.profile],
            10_000 if id in ("T1s", "T9.literal", "T7") else None,
        )
    return fired


@pytest.mark.parametrize("choice", SWITCHED, ids=lambda choice: next(iter(choice[0]), "default"))
def test_rules_of_a_switch_fire_with_it_and_not_without(choice: Any) -> None:
    rules, profile, limit, fresh = choice
    assert fresh <= fires(replace(Rules(), **rules), profile, limit)
    assert not fresh & fired_by_small()


def test_every_rule_fires_but_those_explained() -> None:
    fired = fired_by_small() | {rule for *_, fresh in SWITCHED for rule in fresh}
    assert fired <= set(cited())
    assert set(cited()) - fired == set(SILENT)
