"""The TCB as a record: whatever walks its fields must notice one that is new."""

import dataclasses
import os
import shutil
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from spec.tcp.inputs import Input
from spec.tcp.tcb import State, Tcb, delete, release
from spec.world.records import key, rebuild
from tests.helpers.build import endpoint, happen

ROOT = Path(__file__).parents[3]
HELD = [f.name for f in dataclasses.fields(Tcb) if f.name.startswith("held_")]


def full() -> Tcb:
    """A TCB of which no variable is blank."""
    values = (State.ESTABLISHED if v is State.CLOSED else type(v)(7) for v in key(Tcb()))
    return rebuild(Tcb(), iter(list(values)))


def test_delete_forgets_everything():
    tcb = full()
    assert not any(a == b for a, b in zip(key(tcb), key(Tcb()), strict=True))
    delete(tcb)
    assert key(tcb) == key(Tcb())


def test_release_forgets_what_came_with_the_syn():
    tcb, before = full(), full()
    release(tcb)
    for f in dataclasses.fields(Tcb):
        blank = Tcb() if f.name in HELD else before
        assert key(getattr(tcb, f.name)) == key(getattr(blank, f.name)), f.name


TIMERS = [
    name
    for name, said in typing.get_type_hints(Tcb, include_extras=True).items()
    if getattr(said, "__metadata__", ()) == ("ticks",)
]


@pytest.mark.parametrize("timer", TIMERS)
def test_a_timer_runs(timer):
    """All that is a time in a TCB goes down as time goes by."""
    after = happen(endpoint(State.TIME_WAIT, **{timer: 3}), Input.TICK)
    assert getattr(after.tcb, timer) == 2


NEW = ("latest", "renewed")
CHANGES = {
    "tcb.py": ("    span: Ticks = 0", "    latest: Theirs = 0\n    renewed: Ticks = 0\n"),
    "segment_arrives/syn.py": (
        "    tcb.irs = seg.seq",
        "    tcb.latest = seg.seq\n    tcb.renewed = 1\n",
    ),
}
"""A number of the peer's, say, and a timer, which its SYN sets: before which line, and what."""

READERS = {
    "key, clone": """
        from checker.model import records as written
        from spec.tcp.tcb import Tcb
        from spec.world import records
        for name in NEW:
            for key, clone in (records.key, records.clone), (written.key, written.clone):
                tcb = Tcb()
                setattr(tcb, name, 7)
                assert key(tcb) != key(Tcb())
                assert key(clone(tcb)) == key(tcb)
    """,
    "delete": """
        from spec.tcp.tcb import Tcb, delete
        from spec.world.records import key
        tcb = Tcb(latest=7, renewed=7)
        delete(tcb)
        assert key(tcb) == key(Tcb())
    """,
    "annotations": """
        import typing
        from spec.tcp.tcb import Tcb
        said = typing.get_type_hints(Tcb, include_extras=True)
        assert [said[name].__metadata__ for name in NEW] == [("seq", "theirs"), ("ticks",)]
    """,
    "layout": """
        from checker.ir.schema import fields
        from spec.tcp.tcb import Tcb
        domains = dict.fromkeys(("seq", "octets", "ticks", "count", "stamp"), (0, 7))
        assert set(NEW) <= {field.path for field in fields(Tcb(), domains)}
    """,
    "exports": """
        from checker.exports.promela import promela
        from checker.exports.smtlib import smtlib
        from checker.exports.tlaplus import tlaplus
        from checker.model.model import Model
        from spec.rules import Rules
        from spec.world.profiles import PROFILES
        model = Model(Rules(), *PROFILES["once"]).composition
        texts = promela(model, {}), tlaplus(model, {})[0], smtlib(model, {}, 1)
        assert all(name in text for name in NEW for text in texts)
    """,
}


@pytest.mark.parametrize("reader", READERS)
def test_a_new_field_is_noticed(tmp_path, reader):
    """In a copy of ``spec`` whose TCB has two fields more."""
    copy = shutil.copytree(ROOT / "spec", tmp_path / "spec")
    for name, (before, added) in CHANGES.items():
        path = copy / "tcp" / name
        head, line, tail = path.read_text().partition(before)
        assert line
        path.write_text(head + added + line + tail)
    script = "\n".join(row.removeprefix(" " * 8) for row in READERS[reader].split("\n"))
    done = subprocess.run(
        [sys.executable, "-c", f"NEW = {NEW}\n{script}"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
