"""The wheel, built and installed in an environment of its own, called from another folder.

What it depends on is taken from the environment of the tests: nothing is fetched but what the
build needs, and where that cannot be had the tests are skipped.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of what the container file copies, no more and no less."""
    top = tmp_path_factory.mktemp("source")
    for line in (ROOT / "Containerfile").read_text().splitlines():
        if line.startswith("COPY "):
            *names, to = line.split()[1:]
            target = top / Path(to).relative_to("/synproof")
            for name in map(ROOT.joinpath, names):
                if name.is_dir():
                    shutil.copytree(name, target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    target.mkdir(exist_ok=True)
                    shutil.copy(name, target)
    into = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", into, top]
    done = subprocess.run(pip, cwd=into, capture_output=True, text=True, check=False)
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("hatchling, which builds the wheel, cannot be had here")
    assert done.returncode == 0, done.stderr
    (built,) = into.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program ``synproof`` of a new environment."""
    place = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(place, with_pip=True)
    pip = [
        place / "bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        wheel,
    ]
    subprocess.run(pip, check=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin/synproof"


def call(program: Path, folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [program, *words], cwd=folder, env=kept | more, capture_output=True, text=True, check=False
    )


def test_pins_and_drawings_are_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("diagrams", "docs/errata", "tests/foreign"):
        for name in (ROOT / folder).rglob("*.*"):
            assert f"checker/shipped/{name.relative_to(ROOT)}" in inside
    for name in (ROOT / "proofs").rglob("*.*"):
        if name.suffix in (".toml", ".json", ".txt", ".py"):
            assert str(name.relative_to(ROOT)) in inside
    tops = {name.partition("/")[0] for name in inside}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"spec", "proofs", "checker"}


def test_claims_are_compared_with_their_pins(installed: Path, tmp_path: Path) -> None:
    done = call(installed, tmp_path, "verify", "T1", "--small", "--json", "report.json")
    assert done.returncode == 0, done.stderr
    assert "0 surprises" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert {claim["expected"] for claim in report["claims"]} == {"holds"}
    assert all(claim["ok"] for claim in report["claims"])
    told = call(installed, tmp_path, "report", "report.json")
    assert told.returncode == 0 and "report.json: claims: 5 holds" in told.stdout


def test_a_counterexample_is_drawn(installed: Path, tmp_path: Path) -> None:
    words = ("trace", "T2", "--rules", "three_way=off")
    assert "T2 violated" in call(installed, tmp_path, *words).stdout
    done = call(installed, tmp_path, *words, "--out", "run.dot")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run.dot").read_text().startswith("digraph")


def test_drawings_are_up_to_date(installed: Path, tmp_path: Path) -> None:
    done = call(installed, tmp_path, "diagram", "--check")
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout


def test_the_page_has_every_run(installed: Path, tmp_path: Path) -> None:
    done = call(installed, tmp_path, "page", "--out", "tcp.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tcp.html").stat().st_size > 1_000_000
    runs = int(re.findall(r", (\d+) runs, ", done.stderr)[0])
    assert runs > len([*ROOT.glob("diagrams/matrix/*.txt")])


def test_a_capture_is_followed(installed: Path, tmp_path: Path) -> None:
    capture = ROOT / "tests/captures/linux/close_4way.A.pcap"
    done = call(installed, tmp_path, "conform", str(capture))
    assert done.returncode == 0, done.stderr


def test_a_shell_completes(installed: Path, tmp_path: Path) -> None:
    asked = {"_SYNPROOF_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    done = call(installed, tmp_path, COMP_WORDS="synproof trace T1s", **asked)
    assert done.stdout.split() == ["T1s", "T1s.exact", "T1s.far"], done.stderr


def test_the_action_tells_what_it_found(installed: Path, tmp_path: Path) -> None:
    """The steps of action.yml after the installation, as GitHub runs them."""
    steps = re.findall(r"run: \|\n((?:        .*\n)+)", (ROOT / "action.yml").read_text())
    assert len(steps) == 3 and "pip" in steps[0]
    program = tmp_path / "synproof/bin/synproof"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(str(installed))} "$@"\n')
    program.chmod(0o755)
    summary = tmp_path / "summary.md"
    given = {
        "ARGUMENTS": "verify S15 --small --json synproof.json",
        "REPORT": "synproof.json",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    for step in steps[1:]:
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step]
        done = subprocess.run(
            shell, cwd=tmp_path, env=os.environ | given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "synproof.json: claims: 2 holds" in summary.read_text()
