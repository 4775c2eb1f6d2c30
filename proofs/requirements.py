"""What RFC 9293 prescribes, sentence by sentence, and what became of it here.

``requirements.toml`` has the numbered requirements of Appendix B and each prescribing sentence of
sections 3.5, 3.6, 3.8 and 3.10, in words of our own. Its fields:

=======  ===================================================================================
id       the number of Appendix B, if it has one
at       where it stands: section and paragraph (those of lists count), or state
says     what it asks for
status   see ``STATUSES``
rules    the rules that do it, by id; each has to fire in a run, or never
switch   the switch that decides whether it is done; with a value, the runs have that
when     what else is true of the last step of these runs (``When``)
profile  where to look for them, with other bounds behind it; else in every place there is
never    no run reaches it: every search up to the bounds is exhaustive
against  the sentence that asks for something else in the same run
erratum  the page of docs/errata about it
why      what else is to be said
=======  ===================================================================================
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STATUSES = {
    "implemented": "the rules do it",
    "alternative": "a switch does it; by default it is not done",
    "not followed": "another sentence asks for something else, and that is done",
    "abstracted": "it is covered by something more general, or by a bound",
    "outside": "nothing of the lifecycle depends on it",
}


@dataclass(frozen=True, slots=True)
class When:
    """What is true of a step; a field that is not given may be anything."""

    state: str | None = None  # of the end that acts, before
    window: int | None = None  # its RCV.WND, before
    urgent: bool = False  # urgent text that came is not yet with its user, before
    beyond: bool = False  # it has sent more than SND.WND allows, before
    call: str | None = None  # what the user calls
    arrives: str | None = None  # the control bits of the segment that arrives
    length: int | None = None  # its SEG.LEN
    straddles: bool = False  # it begins before RCV.NXT and ends behind it
    sends: str | None = None  # the control bits of a segment that is sent
    silent: bool = False  # nothing is sent
    told: str | None = None  # what the user is told, or a part of it


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; see above."""

    at: str
    says: str
    status: str
    id: str = ""
    rules: tuple[str, ...] = ()
    switch: str = ""
    when: When = field(default_factory=When)
    profile: str = ""
    never: bool = False
    against: str = ""
    erratum: str = ""
    why: str = ""

    @property
    def name(self) -> str:
        """Its number, or where it stands."""
        return self.id or self.at


def _read(entry: dict[str, Any]) -> Sentence:
    rules, when = tuple(entry.pop("rules", ())), When(**entry.pop("when", {}))
    return Sentence(**entry, rules=rules, when=when)


def _sentences() -> dict[str, Sentence]:
    text = Path(__file__).with_suffix(".toml").read_text("utf-8")
    entries = [_read(entry) for entry in tomllib.loads(text)["sentence"]]
    return {entry.name: entry for entry in entries}


SENTENCES = _sentences()
"""All of them by name, in the order of the text."""
