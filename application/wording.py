"""Wording: what a type says against a value that somebody sent, in words that help to mend it.

The library names the rule as it stands in the code: a pattern, or that a value is not among those
of an enumeration. People at a form, a file or a terminal want to know what would be right.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

CHOICES_SHOWN_MAX = 40
AT = re.compile(r" - at `(?P<path>[^`]*)`$")
STEP = re.compile(r"\.(?P<field>[^.\[\]]+)|\[(?:\.\.\.|\d+)\]")
NOT_AMONG = re.compile(r"^Invalid (?:enum )?value ")
PATTERN = re.compile(r"^Expected `str` matching regex (?P<quoted>.*)$", re.DOTALL)

# What the patterns of our types ask for, each known by a piece of it that no other has.
PATTERNS = {
    "[A-Za-z0-9._:-]+": "letters, digits and . _ : - alone",
    "[01][0-9]|2[0-3]": "a time of the day such as 22:00",
    "{4}-": "a day such as 2026-11-22",
    "{1,64}@": "an address such as noc@example.org",
    "[0-9+() -]+": "a telephone number of digits, blanks and + ( ) -",
    "[A-Za-z0-9_+/-]+": "a time zone such as Europe/London",
    "001f": "one line of text",
    "u0000]": "text without NUL characters",
}


def broken(error: msgspec.ValidationError, kind: Any = None) -> tuple[str, str]:
    """Return the JSON path of what breaks a rule, and the rule, as one sentence without its dot.

    `kind` is the type that was wanted, where the caller knows it: with it the values are named that
    would have been right.
    """
    rule, path = str(error), "$"
    if found := AT.search(rule):
        path, rule = found["path"], rule[: found.start()]
    return path, worded(rule, path, kind)


def worded(rule: str, path: str = "$", kind: Any = None) -> str:
    """Return the library's rule about the value at a path in words."""
    if pattern := PATTERN.match(rule):
        for piece, words in PATTERNS.items():
            if piece in pattern["quoted"]:
                return f"Expected {words}"
        return rule
    if kind is not None and NOT_AMONG.match(rule):
        names = choices(kind, STEP.sub(lambda step: step[0] if step["field"] else "[]", path))
        if 0 < len(names) <= CHOICES_SHOWN_MAX:
            return f"{rule}; there are {', '.join(names)}"
    return rule


@lru_cache(maxsize=1_000)  # of types and paths, which are a few hundred at most
def choices(kind: Any, path: str) -> tuple[str, ...]:
    """Return the values that a type allows at a path in which each index is left out."""
    found = _flat(inspect.type_info(kind))
    steps = re.findall(r"\.([^.\[\]]+)|(\[\])", path)
    for place, (field, _) in enumerate(steps):
        inner: list[inspect.Type] = []
        for each in found:
            if not isinstance(each, inspect.StructType):
                inner += [] if field else _flat(getattr(each, "item_type", inspect.AnyType()))
            elif place == len(steps) - 1 and field == each.tag_field:
                inner.append(inspect.LiteralType((each.tag,)))
            else:
                inner += [
                    part
                    for known in each.fields
                    if known.encode_name == field
                    for part in _flat(known.type)
                ]
        found = inner
    names: list[str] = []
    for each in found:
        if isinstance(each, inspect.EnumType):
            names += [str(value.value) for value in each.cls]
        elif isinstance(each, inspect.LiteralType):
            names += [str(value) for value in each.values]
    return tuple(dict.fromkeys(names))


def _flat(kind: inspect.Type) -> list[inspect.Type]:
    """Return the alternatives of a type, without what is only said about it."""
    if isinstance(kind, inspect.Metadata):
        return _flat(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [part for each in kind.types for part in _flat(each)]
    return [kind]
