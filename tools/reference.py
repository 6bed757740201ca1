"""Write the reference pages whose text is the docstrings of the contract.

    python tools/reference.py           write docs/reference/contract.md
    python tools/reference.py --check   change nothing; status 1 when the page is out of date

The docstrings are what binds providers and callers, so the page is made from them and is never
edited. Only the syntax tree is read: the code is not run, and the result depends on nothing else.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "src" / "coffre" / "contract"
PAGE = ROOT / "docs" / "reference" / "contract.md"

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


def page() -> str:
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


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="change nothing, compare")
    wanted = page()
    if parser.parse_args().check:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        if current != wanted:
            print(f"{PAGE.relative_to(ROOT)} is out of date: run `make docs`", file=sys.stderr)
            return 1
        return 0
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
