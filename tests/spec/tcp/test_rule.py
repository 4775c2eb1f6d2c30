"""Rules as values: an id that names one rule, the state that it enters, a text for readers."""

import pickle
import re

import pytest

from spec.tcp.rule import cite
from spec.tcp.tcb import State
from tests.helpers.cited import cited

CITED = cited()


@pytest.mark.parametrize("id", CITED)
def test_id_names_one_rule(id):
    """A rule that is cited at two places is the same at both."""
    assert len(set(CITED[id])) == 1


def test_texts_differ_where_rules_do():
    texts = [str(rules[0]) for rules in CITED.values()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("id", CITED)
def test_text_and_state_agree(id):
    """Where the text says which state is entered, it is the one that the rule enters."""
    rule = CITED[id][0]
    said = re.search(r"(?:enters?|return to) ([A-Z][A-Z0-9-]+)$", rule.says)
    if said:
        assert rule.enters == State(said[1])


@pytest.mark.parametrize(
    ("id", "section", "step"),
    [
        ("3.10.7.4/fifth/SYN-RECEIVED/our-syn", "3.10.7.4", "fifth SYN-RECEIVED"),
        ("3.10.1/exists", "3.10.1", ""),
        ("RFC 1337/F1/ignore", "RFC 1337", "F1"),
    ],
)
def test_section_and_step(id, section, step):
    rule = CITED[id][0]
    assert (rule.section, rule.step) == (section, step)


def test_text_is_for_readers():
    rule = cite("3.10.7.4/eighth/FIN-WAIT-2/fin", "FIN, enter TIME-WAIT", State.TIME_WAIT)
    assert str(rule) == "3.10.7.4 eighth FIN-WAIT-2: FIN, enter TIME-WAIT"
    assert str(cite("3.8.6.1/zero-window probe/send", "", None)) == "3.8.6.1 zero-window probe"


def test_a_rule_is_one_object_in_every_process():
    rule = cite("3.10.7.4/eighth/FIN-WAIT-2/fin", "FIN, enter TIME-WAIT", State.TIME_WAIT)
    assert rule is cite(rule.id, rule.says, rule.enters)
    assert rule is pickle.loads(pickle.dumps(rule))
