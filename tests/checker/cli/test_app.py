"""The command line as a whole: help, version, completion."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from checker import __version__
from checker.cli.app import EXAMPLES, app
from checker.support.program import called

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_version() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"synproof {__version__}\n")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_short_to_ask_for_and_tells_the_exit_codes(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "-h"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "Exit codes: 0 as expected; 1 " in done.stdout
    for name, example in EXAMPLES.items():
        assert (f"{called()} {example}" in done.stdout) == (command in ("", name))


def test_examples_are_of_commands() -> None:
    assert [example.split()[0] for example in EXAMPLES.values()] == list(EXAMPLES)
    assert set(EXAMPLES) <= set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("synproof time", ["time-wait"]),
        ("synproof list r", ["rules"]),
        ("synproof trace T1s", ["T1s", "T1s.exact", "T1s.far"]),
        ("synproof verify T10 T9", ["T9", "T9.literal", "T9.floor", "T9.transfer", "T9.sack"]),
        ("synproof verify --rules three", ["three_way=on", "three_way=off"]),
        ("synproof verify --bounds wi", ["width=", "window="]),
        ("synproof explore --profile simul", ["simultaneous", "simultaneous-far"]),
        ("synproof simulate --scenario three-way", ["three-way-handshake"]),
    ],
)
def test_a_shell_is_offered_names(words: str, offered: list[str]) -> None:
    """As the installed program is asked by bash."""
    program = "import sys; sys.argv = ['synproof']; from checker.__main__ import main; main()"
    asked = {
        "_SYNPROOF_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == offered, done.stderr


def test_an_environment_that_lost_a_package_is_told_in_one_line() -> None:
    program = "import sys; sys.modules['typer'] = None; from checker.__main__ import main; main()"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (4, "", 1)
    assert told.stderr.startswith("checker: the package typer is missing: ")
