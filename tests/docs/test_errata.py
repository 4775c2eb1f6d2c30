"""``docs/errata``: each page has a run, and what no switch or claim shows is shown here.

The lengths of the other runs are checked with those of all documents (``test_commands``).
"""

import re
from pathlib import Path

import pytest

from checker.studies import explorations
from proofs.claims.ablations import Ablation
from proofs.claims.table import BY_ID
from spec.tcp.inputs import Input
from spec.tcp.segment_arrives import others
from tests.docs.test_commands import FILED
from tests.docs.test_links import TOP
from tests.helpers.build import ESTABLISHED, TIME_WAIT, arrive, endpoint, happen
from tests.helpers.rewrite import rewrite

ERRATA = [page for page in sorted(TOP.glob("docs/errata/*.md")) if page.name != "README.md"]
PARTS = ("Section.", "The text.", "What happens.", "The run.", "Suggested.", "Searched.")

_TEST = re.compile(r"^ {4}pytest (\S+) -k (\w+)", re.MULTILINE)


@pytest.mark.parametrize("page", ERRATA, ids=lambda page: page.stem)
def test_a_page_has_its_parts_and_a_run(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.findall(r"^\*\*(.*?)\*\*", text, re.MULTILINE) == list(PARTS)
    assert f"({page.name})" in (page.parent / "README.md").read_text("utf-8")
    traced = [command for command, _ in FILED if f"./run {command}" in text]
    tested = _TEST.findall(text)
    assert traced or tested
    for file, name in tested:
        assert re.search(
            rf"^def test_\w*{name}\w*\(", (TOP / file).read_text("utf-8"), re.MULTILINE
        )


def test_urgent_pointer_that_is_not_retired(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.8.5: the text never says that urgent data ceases to be urgent; half the sequence space
    later SND.UP is ahead again."""
    sent = endpoint(ESTABLISHED, snd_nxt=101, snd_up=101, snd_urgent=True, written=1)
    acked = "<SEQ=300><ACK=101><CTL=ACK>"
    assert not arrive(sent, acked).tcb.snd.urgent
    retired = "if snd.urgent & seq.le(snd.up, snd.una):"
    rewrite(monkeypatch, others, "check_ack_field", retired, "if False:")
    assert arrive(sent, acked).tcb.snd.urgent
    later = endpoint(ESTABLISHED, snd_up=100 - 2**31 - 1 + 2**32, snd_urgent=True)
    assert happen(later, Input.SEND).segments[0].ctl.urg
    nearer = endpoint(ESTABLISHED, snd_up=100 - 2**31 + 2**32, snd_urgent=True)
    assert not happen(nearer, Input.SEND).segments[0].ctl.urg


def test_reopening_returns_to_the_numbers_that_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.6.1 (2): with the numbers of the old duplicate, the peer's FIN is never acknowledged."""

    def answer() -> list[str]:
        opened = arrive(endpoint(TIME_WAIT), "<SEQ=5000><CTL=SYN>", isn=7000, time_wait_reopen=True)
        back = arrive(opened.end, "<SEQ=5001><CTL=RST>", time_wait_reopen=True)
        assert back.state == TIME_WAIT
        return arrive(back.end, "<SEQ=300><ACK=101><CTL=FIN,ACK>", time_wait_reopen=True).sent

    assert answer() == ["<SEQ=101><ACK=301><CTL=ACK>"]
    rewrite(monkeypatch, others, "believe_reset", "return_to_time_wait(tcb, tcp.seq)", "pass")
    assert answer() == ["<SEQ=7001><ACK=5001><CTL=ACK>"]


def test_reset_with_seq_0_and_an_ack_of_another_syn(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.10.7.4, second: its ACK tells that it answers an old SYN. What remains does no harm."""
    at_the_wrap = Ablation(0, "", BY_ID["T5.reset"], {}, {"base": 15})
    assert len(explorations.ablate(at_the_wrap).paths["T5.reset"].steps) == 8
    window = "    right = tcp.seq.plus(tcb.rcv.nxt, tcb.rcv.wnd)\n"
    checks = (
        "    if seg.ctl.ack and not tcp.seq.lt_le(tcb.iss, seg.ack, tcb.snd.nxt):\n"
        "        return None\n"
    )
    rewrite(monkeypatch, others, "check_rst_bit", window, checks + window)
    assert len(explorations.ablate(at_the_wrap).paths["T5.reset"].steps) == 11


def test_closing_that_ignores_an_ack(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.10.7.4, fifth: what is ignored in CLOSING lets a queued FIN out."""
    claim = BY_ID["D1.window"]
    job = Ablation(0, "", claim, {})
    assert claim.id not in explorations.ablate(job).paths
    test = "    if tcb.state == State.CLOSING and finished:\n"
    ignores = test.replace("finished", "not finished") + "        return False\n"
    rewrite(monkeypatch, others, "check_ack_field", test, ignores + test)
    assert len(explorations.ablate(job).paths[claim.id].steps) == 16
