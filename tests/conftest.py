"""Two options: ``--slow`` runs the slow tests too, ``--within`` only what fits a few seconds.

Pytest's cache remembers how long each test took. ``--within`` always runs the tests that are known
to be quick. The others follow while there is time, the shortest first. Each is skipped if it would
not be done, and stopped if it is not: one that never ran, after a second. All that was skipped so
is listed at the end.
"""

import itertools
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import pytest

REMEMBERED = "tests/seconds"
QUICK = 0.1
"""Seconds of a test that is always run."""
UNKNOWN = 1.0
"""Seconds that a test may take when nothing is known of it."""
LEFT = "does not fit"

known: dict[str, float] = {}
"""Seconds of each test, as of its last run."""
took: dict[str, float] = {}
numbers = itertools.count()
left: list[str] = []


@pytest.fixture(autouse=True)
def as_wide_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed does not depend on the terminal that the tests are run from."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def with_nothing_remembered(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What a command remembers of another run is in the user's cache: a test has one of its own."""
    place = tmp_path_factory.getbasetemp() / f"cache-{next(numbers)}"
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")
    parser.addoption(
        "--within",
        type=float,
        metavar="SECONDS",
        help="run the quick tests, and of the others what fits in so many seconds",
    )


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's job in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)  # tests interrupt what they start
    if cache := getattr(config, "cache", None):  # not there with -p no:cacheprovider
        known.update(cache.get(REMEMBERED, {}))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))
    if config.getoption("--within") is not None:
        items.sort(key=lambda item: _seconds(item.nodeid))


def _seconds(nodeid: str) -> float:
    """As known, all quick ones alike."""
    seconds = known.get(nodeid, 0.0)
    return seconds if seconds > QUICK else 0.0


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with _in_time(item):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with _in_time(item):
        return (yield)


@contextmanager
def _in_time(item: pytest.Item) -> Iterator[None]:
    """Skip a test that would not be done in time, and stop it when time is up."""
    within = item.config.getoption("--within")
    if within is None or known.get(item.nodeid, UNKNOWN) <= QUICK:
        yield
        return
    rest = within - sum(took.values())
    if item.nodeid not in known:
        rest = min(rest, UNKNOWN)
    if rest <= _seconds(item.nodeid):
        pytest.skip(LEFT)

    stopped = False

    def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
        nonlocal stopped
        stopped = True
        pytest.skip(LEFT)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, rest)
    try:
        yield
    except (Exception, pytest.skip.Exception):
        if stopped:  # whatever the test made of it
            pytest.skip(LEFT)
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    took[report.nodeid] = took.get(report.nodeid, 0.0) + report.duration
    if report.skipped and isinstance(report.longrepr, tuple) and LEFT in report.longrepr[2]:
        left.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    cache = getattr(session.config, "cache", None)
    if cache is None or hasattr(session.config, "workerinput"):
        return  # of xdist's processes the one that reports remembers
    for nodeid in left:
        at_least = max(took.pop(nodeid), known.get(nodeid, 0.0))
        if at_least > QUICK:
            took[nodeid] = at_least
    cache.set(REMEMBERED, known | {nodeid: round(s, 2) for nodeid, s in took.items()})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--within") is None:
        return
    tests, seconds = Counter[str](), Counter[str]()
    for nodeid in left:
        file = nodeid.partition("::")[0]
        tests[file] += 1
        seconds[file] += known.get(nodeid, 0.0)
    for file, number in tests.items():
        about = f", {seconds[file]:.0f} s" if seconds[file] >= 1 else ""
        terminalreporter.write_line(f"left for ./run test: {file} ({number} tests{about})")
