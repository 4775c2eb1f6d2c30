"""The running kernel's listener, and what each experiment is expected to show of it."""

from pathlib import Path

import pytest

from checker.stacks.drivers.tun import missing
from tests.lab.bench import Bench, Case, Experiment, Seen
from tests.lab.compared import COMPARED, End, differ, of_checker, of_kernel
from tests.lab.lab import lab
from tests.lab.listener import EXPERIMENTS
from tests.lab.page import PAGE, renewed
from tests.lab.scenarios import at_once


def is_quick(experiment: Experiment, case: Case) -> bool:
    """Of each experiment, the first setting and the first control; ``--slow`` takes the others."""
    shown = next(one for one in experiment.cases if one.control == case.control)
    return case is shown and not case.slow


CASES = [
    pytest.param(
        experiment,
        case,
        id=f"{name}-{number}",
        marks=[pytest.mark.lab, *([] if is_quick(experiment, case) else [pytest.mark.slow])],
    )
    for name, experiment in EXPERIMENTS.items()
    for number, case in enumerate(experiment.cases)
]
NETWORK = 200
"""Of these experiments: no scenario has it."""


@pytest.mark.parametrize(("experiment", "case"), CASES)
def test_experiment(experiment: Experiment, case: Case, tmp_path: Path):
    if why := missing():
        pytest.skip(why)
    with lab(NETWORK, at_once, tmp_path) as made:
        try:
            bench = Bench(made, case.sysctls)
        except OSError as error:
            pytest.skip(f"{error.filename}: {error.strerror}")
        seen = experiment.run(bench, **case.given)
    assert seen == case.seen, str(seen)
    number = experiment.cases.index(case)
    if run := COMPARED.get((experiment.run.__name__, number)):
        assert of_checker(run, of_kernel(seen)) == of_kernel(seen), run.claim


@pytest.mark.parametrize(("name", "number"), COMPARED)
def test_checker_says_what_the_kernel_does(name: str, number: int):
    """What is expected of the kernel, at least; the lab asks it."""
    run, case = COMPARED[name, number], EXPERIMENTS[name].cases[number]
    said = of_kernel(case.seen)
    assert said != End(None, None, None) and not differ(run, case)
    assert of_checker(run, said) == said


def test_a_difference_is_seen():
    run = COMPARED["never_drained", 0]
    wrong = of_kernel(Seen(client="CLOSED", server="CLOSED"))
    assert of_checker(run, wrong) != wrong
    assert differ(run, EXPERIMENTS["never_drained"].cases[4]) == ["tcp_syncookies=2: 0"]


@pytest.mark.parametrize("name", sorted(EXPERIMENTS.keys() - {"cookies_grow_old"}))
def test_controls_come_out_otherwise(name: str):
    """Than the first setting that is none. (Copies that are too old are controls themselves.)"""
    cases = EXPERIMENTS[name].cases
    shown = next(case.seen for case in cases if not case.control)
    controls = [case.seen for case in cases if case.control]
    assert controls and shown not in controls


def test_the_page_is_of_these_experiments():
    """``python -m tests.lab.page`` renews it."""
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page
