"""The command line as a whole: help, version, completion."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from checker import __version__
from checker.cli.app import EXAMPLES, _spread, app, main
from checker.model.model import Model
from checker.studies import least_time_wait, matrix
from checker.support.program import BY_RUN, called

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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("explore", ""),
        ("explore --json found.json", "; no report was written"),
        ("explore --checkpoint kept", "; --resume goes on from kept"),
        ("explore --engine sorted --spill kept", "; --resume goes on from kept"),
        ("explore --engine distributed --checkpoint kept", ""),
        ("trace T2", ""),
        ("time-wait --journal kept.jsonl", "; --resume goes on from kept.jsonl"),
        ("matrix --journal kept.jsonl --json found.json",
         "; no report was written; --resume goes on from kept.jsonl"),
    ],
)  # fmt: skip
def test_an_interrupt_tells_what_applies_to_the_command(
    words: str,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Model, "search", interrupt)
    monkeypatch.setattr(Model, "decide", interrupt)
    monkeypatch.setattr(least_time_wait, "explore", interrupt)
    monkeypatch.setattr(matrix, "explore", interrupt)
    monkeypatch.setattr(sys, "argv", ["checker", *words.split()])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().err) == (3, f"checker: interrupted{told}\n")


@pytest.mark.parametrize(
    ("called", "name"),
    [("/usr/bin/synproof", "synproof"), ("/my programs/checker/__main__.py", "checker")],
)
def test_a_message_begins_with_what_was_called(
    called: str,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(BY_RUN, raising=False)
    monkeypatch.setattr(sys, "argv", [called, "trace", "T99"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.startswith(f"{name}: no claim")
    monkeypatch.setenv(BY_RUN, "/my programs/run")
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.startswith("run: no claim")


def test_without_arguments_there_is_the_help_and_no_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["checker"])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    assert end.value.code == 2
    assert "Usage: " in out + err and "checker: " not in err


@pytest.mark.parametrize("first", [["--rules", "a=1"], ["--rules=a=1"]])
def test_rules_stand_in_a_row(first: list[str]) -> None:
    spread = ["--rules", "a=1", "--rules", "b=2", "T1"]
    assert _spread([*first, "b=2", "T1"]) == spread


def test_an_environment_that_lost_a_package_is_told_in_one_line() -> None:
    program = "import sys; sys.modules['typer'] = None; from checker.__main__ import main; main()"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (4, "", 1)
    assert told.stderr.startswith("checker: the package typer is missing: ")
