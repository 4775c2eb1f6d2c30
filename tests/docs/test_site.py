"""The site: every page is in its order, once, and the pages that are made say what there is.

Whether its links lead somewhere, MkDocs says (``./run docs``); ``test_links`` says it of the pages
in the repository.
"""

import json
import re
import subprocess
import sys
import tomllib

import pytest

from proofs.claims.scenarios import SCENARIOS
from proofs.claims.table import BY_ID
from spec.rules import SWITCHES
from tests.docs.test_commands import COMMANDS
from tests.docs.test_links import TOP
from tests.docs.test_links import _anchors as anchors

SITE = TOP / "docs/site"


@pytest.fixture(scope="module")
def build():
    """``build.py``, as ``./run docs`` runs it."""
    sys.path.insert(0, str(SITE))
    try:
        import build

        yield build
    finally:
        sys.path.remove(str(SITE))


@pytest.fixture(scope="module")
def staged(build, tmp_path_factory):
    """The pages, copied and made."""
    top = tmp_path_factory.mktemp("site")
    build.STAGED, build.BUILT = top / "pages", top / "built"
    build.stage()
    return build.STAGED


def test_every_page_is_in_the_order_once(build, staged):
    listed = re.findall(r"^ *- (\S+\.md)$", build.ordered(), re.MULTILINE)
    there = [str(page.relative_to(staged)) for page in staged.rglob("*.md")]
    assert sorted(listed) == sorted(there)


def test_what_is_explained_is_explained_in_chinese_too():
    english = {page.name for page in TOP.glob("docs/explanation/*.md")}
    chinese = {page.name: page.read_text("utf-8") for page in TOP.glob("docs/zh/*.md")}
    assert english | {"README.md"} == chinese.keys()
    for name, text in chinese.items():
        assert sum("\u4e00" <= sign <= "\u9fff" for sign in text) > 500, name


def test_what_is_played_is_a_walk(staged):
    names = [
        name
        for page in TOP.glob("docs/**/*.md")
        for name in re.findall(r"^<!-- play: (.*) -->$", page.read_text("utf-8"), re.MULTILINE)
    ]
    assert names
    assert {*names} <= SCENARIOS.keys()
    text = (staged / "docs/zh/why.md").read_text("utf-8")
    assert 'src="../../play.html#v=runs&run=lost-last-ack&lang=zh"' in text


def test_what_pages_link_to_comes_along(staged):
    assert (staged / "spec/world/http.py").is_file()
    assert (staged / "diagrams/handshake.svg").is_file()


def test_the_pages_that_are_made_name_all_there_is(staged):
    made = {page.stem: page.read_text("utf-8") for page in staged.glob("docs/reference/made/*.md")}
    for name in COMMANDS:
        assert f"\n## {name}\n" in made["commands"]
    for id in BY_ID:
        assert f"| **{id}** |" in made["claims"]
    for name in SWITCHES:
        assert f"| `{name}` |" in made["rules"]
    for text in made.values():  # a table's rows have as many cells as its head
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            rows = table.splitlines()
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, rows[0]


def test_what_people_ask_has_a_heading(build, staged):
    """``build.py`` asks the search of the built site; here the answers are there to be found."""
    questions = tomllib.loads(build.QUESTIONS.read_text("utf-8"))["question"]
    for question in questions:
        page, _, anchor = question["answer"].partition("#")
        source = page.removesuffix(".html") + ".md"
        assert question["asked"] and f"#{anchor}" in anchors(TOP / source), question["answer"]
        assert (staged / source).read_text("utf-8").startswith(build.BOOST)
    asked = " ".join(asked for question in questions for asked in question["asked"])
    for word in ("node", "zeek", "accept queue", "tw_reuse"):
        assert word in asked


def test_what_is_not_answered_is_told(build, monkeypatch):
    monkeypatch.setattr(build.shutil, "which", lambda name: f"/bin/{name}")
    first, *others = [
        (asked, one["answer"])
        for one in tomllib.loads(build.QUESTIONS.read_text("utf-8"))["question"]
        for asked in one["asked"]
    ]
    lines = [json.dumps(["elsewhere.html"]), *(json.dumps(["a", answer]) for _, answer in others)]
    done = subprocess.CompletedProcess([], 0, "\n".join(lines), "")
    monkeypatch.setattr(build.subprocess, "run", lambda *_, **__: done)
    (told,) = build.unanswered(TOP)
    assert told == f"{first[0]!r}: wanted {first[1]}, found ['elsewhere.html']"


def test_an_option_of_a_command_is_told(staged):
    text = (staged / "docs/reference/made/commands.md").read_text("utf-8")
    assert "| `--small` | The least bounds; seconds. |" in text
