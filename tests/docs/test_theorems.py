"""The page of the theorems is what the statements say."""

from proofs.recheck import page
from proofs.recheck.check import STATEMENTS, pinned


def test_the_page_is_what_the_statements_say():
    assert page.of(STATEMENTS, pinned(STATEMENTS)) == page.PAGE.read_text("utf-8"), (
        "python -m proofs.recheck --page writes it"
    )


def test_an_assumption_more_is_on_the_page(tmp_path):
    text = (STATEMENTS / "K3.txt").read_text("utf-8")
    place = text.index("(clause ")
    more = '(fact unheard_of "Nobody listens." (= 0 0))\n'
    (tmp_path / "K3.txt").write_text(text[:place] + more + text[place:], "utf-8")
    said = page.of(tmp_path, {"K3": 4})
    assert "| `unheard_of` `keep_alive=octet` | 4 |" in said
    assert "- `unheard_of`: Nobody listens." in said
