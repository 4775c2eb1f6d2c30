"""``-`` is standard input wherever a file is read: a pipe, or a file that a shell has opened."""

import subprocess
import sys
from pathlib import Path

import pytest

CAPTURE = Path(__file__).parents[2] / "captures/cases/abort_after_ack.pcap"
TABLE = b"LISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n"
REPORT = b'{"version": 3, "theorems": [{"id": "T1", "title": "t", "verdict": "proved"}]}'


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        ("conform -", CAPTURE.read_bytes(), ": conforms"),
        ("conform --workers 2 -", CAPTURE.read_bytes(), ": conforms"),
        ("narrate -", CAPTURE.read_bytes(), "1 TCP connection"),
        ("sockets -", TABLE, "1  LISTEN"),
        ("report -", REPORT, "1 proved"),
    ],
)
def test_standard_input_is_read(words: str, given: bytes, told: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "checker", *words.split()]
    (tmp_path / "file").write_bytes(given)
    by_pipe = subprocess.run(command, input=given, capture_output=True, check=False)
    with (tmp_path / "file").open("rb") as file:
        by_file = subprocess.run(command, stdin=file, capture_output=True, check=False)
    for done in (by_pipe, by_file):
        assert (done.returncode, told in done.stdout.decode()) == (0, True), done.stderr
