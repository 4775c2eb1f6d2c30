"""What Node makes of an exported ES module: pairs, explorations and claims."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="not installed: node")

_PAIRS = """
import { createInterface } from "node:readline";
const m = await import(process.argv[2]);
const kinds = Object.fromEntries(m.parts.kinds.map((kind, i) => [kind.name, i]));
let pairs = 0, wrong = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [kind, me, seg, sight, numbers, expected] = JSON.parse(line);
  const found = [];
  let plain = false;
  for (const number of numbers) {
    const one = kind === "tick" ? m.parts.components[0].tick(me, seg, sight, number)
      : m.parts.kinds[kinds[kind]].step(me, seg, sight, number);
    if (one === null || (plain && !one.path.drew)) continue;
    plain = plain || !one.path.drew;
    const rules = one.path.rules.map((rule) => m.rules[rule]);
    found.push([one.path.drew ? number : null, one.end, one.sent, rules, one.path.signals]);
  }
  pairs += 1;
  const differs = JSON.stringify(found) !== JSON.stringify(expected);
  if (differs && wrong.length < 3) wrong.push([line, found]);
}
console.log(JSON.stringify({ pairs, wrong }));
process.exit(0);
"""

_EXPLORE = """
const m = await import(process.argv[2]);
const first = m.initial();
let level = [first], states = 1, transitions = 0, depth = -1;
const seen = new Set([m.textOf(first)]);
const bad = Object.fromEntries(Object.keys(m.claims).map((id) => [id, 0]));
const at = Object.fromEntries(Object.keys(m.claims).map((id) => [id, null]));
while (level.length) {
  depth += 1;
  const next = [];
  for (const state of level) {
    for (const id in m.claims) {
      const way = m.claims[id](state.ends);
      if (way === null) continue;
      bad[id] += 1;
      at[id] ??= [depth, way];
    }
    for (const { after } of m.steps(state)) {
      transitions += 1;
      const text = m.textOf(after);
      if (seen.has(text)) continue;
      seen.add(text);
      next.push(after);
    }
  }
  states += next.length;
  level = next;
}
console.log(JSON.stringify({ states, transitions, depth, bad, at }));
"""


_WATCH = """
import { createInterface } from "node:readline";
const m = await import(process.argv[2]);
const names = JSON.parse(process.argv[3]);
const moved = new Set();
let steps = 0, wrong = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [kind, was, now, seg, sent, before, after] = JSON.parse(line);
  const eye = m.fields.map((name) => before[name]);
  const found = names.flatMap((name) =>
    m.functions[`${name} ${kind} ${sent.length}`](was, now, seg, sent, eye));
  m.fields.forEach((name, i) => { if (after[name] !== before[name]) moved.add(name); });
  steps += 1;
  const right = m.fields.map((name) => after[name]);
  const differs = JSON.stringify(found) !== JSON.stringify(right);
  if (differs && wrong.length < 3) wrong.push([line, found, m.fields]);
}
const { ends } = m.initial();
const claims = Object.keys(m.claims);
const fallen = claims.filter((id) => m.claims[id](ends) !== null);
console.log(JSON.stringify({ steps, wrong, claims, fallen, moved: [...moved] }));
process.exit(0);
"""


def _run(script: str, module: Path, folder: Path, lines: Iterable[str], *words: str) -> Any:
    program = folder / "program.mjs"
    program.write_text(script)
    assert NODE is not None
    with subprocess.Popen(
        [NODE, "--max-old-space-size=4000", str(program), str(module), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as node:
        assert node.stdin is not None and node.stdout is not None
        for line in lines:
            node.stdin.write(line + "\n")
        node.stdin.close()
        told = node.stdout.read()
    assert node.returncode == 0, told
    return json.loads(told)


def written(text: str, folder: Path) -> Path:
    """The module as a file."""
    module = folder / "module.mjs"
    module.write_text(text)
    return module


def compared(text: str, folder: Path, points: Iterator[list[Any]]) -> Any:
    """How many points were asked, and the first that the module answers otherwise."""
    return _run(_PAIRS, written(text, folder), folder, map(json.dumps, points))


def watched(text: str, names: list[str], folder: Path, points: Iterator[list[Any]]) -> Any:
    """What the watchers of a module make of steps: the first that they see otherwise, which ghosts
    moved, and the claims that fall at the beginning."""
    lines = map(json.dumps, points)
    return _run(_WATCH, written(text, folder), folder, lines, json.dumps(names))


def explored(text: str, folder: Path) -> Any:
    """All states of a module: their number, and of how many each claim is false."""
    return _run(_EXPLORE, written(text, folder), folder, ())
