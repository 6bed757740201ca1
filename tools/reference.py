"""Write the reference pages that are made from the code and never edited.

    python -m tools.reference           write the pages of PAGES below
    python -m tools.reference --check   change nothing; status 1 when a page is out of date

The docstrings of the contract are what binds providers and callers, so its page is made from
them. Only the syntax tree is read for it: the code is not run. The commands come from their own
parser, the errors from their classes.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from tools.commands_page import commands_page
from tools.conformance_page import conformance_page
from tools.errors_page import errors_page
from tools.guarantees_page import guarantees_page

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "src" / "coffre" / "contract"
REFERENCE = ROOT / "docs" / "reference"

HEAD = """\
# The contract

<!-- Made by `make docs` from the docstrings of coffre.contract. Edit those. -->
"""

SECTIONS = {"Args", "Attributes", "Example", "Examples", "Note", "Raises", "Returns", "Yields"}
LISTS = {"Args", "Attributes", "Raises"}

Documented = ast.ClassDef | ast.FunctionDef
Body = list[ast.stmt]


def is_public(name: str) -> bool:
    return not name.startswith("_")


def text_of(node: ast.stmt) -> str | None:
    """The text of a string that stands alone, as field docstrings do."""
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return inspect.cleandoc(text)
    return None


def quoted(code: str) -> Iterator[str]:
    yield from ("```python", code, "```", "")


def signature_of(node: Documented) -> str:
    """What a reader needs to call or subclass: decorators and first line, no body."""
    decorators = [f"@{ast.unparse(each)}" for each in node.decorator_list]
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(each) for each in node.bases)
        first = f"class {node.name}({bases})" if bases else f"class {node.name}"
    else:
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        first = f"def {node.name}({ast.unparse(node.args)}){returns}"
    return "\n".join([*decorators, first])


def name_of(node: ast.stmt) -> str | None:
    """The name that an assignment binds."""
    match node:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return None


def fields(body: Body) -> Iterator[str]:
    """Fields and constants that have a docstring under them."""
    for node, below in pairwise(body):
        name, text = name_of(node), text_of(below)
        if name is not None and text is not None and is_public(name):
            yield f"- `{ast.unparse(node)}` — " + text.replace("\n", "\n  ")
            yield ""


def entry(node: Documented, level: int) -> Iterator[str]:
    yield f"{'#' * level} `{node.name}`"
    yield ""
    yield from quoted(signature_of(node))
    if text := ast.get_docstring(node):
        yield from prose(text)
    if isinstance(node, ast.ClassDef):
        yield from fields(node.body)
        for child in node.body:
            if isinstance(child, ast.FunctionDef) and is_public(child.name):
                yield from entry(child, level + 1)


def prose(text: str) -> Iterator[str]:
    """A docstring; its sections get a bold title, and the entries of Args or Raises a bullet."""
    section = None
    for line in text.splitlines():
        if line.endswith(":") and line[:-1] in SECTIONS:
            section = line[:-1]
            yield from (f"**{section}**", "")
        elif section and line.startswith("    "):
            inner = line.removeprefix("    ")
            bullet = "- " if section in LISTS and not inner.startswith(" ") else ""
            indent = "  " if section in LISTS and not bullet else ""
            yield f"{indent}{bullet}{inner.strip()}"
        else:
            section = section if not line else None
            yield line
    yield ""


def contract_page() -> str:
    """The whole page of the contract."""
    lines = [HEAD]
    for path in sorted(CONTRACT.glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"), str(path))
        lines += [f"## `coffre.contract.{path.stem}`".replace(".__init__", ""), ""]
        lines += prose(ast.get_docstring(module) or "")
        lines += fields(module.body)
        for node in module.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and is_public(node.name):
                lines += entry(node, 3)
    return "\n".join(lines).rstrip() + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "contract.md": contract_page,
    "cli.md": commands_page,
    "conformance.md": conformance_page,
    "errors.md": errors_page,
    "guarantees.md": guarantees_page,
}
"""Each page, and what makes it."""


def is_current(name: str) -> bool:
    """Whether a page says what the code says."""
    path = REFERENCE / name
    return path.exists() and path.read_text(encoding="utf-8") == PAGES[name]()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="change nothing, compare")
    if parser.parse_args().check:
        stale = [name for name in PAGES if not is_current(name)]
        for name in stale:
            print(f"docs/reference/{name} is out of date: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
