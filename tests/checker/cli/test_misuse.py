"""What is called wrongly is told in one line, with exit code 2, before any work begins."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from checker.cli.app import main
from checker.engines.explicit import engine
from checker.ir.tracing import Tracer
from checker.model import search
from checker.support.errors import USAGE

MISUSES = """
nosuch                                       | No such command 'nosuch'
verfy                                        | Did you mean 'verify'?
verify T1.lifecicle                          | did you mean T1.lifecycle?
verify nosuch                                | no claim 'nosuch'
verify --nosuch                              | No such option: --nosuch
verify T1 --jsn x.json                       | --json
verify --rules three_wy=off                  | did you mean three_way?
verify --rules three_way                     | NAME=VALUE
verify --rules three_way=maybe               | on or off, not 'maybe'
verify --rules isn=fresch                    | one of fresh, any, constant
verify --bounds nosuch=1                     | no bound 'nosuch'
verify --bounds incarnations=99              | between 1 and 3
verify --bounds in_flight=x                  | is a number, not 'x'
verify --engine natve                        | did you mean native?
verify --small --thorough                    | exclude each other
verify --compare three_wy=off three_way=on   | did you mean three_way?
verify T1 --depth 3                          | --engine symbolic
verify T1 --small --json a.x --junit a.x     | is named twice
verify S13                                   | is a theorem, and no claim
trace S13                                    | is a theorem, and no claim
prove S13 --without S13                      | --without leaves no theorem
mutants --page --check                       | --check changes nothing
mutants --prover --carry --check             | --check changes nothing
verify L1 --engine symbolic                  | no deadlocks and no cycles
verify T1 --pin                              | --pin takes no claims
verify --pin --within 9                      | --pin takes no claims
verify T1 --within 9 --bounds in_flight=2    | --within goes by what is pinned
verify T1 --max-states 0                     | --max-states
verify T1 --max-memory 0                     | --max-memory
verify T1 --workers 0                        | --workers
verify T1 --threads 0                        | --threads
verify T1 --json none/x.json                 | cannot write 'none/x.json'
verify T1 --junit none/x.xml                 | cannot write 'none/x.xml'
verify T1 --json .                           | it is a directory
verify T1 --resume                           | --resume needs --checkpoint
trace                                        | Missing argument
trace T99                                    | did you mean T9?
trace T1 T2                                  | unexpected extra argument
trace T1 --out x.gif                         | .svg
trace T1 --out none/x.svg                    | cannot write 'none/x.svg'
trace T2 --rules isn=fresch                  | one of fresh, any, constant
explore --profile handshke                   | did you mean handshake?
explore --bounds close=maybe                 | on or off, not 'maybe'
explore --engine symbolic                    | no engine 'symbolic'
explore --symmetry --engine explore          | for the native engine
explore --compact --checkpoint folder        | no checkpoints of a compact search
explore --checkpoint text.txt                | 'text.txt' is a file
explore --threads two                        | be a valid integer
simulate                                     | list scenarios
simulate --scenario three-way-handshak       | did you mean three-way-handshake?
conform                                      | Missing argument
conform missing.pcap                         | cannot read 'missing.pcap'
conform text.txt                             | neither pcap nor pcapng
conform empty                                | 'empty' is empty
conform .                                    | cannot read '.'
narrate missing.pcap                         | cannot read 'missing.pcap'
narrate text.txt                             | neither pcap nor pcapng
sockets missing                              | cannot read 'missing'
export nosuch                                | no export 'nosuch'
export promela --profile nosuch              | no profile 'nosuch'
generate nosuch --out x                      | no kind of test 'nosuch'
generate packetdrill                         | Missing option '--out'
generate packetdrill --out x --stack nosuch  | no stack 'nosuch'
stack nosuch                                 | no stack 'nosuch'
stack --plain                                | which stack
matrix --check --write                       | exclude each other
time-wait --check --write                    | exclude each other
requirements --check --write                 | exclude each other
requirements MUST-370                        | did you mean MUST-37?
mutants --only nosuch                        | no mutant of 'nosuch'
mutants --rest --only tcb.py                 | --rest and --only exclude each other
crosscheck --with nosuch                     | no peer 'nosuch'
bench --with nosuch                          | no tool 'nosuch'
prove T99                                    | no theorem 'T99'
prove --needed nosuch                        | no theorem 'nosuch'
list rule                                    | did you mean rules?
coverage T1                                  | unexpected extra argument
"""
CASES = [tuple(part.strip() for part in line.split("|")) for line in MISUSES.strip().splitlines()]


@pytest.mark.parametrize(("command", "told"), CASES, ids=[command for command, _ in CASES])
def test_misuse(
    command: str,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("work has begun")

    monkeypatch.setattr(engine, "engine_of", work)
    monkeypatch.setattr(search, "search", work)
    monkeypatch.setattr(Tracer, "trace", work)
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("no capture\n" * 20)
    Path("empty").touch()
    monkeypatch.setattr(sys, "argv", ["checker", *shlex.split(command)])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    assert end.value.code == USAGE, err
    assert err.startswith("checker: ") and err.count("\n") == 1
    assert told in err and not out
    assert {path.name for path in tmp_path.iterdir()} == {"text.txt", "empty"}
