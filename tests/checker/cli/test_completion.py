"""A shell is offered whatever names there are."""

import os
import subprocess
import sys
from typing import Any

import pytest
import typer

from checker.cli.app import app

FREE = {
    *{("http", name) for name in ("rate", "time_wait", "hold", "server_idle", "delay")},
    ("mutants", "only"),  # places in the code: as many as there are mutants
    ("verify", "compare"),  # two sets of rules, each with commas in it
}
"""Words that nobody can foresee."""


def parameters() -> list[tuple[str, Any]]:
    group: Any = typer.main.get_command(app)
    return [(name, one) for name, command in group.commands.items() for one in command.params]


@pytest.mark.parametrize(("command", "parameter"), parameters())
def test_every_word_is_offered(command: str, parameter: Any) -> None:
    words = "str" in str(parameter.type_descriptor.annotation)
    offered = parameter._custom_shell_complete is not None
    assert offered == (words and (command, parameter.name) not in FREE)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("verify claims T1.p", ["T1.partner"]),
        ("verify engine sy", ["symbolic"]),
        ("verify rules lw", ["lwip"]),
        ("verify rules time_wait_restart=n", ["time_wait_restart=never"]),
        ("prove claims T4.t", ["T4.text"]),
        ("prove without T10.t", ["T10.text"]),
        ("explore engine sor", ["sorted"]),
        ("stack name gv", ["gvisor"]),
        ("generate kind pa", ["packetdrill"]),
        ("generate stack py", ["pytcp"]),
        ("export kind java", ["javascript"]),
        ("export claim T1.p", ["T1.partner"]),
        ("bench with_ native,spin-d", ["native,spin-dfs"]),
        ("crosscheck with_ spin,t", ["spin,tlc"]),
        ("conform rules smol", ["smoltcp"]),
        ("conform at m", ["middle"]),
        ("conform assume no", ["no-abort"]),
        ("conform only dev", ["deviates"]),
        ("narrate state TIME", ["TIME-WAIT"]),
    ],
)
def test_what_is_begun_is_ended(line: str, names: list[str]) -> None:
    command, name, begun = line.split()
    ((_, parameter),) = [one for one in parameters() if (one[0], one[1].name) == (command, name)]
    found = parameter._custom_shell_complete(None, parameter, begun)
    assert [getattr(one, "value", one) for one in found] == names


def test_a_shell_asks() -> None:
    asked = {"COMP_WORDS": "synproof trace T1.p", "COMP_CWORD": "2"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.argv = ['synproof']; from checker.__main__ import main; main()",
        ],
        env=os.environ | asked | {"_SYNPROOF_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["T1.partner"]
