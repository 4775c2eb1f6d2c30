"""Claims, profiles and rules from a file: in a process of its own, since they change the tables."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checker.model import own
from checker.support.errors import UsageProblem

TOP = Path(__file__).parents[3]
OWN = TOP / "examples/own"


def _checker(*arguments: str, path: Path | None = None, cwd: Path = TOP):
    """The command, called where ``path`` is searched for packages, too."""
    known = os.pathsep.join(map(str, filter(None, (TOP, path))))
    return subprocess.run(
        [sys.executable, "-m", "checker", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": known, "COLUMNS": "200"},
        check=False,
    )


def test_claims_of_a_file_are_checked(tmp_path):
    report = tmp_path / "report.json"
    done = _checker("verify", "--claims", str(OWN / "closing.py"), "--json", str(report))
    assert done.returncode == 0, done.stderr
    assert "2 hold, 1 known finding, 0 surprises" in done.stdout
    found = {claim["id"]: claim for claim in json.loads(report.read_text())["claims"]}
    assert set(found) == {"X1", "X2", "WX"}
    assert (found["X1"]["verdict"], found["X1"]["length"]) == ("violated", 11)
    assert found["X2"]["scope"] == "exhaustive"


def test_a_run_of_ones_own_claim_is_drawn():
    done = _checker("trace", "X1", "--claims", str(OWN / "closing.py"))
    assert done.returncode == 0, done.stderr
    assert "X1 violated: both ends are in TIME-WAIT" in done.stdout


def test_rules_of_a_file_are_told_and_nothing_pinned_is_compared():
    file = str(OWN / "hasty.py")
    done = _checker("verify", "T3", "--small", "--claims", file)
    assert done.returncode == 1, done.stderr
    assert "because of spec.tcp.timeouts.time_wait_is_over (of hasty.py)" in done.stdout
    assert "violated in 10 steps; by default holds" in done.stdout
    assert f"--bounds in_flight=2 --claims {file}" in done.stdout
    # ... and the run is one of the specification with this rule
    drawn = _checker("trace", "T3", "--rules", "time_wait_restart=emission", "--claims", file)
    assert drawn.returncode == 0, drawn.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CLAIMS = nonsense", "mine.py, line 1: NameError: name 'nonsense' is not defined"),
        ("x = 1\nx = = 2", "mine.py, line 2: SyntaxError"),
        ("CLAIMS = 3", "CLAIMS is a sequence of claims"),
        ("CLAIMS = [3]", "something that is no Claim"),
        ("PROFILES = [3]", "PROFILES has profiles by name"),
        ("from proofs.claims.opening import CLAIMS", "there is a claim T1 already"),
        ("from spec.world.profiles import PROFILES", "there is a profile handshake already"),
        (
            "from dataclasses import replace\nfrom proofs.claims.opening import CLAIMS as ALL\n"
            "CLAIMS = [replace(ALL[0], id='N1', profile='none')]",
            "claim N1 is of no known profile: none",
        ),
        (
            "from dataclasses import replace\nfrom proofs.claims.opening import CLAIMS as ALL\n"
            "CLAIMS = [replace(ALL[0], id='N1', witnesses=('none',))]",
            "claim N1 has no witness none",
        ),
        (
            "from checker.model.own import instead\n@instead('spec.tcp.timeouts.none')\n"
            "def none(tcb): pass",
            "there is no function spec.tcp.timeouts.none in the specification to replace",
        ),
        (
            "from checker.model.own import instead\n@instead('os.path.join')\ndef none(a): pass",
            "there is no function os.path.join in the specification to replace",
        ),
        (
            "from checker.model.own import instead\n"
            "@instead('spec.tcp.timeouts.time_wait_is_over')\ndef hasty(tcb, tcp): pass",
            "spec.tcp.timeouts.time_wait_is_over takes tcb, not tcb, tcp",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path, text, said):
    file = tmp_path / "mine.py"
    file.write_text(text + "\n")
    with pytest.raises(UsageProblem, match=re.escape(said)) as wrong:
        own.load(file)
    assert "\n" not in str(wrong.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageProblem, match=r"none\.py: no such file"):
        own.load(tmp_path / "none.py")


def test_theorems_are_not_proved_of_rules_of_a_file():
    done = _checker("verify", "T3", "--prove", "--claims", str(OWN / "hasty.py"))
    assert done.returncode == 2
    assert "nor rules of a file" in done.stderr


def _installed(folder: Path, module: str, text: str) -> Path:
    """A package with an entry point, as an installer leaves it in ``folder``."""
    (folder / f"{module}.py").write_text(text)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[synproof]\nmine = {module}\n")
    return folder


def test_an_installed_package_offers_claims(tmp_path):
    package = _installed(tmp_path, "closing_claims", (OWN / "closing.py").read_text())
    done = _checker("verify", "X1", path=package)
    assert done.returncode == 0, done.stderr
    assert "violated in 11 steps" in done.stdout


def test_an_installed_package_may_not_replace_rules(tmp_path):
    package = _installed(tmp_path, "hasty_rules", (OWN / "hasty.py").read_text())
    done = _checker("list", "claims", path=package)
    assert done.returncode == 2
    assert "only a file named by --claims may" in done.stderr
