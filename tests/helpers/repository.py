"""A folder that commands take for the repository, so that a test can let them rewrite its files."""

from pathlib import Path

import pytest

from checker.support import program


def stand_in(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are called in ``top``, and compare and rewrite the files there."""
    (top / "run").touch()
    monkeypatch.setattr(program, "_TOP", top)
    monkeypatch.chdir(top)
