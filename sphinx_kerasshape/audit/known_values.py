"""Values of data that is not here, such as ``X.shape``, that a notebook prints: stored outputs have them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Document

_CHANGING = frozenset(("append", "extend", "add", "update", "pop", "remove", "insert", "resize", "clear"))
"""Methods that change how long a thing is."""
_ONE_VALUE = re.compile(r"%[sd]")


class Printed(NamedTuple):
    """An expression that a block prints alone or with text around it."""

    expression: ast.expr
    before: str
    after: str


def values(document: Document) -> dict[str, str]:
    """Return what outputs say of expressions that mean one thing in a document, as Python writes it."""
    trees = [_parsed(block.code) for block in document.blocks]
    found: dict[str, str] = {}
    for number, block in enumerate(document.blocks):
        text = document.texts[block.text]
        shown = [one.text for one in document.texts if one.cell == text.cell and one.output is not None]
        lines = [line.strip() for one in shown for line in one.splitlines() if line.strip()]
        tree = trees[number]
        for printed, value in _pairs(tree, lines) if text.cell and tree and lines else ():
            if _means_one_thing(printed.expression, trees, number):
                found |= _known(printed.expression, value)
    return found


def _parsed(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _pairs(tree: ast.Module, lines: list[str]) -> Iterator[tuple[Printed, str]]:
    """Yield what is printed with its line: that with the text around it, or the one of the same number."""
    statements = [one for one in tree.body if _prints(one, is_last=one is tree.body[-1])]
    for number, statement in enumerate(statements):
        printed = _printed(statement.value)  # type: ignore[attr-defined]
        if printed is None:
            continue
        if printed.before or printed.after:
            fitting = [one for one in lines if one.startswith(printed.before) and one.endswith(printed.after)]
        else:
            fitting = [lines[number]] if len(lines) == len(statements) else []
        if len(fitting) == 1:
            yield printed, fitting[0][len(printed.before) : len(fitting[0]) - len(printed.after)].strip()


def _prints(statement: ast.stmt, *, is_last: bool) -> bool:
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    is_call = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print"
    return is_call or (is_last and isinstance(value, (ast.Name, ast.Attribute, ast.Call)))


def _printed(value: ast.expr) -> Printed | None:
    """Return the one expression that a statement prints."""
    match value:
        case ast.Call(func=ast.Name(id="print"), args=[ast.JoinedStr(values=parts)]):
            return _among(parts, "")
        case ast.Call(func=ast.Name(id="print"), args=[ast.BinOp(ast.Constant(str(text)), ast.Mod(), one)]):
            before, *after = _ONE_VALUE.split(text)
            if len(after) == 1 and _is_measure(one):
                return Printed(one, before.strip(), after[0].strip())
            return None
        case ast.Call(func=ast.Name(id="print"), args=parts, keywords=[]):
            return _among(parts, " ")
    return Printed(value, "", "") if _is_measure(value) else None


def _among(parts: list[ast.expr], between: str) -> Printed | None:
    texts: list[list[str]] = [[]]
    expressions = []
    for part in parts:
        match part:
            case ast.Constant(str(text)):
                texts[-1].append(text)
            case ast.FormattedValue(value=one, format_spec=None) | one if _is_measure(one):
                expressions.append(one)
                texts.append([])
            case _:
                return None
    if len(expressions) != 1:
        return None
    return Printed(expressions[0], *(between.join(one).strip() for one in texts))


def _is_measure(value: ast.expr) -> bool:
    """Whether an expression is a name, the length of what has a name, or the shape of it."""
    match value:
        case ast.Name() | ast.Attribute(value=ast.Name(), attr="shape"):
            return True
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name()], keywords=[]):
            return True
    return False


def _known(expression: ast.expr, text: str) -> dict[str, str]:
    """Return the values of an expression, and of those that follow from it."""
    name = ast.unparse(expression)
    if isinstance(expression, ast.Attribute):
        if not re.fullmatch(r"\((?:\d+, )*\d+,?\)", text):
            return {}
        return {name: text, f"len({name.removesuffix('.shape')})": re.findall(r"\d+", text)[0]}
    return {name: text} if re.fullmatch(r"\d{1,9}", text) else {}


def _means_one_thing(printed: ast.expr, trees: list[ast.Module | None], block: int) -> bool:
    """Whether an expression is the same wherever the document has it.

    Its name is bound before all these places, and nothing changes it behind the one that prints it.
    """
    name = next(node.id for node in ast.walk(printed) if isinstance(node, ast.Name) and node.id != "len")
    is_shape, text = isinstance(printed, ast.Attribute), ast.unparse(printed)
    bound, used, changed = [], [], []
    for number, tree in enumerate(trees):
        kept = _kept(tree, name) if is_shape and tree is not None else set()
        for node in ast.walk(tree) if tree is not None else ():
            place = (number, getattr(node, "lineno", 0))
            match node:
                case ast.arg(arg=arg) if arg == name:
                    return False
                case ast.Name(id=id_, ctx=ast.Store() | ast.Del()) if id_ == name and id(node) not in kept:
                    bound.append(place)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=id_), attr=method)) if id_ == name:
                    changed += [place] if method in _CHANGING else []
            if isinstance(node, (ast.Attribute, ast.Call, ast.Name)) and not isinstance(
                getattr(node, "ctx", None), ast.Store | ast.Del
            ):
                used += [place] if ast.unparse(node) == text else []
    here = (block, printed.lineno)
    last = max(bound, default=(-1, 0))
    return last < here and all(place > last for place in used) and all(place < here for place in changed)


def _kept(tree: ast.Module, name: str) -> set[int]:
    """Return the places that bind a name to an array of the shape that it had."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.AugAssign(target=ast.Name() as target, op=ast.Div() | ast.Sub() | ast.Mult()):
                found.add(id(target))
            case ast.Assign(
                targets=[ast.Name() as target],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=id_), attr="astype"))
                | ast.BinOp(left=ast.Name(id=id_), op=ast.Div() | ast.Sub(), right=ast.Constant()),
            ) if id_ == target.id == name:
                found.add(id(target))
    return found
