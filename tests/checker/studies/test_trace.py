"""The shortest run that decides a claim: found, replayed, drawn, or said not to exist."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as File
from typing import Any

import pytest

from checker.engines.explicit.engine import Exploration, Path, Progress
from checker.model.model import Model
from checker.model.options import choose_profile, choose_rules
from checker.model.words import state, text
from checker.render import ladder
from checker.studies import export, trace
from checker.support import files
from checker.support.errors import INCONCLUSIVE, OK, Problem, UsageProblem
from proofs.claims.table import BY_ID, CLAIMS, full_title

TWO_WAY = {"three_way": False}
VERDICT = "T2 violated: a stale SYN got past the third handshake"


def found(claim_id: str, rules: dict[str, Any]) -> tuple[Model, Path]:
    claim = BY_ID[claim_id]
    model = Model(choose_rules(claim.rules, rules), *choose_profile(claim.profile, {}))
    return model, trace._search(model, claim, None, None).decisive[claim_id]


def test_two_way_handshake_is_four_steps(capsys: pytest.CaptureFixture[str]) -> None:
    """The stale SYN alone reaches ESTABLISHED."""
    assert trace.trace(BY_ID["T2"], TWO_WAY) == OK
    drawn = capsys.readouterr().out
    assert max(map(len, drawn.splitlines())) <= 100
    assert drawn.splitlines()[0] == (
        "T2, shortest counterexample: 4 steps, profile handshake, three_way=off"
    )
    assert drawn.splitlines()[-2] == VERDICT
    model, path = found("T2", TWO_WAY)
    assert ladder(trace.tell(model, BY_ID["T2"], path, "handshake")) + "\n" == drawn
    assert len(path.steps) == 4
    step, after = path.steps[-1]
    assert (step.action, text(step.segment)) == ("deliver", "SYN SEQ=0 LEN=1")
    assert "ESTABLISHED" in (state(after.hosts[0]), state(after.hosts[1]))


@pytest.mark.parametrize("suffix", ["txt", "dot", "svg", "png", "json"])
def test_every_format_is_written(
    suffix: str, tmp_path: File, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"t2.{suffix}"
    assert trace.trace(BY_ID["T2"], TWO_WAY, out=out) == OK
    assert [file.name for file in tmp_path.iterdir()] == [out.name]
    data = out.read_bytes()
    match suffix:
        case "png":
            assert data.startswith(b"\x89PNG")
        case "json":
            itf = json.loads(data)
            assert itf["#meta"]["status"] == "violation"
            assert len(itf["states"]) == 5
            assert "ESTABLISHED" in {itf["states"][-1][f"{end}.tcb.state"] for end in "ab"}
        case _:
            assert VERDICT in data.decode()
    said = capsys.readouterr()
    assert said.out == "" and said.err == f"{out}: 4 steps, {VERDICT}\n"


def test_a_witness(capsys: pytest.CaptureFixture[str]) -> None:
    assert trace.trace(BY_ID["W2"]) == OK
    last = capsys.readouterr().out.splitlines()
    assert last[-2] == "W2 witnessed: a stale SYN is heard"
    assert set(last[-1]) == {"="}


def test_a_claim_that_holds_has_nothing_to_draw(
    tmp_path: File, capsys: pytest.CaptureFixture[str]
) -> None:
    small = {"capacity": 1, "incarnations": 1}
    assert trace.trace(BY_ID["T2"], {}, small, tmp_path / "t2.svg") == INCONCLUSIVE
    files.release()  # as the program does at its end
    assert not list(tmp_path.iterdir())
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("T2 holds in all ")
    assert "up to the bounds of profile handshake: no counterexample to draw" in said.err


def test_a_search_that_was_cut_short_decides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert trace.trace(BY_ID["T2"], max_states=1000) == INCONCLUSIVE
    said = capsys.readouterr().err
    assert "limit of 1,000 states reached: undecided" in said
    assert said.endswith("; --max-states N goes further\n")


def test_the_title_tells_the_bounds_that_were_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trace.trace(BY_ID["T2"], {"three_way": False}, {"in_flight": 2, "close": True})
    title, _, _ = capsys.readouterr().out.partition("\n")
    assert title.endswith(": 4 steps, profile handshake, three_way=off, in_flight=2, close=on")


def test_a_run_that_is_exported_is_the_one_that_is_drawn(tmp_path: File) -> None:
    """At the small bounds, C7's is a step longer."""
    trace.trace(BY_ID["C7"], out=tmp_path / "c7.json")
    drawn = json.loads((tmp_path / "c7.json").read_text())
    assert drawn == json.loads(export.text("itf", None, ("C7",)))
    assert len(drawn["states"]) == 9 + 1


def test_a_witness_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    none = {"a_active": False, "b_active": False}
    assert trace.trace(BY_ID["W2"], {}, none) == INCONCLUSIVE
    assert "is a witness: nothing to draw" in capsys.readouterr().err


def test_what_is_wrong_is_said_before_the_search(
    tmp_path: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(*_: object) -> Exploration:
        raise AssertionError("searched")

    monkeypatch.setattr(trace, "_search", search)
    for arguments, says in [
        ({"claim": BY_ID["T2"], "rules": {"three": False}}, "no rule 'three'"),
        ({"claim": BY_ID["T2"], "bounds": {"octets": 1}}, "set send_window=on"),
        ({"claim": BY_ID["T2"], "profile": "hand"}, "no profile 'hand'"),
        ({"claim": BY_ID["T2"], "out": tmp_path / "t2.pdf"}, "suffix"),
        ({"claim": BY_ID["T2"], "out": str(tmp_path / "no" / "t2.svg")}, "No such file"),
    ]:
        with pytest.raises(UsageProblem, match=says):
            trace.trace(**arguments)  # type: ignore[arg-type]


def test_the_users_rules_come_on_top_of_the_claims() -> None:
    model, _ = found("T1s.exact", {"syn_ack_exact": False})
    assert not model.rules.syn_ack_exact
    assert model.departures == {}


def test_a_profile_of_the_users_still_records_what_the_claim_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert trace.trace(BY_ID["T2"], TWO_WAY, profile="rest") == OK
    assert "4 steps, profile rest, three_way=off" in capsys.readouterr().out


def test_progress_is_told() -> None:
    seen: list[tuple[Any, ...]] = []
    named: list[str] = []

    @contextmanager
    def following(name: str) -> Iterator[Progress]:
        named.append(name)
        yield lambda *now: seen.append(now)

    trace.trace(BY_ID["T1.lifecycle"], {}, {}, following=following)
    assert named == ["T1.lifecycle"]
    counts = [states for states, *_ in seen]
    # The native engine, which goes on, begins at the start
    assert sum(now < before for before, now in itertools.pairwise(counts)) <= 1
    assert counts and counts[-1] > 10_000


def test_a_run_that_does_not_decide_the_claim_is_rejected() -> None:
    model, path = found("T2", TWO_WAY)
    model.confirm(BY_ID["T2"], path)
    with pytest.raises(Problem, match="does not end where the claim is decided"):
        model.confirm(BY_ID["T2"], Path(path.start, path.steps[:-1]))
    swapped = Path(path.start, [path.steps[1], path.steps[0], *path.steps[2:]])
    with pytest.raises(Problem, match="replay: step"):
        model.confirm(BY_ID["T2"], swapped)


def test_every_title_stands_alone() -> None:
    for claim in CLAIMS:
        assert not full_title(claim).startswith("...")
    assert full_title(BY_ID["T3.literal"]) == ("TIME-WAIT drains ... by the letter of RFC 9293")


def test_a_run_with_a_data_plane_is_drawn_with_its_windows(tmp_path: File) -> None:
    for view, what in ((None, "sends"), ("plot", "ssthresh"), ("ladder", "DTD SVG")):
        assert trace.trace(BY_ID["WCC4"], out=tmp_path / "run.svg", view=view) == OK
        assert what in (tmp_path / "run.svg").read_text()
    with pytest.raises(UsageProblem, match="there is no data plane"):
        trace.trace(BY_ID["T2"], TWO_WAY, out=tmp_path / "no.svg", view="windows")
