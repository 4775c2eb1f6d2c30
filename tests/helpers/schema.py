"""As much of JSON Schema as the schemas of our reports use."""

import json
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
_KINDS = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
          "boolean": bool, "null": type(None)}  # fmt: skip


def fits(value: Any, name: str) -> None:
    """Does ``value`` fit the schema in that file? No member may be undocumented."""
    _fits(value, json.loads((REFERENCE / name).read_text()), name)


def _fits(value: Any, schema: dict[str, Any], name: str) -> None:
    if "$ref" in schema:
        file, _, path = schema["$ref"].partition("#/")
        name = file or name
        schema = json.loads((REFERENCE / name).read_text())
        for step in path.split("/"):
            schema = schema[step]
    if names := schema.get("type"):
        kinds = [names] if isinstance(names, str) else names
        assert any(_is(value, kind) for kind in kinds), (value, kinds)
    assert value in schema.get("enum", [value]) and schema.get("const", value) == value
    if isinstance(value, dict) and "properties" in schema:
        assert not {*schema.get("required", ())} - {*value}
        for member, one in value.items():
            _fits(one, schema["properties"][member], name)
    if isinstance(value, list):
        for one in value:
            _fits(one, schema["items"], name)


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))
