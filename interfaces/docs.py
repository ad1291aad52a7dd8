"""The page of facts: docs/events.md, written from the catalogue, so that it cannot lie.

`python -m interfaces.docs` writes it; with `--check` it only says whether it is what it should be.
What a field means stands beside it in the source, as the comment at the end of its line.
"""

from __future__ import annotations

import ast
import inspect
import io
import sys
import textwrap
import tokenize
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

import msgspec
from msgspec import inspect as mi

from domain.catalogue import Recorded, event_types, tag_of
from domain.kernel import Event

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "events.md"
SAMPLES = ROOT / "tests" / "golden" / "events"

HEAD = """\
# Facts

Every fact that Vedette can state, as it stands in the log. This page is written from the catalogue
in `domain/` by `python -m interfaces.docs`; change it there.

A fact is stored as JSON. Its `type` is its public name: stored for ever, never reused. A field with
a default is left out where it has it. New optional fields may come; a fact whose meaning changes
gets a new type. Moments are RFC 3339 in UTC, distances metres, angles degrees (WGS 84).

Fields marked **personal** tell who a human being is.

Besides its own fields every fact has an envelope:
"""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD, table(Recorded, leave_out={"event"})]
    types = list(event_types())
    parts.append(contents(types))
    for module, members in groupby(types, lambda type_: type_.__module__):
        facts = list(members)
        doc = inspect.cleandoc(sys.modules[module].__doc__ or "")
        parts.append(f"## {title(module)}\n\n{doc}\n")
        parts += [section(type_) for type_ in facts]
        parts += [part(type_) for type_ in parts_of(facts)]
    return "\n".join(parts)


def contents(types: list[type[Event]]) -> str:
    lines = [f"| [{tag_of(type_)}](#{anchor(type_)}) | {sentence(type_)} |" for type_ in types]
    return "\n".join(["## All of them", "", "| fact | |", "|---|---|", *lines, ""])


def title(module: str) -> str:
    """Return the heading of a module's facts: domain.ticket.facts and domain.ticket are Ticket."""
    return module.removesuffix(".facts").rpartition(".")[2].replace("_", " ").capitalize()


def anchor(type_: type[Event]) -> str:
    return tag_of(type_).replace(".", "")


def sentence(type_: type[msgspec.Struct]) -> str:
    """Return the first sentence of the docstring."""
    return description(type_).partition(". ")[0].rstrip(".") + "."


def description(type_: type[msgspec.Struct]) -> str:
    return inspect.cleandoc(type_.__doc__ or "")


def section(type_: type[Event]) -> str:
    """Return what there is to know of one fact."""
    tag = tag_of(type_)
    sample = (SAMPLES / f"{tag}.json").read_text().strip()
    example = f"```json\n{sample}\n```\n"
    return "\n".join([f"### {tag}\n", description(type_) + "\n", table(type_), example])


def part(type_: type[msgspec.Struct]) -> str:
    """Return what there is to know of a Struct that stands inside facts."""
    text = description(type_).replace("\n", "  \n")
    return "\n".join([f"### {type_.__name__}\n", text + "\n", table(type_)])


def parts_of(types: list[type[Event]]) -> Iterator[type[msgspec.Struct]]:
    """Yield the Structs inside these facts, each once."""
    seen: set[type] = set()
    for type_ in types:
        for field in fields_of(type_):
            for inner in structs_in(field.type):
                if inner not in seen:
                    seen.add(inner)
                    yield inner


def structs_in(type_: mi.Type) -> Iterator[type[msgspec.Struct]]:
    match type_:
        case mi.StructType(cls=cls):
            yield cls
        case (
            mi.Metadata(type=inner)
            | mi.ListType(item_type=inner)
            | mi.VarTupleType(item_type=inner)
        ):
            yield from structs_in(inner)
        case mi.UnionType(types=types):
            for one in types:
                yield from structs_in(one)
        case _:
            return


def table(type_: type[msgspec.Struct], leave_out: set[str] | None = None) -> str:
    """Return the fields as a table."""
    comments = comments_of(type_)
    rows = [
        f"| `{field.name}` | {row(field)} | {comments.get(field.name, '')} |"
        for field in fields_of(type_)
        if field.name not in (leave_out or ())
    ]
    if not rows:
        return "It has no fields of its own.\n"
    return "\n".join(["| field | holds | meaning |", "|---|---|---|", *rows, ""])


@cache
def fields_of(type_: type[msgspec.Struct]) -> tuple[mi.Field, ...]:
    info = mi.type_info(type_)
    assert isinstance(info, mi.StructType)
    return info.fields


def row(field: mi.Field) -> str:
    text = holds(field.type)
    if is_personal(field.type):
        text = f"**personal** {text}"
    return text if field.required else f"{text}; default {default_of(field)}"


def default_of(field: mi.Field) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return "empty"
    return f"`{msgspec.json.encode(field.default).decode()}`"


def is_personal(type_: mi.Type) -> bool:
    match type_:
        case mi.Metadata(type=inner, extra=extra):
            return bool(extra and extra.get("personal")) or is_personal(inner)
        case mi.VarTupleType(item_type=inner):
            return is_personal(inner)
        case mi.UnionType(types=types):
            return any(is_personal(one) for one in types)
        case _:
            return False


def holds(type_: mi.Type) -> str:
    """Return in words what a field may hold."""
    match type_:
        case mi.Metadata(type=inner):
            return holds(inner)
        case mi.NoneType():
            return "null"
        case mi.BoolType():
            return "true or false"
        case mi.IntType(ge=least, le=most):
            return f"whole number{limits(least, most)}"
        case mi.FloatType(ge=least, le=most):
            return f"number{limits(least, most)}"
        case mi.StrType(max_length=most, pattern=pattern):
            size = f", up to {most} characters" if most else ""
            return f"text{size}{shape(pattern)}"
        case mi.DateTimeType():
            return "moment"
        case mi.UUIDType():
            return "UUID"
        case mi.EnumType(cls=cls):
            return "one of " + ", ".join(f"`{member.value}`" for member in cls)
        case mi.UnionType(types=types):
            return " or ".join(holds(one) for one in types)
        case mi.VarTupleType(item_type=item) | mi.ListType(item_type=item):
            return f"list of ({holds(item)})"
        case mi.StructType(cls=cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case _:
            raise NotImplementedError(f"There are no words for {type_} yet.")


def limits(least: float | None, most: float | None) -> str:
    if least is None:
        return ""
    return f", {least} and above" if most is None else f", {least} to {most}"


def shape(pattern: str | None) -> str:
    """Return the characters that a text is made of, where these are few."""
    if pattern is None or "^[^" in pattern:
        return ""
    return f" of `{pattern.removeprefix('^').partition('$')[0].rstrip('+')}`"


def comments_of(type_: type[msgspec.Struct]) -> dict[str, str]:
    """Return the comment at the end of each field's line, by the field's name."""
    source = textwrap.dedent(inspect.getsource(type_))
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)
    return {
        node.target.id: escaped(comments[line])
        for node in definition.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if line in comments
    }


def escaped(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or with --check only compare it; answer the exit status."""
    wanted = page()
    if arguments == ["--check"]:
        if PAGE.exists() and PAGE.read_text() == wanted:
            return 0
        sys.stderr.write(
            "docs/events.md is not what the catalogue says: python -m interfaces.docs\n"
        )
        return 1
    if arguments:
        sys.stderr.write("usage: python -m interfaces.docs [--check]\n")
        return 2
    PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
