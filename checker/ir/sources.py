"""What results depend on: the text of the program itself."""

import hashlib
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable


def digest(packages: Iterable[str], *more: object) -> str:
    """Of the text of all modules of ``packages``, and of what else matters."""
    found = hashlib.sha256(repr(more).encode())
    for package in packages:
        for name, text in _modules(resources.files(package), package):
            found.update(f"{name} {len(text)} ".encode() + text)
    return found.hexdigest()


def _modules(folder: Traversable, name: str) -> Iterable[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and not entry.name.startswith("__"):
            yield from _modules(entry, f"{name}.{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{name}.{entry.name}", entry.read_bytes()
