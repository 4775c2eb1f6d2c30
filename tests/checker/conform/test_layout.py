"""Whoever walks a TCB or a segment notices every field of it.

A field is added to ``Tcb`` and ``Segment`` in a copy of the sources, and a program run in the copy.
"""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest

from checker.conform.layout import UNUSED_IN_TCB, Holds, Layout, check_unused, leaves
from spec.tcp.segment import Ours, Segment, Seq, Theirs
from spec.tcp.tcb import Send, Tcb

ROOT = Path(__file__).parents[3]
KINDS = {
    "a_flag": ("bool", "False", "True"),
    "a_count": ("Octets", "0", "7"),
    "a_time": ("Ticks", "0", "7"),
    "a_distance": ("Window", "0", "7"),
    "one_of_ours": ("Ours", "0", "1007"),
    "one_of_theirs": ("Theirs", "0", "5007"),
}
"""A field of each kind: annotation, default, and another value."""

READERS = """
import sys
from checker.conform.behaviour import choose
from checker.conform.cache import steps
from checker.conform.cache.situations import Cache, _tcb, _tcb_form
from checker.conform.candidate import Candidate
from checker.conform.layout import moved, moved_segment
from spec.tcp.segment import Control, Segment
from spec.tcp.tcb import Receive, Send, State, Tcb
from spec.tcp.inputs import Input
from spec.world.records import key

name, value = sys.argv[1], eval(sys.argv[2])
shifts = {"one_of_ours": 10, "one_of_theirs": 20}

def tcb(**more):
    return Tcb(state=State.ESTABLISHED, iss=1000, irs=5000, snd=Send(una=1001, nxt=1001),
               rcv=Receive(nxt=5001, wnd=1 << 30, up=5001), **more)

usual, other = tcb(**{name: 1 if name.startswith("one_of") else 0}), tcb(**{name: value})
if name.startswith("a_"):
    usual = tcb()
# Candidates are told apart, and so are they in both memories.
assert Candidate(usual).key() != Candidate(other).key()
assert steps.mark(usual, 1000, 5001) != steps.mark(other, 1000, 5001), "a step's mark"
def form(one):
    ours, theirs = [], []
    return _tcb_form(one, ours, theirs), ours, theirs
assert form(usual) != form(other), "a situation's form"
found, ours, theirs = form(other)
assert key(_tcb(found, iter(ours), iter(theirs))) == key(other), "put together again"
# It is moved with the others of its stream, and back.
there = moved(other, 10, 20)
assert getattr(there, name) == value + shifts.get(name, 0), "moved"
assert key(moved(there, -10, -20)) == key(other)
assert steps.mark(there, 1010, 5021) == steps.mark(other, 1000, 5001), "the same from elsewhere"
stepper = steps.RememberedStepper(choose([]))
for one in (usual, other):
    (step,) = stepper.steps(Candidate(one), Input.CLOSE, 1, 0.0)
    assert getattr(step.to.tcb, name) == getattr(one, name), "after a step"
assert len(stepper.memory) == 2, "a step is remembered for the TCB that it was of"

def seg(**more):
    return Segment(seq=1001, ack=5001, ctl=Control(ack=True), **more)

plain, odd = seg(), seg(**{name: value})
assert steps.mark_segment(plain, 5001, 1001) != steps.mark_segment(odd, 5001, 1001), "a segment"
assert getattr(moved_segment(odd, 10, 20), name) == value + shifts.get(name, 0)
"""


def with_fields(folder: Path, annotation: str, name: str, default: str) -> Path:
    """A copy of the sources in which ``Tcb`` and ``Segment`` have one more field."""
    ignored = shutil.ignore_patterns("__pycache__")
    for room in ("spec", "proofs", "checker"):
        shutil.copytree(ROOT / room, folder / room, ignore=ignored)
    for file, last in (
        ("tcb.py", "    span: Ticks = 0"),
        ("segment.py", "    origin: Origin = field(default_factory=Origin)"),
    ):
        path = folder / "spec" / "tcp" / file
        text = path.read_text()
        assert text.count(last) == 1
        text = text.replace(last, f"    {name}: {annotation} = {default}\n{last}")
        path.write_text(text)
    return folder


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-B", "-c", READERS, *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stderr


@pytest.mark.parametrize("name", KINDS)
def test_a_field_more_is_noticed_by_every_reader(tmp_path, name):
    annotation, default, value = KINDS[name]
    assert run(with_fields(tmp_path, annotation, name, default), name, value) == ""


@pytest.mark.parametrize("annotation", ["int", "'Annotated[int, \"furlongs\"]'"])
def test_a_field_that_does_not_say_what_it_holds_is_an_error(tmp_path, annotation):
    folder = with_fields(tmp_path, annotation, "mystery", "0")
    path = folder / "spec" / "tcp" / "tcb.py"
    path.write_text("from typing import Annotated\n" + path.read_text())
    assert "mystery" in run(folder, "mystery", "1").splitlines()[-1]


def test_every_field_says_what_it_holds():
    held = {leaf.path: leaf.holds for kind in (Tcb, Segment) for leaf in leaves(kind)}
    assert held["snd.una"] is held["iss"] is held["seq"] is Holds.OURS
    assert held["rcv.nxt"] is held["snd.wl1"] is held["ack"] is Holds.THEIRS
    assert held["written"] is Holds.OCTETS
    assert held["time_wait"] is Holds.TICKS
    assert held["ctl.syn"] is held["state"] is Holds.CHOICE


@dataclasses.dataclass
class Undecided:
    """Whose number is ``x``?"""

    x: Seq = 0


@dataclasses.dataclass
class Odd:
    """``y`` is measured in what nobody knows."""

    y: Annotated[int, "furlongs"] = 0


@dataclasses.dataclass
class Small:
    """Two numbers and a flag."""

    mine: Ours = 0
    its: Theirs = 0
    flag: bool = False


def test_an_unknown_annotation_is_named():
    for kind, name in ((Undecided, "Undecided.x"), (Odd, "Odd.y")):
        with pytest.raises(TypeError, match=rf"{name}: .* does not say what it holds"):
            Layout(kind, ())


def test_an_exception_must_be_a_field():
    with pytest.raises(TypeError, match=r"Tcb has no field snd\.mss"):
        Layout(Tcb, {"snd.mss"})


def test_a_layout_moves_marks_and_joins():
    layout = Layout(Small, ())
    one = Small(5, 7, True)
    assert layout.moved()(one, 1, 2) == Small(6, 9, True)
    assert layout.moved()(one, -6, 0).mine == 2**32 - 1
    assert layout.mark()(one, 5, 6) == (0, 1, True)
    assert layout.joined()(layout.ours(one), layout.theirs(one), layout.rest(one)) == one


def test_what_is_not_followed_stays_blank():
    check_unused(Tcb())
    assert "snd.wl1" in UNUSED_IN_TCB
    with pytest.raises(AssertionError, match=r"sets what is not followed: snd\.wl1=3"):
        check_unused(Tcb(snd=Send(wl1=3)))
