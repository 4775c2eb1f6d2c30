"""The page: one HTML file that needs neither a server nor a network.

View and data are ES modules and JSON, deflated; the file has a few lines that inflate them
(``view/index.html``). Modules name each other by bare names, which an import map resolves.
"""

import base64
import dataclasses
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from checker import __version__
from checker.page import cells, compute, machines, runs
from checker.page.machines import MACHINES, Machine
from checker.studies.matrix import DATA
from checker.support import workers
from checker.support.program import shipped
from proofs.claims.table import CLAIMS, full_title
from spec.rules import SWITCHES

ROOT = Path(__file__).parents[2]
"""The top of the checkout or, installed, of the packages: where what was found is checked in."""

VIEW = files("checker.page").joinpath("view")


@dataclass(frozen=True, slots=True)
class Page:
    """The text of the file, and how many of what is in it."""

    text: str
    counts: dict[str, int]
    stale: list[str]  # runs that are checked in, and are none any more


def packed(text: str) -> str:
    """Deflated, as base64."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(deflate.compress(text.encode()) + deflate.flush()).decode()


def page(parallel: int = 2) -> Page:
    """All of it."""
    with workers.forked(parallel) as pool:
        texts = [pool.submit(machines.module, machine) for machine in MACHINES]
        shelf = runs.Shelf()
        runs.scenarios(shelf)
        runs.found(shelf, ROOT, shipped())
        played = [future.result() for future in texts]
    data = {
        "version": __version__,
        "machines": [_machine(*pair) for pair in zip(MACHINES, played, strict=True)],
        "claims": {
            claim.id: {
                "title": full_title(claim),
                "kind": claim.kind,
                "cites": claim.cites,
                "profile": claim.profile,
                "finding": claim.finding,
            }
            for claim in CLAIMS
        },
        "switches": {
            name: {"section": what.metadata["section"], "says": what.metadata["sentence"]}
            for name, what in SWITCHES.items()
        },
        "runs": shelf.runs,
        "layouts": shelf.layouts,
        "matrix": json.loads((ROOT / DATA).read_text(encoding="utf-8"))["rows"],
        "places": places(
            shelf.places | set(_wheres(text for one in played for text in (one.text, one.apart)))
        ),
        "compute": compute.tables(ROOT),
        "cells": cells.table(shipped()),
    }
    modules = {f"machine-{one.id}": its.text for one, its in zip(MACHINES, played, strict=True)}
    modules |= {
        f"apart-{one.id}": its.apart for one, its in zip(MACHINES, played, strict=True) if its.apart
    }
    modules |= {f"layout-{n}": text for n, text in enumerate(shelf.modules) if text}
    text = _file(data, modules)
    return Page(
        text, {"runs": len(shelf.runs), "machines": len(MACHINES), "bytes": len(text)}, shelf.stale
    )


def _machine(machine: Machine, played: machines.Module) -> dict[str, Any]:
    bounds = machine.bounds
    return {
        "id": machine.id,
        "switches": list(machines.switches(machine)),
        "usual": {
            name: str(getattr(value, "value", value)).lower()
            for name, value in dataclasses.asdict(machine.rules).items()
        },
        "claims": {
            claim.id: {k: str(getattr(v, "value", v)) for k, v in claim.rules.items()}
            for claim in machine.claims
        },
        "width": bounds.width,
        "window": bounds.window,
        "timed": bounds.timed,
        "octets": bounds.octets,
        "transfer": bounds.transfer,
        "requests": bounds.requests,
        "keepAlive": bounds.keep_alive_idle,
        "fixed": played.fixed,
        "apart": [watcher.name for watcher in machine.apart],
    }


def _wheres(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield from re.findall(r'\[\.\.\.way, \["([^"]+:\d+)", 1\]\]', text)


def places(found: Iterable[str]) -> dict[str, str]:
    """Lines of the source by file and number."""
    lines: dict[str, list[str]] = {}
    told = {}
    for where in sorted(found):
        name, _, number = where.rpartition(":")
        if name not in lines:
            lines[name] = (ROOT / name).read_text(encoding="utf-8").splitlines()
        told[where] = lines[name][int(number) - 1].strip()
    return told


def _file(data: dict[str, Any], modules: dict[str, str]) -> str:
    """The HTML file."""
    view = {
        entry.name: re.sub(r'from "\./([\w-]+)\.js"', r'from "page/\1"', entry.read_text("utf-8"))
        for entry in sorted(VIEW.iterdir(), key=lambda one: one.name)
        if entry.name.endswith(".js")
    }
    imports = {
        f"page/{name.removesuffix('.js')}": "data:text/javascript;base64,"
        + base64.b64encode(text.encode()).decode()
        for name, text in view.items()
    }
    parts = {
        "STYLE": VIEW.joinpath("style.css").read_text("utf-8"),
        "IMPORTS": json.dumps({"imports": imports}),
        "DATA": packed(json.dumps(data, separators=(",", ":"), ensure_ascii=False)),
        "MODULES": json.dumps({name: packed(text) for name, text in modules.items()}),
    }
    shell = VIEW.joinpath("index.html").read_text("utf-8")
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda found: parts[found[1]], shell)
