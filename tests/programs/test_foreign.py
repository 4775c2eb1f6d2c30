"""The programs that read other projects' tests, and ask what their facts notice."""

from pathlib import Path

import pytest

from checker.studies.mutants import all_mutants
from tests.programs import foreign, foreign_mutants


def test_a_change_of_a_rule_is_noticed_by_facts() -> None:
    asked = foreign_mutants.facts(text=False)
    changes = [change for change in all_mutants() if change.file.endswith("closed.py")]
    assert changes
    assert all(foreign_mutants.notices(change, asked) for change in changes)


def test_no_change_is_not_noticed() -> None:
    asked = foreign_mutants.facts(text=False)
    change = next(c for c in all_mutants() if c.file.endswith("congestion.py"))
    while len(asked) > 50:
        asked.pop()
    assert not foreign_mutants.notices(change, asked)  # no fact without text goes there


def test_a_clone_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 connect(3, ..., ...) = -1\n"
    (tmp_path / "one.pkt").write_text(script + "+0 > S 0:0(0) win 65535 <...>\n")
    monkeypatch.setattr(foreign, "HERE", tmp_path)
    monkeypatch.setattr(
        "sys.argv", ["foreign", "freebsd-net/tcp-testsuite", str(tmp_path), "--commit", "0"]
    )
    foreign.main()
    assert capsys.readouterr().out == "1 scripts, 1 events, 1 facts: {'agrees': 1}\n"
    (table,) = foreign.tables()
    assert [fact.wants for fact in table.facts] == [("SYN seq=ISS",)]
