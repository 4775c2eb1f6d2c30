"""The documents: every relative link, anchor and path that they name leads somewhere."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]

PAGES = sorted(
    page
    for page in (*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("tests/**/*.md"))
    if "build" not in page.parts
)

_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]*(?:\([^()\s]*\))*)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_PATH = re.compile(r"`((?:spec|proofs|checker|tests|docs|diagrams)/[\w./-]*)(?::\d+)?`")
"""A path within the repository, as documents write one."""

_CHECKED_ELSEWHERE = {"rules-that-matter.md"}
"""``mutants --check`` compares its paths with ``spec/``."""


def _name(page: Path) -> str:
    return page.relative_to(TOP).as_posix()


@cache
def _anchors(page: Path) -> Counter[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: Counter[str] = Counter()
    text = _FENCE.sub("", page.read_text("utf-8"))
    for heading in re.findall(r"^#{1,6} +(.*?) *$", text, re.MULTILINE):
        plain = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading).lower()
        found["#" + re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")] += 1
    return found


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_and_anchors_resolve(page: Path) -> None:
    text = _CODE.sub("", _FENCE.sub("", page.read_text("utf-8")))
    wrong = []
    for link in _LINK.findall(text):
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            wrong.append(f"{link}: no such file")
        elif anchor and "#" + anchor not in _anchors(target):
            wrong.append(f"{link}: no such heading in {_name(target)}")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_two_headings_of_a_page_have_the_same_anchor(page: Path) -> None:
    if page.name != "CHANGELOG.md":  # each version has its "Added"
        assert [anchor for anchor, times in _anchors(page).items() if times > 1] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_paths_that_are_named_exist(page: Path) -> None:
    if page.name not in _CHECKED_ELSEWHERE:
        named = _PATH.findall(page.read_text("utf-8"))
        assert [path for path in named if not (TOP / path).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    seen, todo = set(), [TOP / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in _LINK.findall(page.read_text("utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists():
                todo.append(target)
    lost = [_name(page) for page in PAGES if page not in seen and page.is_relative_to(TOP / "docs")]
    assert lost == []


def test_every_diagram_is_shown_or_linked_where_it_explains() -> None:
    text = "".join(page.read_text() for page in PAGES if _name(page) != "docs/reference/matrix.md")
    unseen = [
        drawing.name
        for drawing in TOP.glob("diagrams/*.svg")
        if f"diagrams/{drawing.name})" not in text
    ]
    assert not unseen


def test_text_of_diagrams_has_10_pixels_on_a_page_830_wide() -> None:
    for drawing in TOP.glob("diagrams/*.svg"):
        told = drawing.read_text()
        found = re.search(r'<svg[^>]* width="(\d+)(pt)?"', told)
        pixels = 4 / 3 if found[2] else 1
        width = float(found[1]) * pixels
        least = min(map(float, re.findall(r'font-size="([\d.]+)"', told))) * pixels
        assert least * min(1, 830 / width) >= 10, drawing.name
