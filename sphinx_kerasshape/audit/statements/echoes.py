"""Values that a document shows of what its code computes from data: ``Vocab size: 78``."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Echo
from sphinx_kerasshape.audit.lines import Line, without_ansi
from sphinx_kerasshape.audit.statements.printed import Run
from sphinx_kerasshape.audit.statements.syntax import is_print, last_line, name_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LONGEST = 5000
_MOST_PARTS = 12
_MOST_PAIRS = 5000
"""Calls times lines: of more, it isn't tried which belong together."""
_MARKS = re.compile(r"%%|%[-+0 ]?\d*([dis])")
_TENSOR_SHAPE = re.compile(r"\b(?:TensorShape|torch\.Size)\(\[([^\[\]]+)\]\)")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d+L")
"""A whole number with marks between its digits, or as Python 2 prints it."""
_FOUND = re.compile(r"Found (\d+) (?:validated )?(?:image )?\w+ belonging to (\d+) class(?:es)?\b")
"""What is printed of a folder whose files are read."""
_FOLDER_CALLS = re.compile(r"flow_from_(?:directory|dataframe)|\w+_dataset_from_directory")
_WHOLE_FORMATS = ("", "d", ",", "_")


class _Template(NamedTuple):
    """What a call of ``print`` prints."""

    constants: tuple[str, ...]
    """The texts before, between and behind the values."""
    values: tuple[ast.expr, ...]
    line: int
    has_label: bool


def of_value(run: Run, lines: Sequence[Line]) -> Iterator[Echo]:
    """Yield what a cell shows as the value of its last statement."""
    last = run.tree.body[-1] if run.tree.body else None
    if isinstance(last, ast.Expr):
        yield from _echo(run, last.value, "\n".join(without_ansi(one).text for one in lines), last_line(last))


def of_prints(run: Run, lines: Sequence[Line]) -> Iterator[Echo]:
    """Yield what the calls of ``print`` on the top level of a block say of values, where that is clear."""
    texts = [text for one in lines if (text := _spaced(without_ansi(one).text).strip())]
    templates = [_template(one, last) for last, one in _once(run.tree.body) if is_print(one)]
    if not templates or len(templates) * len(texts) > _MOST_PAIRS:
        return
    found = [
        [number for number, text in enumerate(texts) if _values(one, text) is not None] for one in templates
    ]
    is_whole = len(templates) == len(texts) and all(
        one is None or number in numbers
        for number, (one, numbers) in enumerate(zip(templates, found, strict=True))
    )
    for place, template in enumerate(templates):
        numbers = [place] if is_whole else found[place]
        is_sure = is_whole or (len(numbers) == 1 and sum(numbers[0] in some for some in found) == 1)
        if template is not None and is_sure and (is_whole or template.has_label):
            for value, text in zip(template.values, _values(template, texts[numbers[0]]) or (), strict=False):
                yield from _echo(run, value, text, template.line)


def of_folders(run: Run, lines: Sequence[Line]) -> Iterator[Echo]:
    """Yield how many files and classes each call that reads a folder has found."""
    found = [match for one in lines if (match := _FOUND.search(one.text))]
    calls = [
        statement
        for statement in run.tree.body
        for node in (ast.walk(statement) if found and not isinstance(statement, _DEFINITIONS) else ())
        if isinstance(node, ast.Call) and _FOLDER_CALLS.fullmatch(name_of(node.func))
    ]
    if len(calls) == len(found):
        for statement, match in zip(calls, found, strict=True):
            yield Echo(run.number, last_line(statement), "", f"({match[1]}, {match[2]})")


def of_shown(run: Run, lines: Sequence[Line]) -> Iterator[Echo]:
    """Yield what a text right below a block says, which the block has printed."""
    lines = [line for line in lines if line.text.strip()]
    yield from of_folders(run, lines)
    last = run.tree.body[-1] if run.tree.body else None
    if lines and isinstance(last, ast.Expr) and not is_print(last):
        count = sum(map(is_print, run.tree.body))
        yield from of_value(run, lines[count:])
        lines = lines[:count] if len(lines) == count + 1 else lines
    yield from of_prints(run, lines)


def _once(statements: Sequence[ast.stmt], last: int = 0) -> Iterator[tuple[int, ast.stmt]]:
    """Yield the statements that run once, each with the last line of the one at the top that has it."""
    for one in statements:
        line = last or last_line(one)
        match one:
            case ast.With(body=body):
                yield from _once(body, line)
            case (
                ast.For(body=[*body, ast.Break()]) | ast.For(iter=ast.Call(args=[ast.Constant(1)]), body=body)
            ):
                yield from _once(body, line)
            case _:
                yield line, one


def _echo(run: Run, value: ast.expr, text: str, line: int) -> Iterator[Echo]:
    """Yield what is known of a value, if its text says it all."""
    value = _bare(value)
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    if len(text) > _LONGEST or not any(map(_is_chain, parts)) or (shown := _literal(text.strip())) is None:
        return
    values = [shown] if parts == [value] else list(shown) if isinstance(shown, tuple) else []
    if len(parts) == len(values):
        for part, one in zip(parts, values, strict=True):
            if _is_chain(part) and _is_plain(one):
                yield Echo(run.number, line, ast.unparse(part), repr(one))


def _bare(node: ast.expr) -> ast.expr:
    """Return what ``str`` and the like make a text or a tuple of."""
    match node:
        case ast.Call(func=ast.Name(id="str" | "repr" | "tuple" | "list" | "int"), args=[inner], keywords=[]):
            return _bare(inner)
    return node


def _is_chain(node: ast.expr) -> bool:
    """Whether an expression is a name, or asks a name for something: ``len(x)``, ``x.shape[0]``."""
    match node:
        case ast.Name():
            return True
        case ast.Attribute(value=inner) | ast.Subscript(value=inner, slice=ast.Constant() | ast.UnaryOp()):
            return _is_chain(inner)
        case ast.Call(func=ast.Name(id="len"), args=[inner], keywords=[]):
            return _is_chain(inner)
        case ast.Call(func=ast.Attribute() as inner, args=[], keywords=[]):
            return _is_chain(inner)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="shape"), args=[inner]):
            return _is_chain(inner)
    return False


def _literal(text: str) -> object:
    """Return the value that a text is the literal of; ``None`` if it is none."""
    if _NUMBER.fullmatch(text):
        return int(text.replace(",", "").rstrip("L"))
    try:
        return ast.literal_eval(_TENSOR_SHAPE.sub(r"(\1,)", text))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _is_plain(value: object) -> bool:
    """Whether a value is what was printed: numbers with a point may be rounded."""
    if isinstance(value, (list, tuple, set)):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(_is_plain(one) for pair in value.items() for one in pair)
    return isinstance(value, (int, str))


def _values(template: _Template | None, text: str) -> list[str] | None:
    """Return the texts of the values in what is printed; ``None`` if the call can't have printed it.

    Each value ends where the next constant begins for the first time, or with the bracket that it begins
    with: hostile texts take no longer than others.
    """
    if template is None or len(text) > _LONGEST or not text.startswith(template.constants[0]):
        return None
    place, texts = len(template.constants[0]), list[str]()
    for constant in template.constants[1:-1]:
        bracket = _end_of_bracket(text, place)
        end = bracket if bracket and text.startswith(constant, bracket) else text.find(constant, place)
        if end < 0:
            return None
        texts.append(text[place:end])
        place = end + len(constant)
    if len(template.constants) > 1:
        end = len(text) - len(template.constants[-1])
        if end < place or not text.endswith(template.constants[-1]):
            return None
        texts.append(text[place:end])
        place = len(text)
    return texts if place == len(text) else None


def _end_of_bracket(text: str, start: int) -> int:
    """Return where the bracket that a value begins with ends; 0 if it begins with none."""
    depth = 0
    begin = start + len("TensorShape") if text.startswith("TensorShape(", start) else start
    for place in range(begin, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth <= 0:
            return place + 1 if place > begin else 0
    return 0


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _template(statement: ast.stmt, line: int) -> _Template | None:
    """Return what a call of ``print`` prints, which is seen behind a line; ``None`` if that isn't known."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or call.keywords or not call.args:
        return None
    parts: list[str | ast.expr] = []
    for number, argument in enumerate(call.args):
        parts += [" "] if number else []
        parts += _parts(argument)
    are_apart = all(
        isinstance(one, str) or isinstance(other, str) for one, other in pairwise(filter(None, parts))
    )
    if len(parts) > _MOST_PARTS or not are_apart or any(isinstance(one, ast.Starred) for one in parts):
        return None
    constant = "".join(one for one in parts if isinstance(one, str)).strip()
    if "\n" in constant:
        return None
    constants = [""]
    for part in parts:
        constants[-1:] = [constants[-1] + part] if isinstance(part, str) else [constants[-1], ""]
    constants = [_spaced(one) for one in constants]
    constants[0], constants[-1] = constants[0].lstrip(), constants[-1].rstrip()
    values = tuple(one for one in parts if isinstance(one, ast.expr))
    has_label = re.search(r"[^\W\d_]{2}", constant) is not None
    return _Template(tuple(constants), values, line, has_label)


def _parts(node: ast.expr) -> list[str | ast.expr]:
    """Return the texts and the values that are written one behind the other."""
    found: list[str | ast.expr] = [node]
    match node:
        case ast.Constant(value=str(text)):
            found = [text]
        case ast.JoinedStr(values=values):
            found = [part for one in values for part in _parts(one)]
        case ast.FormattedValue(value=value, format_spec=form):
            is_whole = form is None or ast.unparse(form)[2:-1] in _WHOLE_FORMATS
            found = [value if is_whole else _unknown()]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [*_parts(left), *_parts(right)]
            found = parts if any(isinstance(one, str) for one in parts) else found
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
            found = _marked(text, right.elts if isinstance(right, ast.Tuple) else [right])
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=values):
            found = _formatted(text, values)
    return found


def _unknown() -> ast.expr:
    """Return a value that nothing is known of."""
    return ast.Constant(None)


def _marked(text: str, values: Sequence[ast.expr]) -> list[str | ast.expr]:
    parts: list[str | ast.expr] = []
    end, following = 0, iter(values)
    for mark in _MARKS.finditer(text):
        parts += [text[end : mark.start()], "%" if mark[0] == "%%" else next(following, _unknown())]
        end = mark.end()
    return [*parts, text[end:]] if "%" not in _MARKS.sub("", text) else [_unknown()]


def _formatted(text: str, values: Sequence[ast.expr]) -> list[str | ast.expr]:
    parts: list[str | ast.expr] = []
    try:
        for number, (before, field, form, _) in enumerate(string.Formatter().parse(text)):
            parts.append(before)
            if field is not None:
                index = int(field) if field.isdecimal() else number if not field else len(values)
                is_known = index < len(values) and form in _WHOLE_FORMATS
                parts.append(values[index] if is_known else _unknown())
    except ValueError:
        return [_unknown()]
    return parts
