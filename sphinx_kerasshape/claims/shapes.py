"""Claims: what a page states about a shape, a count or a size, against what is true.

Each kind of claim is read into a value that knows how precisely it was written: it can
say whether it holds, and restate the truth in its own notation. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, zip_longest

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Size
from sphinx_kerasshape.claims.counts import CountClaim, Unreadable, count_claim, size_claim
from sphinx_kerasshape.claims.named_sizes import Dims, SymbolicSize, plain
from sphinx_kerasshape.text import quoted

__all__ = [
    "CountClaim",
    "ShapeClaim",
    "Unreadable",
    "count_claim",
    "dtype_holds",
    "shape_claim",
    "size_claim",
]


@dataclass(frozen=True)
class Named:
    """A size that is stated with names of axes."""

    text: str
    size: Size


Dim = int | str | Named | SymbolicSize | None
"""A dimension: a number, ``None``, a wildcard (``?``, ``…``), or a size with names of axes."""

_SEPARATOR = re.compile(r" ?[,×] ?| x |(?<=[\d?….])x(?=[\d?….])|(?<=None)x|x(?=None)")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
"""A single size as prose writes it; two sizes have a blank or brackets."""
_LONGEST = 40
"""Characters of such a size."""


@dataclass(frozen=True)
class ShapeClaim:
    """One or several shapes, as stated."""

    text: str
    shapes: tuple[tuple[Dim, ...], ...]

    @property
    def names(self) -> frozenset[str]:
        """The axes that occur."""
        dims = [dim for shape in self.shapes for dim in shape if isinstance(dim, Named)]
        return frozenset().union(*(expression.names(dim.size) for dim in dims))

    def holds(self, actual: tuple[Dims, ...]) -> bool:
        """Whether it is true: one shape of all tensors, several of each in its turn."""
        if len(self.shapes) == 1:
            return bool(actual) and all(_matches(self.shapes[0], shape) for shape in actual)
        return len(self.shapes) == len(actual) and all(map(_matches, self.shapes, actual))

    def restated(self, actual: tuple[Dims, ...]) -> str:
        """Write the truth in the notation of the claim."""
        stated = self.shapes
        if len(stated) != len(actual):
            if len(set(actual)) == 1:
                actual = actual[:1]
            stated = self.shapes[:1] * len(actual)
        truths = list(map(_as_stated, stated, actual))
        before, inner, after = _unwrapped(self.text)
        pieces = _pieces(inner)
        if len(pieces) == len(truths):
            text, end = before, 0
            for (start, stop), truth in zip(pieces, truths, strict=True):
                text += inner[end:start] + _in_notation(inner[start:stop], truth)
                end = stop
            return text + inner[end:] + after
        model = inner[slice(*pieces[0])] if pieces else inner if len(truths) == 1 else "()"
        return ", ".join(_in_notation(model, truth) for truth in truths)


def shape_claim(text: str) -> ShapeClaim:
    """Read shapes: ``(None, 50)``, ``None × 50``, ``28x28x3``, ``(?, …, 64)``, ``(4,), (5,)``."""
    _, inner, _ = _unwrapped(text)
    pieces = _pieces(inner)
    if pieces:
        return ShapeClaim(text, tuple(_dims(inner[start + 1 : end - 1], text) for start, end in pieces))
    if not inner.strip():
        raise Unreadable(_how_to(text))
    return ShapeClaim(text, (_dims(inner, text),))


def dtype_holds(stated: str, actual: tuple[str, ...]) -> bool:
    """Whether a stated dtype is the one of all tensors; several are separated by commas."""
    return {part.strip() for part in stated.split(",")} == set(actual)


def _unwrapped(text: str) -> tuple[str, str, str]:
    """Take a list of shapes out of the list's brackets."""
    found = re.fullmatch(r"(\s*\[\s*)([(\[].*[)\]])(\s*\]\s*)", text, re.DOTALL)
    return (found[1], found[2], found[3]) if found else ("", text, "")


def _pieces(text: str) -> list[tuple[int, int]]:
    """Return where each bracketed shape begins and ends; nothing, if anything else is there too."""
    found, depth, start, rest = [], 0, 0, ""
    for place, sign in enumerate(text):
        if sign in "([":
            start = start if depth else place
            depth += 1
        elif not depth:
            rest += sign
        elif sign in ")]":
            depth -= 1
            if not depth:
                found.append((start, place + 1))
    return found if not depth and not rest.replace(",", "").replace("and", "").strip() else []


def _dims(text: str, whole: str) -> tuple[Dim, ...]:
    if _GROUPED.fullmatch(text.strip()) and text == whole and len(text) < _LONGEST:
        return (int(text.replace(",", "")),)
    text = " ".join(text.split()).removesuffix(",").strip()
    if not text:
        return ()
    dims = tuple(_dim(part.strip(), whole) for part in _SEPARATOR.split(text))
    if dims.count("…") > 1:
        raise Unreadable(f"{quoted(whole)} has … twice: it can be any axes at one place only")
    return dims


def _dim(text: str, whole: str) -> Dim:
    if text in ("None", "?"):
        return None if text == "None" else "?"
    if text in ("…", "..."):
        return "…"
    if len(text) < 20 and re.fullmatch(r"\d+(?:_\d+)*", text, re.ASCII):
        return int(text)
    try:
        size = notation.parse(text)
    except notation.Unreadable as error:
        reason = f"; {error}" if "/" in text else ""
        raise Unreadable(_how_to(whole) + reason) from None
    return Named(text, size)


def _how_to(text: str) -> str:
    return f"{quoted(text)} is no shape: write (None, 50), with ? for any size and … for any axes"


def _matches(stated: tuple[Dim, ...], actual: Dims) -> bool:
    if _is_of_a_sample(stated, actual):
        actual = actual[1:]
    if "…" in stated:
        place = stated.index("…")
        head, tail = stated[:place], stated[place + 1 :]
        if len(head) + len(tail) > len(actual):
            return False
        last = len(actual) - len(tail)
        return _matches_each(head, actual[:place]) and _matches_each(tail, actual[last:])
    return _matches_each(stated, actual)


def _matches_each(stated: tuple[Dim, ...], actual: Dims) -> bool:
    return len(stated) == len(actual) and all(map(_is_same, stated, actual))


def _is_same(dim: Dim, size: int | SymbolicSize | None) -> bool:
    if isinstance(dim, Named):
        return isinstance(size, SymbolicSize) and size.is_same(dim.size)
    if isinstance(dim, int) and isinstance(size, SymbolicSize):
        return size.is_same(expression.constant(dim))
    return dim in ("?", size) or (dim is None and isinstance(size, SymbolicSize))


def _is_of_a_sample(stated: tuple[Dim, ...], actual: Dims) -> bool:
    """Whether a claim leaves out the batch axis: all its sizes are told, and one is missing.

    With a ``None`` it would be taken for the shape of a batch: this very mistake is to be found.
    """
    told = all(isinstance(dim, (int, Named)) for dim in stated)
    return told and len(stated) + 1 == len(actual) and not isinstance(actual[0], int)


def _begins_like_a_sample(stated: tuple[Dim, ...], actual: Dims) -> bool:
    """Whether a claim, though perhaps wrong about which sizes are open, leaves out the batch axis."""
    begins = not stated or isinstance(stated[0], (int, Named))
    wild = "?" in stated or "…" in stated
    return begins and not wild and len(stated) + 1 == len(actual) and not isinstance(actual[0], int)


def _as_stated(stated: tuple[Dim, ...], actual: Dims) -> tuple[Dim, ...]:
    """Return the truth, with the wildcards of the claim where these are right."""
    if _begins_like_a_sample(stated, actual) and None not in actual[1:]:
        actual = actual[1:]
    if "…" in stated:
        place = stated.index("…")
        tail = len(stated) - place - 1
        if len(stated) - 1 > len(actual):
            return actual
        middle: tuple[Dim, ...] = ("…",)
        last = actual[len(actual) - tail :]
        return tuple(chain(_keep(stated[:place], actual[:place]), middle, _keep(stated[place + 1 :], last)))
    return _keep(stated, actual) if len(stated) == len(actual) else actual


def _keep(stated: tuple[Dim, ...], actual: Dims) -> tuple[Dim, ...]:
    return tuple(dim if _is_same(dim, size) else size for dim, size in zip(stated, actual, strict=True))


def _in_notation(text: str, dims: tuple[Dim, ...]) -> str:
    """Write dimensions with the brackets and separators of another shape."""
    stripped = " ".join(text.split())
    opening = stripped[0] if stripped[:1] in ("(", "[") else ""
    closing = {"(": ")", "[": "]", "": ""}[opening]
    inner = stripped[len(opening) : len(stripped) - len(closing)].strip()
    if not opening and not dims:
        return "()"
    if not opening and len(dims) == 1 and isinstance(dims[0], int):
        grouped = _GROUPED.fullmatch(inner) or (inner.isdecimal() and int(inner[:4]) < 1000)
        return f"{dims[0]:,}" if grouped else str(dims[0])
    separators = [] if _GROUPED.fullmatch(inner) else _SEPARATOR.findall(inner.removesuffix(","))
    if len(separators) != len(dims) - 1:
        separators = (separators[:1] or [", "]) * (len(dims) - 1)
    texts = [_dim_text(dim, text) for dim in dims]
    body = "".join(chain.from_iterable(zip_longest(texts, separators, fillvalue="")))
    comma = "," if opening == "(" and len(dims) == 1 else ""
    return f"{opening}{body}{comma}{closing}"


def _dim_text(dim: Dim, text: str) -> str:
    """Write a dimension as the shape ``text`` writes the like."""
    if dim == "…" and "…" not in text:
        return "..."
    if isinstance(dim, int) and re.search(r"\d_\d", text):
        return f"{dim:_}"
    if isinstance(dim, Named):
        return dim.text
    if isinstance(dim, SymbolicSize) and re.search(r"[-*/]", text) and not re.search("[−·⌊⌈]", text):
        return plain(str(dim))
    return "None" if dim is None else str(dim)
