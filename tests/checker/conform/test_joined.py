"""The verdict of the states together with that of the data plane."""

import pytest

from checker.conform.connection import Verdict
from checker.conform.report import joined
from checker.dataplane.judge import BREAKS, NOTE, Check


def check(*levels: str, doubt: str = "") -> Check:
    made = Check("window", "3.8.6", 0, 1)
    for i, level in enumerate(levels):
        made.find(level, 7 - i, f"a {level}")
    if doubt:
        made.doubt(doubt)
    return made


@pytest.mark.parametrize(
    ("of", "data", "verdict", "reason"),
    [
        (Verdict.CONFORMS, [], Verdict.CONFORMS, "r"),
        (Verdict.CONFORMS, [check()], Verdict.CONFORMS, "r"),
        (Verdict.CONFORMS, [check(NOTE)], Verdict.CONFORMS, "r"),
        (Verdict.CONFORMS, [check(doubt="d")], Verdict.INCONCLUSIVE, "data: window: d; r"),
        (
            Verdict.CONFORMS,
            [check(BREAKS), check(NOTE, BREAKS)],
            Verdict.DEVIATES,
            "packet 6: 3.8.6: a breaks (r)",
        ),
        (Verdict.INCONCLUSIVE, [check(doubt="d")], Verdict.INCONCLUSIVE, "r"),
        (Verdict.INCONCLUSIVE, [check(BREAKS)], Verdict.DEVIATES, "packet 7: 3.8.6: a breaks (r)"),
        (Verdict.DEVIATES, [check(BREAKS)], Verdict.DEVIATES, "r"),
        (Verdict.UNSUPPORTED, [check(BREAKS)], Verdict.UNSUPPORTED, "r"),
    ],
)
def test_verdicts(of, data, verdict, reason):
    assert joined(of, "r", data) == (verdict, reason)
