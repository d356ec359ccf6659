"""Claims of shapes and dtypes: ``(None, 50)``, ``None × 50``, ``28x28x3``, ``(?, …, 64)``.

A claim keeps the notation of its author, so that it can restate the actual shape in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Size
from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.claims.named_sizes import Dims, SymbolicSize, ascii_text
from sphinx_kerasshape.numerals import Numerals, number, numerals
from sphinx_kerasshape.text import quoted


@dataclass(frozen=True)
class StatedSize:
    """A size that is stated with names of axes."""

    text: str
    size: Size


Dim = int | str | StatedSize | SymbolicSize | None
"""A dimension: a number, ``None``, a wildcard (``?``, ``…``), or a size with names of axes."""

_TIMES = r" ?[×⨯✕] ?| [xX] | (?:by|mal|sur|par|por|per|на) |-by-"
_TIMES += r"|(?<=[\d?….])[xX](?=[\d?….])|(?<=None)[xX]|[xX](?=None)"
_SEPARATOR = re.compile(rf" ?, ?|{_TIMES}")
_COMMA = re.compile(r" ?, ?")
"""Where commas separate the sizes, ``×`` is a product: ``(None, 4×4×64)``, ``(None, 4 x 4 x 64)``."""
_COMMA_WITH_BLANK = re.compile(r" ?,(?: |(?!\d{3}(?!\d)))")
"""Where each comma has a blank behind it, another one is inside of a number: ``(None, 1,024)``."""
_SIZE = r"(?:\d+|None|\?)"
_PRODUCT = re.compile(rf"[\s(\[]*{_SIZE}(?: ?[*·⋅∙] ?{_SIZE})+[\s)\]]*")
"""Numbers that may be one size, or several: ``4*4*64``, which the truth decides."""
_MAX_GROUPED_LENGTH = 40
_AROUND = re.compile(
    r"(?P<before>(?:(?:an?|the|shape|of shape|shape=|(?:tf\.)?TensorShape\(|torch\.Size\() ?(?=[\d\[(N?])))?"
    r"(?P<shape>[\d\[(N?].*?)"
    r"(?P<after>(?<=\])\)|(?: (?:matrix|matrices|tensors?|vectors?|images?|pixels?|grid|array|dimensions"
    r"|units|Matrix|Tensor|Bild|Bilder|matrice|tenseur|matriz|imagen))?)",
    re.DOTALL,
)
"""A shape, and what says that it is one: ``TensorShape([None, 50])``, ``a 50×256 matrix``."""
_WIDE = {"（": "(", "）": ")", "，": ",", "、": ",", "［": "[", "］": "]"}
_LONGEST_AROUND = 200


@dataclass(frozen=True)
class ShapeClaim:
    """One or several stated shapes."""

    text: str
    shapes: tuple[tuple[Dim, ...], ...]
    language: str = "en"
    around: tuple[str, str] = ("", "")
    """What says that it is a shape, before and behind it."""
    wide: str = ""
    """The claim, if it has wide brackets and commas."""

    @property
    def names(self) -> frozenset[str]:
        """The names of axes in it."""
        dims = [dim for shape in self.shapes for dim in shape if isinstance(dim, StatedSize)]
        return frozenset().union(*(expression.names(dim.size) for dim in dims))

    def with_integers(self, integers: Mapping[str, int]) -> ShapeClaim:
        """Return the claim with values for some of its names."""
        values = {name: expression.constant(number) for name, number in integers.items()}
        shapes = tuple(tuple(_substituted(dim, values) for dim in shape) for shape in self.shapes)
        return replace(self, shapes=shapes) if values else self

    def holds(self, actual: tuple[Dims, ...]) -> bool:
        """Whether the claim is true: one stated shape is that of all tensors, several are one of each."""
        if _PRODUCT.fullmatch(self.text) and _as_sizes(self).holds(actual):
            return True
        if len(self.shapes) == 1:
            return bool(actual) and all(_matches(self.shapes[0], shape) for shape in actual)
        return len(self.shapes) == len(actual) and all(map(_matches, self.shapes, actual))

    def restated(self, actual: tuple[Dims, ...]) -> str:
        """Return the actual shapes in the notation of the claim."""
        before, after = self.around
        text = f"{before}{self._restated(actual)}{after}"
        for sign, plain in _WIDE.items() if self.wide else ():
            if sign in self.wide:
                text = re.sub(rf"{re.escape(plain)} ?", sign, text)
        return text

    def _restated(self, actual: tuple[Dims, ...]) -> str:
        if _PRODUCT.fullmatch(self.text) and any(len(shape) > 2 for shape in actual):
            sign = re.findall(" ?[*·⋅∙] ?", self.text)[0]
            return _as_sizes(self).restated(actual).replace("×", sign)
        stated = self.shapes
        if len(stated) != len(actual):
            if len(set(actual)) == 1:
                actual = actual[:1]
            stated = self.shapes[:1] * len(actual)
        shapes = list(map(_with_wildcards, stated, actual))
        before, inner, after = _unwrapped(self.text)
        spans = _bracketed(inner)
        if len(spans) == len(shapes):
            text, end = before, 0
            for (start, stop), shape in zip(spans, shapes, strict=True):
                text += inner[end:start] + _in_notation(inner[start:stop], shape)
                end = stop
            return text + inner[end:] + after
        example = inner[slice(*spans[0])] if spans else inner if len(shapes) == 1 else "()"
        if len(shapes) == 1 and isinstance(size := shapes[0][0] if len(shapes[0]) == 1 else None, int):
            if grouped := _grouped(inner, self.language):
                return grouped[0].written(size, grouped[3])
            if inner.strip().isdecimal() and int(inner.strip()[:4]) < 1000:
                return numerals(self.language).written(size)
        return ", ".join(_in_notation(example, shape) for shape in shapes)


def shape_claim(text: str, language: str = "en") -> ShapeClaim:
    """Return the claim that a text states. Raises :class:`Unreadable`."""
    if any(sign in text for sign in _WIDE):
        plain = "".join(_WIDE.get(sign, sign) for sign in text)
        return replace(shape_claim(plain, language), wide=text)
    around = _AROUND.fullmatch(text) if len(text) < _LONGEST_AROUND else None
    if around and (around["before"] or around["after"]) and around["shape"]:
        claim = shape_claim(around["shape"], language)
        return replace(claim, around=(around["before"] or "", around["after"]))
    if _PRODUCT.fullmatch(text) and re.search(r"None|\?", text):
        return replace(shape_claim(re.sub(" ?[*·⋅∙] ?", "×", text), language), text=text)
    _, inner, _ = _unwrapped(text)
    spans = _bracketed(inner)
    if spans:
        shapes = tuple(_dims(inner[start + 1 : end - 1], text, language) for start, end in spans)
        return ShapeClaim(text, shapes, language)
    if not inner.strip():
        raise Unreadable(_how_to(text))
    grouped = _grouped(text, language)
    return ShapeClaim(text, ((int(grouped[1]),) if grouped else _dims(inner, text, language),), language)


def _as_sizes(claim: ShapeClaim) -> ShapeClaim:
    """Return the claim that a product is if its signs separate sizes: ``28*28*3``."""
    return shape_claim(re.sub(" ?[*·⋅∙] ?", "×", claim.text), claim.language)


def _unwrapped(text: str) -> tuple[str, str, str]:
    """Return the opening brackets of a list of shapes, the shapes, and the closing brackets."""
    match = re.fullmatch(r"(\s*\[\s*)([(\[].*[)\]])(\s*\]\s*)", text, re.DOTALL)
    return (match[1], match[2], match[3]) if match else ("", text, "")


def _bracketed(text: str) -> list[tuple[int, int]]:
    """Return start and end of each bracketed shape; none, if the text has anything else."""
    spans, depth, start, rest = [], 0, 0, ""
    for offset, sign in enumerate(text):
        if sign in "([":
            start = start if depth else offset
            depth += 1
        elif not depth:
            rest += sign
        elif sign in ")]":
            depth -= 1
            if not depth:
                spans.append((start, offset + 1))
    joints = re.sub(r",|\b(?:and|und|et|y|e)\b", "", rest)
    return spans if not depth and not joints.strip() else []


def _substituted(dim: Dim, values: Mapping[str, expression.Expr]) -> Dim:
    if not isinstance(dim, StatedSize) or not isinstance(dim.size, expression.Expr):
        return dim
    return StatedSize(dim.text, expression.substitute(dim.size, values))


def _grouped(text: str, language: str) -> tuple[Numerals, str, str, str] | None:
    """Return a single size as prose writes it, ``1,024``; two sizes have a blank or brackets."""
    read = number(text.strip(), language, is_whole=True) if len(text) < _MAX_GROUPED_LENGTH else None
    return read if read and read[3] not in ("", "_") else None


def _separator(text: str) -> re.Pattern[str]:
    if "," not in text:
        return _SEPARATOR
    return _COMMA_WITH_BLANK if ", " in text else _COMMA


def _dims(text: str, whole: str, language: str) -> tuple[Dim, ...]:
    separator = _separator(text)
    text = " ".join(text.split()).removesuffix(",").strip()
    if not text:
        return ()
    dims = tuple(_dim(part.strip(), whole, language) for part in separator.split(text))
    if dims.count("…") > 1:
        raise Unreadable(f"{quoted(whole)} has … twice: use it once, for any axes")
    return dims


def _dim(text: str, whole: str, language: str) -> Dim:
    if text in ("None", "none", "-1", "?"):
        return "?" if text == "?" else None
    if text in ("…", "..."):
        return "…"
    if len(text) < 20 and re.fullmatch(r"\d+(?:_\d+)*", text, re.ASCII):
        return int(text)
    if (grouped := _grouped(text, language)) is not None:
        return int(grouped[1])
    try:
        size = notation.parse(re.sub(rf"{_TIMES}|[⋅∙]", "*", text))
    except notation.Unreadable as error:
        reason = f"; {error}" if "/" in text else ""
        raise Unreadable(_how_to(whole) + reason) from None
    return StatedSize(text, size)


def _how_to(text: str) -> str:
    return (
        f"{quoted(text)} is not a shape: write one such as (None, 50), with ? for any size and … for any axes"
    )


def _matches(stated: tuple[Dim, ...], actual: Dims) -> bool:
    if _omits_batch_axis(stated, actual):
        actual = actual[1:]
    if "…" in stated:
        head, tail = _around_ellipsis(stated)
        if len(head) + len(tail) > len(actual):
            return False
        end = len(actual) - len(tail)
        return _matches_each(head, actual[: len(head)]) and _matches_each(tail, actual[end:])
    return _matches_each(stated, actual)


def _around_ellipsis(stated: tuple[Dim, ...]) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
    index = stated.index("…")
    return stated[:index], stated[index + 1 :]


def _matches_each(stated: tuple[Dim, ...], actual: Dims) -> bool:
    return len(stated) == len(actual) and all(map(_is_same, stated, actual))


def _is_same(dim: Dim, size: int | SymbolicSize | None) -> bool:
    if isinstance(dim, StatedSize):
        if isinstance(size, int):
            return dim.size == expression.constant(size)  # a product, such as 4·4·64
        return isinstance(size, SymbolicSize) and size.is_same(dim.size)
    if isinstance(dim, int) and isinstance(size, SymbolicSize):
        return size.is_same(expression.constant(dim))
    return dim in ("?", size) or (dim is None and isinstance(size, SymbolicSize))


def _omits_batch_axis(stated: tuple[Dim, ...], actual: Dims) -> bool:
    """Whether a claim is the shape of one sample: it states all sizes but that of the batch.

    A claim with ``None`` is the shape of a batch, so that a forgotten axis is found.
    """
    is_sample = all(isinstance(dim, (int, StatedSize)) for dim in stated)
    return is_sample and len(stated) + 1 == len(actual) and not isinstance(actual[0], int)


def _may_omit_batch_axis(stated: tuple[Dim, ...], actual: Dims) -> bool:
    """Whether a claim is the shape of one sample, though perhaps wrong about which sizes are open."""
    is_sample = not stated or isinstance(stated[0], (int, StatedSize))
    has_wildcard = "?" in stated or "…" in stated
    is_shorter = len(stated) + 1 == len(actual)
    return is_sample and not has_wildcard and is_shorter and not isinstance(actual[0], int)


def _with_wildcards(stated: tuple[Dim, ...], actual: Dims) -> tuple[Dim, ...]:
    """Return the actual shape, with those wildcards of the claim that match."""
    if _may_omit_batch_axis(stated, actual) and None not in actual[1:]:
        actual = actual[1:]
    if "…" in stated and len(stated) - 1 <= len(actual):
        head, tail = _around_ellipsis(stated)
        end = len(actual) - len(tail)
        return (*_keep(head, actual[: len(head)]), "…", *_keep(tail, actual[end:]))
    return _keep(stated, actual) if len(stated) == len(actual) and "…" not in stated else actual


def _keep(stated: tuple[Dim, ...], actual: Dims) -> tuple[Dim, ...]:
    """Return the stated dimensions that are true, and the actual ones instead of the others."""
    return tuple(dim if _is_same(dim, size) else size for dim, size in zip(stated, actual, strict=True))


def _in_notation(text: str, dims: tuple[Dim, ...]) -> str:
    """Return dimensions with the brackets and separators of another shape."""
    stripped = " ".join(text.split())
    opening = stripped[0] if stripped[:1] in ("(", "[") else ""
    closing = {"(": ")", "[": "]", "": ""}[opening]
    inner = stripped[len(opening) : len(stripped) - len(closing)].strip()
    if not opening and not dims:
        return "()"
    separators = _separator(inner).findall(inner.removesuffix(","))
    if len(separators) != len(dims) - 1:
        separators = (separators[:1] or [", "]) * (len(dims) - 1)
    texts = [_dim_text(dim, text) for dim in dims]
    body = "".join(chain.from_iterable(zip_longest(texts, separators, fillvalue="")))
    comma = "," if opening == "(" and len(dims) == 1 else ""
    return f"{opening}{body}{comma}{closing}"


def _dim_text(dim: Dim, text: str) -> str:
    """Return a dimension in the notation of the shape ``text``."""
    if dim == "…" and "…" not in text:
        return "..."
    if isinstance(dim, int) and re.search(r"\d_\d", text):
        return f"{dim:_}"
    if isinstance(dim, StatedSize):
        return dim.text
    if isinstance(dim, SymbolicSize) and re.search(r"[-*/]", text) and not re.search("[−·⌊⌈]", text):
        return ascii_text(str(dim))
    return "None" if dim is None else str(dim)
