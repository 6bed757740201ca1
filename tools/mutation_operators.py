"""Mutants: a module with one small mistake in it, of the kinds that people make.

A comparison that is off by one, ``and`` for ``or``, a forgotten ``not``, a flag the wrong way
round, a call or a ``raise`` that is missing. Texts for people, names and types are left alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
}
PLAIN = ast.Name | ast.Attribute | ast.Call | ast.Subscript
"""Conditions that have no operator of their own to be mistaken in."""
LEFT_ALONE = {"__repr__", "__str__"}
"""Functions whose text is for a person."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake in one module."""

    module: str
    function: str
    """Where it is, ``Class.method``."""
    line: int
    was: str
    """The code as it is."""
    now: str
    """The code with the mistake."""
    number: int
    """Which one of the module, to make it again."""

    @property
    def key(self) -> str:
        """How a list of equivalents names it; it outlives changes elsewhere in the module."""
        return f"{self.module}:{self.function}: {self.was} => {self.now}"


def source_of(module: str, root: Path) -> Path:
    """The file of a module under a root."""
    return root.joinpath(*module.split(".")).with_suffix(".py")


def mutants_of(module: str, root: Path, leave: frozenset[str] = frozenset()) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines.

    Args:
        module: its dotted name.
        root: where packages are.
        leave: functions that are left alone.
    """
    tree = ast.parse(source_of(module, root).read_text())
    found = []
    for number, (node, mistake, function) in enumerate(_sites(tree)):
        if function.rpartition(".")[2] not in leave | LEFT_ALONE:
            line = getattr(node, "lineno", 0)
            was, now = _brief(node), _brief(mistake)
            found.append(Mutant(module, function, line, was, now, number))
    return found


def mutated(mutant: Mutant, root: Path) -> ast.Module:
    """The module with the mistake in it."""
    tree = ast.parse(source_of(mutant.module, root).read_text())
    for number, (node, mistake, _) in enumerate(_sites(tree)):
        if number == mutant.number:
            _Swap(node, mistake).visit(tree)
            break
    return ast.fix_missing_locations(tree)


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, ast.copy_location(new, old)

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else super().visit(node)


def _brief(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 120 else f"{text[:117]}..."


def _sites(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    """Each place where a mistake can be made, with the mistake and the function it is in.

    Nothing outside functions: what is there is names and constants.
    """
    return _within(tree, "", inside=False)


def _within(node: ast.AST, name: str, *, inside: bool) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "args", "keywords") and (
            not isinstance(node, ast.Call)
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            # What an error says is for a person.
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr):
                continue
            if inside:
                yield from ((child, mistake, name) for mistake in _mistakes(child))
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                function = isinstance(child, ast.FunctionDef)
                yield from _within(child, f"{name}.{child.name}".lstrip("."), inside=function)
            else:
                yield from _within(child, name, inside=inside)


def _mistakes(node: ast.AST) -> Iterator[ast.AST]:
    """Each mistake that can be made in this very piece of code."""
    if isinstance(node, ast.expr):
        yield from _mistaken(node)
    elif isinstance(node, ast.stmt):
        yield from _left_out(node)
    elif isinstance(node, ast.keyword) and node.arg in CARRIED:
        yield _but(node, value=ast.Constant(None))
    if isinstance(node, ast.IfExp | ast.If | ast.While) and isinstance(node.test, PLAIN):
        yield _but(node, test=ast.UnaryOp(ast.Not(), copy.deepcopy(node.test)))


def _mistaken(node: ast.expr) -> Iterator[ast.AST]:
    """An operator or a constant that is another one."""
    match node:
        case ast.Compare():
            for index, op in enumerate(node.ops):
                wrong = [*node.ops[:index], COMPARISONS[type(op)](), *node.ops[index + 1 :]]
                yield _but(node, ops=wrong)
        case ast.BoolOp():
            yield _but(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield copy.deepcopy(node.operand)
        case ast.BinOp() if type(node.op) in OPERATORS:
            yield _but(node, op=OPERATORS[type(node.op)]())
        case ast.Constant(value=bool() as flag):
            yield ast.Constant(not flag)
        case ast.Constant(value=int() as number):
            yield ast.Constant(number + 1)


def _left_out(node: ast.stmt) -> Iterator[ast.AST]:
    """A step that is missing, or an answer that is."""
    match node:
        case ast.Raise() | ast.AugAssign() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute()]):
            yield ast.Pass()
        case ast.Return(value=ast.Call() | ast.Name() | ast.Attribute()):
            yield ast.Return(ast.Constant(None))


CARRIED = {"recorded", "metadata", "stored_at", "retain_until", "close"}
"""Arguments that are easily forgotten, since all goes well without them."""


def _but(node: ast.AST, **changes: object) -> ast.AST:
    wrong = copy.deepcopy(node)
    for name, value in changes.items():
        setattr(wrong, name, value)
    return wrong
