"""Rules as values: an id that names one rule, the state that it enters, a text for readers."""

import re

import pytest

from spec.tcp.rule import Rule
from spec.tcp.tcb import State
from tests.helpers.cited import cited

CITED = cited()


def parts(rule: Rule):
    """All of a rule; ``==`` looks at the id alone."""
    return rule.id, rule.says, rule.enters


@pytest.mark.parametrize("id", CITED)
def test_id_names_one_rule(id):
    """A rule that is cited at two places is the same at both."""
    assert len({parts(rule) for rule in CITED[id]}) == 1


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
    rule = Rule("3.10.7.4/eighth/FIN-WAIT-2/fin", "FIN, enter TIME-WAIT", State.TIME_WAIT)
    assert str(rule) == "3.10.7.4 eighth FIN-WAIT-2: FIN, enter TIME-WAIT"
    assert str(Rule("3.8.6.1/zero-window probe/send", "")) == "3.8.6.1 zero-window probe"
    assert rule == Rule(rule.id, "renamed", State.TIME_WAIT)
    assert hash(rule) == hash(Rule(rule.id, "renamed"))
