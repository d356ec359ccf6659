"""Comments that state the shape, or the number of parameters, of what their line makes.

Comments also name axes, kernels and strides: a comment counts only if it is nothing but a shape, and if
both the shape and the line make sure that it is that of a tensor.
"""

from __future__ import annotations

import ast
import functools
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from sphinx_kerasshape.audit.document import Block, Place, Stated, Subject
from sphinx_kerasshape.audit.statements import syntax
from sphinx_kerasshape.audit.statements.literals import comments
from sphinx_kerasshape.audit.statements.syntax import Simple, last_line, segment
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.claims.shapes import shape_claim

_SHAPE = r"(?:[(\[][^()\[\]#]*(?:\([^()\[\]#]*\)[^()\[\]#]*)*[)\]])"
_COMMENT = re.compile(
    r"#+:?\s*(?:(?P<arrow>[-=]{1,2}>|→|⇒|>{2,3})\s*)?(?:now:?\s*)?"
    r"(?:(?:(?P<expression>[A-Za-z_][\w.]*\.(?:output_shape|input_shape|shape))"
    r"|(?P<label>(?:the )?(?:(?:output|out|result|resulting|final|new|tensor|prints?) )?"
    r"(?:shape|outputs?|out|returns?|prints?)))(?:\s*(?:==?|:|[-=]>|→|is)\s*|\s+))?"
    rf"(?:{_SHAPE}\s*(?:[-=]>|→)\s*)?(?:TensorShape\()?(?P<shapes>{_SHAPE}(?:\s*(?:,|and)\s*{_SHAPE})*)\)?\s*[.;]?\s*$",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"#+:?\s*(?:(?:[-=]{1,2}>|→|⇒|>{2,3}|==?)\s*)?(?P<count>\d{1,3}(?:[,_]\d{3})+|\d+)"
    r"\s*(?P<noun>(?:trainable )?param(?:eter)?s)?\s*[.;]?\s*$",
    re.IGNORECASE,
)
_BATCH = frozenset(
    (
        "none",
        "?",
        "batch",
        "batch_size",
        "batchsize",
        "b",
        "bs",
        "bsz",
        "n",
        "samples",
        "num_samples",
        "batch_dim",
    )
)
_LONGEST = 160


class _Said(NamedTuple):
    """What a comment says: its value, and whether anything makes sure that this is the shape of a tensor."""

    start: int
    text: str
    shapes: int
    expression: str
    is_labelled: bool
    has_arrow: bool
    has_batch: bool
    rank: int
    """That of a shape of numbers only; 0 if it has names or open sizes."""


class _Line(NamedTuple):
    """What stands before a comment: the expression for it, and what is known of it."""

    expression: str
    line: int
    kind: str
    """``layer``: the output of a layer; ``shape``; ``value``: anything but a literal; ``count``."""
    shapes: int = 1
    counted: str = ""
    """The expression for the layer that it makes."""


def stated(tree: ast.Module, block: Block, number: int) -> Iterator[Stated]:
    """Yield what the comments of a block state."""
    found = comments(block.code)
    if not found:
        return
    lines = _Lines(tree, block)
    for token in found:
        if len(token.string) <= _LONGEST:
            yield from _of_comment(token, lines, block, number)


def is_shape(comment: str) -> bool:
    """Whether a comment is nothing but a shape."""
    return len(comment) <= _LONGEST and _said(comment) is not None


def _of_comment(token: tokenize.TokenInfo, lines: _Lines, block: Block, number: int) -> Iterator[Stated]:
    row, column = token.start
    start = block.lines[row - 1].start + column
    is_alone = not token.line[:column].strip()
    said = _said(token.string)
    line = lines.before(row, column) if is_alone else lines.ending(row)
    if said is not None:
        subject = _subject(said, line, is_alone=is_alone, number=number, after=lines.last_before(row))
        if subject is not None:
            place = Place(block.text, start + said.start, start + said.start + len(said.text))
            yield Stated("comment", place, said.text, subject)
        return
    count = _COUNT.match(token.string)
    if count and line is not None and line.counted and (line.kind == "count" or count["noun"]):
        place = Place(block.text, start + count.start("count"), start + count.end("count"))
        yield Stated("count", place, count["count"], Subject(number, line.line, line.counted))


@functools.lru_cache(maxsize=256)
def _said(comment: str) -> _Said | None:
    match = _COMMENT.match(comment)
    if match is None or "," not in match["shapes"]:
        return None
    text = match["shapes"]
    try:
        claim = shape_claim(text)
    except Unreadable:
        return None
    first = _dims(text)
    is_number = all(isinstance(size, int) for shape in claim.shapes for size in shape)
    batch = bool(first) and first[0].lower() in _BATCH and (len(first) > 1 or first[0] in ("None", "?"))
    return _Said(
        match.start("shapes"),
        text,
        len(claim.shapes),
        match["expression"] or "",
        bool(match["label"]),
        bool(match["arrow"]),
        batch or "None" in first,
        len(first) if is_number else 0,
    )


def _dims(text: str) -> list[str]:
    """Return the sizes of the first shape."""
    first = re.split(r"[)\]]\s*(?:,|and)\s*[(\[]", text)[0]
    return [size.strip(" ()[]") for size in first.split(",") if size.strip(" ()[]")]


def _subject(said: _Said, line: _Line | None, *, is_alone: bool, number: int, after: int) -> Subject | None:
    """Return what a comment speaks of; ``None`` if it isn't sure."""
    if said.expression:
        return Subject(number, after if is_alone else line.line if line else after, said.expression)
    if line is None or said.shapes != line.shapes or (is_alone and line.kind != "shape"):
        return None
    if line.kind == "shape":
        is_sure = said.has_batch or said.rank > 0
    elif said.has_batch:
        is_sure = line.kind in ("layer", "value")
    else:
        least = 1 if said.is_labelled else 2 if said.has_arrow else 3
        is_sure = line.kind == "layer" and said.rank >= least
    return Subject(number, line.line, line.expression) if is_sure else None


class _Lines:
    """The statements of a block, by the lines at which they end."""

    def __init__(self, tree: ast.Module, block: Block) -> None:
        self._code = block.lines
        self._ending: dict[int, Simple] = {}
        self._layers: dict[int, _Line] = {}
        self._last_before: list[int] = [0] * (len(block.lines) + 2)
        for statement in syntax.in_order(tree):
            self._note(statement)
            self._last_before[last_line(statement)] = last_line(statement)
        for row in range(1, len(self._last_before)):
            self._last_before[row] = self._last_before[row] or self._last_before[row - 1]

    def ending(self, row: int) -> _Line | None:
        """Return what ends at a line; ``None`` if nothing does, or nothing that has a shape."""
        if row in self._layers:
            return self._layers[row]
        return self._line(self._ending[row]) if row in self._ending else None

    def before(self, row: int, column: int) -> _Line | None:
        """Return what ends right above a comment with a line of its own."""
        above = self._code[row - 2].code if row > 1 else ""
        is_level = len(above) - len(above.lstrip()) == column
        return self.ending(row - 1) if is_level else None

    def last_before(self, row: int) -> int:
        """Return the last line of the statement above a line; 0 if there is none."""
        return self._last_before[min(row, len(self._last_before) - 1)]

    def _note(self, statement: Simple) -> None:
        row = last_line(statement)
        self._ending[row] = statement
        if syntax.is_sequential(statement.value) and (target := _target(statement)):
            for layer, expression in syntax.elements(statement.value, target):
                if last_line(layer) != row:
                    self._layers[last_line(layer)] = _of_layer(layer, expression, row)

    def _line(self, statement: Simple) -> _Line | None:
        value, row, target = statement.value, last_line(statement), _target(statement)
        assert value is not None
        if (add := syntax.added(value)) is not None:
            owner = segment(self._code, add[0])
            expression = f"{owner}.input" if syntax.is_input(add[1]) else f"{owner}.layers[-1]"
            return _of_layer(add[1], expression, row)
        value = syntax.printed_argument(value)
        code = segment(self._code, value)
        if syntax.is_count(value):
            return _Line("", row, "count", counted=target or code)
        if isinstance(statement, (ast.Expr, ast.Return)):
            has_call = any(isinstance(node, ast.Call) for node in ast.walk(value))
            is_own = isinstance(statement, ast.Expr) and value is statement.value
            target = "" if has_call and is_own and not syntax.is_shape(value) else code
        kind = _kind(value)
        return _Line(target, row, kind, _count_of_targets(statement)) if kind else None


def _of_layer(layer: ast.expr, expression: str, row: int) -> _Line:
    if expression.endswith(".input"):
        return _Line(expression, row, "layer")
    return _Line(f"{expression}.output", row, "layer", counted=f"{expression}.count_params()")


def _target(statement: Simple) -> str:
    """Return what a statement assigns."""
    if isinstance(statement, ast.Assign):
        return ast.unparse(statement.targets[0]) if len(statement.targets) == 1 else ""
    return "" if isinstance(statement, (ast.Expr, ast.Return)) else ast.unparse(statement.target)


def _count_of_targets(statement: Simple) -> int:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return len(target.elts) if isinstance(target, (ast.Tuple, ast.List)) else 1


def _kind(value: ast.expr) -> str:
    """Return what is known of a value; nothing of literals."""
    if syntax.is_shape(value):
        return "shape"
    if isinstance(value, ast.Call):
        return "layer" if isinstance(value.func, ast.Call) else "value"
    return "value" if isinstance(value, (ast.Name, ast.Attribute, ast.BinOp, ast.Subscript)) else ""
