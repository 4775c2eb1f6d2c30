"""Certificates: what is written of a proof, and that nothing else is lost or left for it."""

from pathlib import Path

import pytest

from checker.engines.solver.induction import ENDS, MESSAGE, NUMBER, Obligation
from checker.studies.prove import certificates, prove
from checker.support import files
from checker.support.errors import UsageProblem
from tests.helpers import toys


@pytest.fixture(scope="module")
def proof() -> prove.Proof:
    (made,) = prove.prove([toys.theorem()], 1, make=toys.theory)
    return made


def test_hypotheses_by_the_names_that_recheck_gives_them() -> None:
    about = {"told": ENDS, "small_numbers": MESSAGE, "remembered": NUMBER}
    used = (
        "path 3: somewhere.py:7",
        "fact window_is_sane",
        "assumed apart x n x.id",
        "told y",
        "small_numbers x other",
        "remembered x n",
        "remembered x x.id",
        "sorts of state x",
        "constants me",
    )
    assert certificates._hints(Obligation("OPEN", 1, "told", used=used), about) == [
        "path 3",
        "fact window_is_sane",
        "apart x",
        "told y",
        "small_numbers x other",
        "remembered x",
    ]


def test_names_of_files() -> None:
    names = certificates._safe_names(["T1", "t1", "T1", "a b/c", "--", "..", "x.-"])
    assert names == {
        "T1": "T1--",
        "t1": "t1-",
        "a b/c": "a-b-c",
        "--": "unnamed",
        "..": "unnamed-",
        "x.-": "x",
    }


def test_a_place_that_is_a_link_is_none(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with pytest.raises(UsageProblem, match="link: it is no directory"):
        certificates.require_place(tmp_path / "link")


def test_a_place_is_made_with_all_above_it(tmp_path: Path, proof: prove.Proof) -> None:
    place = tmp_path / "a" / "b" / "certificates"
    certificates.require_place(place)
    assert place.parent.is_dir()
    assert place in files._claimed, "another process is told that it is taken"
    assert certificates.write([proof], place) == len(proof.obligations)
    assert place not in files._claimed


def test_what_an_interrupted_run_left_is_no_hindrance(tmp_path: Path, proof: prove.Proof) -> None:
    place = tmp_path / "certificates"
    certificates.write([proof], place)
    for name in (".certificates.part", ".certificates.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "more.json").write_text("")
    certificates.write([proof], place)
    assert [path.name for path in tmp_path.iterdir()] == ["certificates"]
    assert sorted(path.name for path in place.iterdir()) == ["manifest.json", "toy.json"]


def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, proof: prove.Proof, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(certificates.files, "write_json", full)
    with pytest.raises(UsageProblem, match="No space left"):
        certificates.write([proof], tmp_path / "certificates")
    assert [*tmp_path.iterdir()] == []


def test_old_certificates_are_taken_away_and_nothing_else(
    tmp_path: Path, proof: prove.Proof
) -> None:
    place = tmp_path / "certificates"
    certificates.discard(place)
    certificates.write([proof], place)
    certificates.discard(place)
    assert not any(path.is_dir() for path in tmp_path.iterdir())
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    with pytest.raises(UsageProblem, match="something else"):
        certificates.discard(place)
    assert (place / "notes.txt").read_text() == "mine"
    with pytest.raises(UsageProblem, match="something else"):
        certificates.write([proof], place)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["certificates"]


def test_folders_of_scripts_are_certificates_too(tmp_path: Path) -> None:
    place = tmp_path / "certificates"
    (place / "T4.r" / "more").mkdir(parents=True)
    (place / "T4.r" / "1.smt2").write_text("")
    manifest = {"format": certificates.FORMAT, "theories": [], "families": [{"folder": "T4.r"}]}
    files.write_json(place / certificates.MANIFEST, manifest)
    certificates.require_place(place)
    (place / "T4.r" / "notes.txt").write_text("mine")
    with pytest.raises(UsageProblem, match="something else"):
        certificates.require_place(place)
