"""Two options: ``--slow`` runs the slow tests too, ``--within`` only what fits a few seconds.

How long each test took is remembered in pytest's cache, by every run. From that, ``--within``
knows which tests would take too long: they come last, and those that no longer fit are skipped and
listed at the end. A test that never ran counts as quick. So in a fresh clone the first run may
take longer than it was given.
"""

from collections import Counter

import pytest

REMEMBERED = "tests/seconds"
QUICK = 0.1
"""Seconds: what takes less is not worth remembering."""

known: dict[str, float] = {}
"""Seconds of each test that is not quick, as of the last runs."""
took: Counter[str] = Counter()
left: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")
    parser.addoption(
        "--within",
        type=float,
        metavar="SECONDS",
        help="run quick tests first, and skip what would make them take more than this together",
    )


def pytest_configure(config: pytest.Config) -> None:
    if cache := getattr(config, "cache", None):  # not there with -p no:cacheprovider
        known.update(cache.get(REMEMBERED, {}))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))
    if config.getoption("--within") is not None:
        items.sort(key=lambda item: known.get(item.nodeid, 0.0))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    within = item.config.getoption("--within")
    if within is None or item.get_closest_marker("skip"):
        return
    if took.total() + known.get(item.nodeid, 0.0) > within:
        left.append(item.nodeid)
        pytest.skip(f"does not fit {within:g} s")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if not report.skipped:
        took[report.nodeid] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    cache = getattr(session.config, "cache", None)
    if cache is None or hasattr(session.config, "workerinput"):
        return  # of xdist's processes the one that reports remembers
    seconds = {i: round(s, 1) for i, s in (known | took).items() if s > QUICK}
    cache.set(REMEMBERED, seconds)


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
