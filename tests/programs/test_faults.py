"""The faults that are kept: they fit the repository, and each is noticed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from proofs.claims.table import BY_ID
from tests.programs import faults
from tests.programs.faults import Copy, Edit, Fault

FAULTS = faults.read()
ANSWERS = {*BY_ID, *faults.changes()}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_a_fault_fits_the_repository(fault: Fault) -> None:
    for edit in fault.edits:
        text = (faults.ROOT / edit.file).read_text("utf-8")
        assert faults.edited(text, edit) != text
    assert fault.noticed
    for question in fault.noticed:
        place, _, test = question.partition("::")
        assert question in ANSWERS or (faults.ROOT / place).exists(), question
        test = test.partition("[")[0]
        assert not test or f"def {test}(" in (faults.ROOT / place).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Told(Copy):
    """A copy where the answer is in the file itself."""

    def ask(self, question: str) -> str:
        return (self.place / "rule.py").read_text()


FAULT = Fault("rule 1", "a fault", ("T1",), (Edit("rule.py", "holds", "violated"),))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (FAULT, ""),
        (replace(FAULT, edits=(Edit("rule.py", "it", " "),)), "rule.py has 2 times, not once"),
        (replace(FAULT, edits=(Edit("rule.py", "gone", "violated"),)), "rule.py has 0 times"),
        (replace(FAULT, edits=(Edit("rule.py", "holds", "holds"),)), "not noticed by T1"),
    ],
    ids=["noticed", "ambiguous", "gone", "unnoticed"],
)
def test_what_is_said_of_a_fault(tmp_path: Path, fault: Fault, says: str) -> None:
    (tmp_path / "rule.py").write_text("it holds, it does")
    assert faults.judged(fault, Told(tmp_path), {}).startswith(says)
    assert bool(faults.judged(fault, Told(tmp_path), {})) == bool(says)
    assert (tmp_path / "rule.py").read_text() == "it holds, it does"


def test_a_test_that_fails_anyhow_notices_nothing(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text("fail")
    assert "without any fault" in faults.judged(FAULT, Told(tmp_path), {})


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with faults.copied() as place:
        yield place


SOUND: dict[str, str] = {}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_a_fault_is_noticed(fault: Fault, copy: Copy) -> None:
    assert faults.judged(fault, copy, SOUND) == ""
