"""``rules``: the switches listed."""

from rich.console import Console
from rich.table import Table

from checker.model.options import show


def rules() -> None:
    """List the switches: default, section, and what each one protects."""
    from spec.rules import SWITCHES, Rules

    table = Table("switch", "default", "section", "meaning", show_lines=True)
    for name, field in SWITCHES.items():
        default = show(getattr(Rules(), name))
        table.add_row(name, default, field.metadata["section"], field.metadata["sentence"])
    Console().print(table)
