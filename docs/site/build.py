"""The documentation as a site: ``./run docs``; see README.md beside this file.

Exit codes: 0, built; 1, a link leads nowhere, a page is in no order, or the search does not find
the answer to a question of ``questions.toml``; 4, MkDocs is missing.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from made import PAGES

TOP = Path(__file__).resolve().parents[2]
STAGED = TOP / "build/site-pages"
BUILT = TOP / "build/site"
WHOLE = ("docs", "diagrams", "examples")
"""Folders that are taken with all that is in them."""
ALONE = (
    *("README.md", "DESIGN.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("tests/README.md", "tests/captures/README.md"),
)
"""Files that are taken, and what they link to."""

OWN = ("build.py", "made.py", "mkdocs.yml", "questions.toml", "search.mjs")
"""Files beside this one that make the site, and are none of its pages."""
ANSWERS = ("docs/how-to", "docs/explanation", "docs/zh")
"""Folders whose pages answer questions: the search has them before reports and references."""
BOOST = "---\nsearch:\n  boost: 4\n---\n\n"
QUESTIONS = Path(__file__).with_name("questions.toml")

_PLAY = re.compile(r"<!-- play: ([\w.-]+) -->")
_LINK = re.compile(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)")


def stage() -> None:
    """Copy the pages, what they link to, and what is made, to one folder."""
    shutil.rmtree(STAGED, ignore_errors=True)
    left_out = shutil.ignore_patterns("__pycache__", *OWN)
    for folder in WHOLE:
        shutil.copytree(TOP / folder, STAGED / folder, ignore=left_out)
    for name in ALONE:
        _copy(TOP / name)
    made = STAGED / "docs/reference/made"
    made.mkdir()
    for name, lines in PAGES.items():
        (made / f"{name}.md").write_text("\n".join(lines()) + "\n", "utf-8")
    for page in [*STAGED.rglob("*.md")]:
        here = TOP / page.relative_to(STAGED)
        for link in _LINK.findall(page.read_text("utf-8")):
            target = (here.parent / link).resolve()
            if target.is_file() and not (STAGED / target.relative_to(TOP)).exists():
                _copy(target)
    for page in STAGED.rglob("*.md"):
        answers = page.parent.relative_to(STAGED).as_posix() in ANSWERS
        page.write_text((BOOST if answers else "") + played(page), "utf-8")
    for name in ("site.css", "iframe-worker.js"):
        shutil.move(STAGED / "docs/site" / name, STAGED)


def played(page: Path) -> str:
    """The text of a page, with the player where it says ``<!-- play: RUN -->``."""
    where = page.relative_to(STAGED)
    up = "../" * (len(where.parts) - 1)
    lang = "&lang=zh" if "zh" in where.parts else ""

    def frame(found: re.Match[str]) -> str:
        run = f"{up}play.html#v=runs&run={found[1]}{lang}"
        return f'<iframe class="play" src="{run}" title="{found[1]}" loading="lazy"></iframe>'

    return _PLAY.sub(frame, page.read_text("utf-8"))


def play() -> int:
    """Write the page that runs the specification; the exit code."""
    command = [sys.executable, "-m", "checker", "page", "--out", str(STAGED / "play.html")]
    return subprocess.run(command, cwd=TOP, check=False).returncode


def _copy(file: Path) -> None:
    to = STAGED / file.relative_to(TOP)
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, to)


def ordered() -> str:
    """``mkdocs.yml`` with the pages that a pattern of its order stands for."""
    text = (TOP / "docs/site/mkdocs.yml").read_text("utf-8")
    for line in re.findall(r"^ *- \S*\*\S*$", text, re.MULTILINE):
        indent, pattern = line.split("- ")
        pages = sorted(path.relative_to(STAGED) for path in STAGED.glob(pattern))
        listed = [f"{indent}- {page}" for page in pages if f"- {page}\n" not in text]
        text = text.replace(line, "\n".join(listed))
    return text


def settings() -> Path:
    """What MkDocs reads: the order, and the folders of this checkout."""
    text = ordered()
    for name, folder in (("docs_dir", STAGED), ("site_dir", BUILT)):
        text = re.sub(rf"^{name}: .*$", f"{name}: {folder}", text, flags=re.MULTILINE)
    file = TOP / "build/mkdocs.yml"
    file.write_text(text, "utf-8")
    return file


def unanswered(site: Path) -> list[str]:
    """The questions whose answer is not in the first page that the search finds, in words."""
    node = shutil.which("node")
    if node is None:
        print("docs: the search was asked nothing, since node is not installed", file=sys.stderr)
        return []
    wanted = {
        asked: one["answer"]
        for one in tomllib.loads(QUESTIONS.read_text("utf-8"))["question"]
        for asked in one["asked"]
    }
    command = [node, Path(__file__).with_name("search.mjs"), site, *wanted]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [
        f"{asked!r}: wanted {answer}, found {json.loads(found)}"
        for (asked, answer), found in zip(wanted.items(), lines, strict=True)
        if answer not in json.loads(found)
    ]


def main() -> int:
    stage()
    if code := play():
        return code
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--config-file", settings()],
        check=False,
    )
    if done.returncode:
        return done.returncode
    if missed := unanswered(BUILT):
        print("\n".join(("not answered within one search:", *missed)), file=sys.stderr)
        return 1
    print(BUILT / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
