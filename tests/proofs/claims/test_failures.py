"""What is said of a claim that is violated."""

import re
from pathlib import Path

from proofs.claims.failures import FAILURES, failure
from proofs.claims.table import BY_ID

PICTURES = Path(__file__).parents[3] / "diagrams" / "matrix"


def test_each_failure_is_of_a_claim() -> None:
    assert not {*FAILURES} - {*BY_ID}


def test_what_happened_is_said_of_every_picture_of_a_violation() -> None:
    fallen = {re.sub(r"^\d+-", "", drawing.stem) for drawing in PICTURES.glob("*.txt")}
    assert len(fallen) > 40
    assert not [id for id in fallen if id not in BY_ID or not failure(id)]


def test_a_claim_that_adds_to_another_fails_as_that_does() -> None:
    assert (
        failure("T4.abort") == FAILURES["T4"] and failure("T2.gone.literal") == FAILURES["T2.gone"]
    )
    assert failure("X") == ""
