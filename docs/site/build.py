"""The documentation as a site: ``./run docs``; see README.md beside this file.

Exit codes: 0, built; 1, a link leads nowhere, or a page is in no order; 4, MkDocs is missing.
"""

import re
import shutil
import subprocess
import sys
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

_PLAY = re.compile(r"<!-- play: ([\w.-]+) -->")
_LINK = re.compile(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)")


def stage() -> None:
    """Copy the pages, what they link to, and what is made, to one folder."""
    shutil.rmtree(STAGED, ignore_errors=True)
    left_out = shutil.ignore_patterns("__pycache__", "build.py", "made.py", "mkdocs.yml")
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
        page.write_text(played(page), "utf-8")
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


def main() -> int:
    stage()
    if code := play():
        return code
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--config-file", settings()],
        check=False,
    )
    if done.returncode == 0:
        print(BUILT / "index.html")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
