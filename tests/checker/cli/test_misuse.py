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
prove --needed --without S13                 | --needed takes no --without: omit it
prove --families --out x --workers 2         | --families takes no --out and no --workers: omit them
prove --statements --json x                  | --statements takes no --json
prove --why --fresh                          | --why takes no --fresh
prove --pin                                  | --pin needs --why
mutants --page --check                       | --check takes no --page: omit it
mutants --prover --carry --check             | --check takes no --carry: omit it
mutants --page --json x                      | --page takes no --json
mutants --carry --only tcb.py                | --carry takes no --only
mutants --prover --every                     | --prover takes no --every
verify L1 --engine symbolic                  | no deadlocks and no cycles
verify --claims text.py                      | text.py has no claim: put some into CLAIMS
verify T1 --pin                              | --pin takes no CLAIM: omit it
verify --pin --within 9                      | --pin takes no --within: omit it
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
explore --symmetry --engine explore          | --symmetry is for --engine native or sorted
explore --engine sets --expect 5             | --expect is for --engine native, and not for sets
explore --engine explore --expect 5          | --expect is for --engine native
explore --every 60                           | --every needs --checkpoint FOLDER or --spill FOLDER
explore --threads 100000                     | less than or equal to 256
verify T1 --every 60                         | --every needs --checkpoint FOLDER or --spill FOLDER
verify T1 --threads 100000                   | less than or equal to 256
verify T1 --workers 100000                   | less than or equal to 256
verify T1 --engine symbolic --threads 2      | --engine symbolic takes no --threads: omit it
verify --compare isn=any isn=any --within 9  | --compare takes no --within
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
conform text.txt --bench --json x            | --bench takes no --json: omit it
conform text.txt --bench --rules linux       | --bench takes no --rules: omit it
conform text.txt --peer-capture x --at client | --peer-capture takes no --at: omit it
conform text.txt --not-arrived               | --not-arrived needs --at, and not the middle: add it
conform /dev/null --bench                    | --bench reads /dev/null more than once: name a file
conform text.txt --peer-capture /dev/null    | --peer-capture reads /dev/null more than once
conform table --not-arrived                  | a table of sockets takes no --not-arrived: omit it
conform table --assume no-abort --most 3     | takes no --assume and no --most: omit them
conform table table                          | name one file
narrate text.txt --port 80 --only deviates   | --port takes no --only: omit it
narrate text.txt --port 80 --state TIME-WAIT | --port takes no --state
narrate text.txt --port 80 --rules linux     | --port takes no --rules
narrate missing.pcap                         | cannot read 'missing.pcap'
narrate text.txt                             | neither pcap nor pcapng
sockets missing                              | cannot read 'missing'
export nosuch                                | no export 'nosuch'
export promela --profile nosuch              | no profile 'nosuch'
generate nosuch --out x                      | no kind of test 'nosuch'
generate packetdrill                         | Missing option '--out'
generate packetdrill --out /dev/null         | cannot write to '/dev/null': it is no folder
generate packetdrill --out text.txt          | it is no folder
diagram --check --directory none             | no folder 'none'
diagram --directory text.txt                 | it is no folder
generate packetdrill --out x --stack nosuch  | no stack 'nosuch'
stack nosuch                                 | no stack 'nosuch'
stack --plain                                | which stack
stack lwip --check                           | --check takes no NAME: omit it
stack lwip --build --slow                    | --build takes no --slow
matrix --check --write                       | exclude each other
time-wait --check --write                    | exclude each other
time-wait --page --json x                    | --page takes no --json: omit it
costs --page --resume                        | --page takes no --resume: omit it
http --search --requests 10                  | --search takes no --requests: omit it
http --delay 0.5                             | --delay needs --server-idle SECONDS: add it
http --clients 9 --accepts 2                 | --clients and --accepts need --backlog N: add it
http --time-wait x                           | --time-wait: 'x' is no number
http --server-idle -1                        | --server-idle: '-1' is negative
bench --starts --profile rest                | --starts takes no --profile: omit it
requirements --check --write                 | exclude each other
requirements MUST-370                        | did you mean MUST-37?
mutants --only nosuch                        | no mutant of 'nosuch'
mutants --rest --only tcb.py                 | --rest and --only exclude each other
crosscheck --with nosuch                     | no peer 'nosuch'
bench --with nosuch                          | no tool 'nosuch'
prove T99                                    | no theorem 'T99'
prove --needed nosuch                        | no theorem 'nosuch'
list rule                                    | did you mean rules?
list bounds --claims text.py                 | list bounds takes no --claims: omit it
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
    Path("text.py").touch()
    Path("empty").touch()
    Path("table").write_text("LISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n")
    before = {path.name for path in tmp_path.iterdir()}
    monkeypatch.setattr(sys, "argv", ["checker", *shlex.split(command)])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    assert end.value.code == USAGE, err
    assert err.startswith("checker: ") and err.count("\n") == 1
    assert told in err and not out
    assert {path.name for path in tmp_path.iterdir()} == before
