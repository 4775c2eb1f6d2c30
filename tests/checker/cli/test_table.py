"""The report as a table: what is folded, what is told, and how wide it is."""

import re
from typing import Any

import pytest

from checker.cli.table import print_report
from checker.studies import pins
from checker.studies.reports import Against, ClaimReport, Report
from proofs.claims.table import BY_ID, CLAIMS, SUBJECTS

PINS = pins.expectations()["usual"]
FINDINGS = sum(pinned["verdict"] == "violated" for pinned in PINS.values())
HOLD = len(PINS) - FINDINGS


def found(id: str, **more: Any) -> ClaimReport:
    """What is found of a claim when all is as pinned, but for ``more``."""
    claim, pinned = BY_ID[id], PINS[id]
    row: dict[str, Any] = {
        "id": id,
        "title": claim.title,
        "kind": claim.kind,
        "verdict": pinned["verdict"],
        "expected": pinned["verdict"],
        "ok": True,
        "scope": "exhaustive",
        "engine": "native",
        "profile": claim.profile,
        "scale": "usual",
        "rules": {},
        "bounds": {},
        "watchers": [],
        "states": pinned.get("states", 1),
        "transitions": pinned.get("transitions", 1),
        "depth": pinned.get("depth", 1),
        "length": pinned.get("length"),
        "loop": pinned.get("loop"),
        "witness": {},
        "seconds": 1.0,
        "note": "",
        "trace": None,
    }
    return ClaimReport(**{**row, **more})


def everything(**changed: dict[str, Any]) -> Report:
    """A report on all claims; dots in names are given as underscores."""
    more = {id.replace("_", "."): fields for id, fields in changed.items()}
    return Report(claims=[found(claim.id, **more.get(claim.id, {})) for claim in CLAIMS])


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is printed of a report, in so many columns."""

    def show(report: Report, columns: int | None = None, **options: Any) -> str:
        monkeypatch.setenv("COLUMNS", "" if columns is None else str(columns))
        print_report(report, "", **{"full": False, **options})
        return capsys.readouterr().out

    return show


def test_every_claim_has_one_subject() -> None:
    assert sorted(claim.id for some in SUBJECTS.values() for claim in some) == sorted(BY_ID)


def test_what_holds_is_folded_and_findings_are_told(shown: Any) -> None:
    lines = shown(everything()).splitlines()
    assert [line for line in lines if line in SUBJECTS] == list(SUBJECTS)
    (opening,) = [line for line in lines if line.startswith("  hold") and "T1," in line]
    assert opening.split(None, 1)[1] == (
        "T1, T1.lifecycle, T1.partner, T1s.exact, T1s.far, T2, T2.lifecycle, T2.any.exact, "
        "T2.any.far, T2.sync.waits; 11 witnesses seen"
    )
    (finding,) = [line for line in lines if "T1s " in line]
    assert re.split(" {2,}", finding.strip()) == [
        "finding",
        "T1s",
        "agreement in simultaneous open, by the letter of RFC 9293: violated in 8 steps",
    ]
    assert f"{HOLD} hold, {FINDINGS} known findings, 0 surprises" in lines


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"verdict": "violated", "ok": False, "length": 4}, "violated in 4 steps; expected: holds"),
        ({"ok": False, "note": "states 1 (pinned 2)"}, "T2: states 1 (pinned 2)"),
        ({"ok": False, "note": "states 1 (pinned 2)"}, "holds; but not as pinned"),
    ],
)
def test_a_surprise_is_never_folded(shown: Any, fields: dict[str, Any], told: str) -> None:
    text = shown(everything(T2=fields))
    assert re.search(r"^  surprise +T2 ", text, re.MULTILINE)
    assert told in text
    assert f"{HOLD - 1} hold, {FINDINGS} known findings, 1 surprise" in text
    assert ("trace T2" in text) == ("verdict" in fields)


def test_what_is_undecided_is_no_surprise_and_no_pass(shown: Any) -> None:
    fields = {"verdict": "inconclusive", "ok": False, "note": "limit of 9 states reached"}
    text = shown(everything(T2=fields))
    assert re.search(r"^  undecided +T2 ", text, re.MULTILINE)
    assert f"{HOLD - 1} hold, {FINDINGS} known findings, 0 surprises, 1 undecided" in text
    assert "T2: limit of 9 states reached" in text


def test_what_holds_in_part_only_is_said_at_the_end_too(shown: Any) -> None:
    text = shown(everything(T4={"finer": "in finer ticks it is not so"}, T10={"scope": "bounded"}))
    assert re.search(r"^  holds +T4 ", text, re.MULTILINE)
    assert "but in finer ticks it is not so" in text
    assert "(of those that hold, 1 in whole ticks only, 1 to a depth only)" in text


def test_in_full_each_claim_has_its_numbers(shown: Any) -> None:
    text = shown(everything(), full=True)
    for claim in CLAIMS:
        if claim.kind != "sometimes":
            assert re.search(rf"^  (holds|finding) +{re.escape(claim.id)} ", text, re.MULTILINE)
    assert f"{PINS['T1']['states']:,} states" in text


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("columns", [60, 100])
def test_it_is_no_wider_than_the_terminal(shown: Any, columns: int, full: bool) -> None:
    text = shown(everything(), columns, full=full)
    assert max(map(len, text.splitlines())) <= columns
    whole = shown(everything(), full=full)
    assert max(map(len, whole.splitlines())) > columns, "in a pipe nothing is broken"
    assert text.split() == whole.split(), "nothing is cut"


def changed(**fields: dict[str, Any]) -> Report:
    """A report under other rules, compared with the pins."""
    report = everything(**fields)
    for claim in report.claims:
        claim.against = Against.model_validate(PINS[claim.id])
        claim.expected, claim.ok = "holds", claim.verdict == "holds"
    return report


def test_what_rules_change_comes_first_and_the_rest_is_folded(shown: Any) -> None:
    report = changed(
        T2={"verdict": "violated", "length": 4, "rules": {"three_way": "off"}},
        T1s={"length": 6},
        T3_literal={"verdict": "holds", "length": None},
    )
    lines = shown(report, because="three_way=off").splitlines()
    assert lines[0] == "Verdicts changed because of three_way=off"
    first = lines[1 : lines.index("")]
    assert [line.split()[:2] for line in first] == [
        ["violated", "T2"],
        ["to", "see"],
        ["holds", "T3.literal"],
    ]
    assert first[0].endswith("violated in 4 steps; by default holds")
    assert first[2].endswith("holds; by default violated in 11 steps")
    (other,) = [line for line in lines if " T1s " in line]
    assert other.endswith("violated in 6 steps; by default violated in 8 steps")
    (folded,) = [line for line in lines[lines.index("As by default") :] if "T5.reset" in line]
    assert folded.split()[0] == "violated"
    assert "T1s," not in folded
    assert f"{HOLD} hold, {FINDINGS} violated, 2 changed" in lines


def test_where_nothing_changes_it_says_so(shown: Any) -> None:
    lines = shown(changed(), because="close_waits=on").splitlines()
    assert lines[0] == "Verdicts changed because of close_waits=on: none"
    assert f"{HOLD} hold, {FINDINGS} violated, 0 changed" in lines
