"""The captures of a listener in trouble, made anew by this machine's kernel."""

from pathlib import Path

import pytest

from checker.stacks.drivers.tun import missing
from tests.checker.listeners.test_findings import is_said
from tests.lab.floods import FLOODS, capture


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.parametrize("name", FLOODS)
def test_what_is_told(name: str, tmp_path: Path):
    if why := missing():
        pytest.skip(why)
    is_said(name, capture(name, tmp_path))
