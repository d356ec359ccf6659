"""The ``:input:`` option: a shape, or a list or dict of shapes, each with its dtype.

``(None, 50)``; ``(None, None) int32``; ``[(None, 10), (None, 20)]``; ``{"ids": (None, 128) int32}``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.report import Shape, shape_text
from sphinx_kerasshape.text import hint, quoted

EXAMPLE = "write a whole shape with the batch axis first, such as (None, 50)"
DTYPES = (
    *("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "bool", "string", "complex64", "complex128"),
)
"""The dtypes that an input can have."""
_MAX_SIZE = 10**9
_TYPED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([)\]])\s*([A-Za-z_]\w*)""")
"""A dtype behind a shape; texts in quotes are skipped."""
_NAMED = re.compile(r"\s*\w+\s*[:=]\s*[(\[]")
_MARK = "_typed"


class Unreadable(ValueError):
    """Text that is not an input; the message says how to write one."""


class InputSpec(NamedTuple):
    """One tensor that a model is called with; an empty dtype is the model's own."""

    shape: Shape
    dtype: str = ""

    def __str__(self) -> str:
        return shape_text(self.shape) + (f" {self.dtype}" if self.dtype else "")


Structure = Any
"""An :class:`InputSpec`, or a list or dict of structures, as a call takes them."""


def parse(text: str) -> Structure:
    """Return the structure that a text states. Raises :class:`Unreadable`."""
    try:
        tree = ast.parse(
            _TYPED.sub(lambda found: found[1] or f"{found[2]} @ {_MARK}.{found[3]}", text.strip()),
            mode="eval",
        ).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        example = 'write inputs with names as {"x": (None, 50), "y": (None, 9)}'
        mend = example if _NAMED.match(text) else EXAMPLE
        raise Unreadable(f"{quoted(text)} is not a shape: {mend}") from None
    return _structure(tree, text)


def write(structure: Structure) -> str:
    """Return the text of a structure."""
    if isinstance(structure, InputSpec):
        return str(structure)
    if isinstance(structure, dict):
        return "{" + ", ".join(f"{key!r}: {write(item)}" for key, item in structure.items()) + "}"
    return "[" + ", ".join(map(write, structure)) + "]"


def tensors(structure: Structure) -> Iterator[InputSpec]:
    """Yield the tensors of a structure, in order."""
    if isinstance(structure, InputSpec):
        yield structure
    else:
        for item in structure.values() if isinstance(structure, dict) else structure:
            yield from tensors(item)


def _structure(tree: ast.expr, text: str) -> Structure:
    if isinstance(tree, ast.Dict):
        return {
            _key(key, text): _structure(item, text) for key, item in zip(tree.keys, tree.values, strict=True)
        }
    if isinstance(tree, ast.BinOp):
        return InputSpec(_shape(tree.left, text), _dtype(tree.right, text))
    if isinstance(tree, (ast.Tuple, ast.List)):
        # A tuple or list of sizes is a shape, one of shapes is a list.
        if all(isinstance(item, (ast.Constant, ast.UnaryOp)) for item in tree.elts):
            return InputSpec(_shape(tree, text))
        return [_structure(item, text) for item in tree.elts]
    raise Unreadable(f"{quoted(text)} is not a shape: {EXAMPLE}")


def _key(key: ast.expr | None, text: str) -> str:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    raise Unreadable(f"{quoted(text)} has an input without a name: write {{'name': (None, 50)}}")


def _dtype(tree: ast.expr, text: str) -> str:
    if not (isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name) and tree.value.id == _MARK):
        raise Unreadable(f"{quoted(text)} is not a shape: {EXAMPLE}")
    if tree.attr not in DTYPES:
        raise Unreadable(f"unknown dtype {quoted(tree.attr)}{hint(tree.attr, DTYPES)}")
    return tree.attr


def _shape(tree: ast.expr, text: str) -> Shape:
    try:
        shape = ast.literal_eval(tree)
    except (ValueError, TypeError, SyntaxError):
        shape = None
    if not isinstance(shape, (tuple, list)):
        raise Unreadable(f"{quoted(text)} is not a shape: {EXAMPLE}")
    if not shape:
        raise Unreadable(f"{quoted(text)} has no batch axis: {EXAMPLE}")
    if any(type(size) is int and size > _MAX_SIZE for size in shape):
        raise Unreadable(f"{quoted(text)} has an axis larger than {_MAX_SIZE:,}")
    for size in shape:
        if size is not None and (type(size) is not int or size < 1):
            raise Unreadable(f"{quoted(size)} is not a size of an axis: {EXAMPLE}; None is an open size")
    return tuple(shape)
