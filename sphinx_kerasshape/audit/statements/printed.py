"""Shapes and counts that code printed, with the expressions that they are the values of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Block, Stated, Subject
from sphinx_kerasshape.audit.lines import Line, flowed, without_ansi
from sphinx_kerasshape.audit.statements import syntax
from sphinx_kerasshape.audit.statements.syntax import is_print, last_line, segment

_SIZE = r"\s*(?:None|\?|\d+)\s*"
_SHAPE = rf"(?:\({_SIZE}(?:,{_SIZE})*,?\s*\)|\[{_SIZE}(?:,{_SIZE})*\]|\(\))"
_TENSOR = (
    rf"(?:<(?:tf\.Tensor|KerasTensor|tf\.Variable)\b[^<>]*?\bshape=(?P<{{0}}tensor>{_SHAPE})[^<>]*>"
    rf"|(?:Keras)?Tensor\([^<>]*?\bshape=(?P<{{0}}old>{_SHAPE})[^<>]*\)"
    rf"|TensorShape\((?P<{{0}}static>{_SHAPE})\)|(?P<{{0}}bare>{_SHAPE}))"
)
_FORMS = ("tensor", "old", "static", "bare")
_VALUE = re.compile(rf"\s*{_TENSOR.format('')}\s*$")
_EAGER = re.compile(rf"\s*<tf\.(?:Tensor|Variable)[^<>]*?\bshape=(?P<shape>{_SHAPE}), dtype=")
_SEVERAL = re.compile(
    rf"\s*[\[(]\s*(?:TensorShape\()?{_SHAPE}\)?(?:,\s*(?:TensorShape\()?{_SHAPE}\)?)+,?\s*[\])]\s*$"
)
_COUNT = r"\d{1,3}(?:[,_]\d{3})+|\d+"
_LONGEST = 2000
_MOST_PAIRS = 10_000
"""Calls times lines: of more, it isn't tried which belong together."""


class _Hole(NamedTuple):
    """A value in what a call of ``print`` prints."""

    name: str
    node: ast.expr
    is_count: bool


class _Template(NamedTuple):
    """What a call of ``print`` prints."""

    pattern: re.Pattern[str]
    holes: tuple[_Hole, ...]
    line: int
    has_label: bool

    def match(self, text: str) -> re.Match[str] | None:
        """Return the values in a line, if the call can have printed it."""
        return self.pattern.match(text) if len(text) <= _LONGEST else None


class Run(NamedTuple):
    """A block that has run: its code, which something was printed by."""

    tree: ast.Module
    block: Block
    number: int

    def stated(self, kind: str, line: Line, span: tuple[int, int], expression: str, after: int) -> Stated:
        """Return what a part of a printed line states."""
        part = line.part(*span).stripped()
        return Stated(kind, part.place(), part.text, Subject(self.number, after, expression))


def of_value(run: Run, statement: ast.stmt, lines: Sequence[Line]) -> Iterator[Stated]:
    """Yield what the value of a statement states, as an interpreter shows it."""
    lines = [without_ansi(line) for line in lines if line.text.strip()]
    if not lines or not isinstance(statement, ast.Expr) or sum(len(one.text) for one in lines) > _LONGEST:
        return
    line, value, after = flowed(lines), statement.value, last_line(statement)
    code = segment(run.block.lines, value)
    if syntax.is_count(value) and (count := re.fullmatch(rf"\s*({_COUNT})\s*", line.text)) is not None:
        yield run.stated("count", line, count.span(1), code, after)
    elif (span := _shape(line.text, value)) is not None:
        has_call = any(isinstance(node, ast.Call) for node in ast.walk(value))
        yield run.stated("shape", line, span, "" if has_call and not syntax.is_shape(value) else code, after)
    elif syntax.is_shape(value) and _SEVERAL.match(line.text):
        start = re.match(r"\s*[\[(]", line.text)
        found = re.finditer(_SHAPE, line.text[: line.text.rindex(line.text.rstrip()[-1])])
        spans = [one.span() for one in found if start and one.start() >= start.end()]
        for index, one in enumerate(spans):
            yield run.stated("shape", line, one, f"({code})[{index}]", after)


def _shape(text: str, value: ast.expr) -> tuple[int, int] | None:
    """Return where a shown value states a shape: a plain tuple may be something else."""
    match = _VALUE.match(text) or _EAGER.match(text)
    if match is None:
        return None
    name = match.lastgroup or ""
    is_sure = name != "bare" or syntax.is_shape(value) or "None" in match[name]
    return match.span(name) if is_sure else None


def of_prints(run: Run, lines: Sequence[Line]) -> Iterator[Stated]:
    """Yield what the calls of ``print`` on the top level of a block have printed, where it is clear which."""
    lines = [without_ansi(line) for line in lines if line.text.strip()]
    templates = [_template(statement) for statement in run.tree.body if is_print(statement)]
    if len(templates) == len(lines):
        pairs = [
            (template, line, template.match(line.text) if template else None)
            for template, line in zip(templates, lines, strict=True)
        ]
        if all(match is not None or template is None for template, _, match in pairs):
            for template, line, match in pairs:
                if template is not None and match is not None:
                    yield from _filled(run, template, line, match)
            return
    if len(templates) * len(lines) > _MOST_PAIRS:
        return
    for template in templates:
        if template is not None and template.has_label and template.holes:
            yield from _single(run, template, templates, lines)


def _single(
    run: Run, template: _Template, others: Sequence[_Template | None], lines: Sequence[Line]
) -> Iterator[Stated]:
    """Yield what a labelled line states, if no other call and no other line has the label."""
    found = [(line, match) for line in lines if (match := template.match(line.text)) is not None]
    if len(found) == 1:
        line, match = found[0]
        rivals = [one for one in others if one is not None and one.match(line.text)]
        if len(rivals) == 1:
            yield from _filled(run, template, line, match)


def of_shown(run: Run, lines: Sequence[Line]) -> Iterator[Stated]:
    """Yield what a text right below a block states, if it is what the block prints and its last value."""
    lines = [line for line in lines if line.text.strip()]
    if not run.tree.body or not lines:
        return
    last = run.tree.body[-1]
    count = sum(map(is_print, run.tree.body))
    if not is_print(last) and len(lines) == count + 1:
        yield from of_value(run, last, lines[-1:])
        lines = lines[:-1]
    if count and lines:
        yield from of_prints(run, lines)


def of_example(run: Run, statement: ast.stmt, lines: Sequence[Line]) -> Iterator[Stated]:
    """Yield what is shown below a statement with a prompt."""
    if not is_print(statement):
        yield from of_value(run, statement, lines)
        return
    yield from of_prints(run._replace(tree=ast.Module([statement], [])), lines)


def _template(statement: ast.stmt) -> _Template | None:
    """Return what a call of ``print`` prints; ``None`` if that isn't known."""
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    call = statement.value
    if call.keywords or not call.args or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    groups, holes = [r"\s*"], list[_Hole]()
    for index, argument in enumerate(call.args):
        groups[-1] += " " if index else ""
        for part in argument.values if isinstance(argument, ast.JoinedStr) else [argument]:
            pattern = _part(part, holes)
            groups[-1:] = [groups[-1] + pattern] if isinstance(part, ast.Constant) else [groups[-1], pattern]
    groups[-1] += r"\s*$"
    try:
        # A value ends where the text behind it first stands: to try all ends of all values takes for ever.
        compiled = re.compile("".join(f"(?>{group})" for group in groups))
    except re.error:
        return None
    labels = [str(node.value) for node in ast.walk(call) if isinstance(node, ast.Constant)]
    has_label = bool(re.search(r"[^\W\d_]{2}", " ".join(labels)))
    return _Template(compiled, tuple(holes), last_line(statement), has_label)


def _part(node: ast.expr, holes: list[_Hole]) -> str:
    """Return the pattern of a part of what is printed, and note the value in it."""
    if isinstance(node, ast.Constant):
        return re.escape(str(node.value).strip("\n"))
    is_plain = True
    if isinstance(node, ast.FormattedValue):
        is_plain = node.format_spec is None
        node = node.value
    name = f"h{len(holes)}"
    if syntax.is_count(node):
        holes.append(_Hole(name, node, is_count=True))
        return f"(?P<{name}count>{_COUNT})"
    if is_plain and syntax.is_shape(node):
        holes.append(_Hole(name, node, is_count=False))
        return _TENSOR.format(name)
    if is_plain and isinstance(node, ast.Name):  # it may be a tensor
        holes.append(_Hole(name, node, is_count=False))
        return rf"(?:(?=[<KT]){_TENSOR.format(name)}|.*?)"
    return ".*?"


def _filled(run: Run, template: _Template, line: Line, match: re.Match[str]) -> Iterator[Stated]:
    for hole in template.holes:
        forms = ("count",) if hole.is_count else _FORMS
        name = next((hole.name + form for form in forms if match[hole.name + form] is not None), None)
        if name is not None:
            kind = "count" if hole.is_count else "shape"
            code = segment(run.block.lines, hole.node)
            yield run.stated(kind, line, match.span(name), code, template.line)
