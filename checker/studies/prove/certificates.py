"""Certificates: what was proved, for a program that knows nothing of how.

A certificate directory holds each obligation as a standalone SMT-LIB 2 script and, in its manifest,
what they are obligations of. ``proofs.recheck.check`` reads it and needs nothing else. It is
written beside its place and put there whole. What is there already is replaced only if it is of
this kind.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checker.engines.solver.induction import (
    CONSTANT,
    COVER,
    NEVER,
    Clause,
    Obligation,
)
from checker.model.options import show
from checker.studies.prove.families import Followed, said
from checker.studies.prove.prove import Proof, exit_code
from checker.studies.prove.report import VERSION, rules_of
from checker.studies.prove.theories import options
from checker.studies.prove.why import reasons
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
        parts = (*manifest["theories"], *manifest["families"])
        folders = {part["folder"] for part in parts}
        if not {path.name for path in place.iterdir()} <= {MANIFEST, *folders}:
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
    """Write the certificates of proofs, all of which must be whole; the number of files."""
    assert exit_code(proofs) == OK
    assert all(family.verdict == "proved" for family in families)
    require_place(place)
    beside = place.with_name(f".{place.name}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        ids = [*(proof.id for proof in proofs), *(f"tight {one.family.id}" for one in families)]
        folders = _safe_names(ids)
        theories = [_write(proof, folders[proof.id], beside, families) for proof in proofs]
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
    return sum(len(part["obligations"]) for part in (*theories, *tight))


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


def _write(
    proof: Proof, folder: str, place: Path, families: Sequence[Followed] = ()
) -> dict[str, Any]:
    """Write one theory's scripts; what the manifest says of it."""
    base, t = proof.theorems[0], proof.theory
    folders = _safe_names([action.name for action in proof.actions])
    clauses = _safe_names([NEVER, COVER, CONSTANT, *(clause.name for clause in t.clauses)])
    written = [
        _write_script(
            what, f"{folder}/{folders[what.action]}/{what.path}.{clauses[what.clause]}.smt2", place
        )
        for what in proof.obligations
    ]
    known = reasons().get(proof.id, {})
    return {
        "id": proof.id,
        "folder": folder,
        "rules": rules_of(base),
        "bounds": dict(base.bounds),
        "free": list(t.parameters),
        "constants": {name: show(value) for name, value in sorted(t.constants.items())}
        if t.constancy is not None
        else {},
        "facts": [_said(clause) for clause in t.facts],
        "pairs": [_said(clause) for clause in t.pairs],
        "theorems": [
            {
                "id": theorem.id,
                "title": theorem.title,
                "cites": theorem.cites,
                "claims": [f.__name__ for f in theorem.claims],
                "options": list(options(theorem, base)),
                "families": [one.family.id for one in families if one.family.theorem == theorem.id],
            }
            for theorem in proof.theorems
        ],
        "clauses": [
            _said(clause) | {"about": clause.about, "why": known.get(clause.name)}
            for clause in t.clauses
        ],
        "actions": [
            {"name": a.name, "paths": a.paths, "impossible": a.impossible} for a in proof.actions
        ],
        "obligations": written,
    }


def _said(clause: Clause) -> dict[str, Any]:
    said = {"name": clause.name, "doc": clause.doc, "line": clause.where}
    return said | {"when": [list(options) for options in clause.when]}


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
