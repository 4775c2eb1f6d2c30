"""Every theorem is about something: a run meets all that it assumes, and much happens in it."""

import dataclasses
import itertools
from collections import Counter
from pathlib import Path

import pytest

from checker.cli.prove import print_proofs
from checker.studies.prove import prove, runs, theories
from checker.support.errors import INCONCLUSIVE
from proofs.theorems.invariants import View
from proofs.theorems.table import BY_ID, OF_HOSTS
from spec.world.bounds import Bounds
from tests.helpers import toys


def test_pinned_runs_are_as_they_are_followed() -> None:
    found = {id: runs.followed(BY_ID[id], one.seed or 0) for id, one in runs.pinned().items()}
    assert found == {id: one.at for id, one in runs.pinned().items()}


def test_each_theorem_of_hosts_has_a_run() -> None:
    found = runs.witnesses(OF_HOSTS)
    assert [*found] == [theorem.id for theorem in OF_HOSTS]
    assert runs.pinned() == found
    assert runs.stale(found) == []
    for id, one in found.items():
        assert {*one.at} == {*runs.wanted(BY_ID[id])}
        assert one.at["one" if "one" in one.at else "three"] > 10
    assert "restart" in found["T1"].at and "restart" not in found["T4"].at


def test_a_run_is_what_it_is_said_to_be() -> None:
    """Followed once more, step by step, by other eyes."""
    (theorem, one) = BY_ID["T1s.far"], runs.pinned()["T1s.far"]
    run = runs.Run(theorem, one.seed or 0)
    states, resets = [], []
    for _ in range(max(one.at.values())):
        if run.step() and run.last is not None:
            states.append(run.last.me.end.tcb.state.value)
            seg = run.last.seg
            resets.append(seg is not None and seg.ctl.rst)
    assert "TIME-WAIT" in states and any(resets) and "SYN-RECEIVED" in states
    assert [host.end.ghost.made >= 3 for host in run.hosts] == [True, True]
    assert run.rules.syn_ack_exact is False and {f.__name__ for f in theorem.pairs} >= {"far"}
    for host in run.hosts:
        of = [host.iss[n] for n in range(1, host.end.ghost.made + 1)]
        assert all((b - a) % (1 << 32) > (1 << 30) for a, b in itertools.pairwise(of))


def never(w: View) -> bool:
    return False


def never_sent(w: View, seg: object) -> bool:
    return False


def never_made(w: View, n: int) -> bool:
    return False


def test_clauses_are_asked_of_each_end_segment_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    theorem = dataclasses.replace(BY_ID["T1"], clauses=(never, never_sent), claims=(never_made,))
    run = runs.Run(theorem, runs.pinned()["T1"].seed or 0)
    for _ in range(150):
        run.step()
    sent = [len(host.sent) for host in run.hosts]
    made = [host.end.ghost.made for host in run.hosts]
    assert min(sent) > 2 and min(made) > 0
    for most in (2, *sorted(sent), 1000):
        monkeypatch.setattr(runs, "MOST", most)
        found = Counter(run.broken())
        assert found["never"] == 2
        assert found["never_sent"] == sum(min(n, most) for n in sent)
        assert found["never_made"] == sum(n + 1 for n in made)
    true = dataclasses.replace(theorem, clauses=(), claims=(runs_on,))
    run.theorem = true
    assert [*run.broken()] == []


def runs_on(w: View) -> bool:
    return True


def test_each_end_is_seen_as_me_once() -> None:
    run = runs.Run(BY_ID["T4"], runs.pinned()["T4"].seed or 0)
    for _ in range(150):
        run.step()
    one, other = run.hosts
    seen = [(host, view.me, view.peer) for host, view in run.views()]
    assert seen == [(one, one.end, other.end), (other, other.end, one.end)]
    for host in run.hosts:
        assert {*range(1, host.end.ghost.made + 1)} >= {*host.memory} > set()
        assert host.isn(0) == 0 and 0 not in host.iss
        assert [*host.iss] == [*range(1, len(host.iss) + 1)]
        beyond = len(host.iss) + 2
        assert host.isn(beyond) == host.iss[beyond] and len(host.iss) == beyond


def test_rules_and_bounds_of_a_run() -> None:
    """What is asked for besides counts, and TIME-WAIT is never too short by itself."""
    theorem = BY_ID["T4"]
    for seed in range(20):
        run = runs.Run(theorem, seed)
        assert all(getattr(run.rules, name) == value for name, value in theorem.rules.items())
        length = 2 * run.bounds.msl - run.rules.time_wait_cut
        needed = max(2 * run.bounds.msl, run.bounds.msl + run.bounds.span)
        assert length in (needed, needed + 1)
        assert run.bounds.crashes == Bounds().crashes, "it is not left open"
    run = runs.Run(theorem, 3, time_wait_cut=7, three_way=False)
    assert (run.rules.time_wait_cut, run.rules.three_way) == (7, False)


def no_window(w: View) -> bool:
    """A fact of no bounds."""
    return w.bounds.window < 0


def three_are_too_many(w: View, m: int, n: int) -> bool:
    """Of two TCBs it may be so, of three never: their ISSs are odd and even."""
    return bool(w.my_iss(m) % 2 != w.my_iss(n) % 2)


@pytest.mark.parametrize(
    "more", [{"facts": (no_window,)}, {"pairs": (three_are_too_many,)}], ids=["facts", "pairs"]
)
def test_what_contradicts_itself_has_none(
    more: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs, "SEEDS", 40)
    theorem = dataclasses.replace(BY_ID["T4"], **more)  # type: ignore[arg-type]
    found = runs.witnesses([theorem])
    assert found["T4"].seed is None
    (proof,) = prove.prove([toys.theorem()], 1, make=toys.theory)
    assert proof.verdict == "proved"
    proof.runs = {"toy": found["T4"]}
    assert (proof.verdict, prove.exit_code([proof])) == ("vacuous", INCONCLUSIVE)
    print_proofs([proof], "")
    assert (
        "no run of 40 meets what it assumes and has all of: three TCBs" in capsys.readouterr().out
    )


def test_a_rule_that_lets_nothing_happen_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody resets there is no such run, and it says what is missing."""
    monkeypatch.setattr(runs, "SEEDS", 20)
    monkeypatch.setattr(runs.Run, "seen", lambda self: iter(("three", "time_wait", "crossing")))
    found = runs.witness(BY_ID["T4"])
    assert (found.seed, found.missing) == (None, ("reset",))
    assert str(found).endswith("has all of: a reset that ends one")


def test_another_run_than_the_pinned_one_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runs, "PINS", tmp_path / "runs.toml")
    found = runs.witnesses([BY_ID["T4"]])
    (said,) = runs.stale(found)
    assert said == "T4: its run is not what runs.toml has; prove --statements writes it"
    runs.pin(found)
    assert runs.stale(found) == [] and runs.pinned() == found
    other = {"T4": dataclasses.replace(found["T4"], at={**found["T4"].at, "reset": 1})}
    assert runs.stale(other)


def test_prove_asks_for_runs_of_hosts_alone() -> None:
    (proof,) = prove.prove([BY_ID["S2.rate"]], 1)
    assert proof.runs == {} and proof.verdict == "proved"
    assert theories.theory is prove.theory
