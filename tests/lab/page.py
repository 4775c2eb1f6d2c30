"""The table of the listener's experiments in ``docs/reference/kernels.md``.

``python -m tests.lab.page`` renews it. A test says if it is stale.
"""

from pathlib import Path

from tests.lab.listener import EXPERIMENTS

PAGE = Path(__file__).parents[2] / "docs/reference/kernels.md"
BEGIN, END = "<!-- made by tests/lab/page.py -->\n", "<!-- end -->\n"


def table() -> str:
    """A row for each setting of each experiment."""
    rows = ["| claim | what is done | setting | Linux 6.18 |", "| --- | --- | --- | --- |"]
    for experiment in EXPERIMENTS.values():
        first = f"| {experiment.claim} | {experiment.does} |"
        for case in experiment.cases:
            control = " *(control)*" if case.control else ""
            rows.append(f"{first} {case.label()}{control} | {case.seen} |")
            first = "| | |"
    return "\n".join(rows) + "\n"


def renewed(page: str) -> str:
    """The page with the table as it should be."""
    head, rest = page.split(BEGIN)
    return head + BEGIN + "\n" + table() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
