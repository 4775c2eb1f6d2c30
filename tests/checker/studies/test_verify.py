"""``verify``: verdicts, what is pinned, reports, exit codes; and the command line around it."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.model.options import choose_claims
from checker.model.search import Options
from checker.studies import explorations, pins, proved, reports, verify
from checker.studies.prove import prove, statements
from checker.support import files
from checker.support.errors import INCONCLUSIVE, INTERNAL, OK, USAGE, VIOLATED, UsageProblem
from proofs.claims.ablations import ABLATIONS
from proofs.claims.claim import EVENTUALLY, Claim
from proofs.claims.table import BY_ID, CLAIMS
from proofs.theorems.table import THEOREMS
from spec.world.profiles import SCALES
from tests.helpers import toys

PINS = pins.expectations()["usual"]
FIELDS = {"id", "verdict", "expected", "scope", "engine", "states", "transitions", "depth", "trace"}
"""What issue 2 asks of each claim in the JSON, at least."""
NOBODY_OPENS = {"a_active": False, "b_active": False}


def check(*ids: str, **options: Any) -> tuple[reports.Report, int]:
    """The report on claims, and the exit code."""
    rules, bounds = options.pop("rules", {}), options.pop("bounds", {})
    result, seconds = verify.verify(asked(ids, options), rules, bounds, workers=1, **options)
    assert seconds > 0
    return result, reports.exit_code(result)


def asked(ids: Sequence[str], options: dict[str, Any]) -> list[Claim]:
    """As the command line has it: the symbolic engine is asked of what it can decide."""
    return [
        claim
        for claim in choose_claims(ids)
        if claim.id in ids or not options.get("symbolic") or claim.kind in ("always", "sometimes")
    ]


def problems(stderr: str) -> list[str]:
    """The lines of stderr but those that tell how an exploration ended."""
    told = (
        r"\d+ of \d+: \S+: .*: [\d,]+ states, [\d,]+ transitions, depth \d+, [\d.]+ s "
        r"\((explore|native|sets)\)(; about \d+ s left)?"
    )
    return [line for line in stderr.splitlines() if not re.fullmatch(told, line)]


def of(result: reports.Report, id: str) -> reports.ClaimReport:
    (claim,) = [claim for claim in result.claims if claim.id == id]
    return claim


def test_the_table_is_pinned_at_every_scale() -> None:
    for scale in SCALES:
        assert list(pins.expectations()[scale]) == [claim.id for claim in CLAIMS], scale


def test_what_is_pinned_of_some_claims_is_what_all_pins_say_of_them() -> None:
    every, ids = pins.expectations(), ["T1.lifecycle", "T1", "W1", "1 T3", "nobody"]
    some = pins.expectations(ids)
    assert some == {
        part: {id: pin for id, pin in every[part].items() if id in ids} for part in some
    }
    assert [*some] == [*SCALES, "ablations"]
    assert pins.expectations([]) == {}


# Which claims


@pytest.mark.parametrize(
    ("ids", "chosen"),
    [
        (["T10.opening.challenge"], ["T10.opening.challenge", "W10.opening.challenge"]),
        (["T1"], ["T1", "T1.lifecycle", "T1.partner", "W1", "W1.lifecycle"]),
        (["T1.lifecycle"], ["T1.lifecycle", "W1.lifecycle"]),
        (["T7"], ["T7", "T7.self", "W7", "W7.timeout"]),
        (["W1"], ["W1", "W1.lifecycle"]),
        (
            ["W7", "D1", "T7.self"],
            ["T7.self", "D1", "D1.window", "W7", "W7.timeout", "WD", "WD.window"],
        ),
        ([], [claim.id for claim in CLAIMS]),
    ],
)
def test_select(ids: list[str], chosen: list[str]) -> None:
    assert [claim.id for claim in choose_claims(ids)] == chosen


@pytest.mark.parametrize("id", ["T", "t1", "T1.", "T11", ""])
def test_select_knows_no_other_claim(id: str) -> None:
    with pytest.raises(
        UsageProblem, match=r"no claim .*(did you mean|there are 518, such as T1, )"
    ):
        choose_claims([id])


def test_claims_of_one_profile_and_rules_share_an_exploration() -> None:
    jobs = explorations.jobs(CLAIMS, {}, {})
    assert sorted(claim.id for job in jobs for claim in job.claims) == sorted(BY_ID)
    apart = {(job.profile, job.model.rules, job.claims[0].kind == EVENTUALLY) for job in jobs}
    assert len(apart) == len(jobs) < len(CLAIMS) // 2
    for job in jobs:
        ids = {claim.id for claim in job.claims}
        for claim in job.claims:
            assert set(claim.witnesses) <= ids, "a witness is checked beside it"


def test_everything_is_pinned_and_nothing_else() -> None:
    assert set(PINS) == set(BY_ID)
    assert {a.claim.id for a in ABLATIONS} <= set(PINS)
    for id, pinned in PINS.items():
        assert pinned["verdict"] in ("holds", "violated")
        shown = BY_ID[id].kind == "sometimes" or pinned["verdict"] == "violated"
        assert ("length" in pinned) == shown
        if BY_ID[id].kind == "sometimes":
            assert pinned["verdict"] == "holds", "every witness is seen"


# Verdicts


def test_a_claim_that_holds() -> None:
    result, code = check("T10")
    assert code == OK
    claim = of(result, "T10")
    assert (claim.verdict, claim.expected, claim.ok, claim.scope) == (
        "holds",
        "holds",
        True,
        "exhaustive",
    )
    assert claim.trace is None
    assert claim.length is None
    assert claim.witness == {"W10": PINS["W10"]["length"]}
    for name in ("states", "transitions", "depth"):
        assert getattr(claim, name) == PINS["T10"][name]
    witness = of(result, "W10")
    assert witness.trace is not None
    assert len(witness.trace) == witness.length == PINS["W10"]["length"]
    assert witness.trace[-1]["states"] == ["ESTABLISHED", "ESTABLISHED"]


def test_deadlocks() -> None:
    result, code = check("D1")
    assert code == OK
    assert {c.id: c.verdict for c in result.claims} == dict.fromkeys(
        ("D1", "D1.window", "WD", "WD.window"), "holds"
    )


def test_a_violation_that_is_expected_is_no_failure() -> None:
    (job,) = explorations.jobs([BY_ID["T1s"], BY_ID["W1s"]], {}, {})
    claims = [BY_ID["T1s"], BY_ID["W1s"]]
    result = reports.report(claims, [job], [explorations.run_job(job)], PINS)
    claim = of(result, "T1s")
    assert (claim.verdict, claim.expected, claim.ok, claim.length) == (
        "violated",
        "violated",
        True,
        PINS["T1s"]["length"],
    )
    assert claim.trace is not None
    assert len(claim.trace) == claim.length
    assert reports.exit_code(result) == OK


def test_a_violation_that_is_not_expected_is_one() -> None:
    result, code = check("T2", rules={"three_way": False})
    assert code == VIOLATED
    claim = of(result, "T2")
    assert (claim.verdict, claim.expected, claim.ok, claim.scope) == (
        "violated",
        "holds",
        False,
        "bounded",
    )
    assert claim.rules == {"three_way": "off"}
    assert claim.trace is not None
    assert "two-way handshake: SYN alone enters ESTABLISHED" in claim.trace[-1]["rules"]


@pytest.mark.parametrize("id", ["T10", "D1"])
def test_a_claim_whose_witness_is_out_of_reach_is_vacuous(id: str) -> None:
    result, code = check(id, bounds=NOBODY_OPENS)
    assert code == VIOLATED, "since a witness that is not there at all is a violation itself"
    claim = of(result, id)
    assert (claim.verdict, claim.scope) == ("inconclusive", "exhaustive")
    assert claim.note.startswith("vacuous")
    assert list(claim.witness.values()) == [None]
    assert not claim.ok
    assert of(result, BY_ID[id].witnesses[0]).verdict == "violated"


def test_a_limit_is_inconclusive() -> None:
    result, code = check("T10", options=Options(max_states=100))
    assert code == INCONCLUSIVE
    claim = of(result, "T10")
    assert (claim.verdict, claim.expected, claim.ok, claim.scope) == (
        "inconclusive",
        "holds",
        False,
        "bounded",
    )
    assert claim.note == "limit of 100 states reached"


def test_nothing_checked_is_inconclusive() -> None:
    assert reports.exit_code(reports.Report(claims=[])) == INCONCLUSIVE


def test_workers_find_the_same() -> None:
    ids = ("T10", "D1")
    one, _ = verify.verify(choose_claims(ids), {}, {}, workers=1)
    two, _ = verify.verify(choose_claims(ids), {}, {}, workers=2)

    def timeless(result: reports.Report) -> Any:
        return result.model_dump(exclude={"claims": {"__all__": {"seconds"}}})

    assert timeless(one) == timeless(two)


# Pins


@pytest.mark.parametrize(
    ("name", "value", "note"),
    [
        ("verdict", "violated", ""),
        ("states", 1, "(pinned 1)"),
        ("transitions", 1, "(pinned 1)"),
        ("depth", 1, "(pinned 1)"),
    ],
)
def test_what_differs_from_its_pin_fails(
    name: str, value: Any, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = {"usual": PINS | {"T10": PINS["T10"] | {name: value}}}
    monkeypatch.setattr(verify, "expectations", lambda ids: pins)
    result, code = check("T10")
    assert code == VIOLATED
    assert not of(result, "T10").ok
    assert of(result, "W10").ok
    assert note in of(result, "T10").note


def test_a_witness_of_another_length_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pins = {"usual": PINS | {"W10": PINS["W10"] | {"length": 4}}}
    monkeypatch.setattr(verify, "expectations", lambda ids: pins)
    result, code = check("T10")
    assert code == VIOLATED
    assert of(result, "W10").note == f"length {PINS['W10']['length']} (pinned 4)"


def test_what_is_not_pinned_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pins = {"usual": {id: pin for id, pin in PINS.items() if id != "T10"}}
    monkeypatch.setattr(verify, "expectations", lambda ids: pins)
    result, code = check("T10")
    assert (code, of(result, "T10").ok) == (VIOLATED, False)
    assert "--pin" in of(result, "T10").note


def test_nothing_is_pinned_under_overrides() -> None:
    result, code = check("T10.opening.challenge", bounds={"abort": False})
    assert code == OK
    assert of(result, "T10.opening.challenge").states < PINS["T10.opening.challenge"]["states"]


# Reports


def test_json() -> None:
    result, _ = check("T10.opening.challenge")
    read = json.loads(result.model_dump_json())
    assert read["version"] == 1
    assert [claim["id"] for claim in read["claims"]] == [
        "T10.opening.challenge",
        "W10.opening.challenge",
    ]
    for claim in read["claims"]:
        assert claim.keys() >= FIELDS
        assert claim["bounds"]["width"] == 4
        assert claim["watchers"] == ["forgery"]
    assert reports.Report.model_validate(read) == result
    step = read["claims"][1]["trace"][0]
    assert step.keys() == {"host", "action", "rules", "states"}


def test_junit_counts() -> None:
    result, _ = check("T10")
    good = of(result, "T10")
    unsure = good.model_copy(update={"id": "unsure", "verdict": "inconclusive", "ok": False})
    bad = good.model_copy(update={"id": "<bad> & worse", "verdict": "violated", "ok": False})
    suite = ET.fromstring(reports.junit(reports.Report(claims=[good, unsure, bad, bad])).encode())
    assert {n: suite.get(n) for n in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "2",
        "errors": "1",
    }
    assert [case.get("name") for case in suite.iter("testcase")] == [
        "T10",
        "unsure",
        "<bad> & worse",
        "<bad> & worse",
    ]
    assert len(list(suite.iter("failure"))) == 2
    assert len(list(suite.iter("error"))) == 1


def test_files_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    files.write(path, b"old")

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


# Theorems


def prove_toys(monkeypatch: pytest.MonkeyPatch, place: Path, *toy_theorems: Any) -> None:
    """In place of the theorems, toys, whose statements are in ``place``."""
    monkeypatch.setattr(statements, "PLACE", place)
    for one in toy_theorems:
        statements.write([one], toys.theory([one]))
    monkeypatch.setattr(prove, "THEOREMS", toy_theorems)
    monkeypatch.setattr(proved, "THEOREMS", toy_theorems)
    toys.proved_instead(monkeypatch)


OF_NO_CLAIM = ("S13", "R10", "R10.idle", "R11", "R12", "T8s.exact.text", "T9.pace.text")


@pytest.mark.parametrize(
    ("ids", "chosen"),
    [
        ([], [theorem.id for theorem in THEOREMS if theorem.id not in OF_NO_CLAIM]),
        (["S2"], ["S2.rate"]),
        (["T2"], ["T2", "T2.text"]),
        (["T4", "D1"], ["T4.fresh", "T4", "T4.text"]),
        (["T1s"], ["T1s.exact", "T1s.far", "T1s.exact.text"]),
    ],
)
def test_the_theorems_of_claims(ids: list[str], chosen: list[str]) -> None:
    assert [theorem.id for theorem in proved.theorems(choose_claims(ids))] == chosen
    with pytest.raises(UsageProblem, match=r"to D1, .*; the theorems are T1, T1s"):
        proved.theorems(choose_claims(["D1"]))


def test_a_theorem_is_a_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prove_toys(monkeypatch, tmp_path, toys.theorem(id="T4"))
    (row,) = proved.prove_theorems(proved.theorems(choose_claims(["T4"])), 2)
    assert (row.id, row.verdict, row.scope, row.ok) == ("T4", "holds", "unbounded", True)
    assert row.solvers == ["z3", "cvc5"]
    (proof,) = prove.prove(proved.theorems(choose_claims(["T4"])), 2)
    assert row.obligations == len(proof.obligations) > 20
    assert (row.states, row.transitions, row.depth, row.length) == (0, 0, 0, None)
    assert "ABORT" in row.assumptions[-1], "what never happens is told"
    assert reports.exit_code(reports.Report(claims=[row])) == OK


@pytest.mark.parametrize(
    ("code", "solvers", "verdict", "exit_code"),
    [
        (OK, ["z3", "cvc5"], "holds", OK),
        (INTERNAL, ["z3"], "holds", OK),
        (VIOLATED, ["z3"], "not proved", VIOLATED),
        (INCONCLUSIVE, ["z3"], "inconclusive", INCONCLUSIVE),
    ],
)
def test_a_second_solver_is_named_only_if_it_agreed(
    code: int,
    solvers: list[str],
    verdict: str,
    exit_code: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    prove_toys(monkeypatch, tmp_path, toys.theorem(id="T4"))
    monkeypatch.setattr(proved, "_recheck", lambda *_: (code, "it said so"))
    (row,) = proved.prove_theorems(proved.theorems(choose_claims(["T4"])), 2)
    assert (row.solvers, row.verdict) == (solvers, verdict)
    assert ("it said so" in row.note) == (code != OK)
    assert reports.exit_code(reports.Report(claims=[row])) == exit_code


def test_what_is_wrong_with_certificates_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The other program is really asked, and reads what is claimed where it is written down."""
    prove_toys(monkeypatch, tmp_path, toys.theorem(id="T4"))
    proofs = prove.prove(proved.theorems(choose_claims(["T4"])), 2)
    path = tmp_path / "T4.txt"
    path.write_text(path.read_text().replace("(<= me.told peer.sent)", "(< me.told peer.sent)"))
    code, said = proved._recheck(proofs, 2)
    assert code == VIOLATED
    assert said.endswith(".told_of_the_past: cvc5 says sat")
    (row,) = proved.prove_theorems(proved.theorems(choose_claims(["T4"])), 2)
    assert (row.ok, row.verdict) == (False, "not proved")


def test_a_theorem_that_is_not_proved_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prove_toys(monkeypatch, tmp_path, toys.theorem(toys.up_to_date, id="T3"), toys.theorem(id="T4"))
    failed, other = proved.prove_theorems(proved.theorems(choose_claims(["T3", "T4"])), 2)
    assert (failed.verdict, failed.ok, failed.solvers) == ("not proved", False, [])
    assert "up_to_date" in failed.note
    assert "python -m checker prove T3" in failed.note
    assert (other.verdict, other.solvers) == ("holds", ["z3"])
    assert reports.exit_code(reports.Report(claims=[failed, other])) == VIOLATED
    suite = ET.fromstring(reports.junit(reports.Report(claims=[failed, other])).encode())
    assert (suite.get("failures"), suite[0].get("classname")) == ("1", "unbounded")


def test_an_unknown_is_inconclusive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prove_toys(monkeypatch, tmp_path, toys.theorem(id="T4"))
    proofs = prove.prove(proved.theorems(choose_claims(["T4"])), 2)
    proofs[0].obligations[0].verdict = "unknown"
    monkeypatch.setattr(prove, "prove", lambda *_: proofs)
    (row,) = proved.prove_theorems(proved.theorems(choose_claims(["T4"])))
    assert (row.verdict, row.ok, row.solvers) == ("inconclusive", False, [])
    assert reports.exit_code(reports.Report(claims=[row])) == INCONCLUSIVE


def test_theorems_in_the_table_and_the_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim and the theorem of its name are two rows, each with its own rules."""
    toy = dataclasses.replace(toys.theorem(id="T10.opening.challenge"), rules={"close_waits": True})
    prove_toys(monkeypatch, tmp_path, toy)
    report = tmp_path / "r.json"
    words = ["verify", "T10.opening.challenge", "--prove", "--json", str(report)]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert done.exit_code == OK, done.output
    lines = done.output.splitlines()
    at = lines.index("Theorems, without bounds") + 1
    claims = json.loads(report.read_text())["claims"]
    count = claims[-1]["obligations"]
    assert re.split(" {2,}", lines[at].strip()) == ["proved", "T10.opening.challenge", toy.title]
    assert "assumes --rules close_waits=on; never: OPEN (passive)" in lines[at + 2]
    assert lines[at + 1].strip() == f"{count} obligations; z3, cvc5"
    assert "2 hold, 0 known findings, 0 surprises, 1 of 1 theorems proved" in lines
    assert "in 1 exploration" in lines[-1]
    assert [(c["id"], c["scope"], c["rules"]) for c in claims] == [
        ("T10.opening.challenge", "exhaustive", {"syn_received_challenge": "on"}),
        ("W10.opening.challenge", "exhaustive", {"syn_received_challenge": "on"}),
        ("T10.opening.challenge", "unbounded", {"close_waits": "on"}),
    ]
    assert [c["solvers"] for c in claims] == [[], [], ["z3", "cvc5"]]
    assert [c["obligations"] > 20 for c in claims] == [False, False, True]


# The command line

ROOT = Path(__file__).parents[3]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **more}


def command(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "checker", *words],
        cwd=ROOT,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_results_go_to_stdout_and_into_files(tmp_path: Path) -> None:
    report, suite = tmp_path / "r.json", tmp_path / "r.xml"
    done = command("verify", "T10.opening.challenge", "--json", str(report), "--junit", str(suite))
    assert (done.returncode, problems(done.stderr)) == (OK, [])
    assert "T10.opening.challenge" in done.stdout
    assert "2 hold, 0 known findings, 0 surprises\n" in done.stdout
    claims = json.loads(report.read_text())["claims"]
    assert {c["id"]: c["verdict"] for c in claims} == {
        "T10.opening.challenge": "holds",
        "W10.opening.challenge": "holds",
    }
    assert ET.parse(suite).getroot().get("tests") == "2"
    assert {path.name for path in tmp_path.iterdir()} == {"r.json", "r.xml"}


def test_a_violation(tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    words = ("--rules", "three_way=off", "isn=fresh", "--json", str(report))
    done = command("verify", "T1", *words)
    assert done.returncode == VIOLATED
    assert "violated in" in done.stdout
    assert "python -m checker trace T1 --rules three_way=off" in done.stdout
    assert problems(done.stderr) == []
    claims = {c["id"]: c for c in json.loads(report.read_text())["claims"]}
    assert claims["T1"]["rules"] == {"three_way": "off"}
    assert len(claims["T1"]["trace"]) == claims["T1"]["length"]


def test_rules_are_compared_with_the_defaults_by_themselves() -> None:
    result, code = check("T10", rules={"reset_exact": False}, scale="small")
    assert code == VIOLATED
    claim = of(result, "T10")
    assert (claim.verdict, claim.against) == ("violated", reports.Against(verdict="holds"))
    assert of(result, "W10").against == reports.Against(verdict="holds", length=5)
    plain, _ = check("T10", scale="small")
    assert of(plain, "T10").against is None


def test_two_sets_of_rules_are_compared(tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    words = ["verify", "T10.opening.challenge", "--small", "--json", str(report), "--compare"]
    done = command(*words, "reset_exact=off", "defaults")
    assert done.returncode == VIOLATED, "a verdict differs"
    lines = done.stdout.splitlines()
    assert lines[0] == "Verdicts changed because of defaults"
    assert re.search(
        r"T10.opening.challenge .*: holds; with reset_exact=off violated in \d+ steps$", lines[1]
    )
    against = {c["id"]: c["against"]["verdict"] for c in json.loads(report.read_text())["claims"]}
    assert against == {"T10.opening.challenge": "violated", "W10.opening.challenge": "holds"}
    done = command(*words, "close_waits=on,isn=fresh", "defaults")
    assert done.returncode == OK
    assert done.stdout.splitlines()[0] == "Verdicts changed because of defaults: none"


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    report, suite = tmp_path / "r.json", tmp_path / "r.xml"
    states = pins.expectations()["small"]["S18"]["states"]
    for within, left in ((states, []), (states - 1, ["S18", "WS18"])):
        written = ("--json", str(report), "--junit", str(suite))
        claims = ("S18", "T10.calling")
        done = command("verify", *claims, "--small", "--within", str(within), *written)
        assert done.returncode == OK
        skipped = json.loads(report.read_text())["skipped"]
        assert [one["id"] for one in skipped] == left
        assert all(one["why"] == f"known to take more than {within:,} states" for one in skipped)
        cases = ET.parse(suite).getroot()
        assert [one.get("name") for one in cases if one.find("skipped") is not None] == left
        assert cases.get("skipped") == str(len(left))
        told, _, named = done.stdout.partition("left out: ")
        assert named.split() == left
        assert {"T10.calling", *(() if left else ("S18",))} <= {*told.split()}


def test_a_counterexample_that_is_far_is_left_out_too(tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    claims = ("H7", "T10.calling")
    for within, left in ((60, ["H7", "W10.calling"]), (1_000, [])):
        done = command("verify", *claims, "--small", "--within", str(within), "--json", str(report))
        assert done.returncode == OK
        told = json.loads(report.read_text())
        why = f"not decided by {within:,} states"
        assert [one["id"] for one in told["skipped"] if one["why"] == why] == left
        assert ("H7" in {one["id"] for one in told["claims"]}) == (not left)


def test_what_grew_is_not_left_out() -> None:
    """Of T10 states are pinned: where it has more than so many, something is wrong."""
    result, _ = check("T10", scale="small", options=Options(engine="explore", max_states=9))
    reports.give_up(result, pins.ended(pins.expectations()["small"]), 8)
    assert "T10.calling" in {one.id for one in result.skipped}
    assert "T10" in {one.id for one in result.claims if not one.ok}


def test_a_limit(tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    done = command("verify", "T10", "--max-states", "50", "--json", str(report))
    assert done.returncode == INCONCLUSIVE
    assert "limit of 50 states reached" in done.stdout
    assert json.loads(report.read_text())["claims"][0]["verdict"] == "inconclusive"


PROBLEMS = {
    "unknown claim": (["verify", "T99"], {}, USAGE, "no claim 'T99': did you mean"),
    "unknown rule": (["verify", "T10", "--rules", "tree_way=off"], {}, USAGE, "three_way"),
    "unknown bound": (["verify", "T10", "--bounds", "with=4"], {}, USAGE, "width"),
    "no value": (["verify", "T10", "--rules=three_way"], {}, USAGE, "NAME=VALUE"),
    "not a value": (["verify", "T10", "--rules", "isn=never"], {}, USAGE, "fresh, any, constant"),
    "out of range": (
        ["verify", "T10", "--bounds", "width=33"],
        {},
        USAGE,
        "bound width is between 3 and 32, not 33",
    ),
    "no directory": (["verify", "T10", "--json", "/nowhere/x.json"], {}, USAGE, "cannot write"),
    "a directory": (["verify", "T10", "--junit", "/"], {}, USAGE, "cannot write"),
    "not writable": (["verify", "T10", "--json", "/proc/x.json"], {}, USAGE, "cannot write"),
    "unknown command": (["verfy"], {}, USAGE, "verfy"),
    "unknown option": (["verify", "--jason", "x"], {}, USAGE, "--jason"),
    "no states": (["verify", "--max-states", "0"], {}, USAGE, "--max-states"),
    "prove with rules": (
        ["verify", "T1", "--prove", "--rules", "isn=any"],
        {},
        USAGE,
        "a theorem has its own rules",
    ),
    "prove with bounds": (["verify", "T1", "--prove", "--bounds", "msl=2"], {}, USAGE, "no bounds"),
    "prove and pin": (["verify", "--prove", "--pin"], {}, USAGE, "no bounds, and no pins"),
    "nothing to prove": (["verify", "D1", "--prove"], {}, USAGE, "no theorem belongs to D1"),
    "compare and rules": (
        ["verify", "--compare", "defaults", "isn=any", "--rules", "isn=any"],
        {},
        USAGE,
        "--compare takes no --rules",
    ),
    "unknown rules": (["verify", "--compare", "default", "isn=any"], {}, USAGE, "mean defaults?"),
    "pin a part": (["verify", "T10", "--pin"], {}, USAGE, "--pin takes no CLAIM"),
    "no dot": (
        ["trace", "T1", "--rules", "three_way=off", "--out", "OUT.svg"],
        {"PATH": ""},
        INTERNAL,
        "dot",
    ),
}


@pytest.mark.parametrize("what", PROBLEMS)
def test_a_problem_is_one_line_and_an_exit_code(what: str, tmp_path: Path) -> None:
    words, more, code, text = PROBLEMS[what]
    words = [word.replace("OUT", str(tmp_path / "out")) for word in words]
    done = command(*words, **more)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.startswith("checker: ")
    assert text in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bound", ["width=3", "octets=1"])
def test_bounds_that_make_no_sense_together_are_refused(bound: str) -> None:
    done = command("verify", "T10", "--bounds", bound)
    assert (done.returncode, done.stdout) == (USAGE, "")


@pytest.mark.parametrize("words", [["--rules"], ["--bounds"], ["--rules", "three_way"]])
def test_an_option_without_its_value_is_refused(words: list[str]) -> None:
    done = command("verify", "T10", *words)
    assert done.returncode == USAGE
    assert "claim three_way" not in done.stderr, "a switch is not taken for a claim"


def children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers through /proc")
@pytest.mark.parametrize("everybody", [True, False], ids=["Ctrl-C", "the parent alone"])
def test_an_interrupted_run_leaves_nothing(everybody: bool, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    words = ["verify", "T1", "T9", "--workers", "2", "--json", str(report)]
    run = subprocess.Popen(
        [sys.executable, "-m", "checker", *words],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        patience = time.monotonic() + 60
        while len(children(run.pid).split()) < 2:
            assert run.poll() is None
            assert time.monotonic() < patience
            time.sleep(0.05)
        time.sleep(0.5)
        workers = children(run.pid).split()
        if everybody:
            os.killpg(run.pid, signal.SIGINT)
        else:
            os.kill(run.pid, signal.SIGINT)
        out, err = run.communicate(timeout=60)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    assert (run.returncode, out) == (INCONCLUSIVE, "")
    assert problems(err) == ["checker: interrupted; no report was written"]
    assert list(tmp_path.iterdir()) == []
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def test_one_exploration_alone_is_one_for_the_reference_explorer_too():
    """Idle cores are given to a search as threads, of which the reference explorer has one."""
    explore = Options(engine="explore")
    result, _ = verify.verify(
        [BY_ID["S15"], BY_ID["WS15"]], {}, {}, options=explore, scale="small", workers=4
    )
    assert {claim.engine for claim in result.claims} == {"explore"}
