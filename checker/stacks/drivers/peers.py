"""Programs with a stack in them (``checker/stacks/peers``), built where they are first needed.

They are kept in the user's cache, each under the digest of what it was built of; so none is stale.
"""

import functools
import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from checker.support.errors import ToolProblem

SOURCES = Path(__file__).parents[1] / "peers"


def place() -> Path:
    """The folder in which they are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "synproof" / "stacks"


def lacking(*needed: str) -> list[str]:
    """Those of ``needed`` that are not there: programs by name, files by path."""
    return [
        each for each in needed if not (os.path.exists(each) if "/" in each else shutil.which(each))
    ]


@functools.cache  # not asked for each plan
def package_version(package: str) -> str:
    """The version of a Debian package that is installed; empty where nobody knows."""
    if shutil.which("dpkg-query") is None:
        return ""
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


_BUILDING = threading.Lock()


def built(
    source: str, command: Sequence[str], of: str, environment: Mapping[str, str] | None = None
) -> Path:
    """The program of a source: built by ``command``, in which OUT and SOURCE stand for files.

    ``of`` is what else it depends on, such as a library's version. Raises ToolProblem.
    """
    path = SOURCES / source
    files = [path, *sorted(SOURCES.glob("*.h"))]
    read = b"\0".join(file.read_bytes() for file in files)
    digest = hashlib.sha256(read + "\0".join([*command, of]).encode()).hexdigest()
    out = place() / f"{path.stem}-{digest[:16]}"
    with _BUILDING:
        if not out.exists():
            _build(path, out, command, environment or {})
    return out


def _build(path: Path, out: Path, command: Sequence[str], environment: Mapping[str, str]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.{os.getpid()}")
    names = {"OUT": str(part), "SOURCE": str(path)}
    done = subprocess.run(
        [names.get(word, word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise ToolProblem(f"{path.name} cannot be built: {told[0]}")
    os.replace(part, out)
