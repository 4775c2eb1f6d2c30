"""``flood``: how many SYNs a second keep a client out of a listener."""

import typer

from checker.cli.options import RulesOption
from checker.model.options import choose_rules, parse_rules
from checker.support.errors import OK, VIOLATED


def flood(rules: RulesOption = None) -> None:
    """Search for the least rate of SYNs that keeps a client out of a listener."""
    from checker.studies import flood as study

    chosen = parse_rules(rules or [])
    rates = study.rates(choose_rules(chosen))
    print("SYNs a second, if a SYN,ACK is sent again r times:\n")
    print(study.table(rates), end="")
    as_stated = all(rate.least == rate.formula for rate in rates)
    raise typer.Exit(OK if as_stated or chosen else VIOLATED)
