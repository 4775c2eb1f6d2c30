"""The page, built once, and a browser that has it open.

Who works on the view alone may name a page that is built already: ``TCP_PAGE=/tmp/tcp.html``.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.page import build
from tests.helpers.browser import CHROMIUM, Browser, browser


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file."""
    if built := os.environ.get("TCP_PAGE"):
        return Path(built)
    file = tmp_path_factory.mktemp("page") / "tcp.html"
    file.write_text(build.page().text, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def url(page: Path) -> str:
    """Where a browser finds it."""
    return page.as_uri()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser."""
    if CHROMIUM is None:
        pytest.skip("not installed: chromium")
    with browser(tmp_path_factory.mktemp("browser")) as one:
        one.size(1200, 900)
        yield one
