"""The file: its size, and what is in it."""

import base64
import json
import re
import zlib
from pathlib import Path

from checker.page import build


def test_the_file_is_small(page: Path) -> None:
    assert page.stat().st_size < 3_000_000


def test_what_is_packed_comes_out_again() -> None:
    text = "SYN, ACK, 三次握手"
    assert zlib.decompress(base64.b64decode(build.packed(text)), -zlib.MAX_WBITS).decode() == text


def test_every_view_is_in_the_import_map(page: Path) -> None:
    found = re.search(r'<script type="importmap">(.*?)</script>', page.read_text("utf-8"))
    assert found
    imports = json.loads(found[1])["imports"]
    names = {entry.name for entry in build.VIEW.iterdir() if entry.name.endswith(".js")}
    assert {f"page/{name.removesuffix('.js')}" for name in names} == set(imports)
    for text in imports.values():
        told = base64.b64decode(text.partition(",")[2]).decode()
        for name in re.findall(r'from "([^"]+)"', told):
            assert name in imports


def test_places_are_lines_of_the_source() -> None:
    (told,) = build.places(["proofs/claims/properties.py:1"]).values()
    assert told.startswith('"""The predicates that claims name')


def test_all_that_is_said_has_a_translation() -> None:
    words = build.VIEW.joinpath("i18n.js").read_text("utf-8")
    known = set(re.findall(r'"([^"]+)":', words))
    for entry in build.VIEW.iterdir():
        if entry.name.endswith(".js"):
            said = re.findall(r'\bt\("([^"]+)"\)', entry.read_text("utf-8"))
            assert set(said) <= known, entry.name
