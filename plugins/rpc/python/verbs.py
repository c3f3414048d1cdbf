"""Writes the methods of ramson.py that stand between its two marks, from the
schema of the program: python3 verbs.py. A test says when they have drifted."""

from __future__ import annotations

import json
import keyword
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Tuple

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parent.parent.parent / "docs" / "rpc-schema.json"
CLIENT = HERE / "ramson.py"
BEGIN = "    # The methods of the program, as verbs.py writes them.\n"
END = "    # The methods of the program end here.\n"

# Parameters that may be left out, and that are nice to give without their name.
WITHOUT_NAME = {
    "account.create": ["name"],
    "contact.name": ["name"],
    "done": ["through"],
    "record.put": ["value"],
    "requests.decline": ["contact"],
    "send": ["text"],
}


def python_name(name: str) -> str:
    """What a method or parameter is called in Python."""
    name = name.replace(".", "_")
    return name + "_" if keyword.iskeyword(name) else name


def resolved(shape: Any, schema: Dict[str, Any]) -> Dict[str, Any]:
    while isinstance(shape, dict) and "$ref" in shape:
        shape = schema["$defs"][shape["$ref"].rsplit("/", 1)[1]]
    return shape if isinstance(shape, dict) else {}


def kind(shape: Any, schema: Dict[str, Any]) -> str:
    """The Python type of a value."""
    shape = resolved(shape, schema)
    parts = shape.get("anyOf") or shape.get("oneOf") or []
    kinds = {kind(part, schema) for part in parts} - {"None"}
    if parts:
        return kinds.pop() if len(kinds) == 1 else "Any"
    types = shape.get("type", [])
    names = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
    for one in [types] if isinstance(types, str) else types:
        if one == "null" and not isinstance(types, list):
            return "None"
        if one == "array":
            return "Sequence[%s]" % kind(shape.get("items", {}), schema)
        if one == "object":
            return "Mapping[str, Any]"
        if one in names:
            return names[one]
    return "Any"


def parameters(params: Any, schema: Dict[str, Any]) -> Tuple[Dict[str, Any], List[str]]:
    """The parameters of a method, and those that have to be given."""
    shape = resolved(params, schema)
    return shape.get("properties", {}), shape.get("required", [])


def method(name: str, about: Dict[str, Any], schema: Dict[str, Any]) -> str:
    properties, required = parameters(about["params"], schema)
    plain = list(WITHOUT_NAME.get(name, []))
    by_name = [one for one in properties if one not in required and one not in plain]
    signature = ["self"]
    for one in required:
        signature.append("%s: %s" % (python_name(one), kind(properties[one], schema)))
    for one in plain + by_name:
        if by_name and one == by_name[0]:
            signature.append("*")
        default = properties[one].get("default")
        if isinstance(default, bool):
            signature.append("%s: bool = %s" % (python_name(one), default))
        else:
            of = kind(properties[one], schema)
            signature.append("%s: Optional[%s] = None" % (python_name(one), of))
    head = "    def %s(%s) -> Json:" % (python_name(name), ", ".join(signature))
    if len(head) > 100:
        several = ",\n        ".join(signature)
        head = "    def %s(\n        %s,\n    ) -> Json:" % (python_name(name), several)
    names = [python_name(one) for one in required + plain + by_name]
    given = ['"%s"' % name] + ["%s=%s" % (one, one) for one in names]
    call = "        return self.call(%s)" % ", ".join(given)
    if len(call) > 100:
        rows = textwrap.fill(", ".join(given), 98, initial_indent=" " * 12, subsequent_indent=" " * 12)
        call = "        return self.call(\n%s,\n        )" % rows
    words = '"""%s"""' % " ".join(about["description"].split())
    indent = " " * 8
    words = textwrap.fill(
        words, 96, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    return "%s\n%s\n%s\n" % (head, words, call)


def written(schema: Dict[str, Any]) -> str:
    """All methods, as they stand in the client."""
    methods = sorted(schema["methods"].items())
    return "\n" + "\n".join(method(name, about, schema) for name, about in methods) + "\n"


def split(text: str) -> Tuple[str, str, str]:
    """The client's text before, between and behind the marks."""
    head, rest = text.split(BEGIN, 1)
    between, tail = rest.split(END, 1)
    return head + BEGIN, between, END + tail


def main() -> None:
    schema = json.loads(SCHEMA.read_text())
    head, _, tail = split(CLIENT.read_text())
    CLIENT.write_text(head + written(schema) + tail)


if __name__ == "__main__":
    main()
