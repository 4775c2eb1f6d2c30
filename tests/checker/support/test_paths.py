"""Names of files that a terminal, XML or a file system would not take."""

import os
from pathlib import Path

from checker.support.paths import LONGEST, named, shown


def test_a_name_is_shown_without_what_a_terminal_obeys():
    assert shown(Path("a/b-ü.pcap")) == "a/b-ü.pcap"
    assert shown(Path("\x1b[31m\n\u202e.pcap")) == "\\x1b[31m\\n\\u202e.pcap"
    assert shown(Path(os.fsdecode(b"\xff\xfe.pcap"))) == "\\xff\\xfe.pcap"


def test_names_that_are_made_are_short_and_differ():
    words = ["x" * 300, "10.0.0.1:80", "7"]
    first = named(words, ".svg", set())
    assert first.endswith("_10.0.0.1_80_7.svg") and len(first) == LONGEST
    second = named(words, ".svg", {first})
    assert second.endswith("_7_2.svg") and len(second) == LONGEST
    assert named(["a", "b"], ".svg", ()) == "a_b.svg"
