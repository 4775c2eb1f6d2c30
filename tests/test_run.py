"""``./run`` and the installed package: called from anywhere, with as little as they need."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from checker.cli.app import app

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
ROOT = Path(__file__).parent.parent
TRACE = ("trace", "T2", "--rules", "three_way=off")


def checkout_at(top: Path) -> Path:
    """A checkout whose environment is the one that runs the tests, said to be up to date."""
    for name in ("run", "requirements.lock", "requirements-base.lock"):
        (top / name).write_bytes((ROOT / name).read_bytes())
    (top / "run").chmod(0o755)
    for name in ("spec", "proofs", "checker"):
        (top / name).symlink_to(ROOT / name)
    programs = top / ".venv" / "bin"
    programs.mkdir(parents=True)
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    version = subprocess.check_output([sys.executable, "-V"], text=True)
    locks = b"".join(
        (top / name).read_bytes() for name in ("requirements-base.lock", "requirements.lock")
    )
    digest = subprocess.check_output(["cksum"], input=locks).decode()
    (top / ".venv" / "stamp").write_text(f"{top} {version}{digest}")
    return top


def call(command: list[str | Path], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHON": sys.executable} | more,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_is_one_of_runs() -> None:
    """But for those of ``./run`` itself, which have no module."""
    lines = (ROOT / "run").read_text().splitlines()
    begin = lines.index("case $verb in")
    verbs = {word for line in lines[begin : begin + 5] for word in re.split(r"[ |);]+", line)}
    assert {*COMMANDS} <= verbs


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [("--version", 0, "synproof "), ("verfy", 2, "Did you mean 'verify'?")],
)
def test_what_run_does_not_know_the_command_line_may(
    word: str, code: int, said: str, tmp_path: Path
) -> None:
    top = checkout_at(tmp_path)
    done = call([top / "run", word], tmp_path)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    (top / ".venv/bin/python").unlink()
    done = call([top / "run", word], tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "./run verify [ARG ...]" in done.stderr, "how it is used"


def test_run_works_from_any_directory_and_through_a_link(tmp_path: Path) -> None:
    """Relative paths are the user's, and so is no module that happens to lie there."""
    top, here = tmp_path / "a checkout", tmp_path / "elsewhere"
    top.mkdir()
    (here / "checker").mkdir(parents=True)
    (here / "checker" / "__init__.py").write_text("raise SystemExit('not this one')\n")
    (here / "link").symlink_to(checkout_at(top) / "run")
    done = call(["./link", *TRACE, "--out", "here.txt"], here)
    assert done.returncode == 0, done.stderr
    assert "T2 violated" in (here / "here.txt").read_text()
    assert not (top / "here.txt").exists()
    done = call(["./link", "trace", "T99"], here)
    assert done.returncode == 2 and "T99" in done.stderr
    assert "Usage: ./link " in call(["./link", "trace", "--help"], here).stdout


@pytest.mark.slow
def test_run_refuses_an_environment_of_other_locks(tmp_path: Path) -> None:
    """The stamp is asked: with another lock, the environment is made anew, which fails here."""
    top = checkout_at(tmp_path)
    with (top / "requirements-base.lock").open("a") as lock:
        lock.write("nosuchpackage==1 --hash=sha256:" + 64 * "0" + "\n")
    done = call(["./run", *TRACE], top, PIP_NO_INDEX="1")
    assert done.returncode == 4 and "could not install requirements-base.lock" in done.stderr
    assert not (top / ".venv" / "stamp").exists()


def test_the_base_lock_is_a_part_of_the_whole() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line.rstrip(" \\") for line in lines if line[:1].isalnum() or "--hash" in line}

    base, whole = pins("requirements-base.lock"), pins("requirements.lock")
    assert base < whole
    assert not any(line.startswith(("numba", "numpy", "scipy", "z3")) for line in base)


BLOCKED = """
import importlib.abc, runpy, sys
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numba", "numpy", "scipy", "llvmlite", "z3"):
            raise ModuleNotFoundError("blocked", name=name)
sys.meta_path.insert(0, Block())
runpy.run_module("checker", run_name="__main__", alter_sys=True)
"""


def without_extras(*command: str) -> subprocess.CompletedProcess[str]:
    return call([sys.executable, "-c", BLOCKED, *command], ROOT)


@pytest.mark.parametrize(
    "command",
    [
        TRACE,
        ("simulate", "--scenario", "three-way-handshake"),
        ("conform", "tests/captures/linux/backlog_abort_on_overflow.A.pcap"),
        ("narrate", "tests/captures/linux/backlog_abort_on_overflow.A.pcap"),
        ("list", "rules"),
    ],
    ids=lambda command: command[0],
)
def test_the_base_is_enough(command: tuple[str, ...]) -> None:
    """What ``./run`` does with the small environment takes neither solver nor compiler."""
    done = without_extras(*command)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [("verify", "T2", "--small"), ("prove", "T2")])
def test_a_missing_package_is_one_line(command: tuple[str, ...]) -> None:
    done = without_extras(*command)
    assert done.returncode == 4
    assert "is missing: install synproof[all]" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ("diagram",),
        ("matrix", "--check"),
        ("costs", "--page"),
        ("time-wait", "--page"),
        ("requirements", "--check"),
    ],
)
def test_what_needs_the_repository_says_so(command: tuple[str, ...], tmp_path: Path) -> None:
    """Installed, there are only the packages."""
    for name in ("spec", "proofs", "checker"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(tmp_path)], check=True)
    done = call([sys.executable, "-m", "checker", *command], tmp_path)
    assert done.returncode == 2, done.stderr
    assert "clone the repository" in done.stderr and done.stderr.count("\n") == 1


def test_actions_of_workflows_are_pinned() -> None:
    """By commit: a tag can be moved."""
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        for line in workflow.read_text().splitlines():
            _, uses, what = line.partition("uses: ")
            assert not uses or what.startswith("./") or re.search(r"@[0-9a-f]{40} # v", what), line


def test_what_others_run_of_this_repository_is_there() -> None:
    """The action, the hooks and the container call commands and copy files that exist."""
    action = (ROOT / "action.yml").read_text()
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    called = r"entry: synproof (\w+)|bin/synproof\" (\w+)|default: (\w+) --"
    verbs = {verb for found in re.findall(called, action + hooks) for verb in found if verb}
    assert {"verify", "report", "conform"} == verbs
    assert verbs <= COMMANDS.keys()
    for line in (ROOT / "Containerfile").read_text().splitlines():
        if line.startswith("COPY "):
            assert all((ROOT / name).exists() for name in line.split()[1:-1]), line
    assert re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v", action)


def test_claims_are_checked_where_neither_a_compiler_nor_a_solver_is_installed() -> None:
    """As after ``pipx install synproof``: the reference explorer does it, and that is told."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('numba', 'numpy', 'scipy', 'z3')));"
        "sys.argv = ['synproof', 'verify', 'S15', '--small'];"
        "from checker.__main__ import main; main()"
    )
    done = call([sys.executable, "-c", program], ROOT)
    assert done.returncode == 0, done.stderr
    assert "without numba" in done.stderr
    assert "holds" in done.stdout
