"""``./run check`` finds the tests of what changed, and the tests mirror the source."""

from pathlib import Path

import pytest

from tests.programs import check

pytest_plugins = "pytester"
MIRRORED = ("spec", "proofs", "checker")


@pytest.mark.parametrize("part", MIRRORED)
def test_every_folder_of_tests_is_named_after_what_it_tests(part: str) -> None:
    for test in (check.ROOT / "tests" / part).rglob("test_*.py"):
        source = test.parent.relative_to(check.ROOT / "tests")
        assert (check.ROOT / source).is_dir(), f"{test}: there is no {source}"


@pytest.mark.parametrize("part", MIRRORED)
def test_every_module_has_tests_nearby(part: str) -> None:
    """In its own folder or that of its part: those of all ``checker`` would be no choice."""
    for file in (check.ROOT / part).rglob("*.py"):
        path = file.relative_to(check.ROOT).as_posix()
        found = check.tests_of(path)
        assert found, path
        if len(Path(path).parts) > 2:
            assert found != check.mirrored(f"{part}/__init__.py"), path


def place(top: Path, *files: str) -> None:
    for name in files:
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository: ``check`` believes that it is here."""
    monkeypatch.setattr(check, "ROOT", tmp_path)
    place(tmp_path, "tests/spec/tcp/test_tcb.py", "tests/spec/tcp/test_tcb_fields.py")
    place(
        tmp_path, "tests/spec/tcp/arrives/test_listen.py", "tests/spec/tcp/arrives/test_closed.py"
    )
    place(tmp_path, "tests/spec/test_seq.py", "tests/docs/test_links.py")
    return tmp_path


def names(path: str) -> set[str]:
    return {Path(file).name for file in check.tests_of(path)}


ARRIVES = {"test_listen.py", "test_closed.py"}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ("spec/tcp/tcb.py", {"test_tcb.py", "test_tcb_fields.py"}),
        ("spec/tcp/arrives/listen.py", {"test_listen.py"}),
        ("spec/tcp/arrives/others.py", ARRIVES),
        ("spec/tcp/arrives.py", ARRIVES),
        ("spec/tcp/segment.py", {"test_tcb.py", "test_tcb_fields.py", *ARRIVES}),
        ("spec/seq.py", {"test_seq.py"}),
        ("proofs/claims/table.py", set()),
        ("docs/glossary.md", {"test_links.py"}),
        ("README.md", {"test_links.py"}),
        ("pyproject.toml", set()),
        ("tests/spec/test_seq.py", {"test_seq.py"}),
        ("tests/spec/test_gone.py", set()),
    ],
)
@pytest.mark.usefixtures("tree")
def test_what_changed_is_tested_by_what_is_next_to_it(changed: str, found: set[str]) -> None:
    assert names(changed) == found


def test_the_users_of_a_helper_are_tested(tree: Path) -> None:
    place(tree, "tests/helpers/pcap.py", "tests/helpers/traffic.py", "tests/helpers/toys.py")
    (tree / "tests/helpers/traffic.py").write_text("from tests.helpers.pcap import header\n")
    (tree / "tests/spec/test_seq.py").write_text("from tests.helpers import lamp, traffic\n")
    (tree / "tests/spec/tcp/test_tcb.py").write_text("import tests.helpers.toys\n")
    assert names("tests/helpers/pcap.py") == {"test_seq.py"}
    assert names("tests/helpers/toys.py") == {"test_tcb.py"}


LONG = """
import time
def test_long():
    time.sleep(0.4)
def test_short():
    pass
def test_longer():
    time.sleep(60)
"""


def test_what_does_not_fit_is_told(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((Path(__file__).parents[1] / "conftest.py").read_text())
    pytester.makepyfile(test_it=LONG)
    first = pytester.runpytest_subprocess("--within", "0.9")
    first.assert_outcomes(passed=2, skipped=1)  # the longer is stopped
    first.stdout.fnmatch_lines(["left for ./run test: test_it.py (1 tests)"])
    second = pytester.runpytest_subprocess("--within", "0.2")
    second.assert_outcomes(passed=1, skipped=2)
    second.stdout.fnmatch_lines(["left for ./run test: test_it.py (2 tests*"])
