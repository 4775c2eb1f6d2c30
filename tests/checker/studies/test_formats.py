"""Reports for other readers: what each form says of the same rows."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checker.cli.app import app
from checker.conform import report as conform
from checker.studies import formats, matrix
from checker.studies.formats import ERROR, NOTE, WARNING
from checker.studies.prove import report as prove
from checker.studies.reports import Report
from checker.studies.verify import verify
from checker.support.errors import UsageProblem
from proofs.claims.table import BY_ID

TOP = Path(__file__).parents[3]


def _claim(id: str, verdict: str, expected: str = "holds", ok: bool = True, **more: object):
    return {
        "id": id,
        "title": BY_ID[id].title,
        "verdict": verdict,
        "expected": expected,
        "ok": ok,
        "length": None,
        "note": "",
        **more,
    }


CLAIMS = {
    "version": 1,
    "claims": [
        _claim("T1", "holds"),
        _claim("T1s", "violated", "violated", length=8),
        _claim("T2", "violated", ok=False, length=4),
        _claim("T3", "inconclusive", ok=False, note="memory, 1 | 2"),
        _claim("T4", "holds", ok=False, note="states 1 (pinned 2)"),
    ],
}
CAPTURE = {
    "version": 1,
    "connections": [
        {"verdict": "conforms", "connection": "a", "reason": "", "capture": "x.pcap"},
        {"verdict": "deviates", "connection": "b", "reason": "packet 3: why", "capture": "x.pcap"},
        {"verdict": "inconclusive", "connection": "c", "reason": "doubt", "capture": "x.pcap"},
    ],
    "captures": [{"capture": "x.pcap", "damage": "cut short"}],
    "totals": {},
}


@pytest.fixture
def written(tmp_path):
    """Writes a report to a file."""

    def write(report: object, name: str = "report.json"):
        path = tmp_path / name
        path.write_text(json.dumps(report))
        return path

    return write


def test_claims_are_read(written):
    read = formats.read(written(CLAIMS))
    assert read.counts == {"holds": 2, "violated": 2, "inconclusive": 1}
    assert [(one.level, one.rule) for one in read.findings] == [
        (NOTE, "T1s"),
        (ERROR, "T2"),
        (WARNING, "T3"),
        (ERROR, "T4"),
    ]
    found = read.findings[1]
    assert found.file == "proofs/claims/properties.py"
    assert found.line > 1
    assert found.said == "violated in 4 steps, expected holds."


def test_captures_are_read(written):
    read = formats.read(written(CAPTURE))
    assert [(one.level, one.rule) for one in read.findings] == [
        (ERROR, "deviates"),
        (WARNING, "inconclusive"),
        (WARNING, "damaged"),
    ]


def test_a_real_report_of_verify_is_read(written):
    result, _ = verify([BY_ID["T2"], BY_ID["W2"]], {"three_way": False}, {}, scale="small")
    assert isinstance(result, Report)
    read = formats.read(written(json.loads(result.model_dump_json())))
    assert (ERROR, "T2") in {(one.level, one.rule) for one in read.findings}


def test_theorems_and_ablations_are_read(written):
    theorems = {"version": 3, "theorems": [{"id": "T1", "title": "t", "verdict": "not proved"}]}
    assert [one.level for one in formats.read(written(theorems)).findings] == [ERROR]
    row = {"id": 9, "ablation": "no third", "claim": "T2", "verdict": "holds", "note": "!"}
    matrix = {
        "version": 1,
        "rows": [{**row, "expected": "violated"}],
        "claims": CLAIMS["claims"][:1],
    }
    (found,) = formats.read(written(matrix)).findings
    assert (found.rule, found.said) == ("T2 under 9", "holds, expected violated. !")


def test_markdown_leaves_out_what_is_known(written):
    text = "\n".join(formats.markdown([formats.read(written(CLAIMS))]))
    assert "2 holds, 2 violated, 1 inconclusive; 1 of them is known" in text
    assert "| error | **T2** " in text
    assert "memory, 1 \\| 2" in text
    assert "T1s" not in text
    good = {**CLAIMS, "claims": CLAIMS["claims"][:2]}
    text = "\n".join(formats.markdown([formats.read(written(good))]))
    assert "otherwise than expected" in text


def test_annotations_of_github_are_one_line_each(written):
    lines = [*formats.github([formats.read(written(CLAIMS))])]
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::warning", "::error"]
    assert lines[0].startswith("::error file=proofs/claims/properties.py,line=")
    many = {
        "version": 1,
        "claims": [_claim("T2", "violated", ok=False, note="a\n::error::b, 100%")],
    }
    (line,) = formats.github([formats.read(written(many))])
    assert "a%0A::error::b, 100%25" in line


def test_sarif_has_a_run_for_each_report(written):
    reports = [formats.read(written(CLAIMS)), formats.read(written(CAPTURE, "other.json"))]
    (text,) = formats.sarif(reports)
    claims, capture = json.loads(text)["runs"]
    assert [one["level"] for one in claims["results"]] == [NOTE, ERROR, WARNING, ERROR]
    known = {rule["id"] for rule in claims["tool"]["driver"]["rules"]}
    assert {one["ruleId"] for one in claims["results"]} <= known
    place = capture["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "x.pcap"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is no JSON"),
        ("[1]", "is no report"),
        ('{"claims": 1}', "is no report"),
        ('{"claims": []}', "has none, and version 1 is what can be read"),
        ('{"version": 2, "claims": []}', "has version 2, and version 1 is what can be read"),
        ('{"version": "1", "connections": []}', "has version '1'"),
        ('{"version": 1, "claims": [{"id": "T1"}]}', "lacks something"),
        ('{"version": 1, "claims": [1]}', "lacks something"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path, text, said):
    file = tmp_path / "report.json"
    file.write_text(text)
    with pytest.raises(UsageProblem, match=said):
        formats.read(file)


def test_a_report_that_was_not_written_is_told(written, tmp_path):
    files = [
        str(written({**CLAIMS, "claims": CLAIMS["claims"][:2]})),
        str(tmp_path / "proofs.json"),
    ]
    done = CliRunner().invoke(app, ["report", *files])
    assert done.exit_code == 3
    assert "proofs.json: not written" in done.stdout
    assert "otherwise than expected" not in done.stdout


GOOD, UNDECIDED = ({**CLAIMS, "claims": CLAIMS["claims"][at]} for at in (slice(2), slice(3, 4)))
NOTHING = {**CLAIMS, "claims": [], "skipped": [{"id": "T1"}]}
PLAIN = {"version": 1, "captures": [], "connections": []}


@pytest.mark.parametrize(
    ("rows", "code"), [(CLAIMS, 1), (GOOD, 0), (UNDECIDED, 3), (NOTHING, 3), (PLAIN, 3)]
)
def test_the_command_tells_by_its_exit_code(written, rows, code):
    for format in formats.FORMATS:
        done = CliRunner().invoke(app, ["report", str(written(rows)), "--format", format])
        assert (done.exit_code, bool(done.stdout)) == (code, format != "github" or code > 0)


def test_nothing_checked_is_told(written):
    for report in (NOTHING, PLAIN):
        (found,) = formats.read(written(report)).findings
        assert (found.level, found.said) == (WARNING, "nothing was checked")


def test_claims_that_were_left_out_are_counted(written):
    report = {**GOOD, "skipped": [{"id": "T3", "why": "large"}]}
    assert formats.read(written(report)).counts["left out"] == 1


def test_the_versions_that_can_be_read_are_those_that_are_written():
    written = {
        "claims": Report(claims=[]).version,
        "rows": matrix.VERSION,
        "connections": conform.VERSION,
        "theorems": prove.VERSION,
    }
    assert {member: version for member, (_, version) in formats.READERS.items()} == written


def test_the_schema_that_is_published_is_that_of_the_report():
    published = json.loads((TOP / "docs/reference/verify.schema.json").read_text("utf-8"))
    own = {"$schema": published["$schema"], "title": published["title"]}
    assert published == Report.model_json_schema() | own
    assert published["title"].endswith(f"version {Report(claims=[]).version}")
