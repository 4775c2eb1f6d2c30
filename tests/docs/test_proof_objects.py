"""What the docs say of proof objects is what is recorded."""

import json
import re
from importlib.metadata import version
from pathlib import Path

from checker.studies.prove import statements
from proofs.recheck.objects import Record

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "proofs" / "results" / "proof_objects.json"
ROW = re.compile(r"^\| (\S+) \| ([\d,]+) of ([\d,]+) \| ([\d,]+) of ([\d,]+) \|$", re.MULTILINE)


def test_the_table_has_the_numbers_of_each_theory() -> None:
    page = (ROOT / "docs" / "explanation" / "proofs.md").read_text("utf-8")
    said = {id: [int(n.replace(",", "")) for n in more] for id, *more in ROW.findall(page)}
    said.pop("all", None)
    kept = json.loads(RECORD.read_text("utf-8"))["theories"]
    own = {path.stem for path in statements.PLACE.glob("*.txt")}
    names = ("checked", "questions", "covered", "obligations")
    assert said == {
        id: [one["numbers"][name] for name in names] for id, one in kept.items() if id in own
    }


def test_the_numbers_are_those_of_the_questions() -> None:
    kept = json.loads(RECORD.read_text("utf-8"))
    assert Record.read(RECORD, kept["cvc5"]).version == kept["cvc5"] == version("cvc5")
    for id, one in kept["theories"].items():
        checked = [row for row in one["found"].values() if not row[1]]
        assert one["numbers"]["checked"] == len(checked) <= one["numbers"]["questions"], id
        assert all(proofs > 0 < octets for _, _, proofs, octets, *_ in checked), id
