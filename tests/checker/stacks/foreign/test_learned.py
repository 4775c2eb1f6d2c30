"""Learned machines are walked through beside a host of the specification."""

from pathlib import Path

from checker.stacks.foreign import learned
from checker.stacks.foreign.facts import AGREES, UNEXPLAINED, Table, derive_learned
from checker.stacks.foreign.sources import SOURCES
from spec.rules import Rules

MACHINE = """digraph G {
s0 -> s0 [label="ACK(V,V,0)/RST(ZERO,ZERO,0)"];
s0 -> s1 [label="CONNECT/SYN(FRESH,ZERO,0)"];
s1 -> s1 [label="FIN+ACK(V,V,0)/TIMEOUT"];
s1 -> s2 [label="SYN+ACK(V,V,0)/ACK(NEXT,NEXT,0)"];
s2 -> s2 [label="SYN+ACK(V,V,0)/ACK(NEXT,CURRENT,0)"];
s2 -> s3 [label="CLOSE/ACK+FIN(NEXT,CURRENT,0)"];
s3 -> s4 [label="FIN+ACK(V,V,0)/ACK(NEXT,NEXT,0)"];
s4 -> s4 [label="ACK(V,V,0)/TIMEOUT"];
}
"""


def _table(tmp_path: Path, text: str) -> Table:
    (tmp_path / "DotModels/TCP").mkdir(parents=True)
    (tmp_path / "DotModels/TCP/TCP_Linux_Client.dot").write_text(text)
    return derive_learned(SOURCES["DES-Lab/AALpy Linux"], tmp_path, "0")


def test_a_machine_is_read() -> None:
    machine = learned.parse(MACHINE)
    assert machine.start == "s0"
    assert machine.arcs["s2"][1] == ("CLOSE", "ACK+FIN(NEXT,CURRENT,0)", "s3")


def test_each_transition_is_a_fact(tmp_path: Path) -> None:
    table = _table(tmp_path, MACHINE)
    assert {fact.verdict for fact in table.facts} == {AGREES}
    assert [(fact.state, fact.event, fact.wants) for fact in table.facts][-3:] == [
        ("ESTABLISHED", "CLOSE", ("FIN,ACK seq=ISS+1 ack=IRS+1",)),
        ("FIN-WAIT-1", "FIN,ACK seq=IRS+1 ack=ISS+2", ("ACK seq=ISS+2 ack=IRS+2",)),
        ("TIME-WAIT", "ACK seq=IRS+2 ack=ISS+2", ()),
    ]
    assert (table.walks, table.whole) == (5, 5)


def test_another_answer_is_unexplained_and_ends_the_walk(tmp_path: Path) -> None:
    wrong = MACHINE.replace("SYN+ACK(V,V,0)/ACK(NEXT,NEXT,0)", "SYN+ACK(V,V,0)/TIMEOUT")
    table = _table(tmp_path, wrong)
    (fact,) = [fact for fact in table.facts if fact.verdict == UNEXPLAINED]
    assert fact.ours == ("ACK seq=ISS+1 ack=IRS+1", "ESTABLISHED")
    assert table.whole == 2


def test_numbers_are_forgotten_after_a_reset() -> None:
    text = MACHINE + 's2 -> s0 [label="RST(V,V,0)/TIMEOUT"];'
    product = learned.walk(learned.parse(text), Rules(), ())
    assert {cell.event for cell in product.cells if cell.at == "s0"} == {
        "ACK seq=IRS ack=0",
        "OPEN active",
    }
