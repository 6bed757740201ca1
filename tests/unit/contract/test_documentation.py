"""The contract is its docstrings: a provider reads nothing else."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from coffre import contract

MODULES = sorted(Path(contract.__file__).parent.glob("*.py"))


def public(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Public classes and functions of a module, and what is public inside the classes."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{node.name}.")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_public_thing_says_what_it_is(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))
    silent = [
        name
        for name, node in public(module.body)
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not ast.get_docstring(node)
    ]

    assert ast.get_docstring(module), "the module says nothing"
    assert not silent


def test_every_exported_name_exists_and_all_are_in_order() -> None:
    assert [name for name in contract.__all__ if not hasattr(contract, name)] == []
    assert len(set(contract.__all__)) == len(contract.__all__)


def test_every_operation_says_what_it_raises() -> None:
    duties = ("put", "get", "stat", "delete", "list", "capacity")

    for name in duties:
        assert "Raises:" in (inspect.getdoc(getattr(contract.Connection, name)) or ""), name


def test_every_capability_is_explained() -> None:
    source = Path(inspect.getfile(contract.Capability)).read_text(encoding="utf-8")
    (found,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Capability"
    )
    kinds = [type(node) for node in found.body[1:]]

    assert kinds == [ast.Assign, ast.Expr] * len(contract.Capability)
