"""Mutants: of a toy whose mutants are known, and of the specification."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from checker.cli.options import open_journal
from checker.engines.explicit.engine import Check, Exploration
from checker.engines.explicit.reference import explore
from checker.ir.mutate import Dialect, Mutant, applied, mutants
from checker.model.model import check_of
from checker.studies import mutants as m
from checker.studies import mutants_page
from checker.studies.explorations import jobs
from checker.support.errors import INCONCLUSIVE, OK, VIOLATED, UsageProblem
from checker.support.journal import Journal
from proofs.claims.table import BY_ID
from tests.helpers import lamp
from tests.helpers.lamp import Lamp, Light, Rules

DIALECT = Dialect(states=Light, fixed=frozenset({"rules"}))
TOY = mutants([lamp.tick], DIALECT)


def toy(operator: str, before: str, number: int = 1) -> Mutant:
    """The mutant of the toy that changes ``before``."""
    found = [x for x in TOY if (x.operator, x.before) == (operator, before)]
    return found[number - 1]


class Shown(NamedTuple):
    """A lamp as a state of a system."""

    state: Light
    left: int
    dust: int


class Label(NamedTuple):
    action: str = "tick"
    rules: tuple[str, ...] = ()


class Lamps:
    """A lamp, as the explorer takes it."""

    def initial(self) -> Shown:
        return Shown(Light.RED, 2, 0)

    def steps(self, state: Shown) -> Iterator[tuple[Label, Shown]]:
        yield Label(), ask(state)


def ask(state: Shown) -> Shown:
    after = Lamp(*state)
    lamp.tick(after, Rules())
    return Shown(after.state, after.left, after.dust)


CHECKS = {
    "amber is short": Check("always", lambda s: s.state != Light.AMBER or s.left == 0),
    "green": Check("sometimes", lambda s: s.state == Light.GREEN),
}


def arena() -> m.Arena:
    found = explore(Lamps(), {}, graph=True)
    reachable = [data["state"] for _, data in found.graph.nodes(data=True)]

    def search() -> Exploration:
        return explore(Lamps(), CHECKS, max_states=100)

    return m.Arena(
        "lamp",
        m.asked_all(reachable, ask, [lamp.tick]),
        search().lengths,
        {name: check.kind for name, check in CHECKS.items()},
        ask,
        search,
        lambda mutant: not mutant.needs,
    )


@pytest.fixture(autouse=True)
def order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m, "ORDER", {**m.ORDER, **dict.fromkeys(CHECKS, 0)})


# Operators


def test_each_operator_changes_the_one_place_that_it_says() -> None:
    assert [f"{x.line - TOY[0].line} {x.operator}: {x.before} -> {x.after}" for x in TOY][:8] == [
        "0 negate: lamp.left > 0 -> not lamp.left > 0",
        "0 off by one: lamp.left > 0 -> lamp.left >= 0",
        "0 off by one: lamp.left > 0 -> lamp.left > 0 + 1",
        "1 drop: lamp.left = lamp.left - 1 -> nothing",
        "3 negate: lamp.left == 0 -> not lamp.left == 0",
        "3 negate: lamp.state == Light.RED -> not lamp.state == Light.RED",
        "3 off by one: lamp.left == 0 -> lamp.left == 0 + 1",
        "3 off by one: lamp.left == 0 -> lamp.left == 0 + -1",
    ]
    assert len({x.name for x in TOY}) == len(TOY)


def test_what_is_computed_is_changed_if_the_dialect_asks_for_it() -> None:
    asks = dataclasses.replace(DIALECT, operands=True)
    plain, more = mutants([lamp.shines], DIALECT), mutants([lamp.shines], asks)
    assert {m.operator for m in plain} == {"off by one"}
    unlit = "rules.blinks | (lamp.state != Light.RED and lamp.left != 0)"
    assert {m.after for m in more} - {m.after for m in plain} == {
        f"not (lamp.dust < 2) & ({unlit})",
        "lamp.dust < 2",
        unlit,
        "rules.blinks",  # what is fixed is not left out
        "lamp.state != Light.RED",
        "lamp.left != 0",
    }
    on, red = Lamp(Light.GREEN, 1, 0), Lamp(Light.RED, 1, 0)
    (dusty,) = [m for m in more if m.after == "lamp.left != 0"]
    with applied(dusty):
        assert lamp.shines(on, Rules()) and lamp.shines(red, Rules())
    assert lamp.shines(on, Rules()) and not lamp.shines(red, Rules())


def test_a_mutant_runs_only_within() -> None:
    red = Shown(Light.RED, 0, 0)
    mutant = toy("target", "lamp.state = Light.GREEN")
    with applied(mutant):
        assert ask(red).state == Light.AMBER
    assert ask(red).state == Light.GREEN


def test_a_mutant_is_undone_after_an_error() -> None:
    with pytest.raises(RuntimeError), applied(toy("drop", "lamp.state = Light.GREEN")):
        raise RuntimeError
    assert ask(Shown(Light.RED, 0, 0)).state == Light.GREEN


# Verdicts


@pytest.mark.parametrize(
    ("mutant", "verdict", "killers"),
    [
        (toy("target", "lamp.state = Light.GREEN"), "killed", [("amber is short", 3)]),
        (toy("drop", "lamp.state = Light.GREEN"), "killed", [("green", None)]),
        (toy("off by one", "lamp.left > 3"), "equivalent", []),
        (toy("drop", "lamp.dust = 1 - lamp.dust"), "survived", []),
        (toy("drop", "lamp.dust = 3"), "not reached", []),
        (toy("drop", "lamp.left = 2"), "outside", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_verdict_of_a_known_mutant(
    mutant: Mutant, verdict: str, killers: list[tuple[str, int | None]]
) -> None:
    judged = m.judge(mutant, [arena()], False)
    assert (judged.verdict, [(k.claim, k.steps) for k in judged.killers]) == (verdict, killers)


def test_equal_answers_mean_equal_graphs() -> None:
    """What is called equivalent is not explored; here it is, and found the same."""

    def graph() -> Any:
        found = explore(Lamps(), {}, graph=True)
        return [data["state"] for _, data in found.graph.nodes(data=True)], found.transitions

    original = graph()
    before = arena()
    kinds = set()
    for mutant in TOY:
        with applied(mutant):
            same = graph() == original
            kinds.add(same)
            assert before.differs(mutant) != same, mutant.name
    assert kinds == {True, False}


def test_the_score_leaves_out_what_is_equivalent_and_counts_what_is_not_reached() -> None:
    found = m.report([m.judge(mutant, [arena()], False) for mutant in TOY], False)
    assert (found.mutants, found.outside) == (len(TOY) - 1, 1)
    assert found.score == round(found.killed / (found.mutants - found.equivalent), 4)
    left = [j for j in found.all if j.verdict in ("survived", "not reached")]
    assert found.survivors == [j.name for j in left]
    assert found.mutants == found.killed + found.equivalent + len(left)
    assert m.exit_code(found) == VIOLATED  # nobody says why they survive
    for judged in left:
        judged.reason = "a toy"
    assert m.exit_code(found) == OK
    assert m.exit_code(m.report([], False)) == INCONCLUSIVE


# Runs that are interrupted


def run(path: Path, workers: int = 1, told: Any = None) -> str:
    with Journal(path, "toy", True) as journal:
        found = m.run(TOY, [arena()], journal, False, workers, told)
    return m.report(found, False).model_dump_json()


def test_a_run_that_was_interrupted_goes_on_and_comes_to_the_same(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")

    def interrupt(_: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    part = tmp_path / "part"
    with pytest.raises(KeyboardInterrupt):
        run(part, told=interrupt)
    with part.open("a") as file:
        file.write('{"name": "cut o')
    judged: list[int] = []
    assert run(part, told=lambda _, done, total: judged.append(done)) == whole
    assert judged == list(range(6, len(TOY) + 1))
    assert part.read_text() == (tmp_path / "whole").read_text()
    assert run(part, told=lambda *_: pytest.fail("all is known")) == whole


def test_two_workers_come_to_the_same(tmp_path: Path) -> None:
    assert run(tmp_path / "two", workers=2) == run(tmp_path / "one")


def test_what_a_journal_is_of_depends_on_the_options(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with open_journal("mutants", path, False, True) as journal:
        journal.add("one", 1)
    with open_journal("mutants", path, True, True) as journal:
        assert journal.known
    with pytest.raises(UsageProblem, match="of other work"):
        open_journal("mutants", path, True, False)


# The specification


def spec_mutant(function: str, operator: str, before: str, number: int = 1) -> Mutant:
    found = [
        x
        for x in m.all_mutants()
        if (x.function, x.operator, x.before) == (function, operator, before)
    ]
    return found[number - 1]


@pytest.fixture(scope="module")
def cheap() -> list[m.Arena]:
    """The arenas of blind senders, of rest, and of conduct."""
    return m.arenas(m.all_mutants(), [BY_ID[id] for id in ("T10", "W10", "D1", "WD")])


def test_a_mutant_of_the_specification_is_killed_by_the_claim_that_it_breaks(
    cheap: list[m.Arena],
) -> None:
    mutant = spec_mutant("check_rst_bit", "negate", "seg.seq != tcb.rcv.nxt")
    judged = m.judge(mutant, cheap, True)
    assert (judged.verdict, judged.rule) == (
        "killed",
        "3.10.7.4 second: reset not at RCV.NXT, challenge ACK",
    )
    assert "T10" in [killer.claim for killer in judged.killers]
    assert mutant.place.startswith("spec/tcp/segment_arrives/others.py:")
    assert m.judge(mutant, cheap, True) == judged


def test_what_stands_behind_a_switch_that_is_never_set_is_outside(cheap: list[m.Arena]) -> None:
    mutant = spec_mutant("listen_state", "target", "tcb.state = State.ESTABLISHED")
    judged = m.judge(mutant, cheap, True)
    assert (judged.verdict, judged.needs) == ("outside", ["not tcp.rules.three_way"])


CONDUCT = {
    "C1": ("_sent", "target", "tcb.state = State.LAST_ACK", 1),
    "C2": ("closed_state", "drop", "reset(seg, tcp)", 1),
    "C3": (
        "acknowledge",
        "number",
        "Segment(seq=tcb.snd.nxt, ack=tcb.rcv.nxt, wnd=tcb.rcv.wnd, ctl=Control(ack=True))",
        1,
    ),
    "C4": ("hear_syn", "drop", "tcb.rcv.nxt = tcp.seq.plus(seg.seq, 1)", 1),
    "C5": ("retransmits", "negate", "tcb.snd.una == tcb.snd.nxt", 1),
}


@pytest.mark.parametrize("claim", CONDUCT)
def test_each_claim_on_conduct_falls_with_a_rule(claim: str) -> None:
    (job,) = jobs([BY_ID[claim]], {}, {})
    checks = {claim: check_of(BY_ID[claim])}
    system = job.model.system
    with applied(spec_mutant(*CONDUCT[claim])):
        found = explore(system, checks, graph=False)
    assert found.lengths.get(claim), claim


def test_a_selection_that_names_nothing_is_refused() -> None:
    with pytest.raises(UsageProblem, match="no mutant of"):
        m.select(["spec/nothing.py"])
    assert {x.function for x in m.select(["check_syn_bit"])} == {"check_syn_bit"}
    assert {x.operator for x in m.select(["flag"])} == {"flag"}


def test_no_name_of_the_specification_is_taken_twice() -> None:
    found = m.all_mutants()
    assert len({x.name for x in found}) == len(found) > 500


# The page


def test_the_page_and_its_data_are_of_this_specification() -> None:
    assert mutants_page.check() == []


def test_a_stale_page_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.loads(mutants_page.DATA.read_text())
    data["all"][0]["before"] = "something else"
    (tmp_path / "data.json").write_text(json.dumps(data))
    monkeypatch.setattr(mutants_page, "DATA", tmp_path / "data.json")
    monkeypatch.setattr(mutants_page, "PAGE", tmp_path / "page.md")
    assert len(mutants_page.check()) == 2
    mutants_page.write()
    assert len(mutants_page.check()) == 1


def test_the_page_names_the_claims_beside_each_line() -> None:
    data = mutants_page.read()
    text = mutants_page.page(data)
    assert "| `if tcp.rules.reset_exact and exact and seg.seq != tcb.rcv.nxt:` |" in text
    line = next(x for x in text.split("\n") if "rules.reset_exact and" in x)
    assert "T10" in line


def test_what_reads_the_same_is_carried_and_the_rest_is_not_judged() -> None:
    found = mutants_page.read()
    moved = [judged.model_copy(update={"place": judged.place + "0"}) for judged in found.all]
    at = next(i for i, judged in enumerate(moved) if judged.verdict == "killed")
    other = moved[at].model_copy(update={"before": "something else"})
    carried = m.carried(found.model_copy(update={"all": [*moved[:at], other, *moved[at + 1 :]]}))
    assert [judged.name for judged in carried.all] == [mutant.name for mutant in m.all_mutants()]
    assert carried.unjudged == found.unjudged + 1
    assert carried.mutants == found.mutants - 1
    assert carried.all[at].verdict == "not judged"
    assert carried.all[at + 1].verdict == found.all[at + 1].verdict
    assert f"{carried.unjudged} more mutants are *not judged*" in mutants_page.page(carried)


def test_what_stands_behind_another_switch_than_before_is_not_carried() -> None:
    found = mutants_page.read()
    at = next(i for i, judged in enumerate(found.all) if judged.verdict == "outside")
    other = found.all[at].model_copy(update={"needs": ["tcp.rules.three_way"]})
    carried = m.carried(
        found.model_copy(update={"all": [*found.all[:at], other, *found.all[at + 1 :]]})
    )
    assert carried.all[at].verdict == "not judged"
    assert carried.unjudged == found.unjudged + 1


def test_no_test_of_a_switch_is_itself_changed() -> None:
    test = re.compile(r"tcp\.rules\.\w+ (==|!=|in|not in) \(?[A-Z]\w+\.[^&|]*")
    assert not [mutant.before for mutant in m.all_mutants() if test.fullmatch(mutant.before)]


def test_only_what_contains_a_mutant_is_explored() -> None:
    claims = [BY_ID[id] for id in ("T10", "W10", "D1", "WD")]
    mutant = spec_mutant("check_rst_bit", "negate", "seg.seq != tcb.rcv.nxt")
    behind_a_switch = next(x for x in m.all_mutants() if x.function == "departs")
    assert len(m.arenas([mutant], claims)) == len(m.arenas(m.all_mutants(), claims))
    assert not m.arenas([behind_a_switch], claims)


def test_what_was_not_judged_is_put_in_and_said_to_be_judged_otherwise() -> None:
    found = mutants_page.read()
    at = next(i for i, judged in enumerate(found.all) if judged.verdict == "killed")
    kept = found.all[at].model_copy(update={"first": True})
    left = kept.model_copy(update={"verdict": "not judged", "killers": []})
    less = m.report([*found.all[:at], left, *found.all[at + 1 :]], found.every)
    assert kept.name in {mutant.name for mutant in m.unjudged(less)}
    whole = m.completed(less, [kept])
    assert (whole.killed, whole.unjudged) == (found.killed, found.unjudged)
    first = sum(judged.first for judged in whole.all)
    assert f"Of {first} mutants, judged later, only the first claim" in mutants_page.page(whole)
