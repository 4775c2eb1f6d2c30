"""Certificates: hints for a program that proves again what was proved, and knows nothing of how.

What is claimed stands in statements (``checker.studies.prove.statements``), from which
``proofs.recheck`` derives by itself what there is to prove. A certificate directory holds, for each
theory, which hypotheses prove what, and which paths are never taken; and the runs for too short
TIME-WAITs as SMT-LIB 2 scripts. It is written beside its place and put there whole. What is there
already is replaced only if it is of this kind.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checker.engines.solver.induction import NUMBER, Obligation
from checker.studies.prove.families import Followed, said
from checker.studies.prove.prove import Proof, exit_code
from checker.studies.prove.report import VERSION
from checker.support import files
from checker.support.errors import OK, UsageProblem

FORMAT = "synproof certificates"
MANIFEST = "manifest.json"


def require_place(place: Path) -> None:
    """Say at once that certificates could not be written at ``place``."""
    try:
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise UsageProblem(f"{place}: it is no directory")
        if place.exists() and any(place.iterdir()) and not _ours(place):
            raise UsageProblem(f"{place}: it holds something else than certificates")
        place.parent.mkdir(parents=True, exist_ok=True)
        files.claim(place)
    except OSError as error:
        raise UsageProblem(f"cannot write {str(place)!r}: {error.strerror}") from error


def _ours(place: Path) -> bool:
    """Is it a certificate directory, with nothing in it that the manifest knows nothing of?"""
    try:
        manifest = json.loads((place / MANIFEST).read_text("utf-8"))
        if manifest["format"] != FORMAT:
            return False
        folders = {part["folder"] for part in manifest["families"]}
        hints = {part["hints"] for part in manifest["theories"]}
        if not {path.name for path in place.iterdir()} <= {MANIFEST, *hints, *folders}:
            return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    held = (path for folder in folders for path in (place / folder).rglob("*"))
    return all(path.is_dir() or path.suffix == ".smt2" for path in held)


def discard(place: Path) -> None:
    """Take away certificates of an earlier run, which must not pass for those of this one."""
    require_place(place)
    if place.exists():
        aside = place.with_name(f".{place.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        place.rename(aside)
        shutil.rmtree(aside)


def write(proofs: Sequence[Proof], place: Path, families: Sequence[Followed] = ()) -> int:
    """Write the certificates of proofs, all of which must be whole; how much they prove."""
    assert exit_code(proofs) == OK
    assert all(family.verdict == "proved" for family in families)
    require_place(place)
    beside = place.with_name(f".{place.name}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        ids = [*(proof.id for proof in proofs), *(f"tight {one.family.id}" for one in families)]
        folders = _safe_names(ids)
        theories = [_write(proof, beside, f"{folders[proof.id]}.json") for proof in proofs]
        tight = [_write_family(one, folders[f"tight {one.family.id}"], beside) for one in families]
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "theories": theories,
            "families": tight,
        }
        files.write_json(beside / MANIFEST, manifest)
        discard(place)
        beside.rename(place)
    except OSError as error:
        raise UsageProblem(f"cannot write {str(place)!r}: {error.strerror}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        files.release(place)
    scripts = sum(len(part["obligations"]) for part in tight)
    return sum(len(proof.obligations) for proof in proofs) + scripts


def _write_script(what: Obligation, name: str, place: Path) -> dict[str, Any]:
    """Write one script; what the manifest says of it."""
    content = what.script.encode()
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "action": what.action,
        "path": what.path,
        "clause": what.clause,
        "rules": list(what.rules),
        "line": what.where,
        "hypotheses": list(what.used),
    }


def _write_family(one: Followed, folder: str, place: Path) -> dict[str, Any]:
    """Write one family's scripts; what the manifest says of it."""
    names = _safe_names([what.clause for what in one.obligations])
    written = [
        _write_script(what, f"{folder}/{what.path}.{names[what.clause]}.smt2", place)
        for what in one.obligations
    ]
    return said(one) | {"folder": folder, "obligations": written}


def _write(proof: Proof, place: Path, name: str) -> dict[str, Any]:
    """Write one theory's hints; what the manifest says of it."""
    about = {clause.name: clause.about for clause in proof.theory.clauses}
    hints = [
        [what.action, what.path, what.clause, _hints(what, about)] for what in proof.obligations
    ]
    files.write_json(place / name, hints)
    return {"id": proof.id, "hints": name}


def _hints(what: Obligation, about: Mapping[str, str]) -> list[str]:
    """The hypotheses that a proof needed, as ``proofs.recheck.obligations`` names them.

    Those about numbers are of all numbers that something is looked up at, and sorts go by
    themselves.
    """
    found: dict[str, None] = {}
    for name in what.used:
        first, *rest = name.split()
        if first == "assumed":
            found[" ".join(rest[:2])] = None
        elif first == "path":
            found[f"path {rest[0].rstrip(':')}"] = None
        elif first == "fact":
            found[name] = None
        elif about.get(first) == NUMBER:
            found[f"{first} {rest[0]}"] = None
        elif first in about:
            found[name] = None
    return [*found]


def _safe_names(names: Sequence[str]) -> dict[str, str]:
    """Different names for files, also where the case of letters does not count."""
    safe: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        made = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.") or "unnamed"
        while made.lower() in taken:
            made += "-"
        taken.add(made.lower())
        safe[name] = made
    return safe
