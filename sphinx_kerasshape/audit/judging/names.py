"""Names of axes in comments, ``(batch, time - 2, 32)``: which open axes of a model they may mean.

An author names axes in passing. A plain name may mean any size; but a size that is computed from a name must
be the true one for some meaning of the name, and the name must keep it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Expr
from sphinx_kerasshape.claims.named_sizes import Dims, SymbolicSize
from sphinx_kerasshape.claims.shapes import ShapeClaim, StatedSize
from sphinx_kerasshape.messages.report import Axis, TensorSpec

_MOST = 4096
"""Sizes that a name may have where a computed size is a number."""
_ROUNDS = 3
"""How often all that is stated is gone through: a name may be stated behind what is computed from it."""
_Pair = tuple[object, Expr | None, int | None]


class Named(NamedTuple):
    """The shapes of tensors in the names of a claim, and the names that no size is known for."""

    dims: tuple[Dims, ...]
    unsolved: frozenset[str]


class Names:
    """The meanings of names in the comments on one model."""

    def __init__(
        self, claims: Iterable[ShapeClaim], axes: Iterable[str] = (), sizes: Iterable[str] = ()
    ) -> None:
        self._computed = {name for claim in claims for name in _computed_from(claim)}
        self._meanings: dict[str, Expr] = {name: expression.axis(name) for name in axes}
        """Those of a model's axes are known from the start."""
        self._options: dict[str, list[Expr]] = {}
        """The sizes that a name may have, if a size that is computed from it leaves several."""
        parsed = (notation.parse(size) for size in sizes)
        self._sizes = [size for size in parsed if isinstance(size, Expr)]
        """The open sizes between the layers of the model: a name may be one that no comment states."""

    def learn(self, pairs: Iterable[tuple[ShapeClaim, tuple[TensorSpec, ...]]]) -> None:
        """Find the meanings of names from all that is stated with them."""
        every = [pair for claim, tensors in pairs for pair in _pairs(claim, tensors)]
        for _ in range(_ROUNDS):
            # Plain names first: what is computed from them depends on their meaning.
            for dim, size, _ in sorted(every, key=lambda pair: not _is_plain(pair[0])):
                if isinstance(dim, StatedSize) and isinstance(dim.size, Expr) and size is not None:
                    self._learn(dim.size, size)

    def named(self, claim: ShapeClaim, tensors: tuple[TensorSpec, ...]) -> Named:
        """Return the shapes of tensors in the names of a claim, as far as these have a meaning."""
        shapes = claim.shapes if len(claim.shapes) == len(tensors) else claim.shapes[:1] * len(tensors)
        unsolved = set[str]()
        dims = tuple(
            self._dims(stated, tensor, unsolved) for stated, tensor in zip(shapes, tensors, strict=True)
        )
        return Named(dims, frozenset(unsolved))

    def _dims(self, stated: tuple[object, ...], tensor: TensorSpec, unsolved: set[str]) -> Dims:
        pairs = _aligned(stated, tensor)
        if not pairs:
            return tensor.shape
        skipped = tensor.shape[: len(tensor.shape) - len(pairs)]
        return (*skipped, *(self._named(*pair, unsolved) for pair in pairs))

    def _learn(self, stated: Expr, size: Expr) -> None:
        names = [name for name in expression.names(stated) if name not in self._meanings]
        if len(names) != 1 or (_is_name(stated) and names[0] not in self._computed):
            return
        (name,) = names
        options = self._options.get(name) or _meanings(stated, name, size, self._meanings, self._sizes)
        fitting = [
            one for one in options if expression.substitute(stated, {**self._meanings, name: one}) == size
        ]
        if len(fitting) == 1:
            self._meanings[name] = fitting[0]
        elif fitting:
            self._options[name] = fitting

    def _named(
        self, dim: object, size: Expr | None, shown: int | None, unsolved: set[str]
    ) -> int | SymbolicSize | None:
        """Return a size as the claim would state it."""
        if not isinstance(dim, StatedSize) or not isinstance(dim.size, Expr):
            return shown
        names = expression.names(dim.size) - self._meanings.keys()
        if _is_name(dim.size) and names:
            return SymbolicSize(dim.size, ())
        if size is not None and names and self._may_be(dim.size, size, names):
            unsolved |= names - self._options.keys()
            return SymbolicSize(dim.size, ())
        meant = expression.substitute(dim.size, self._meanings)
        if size is None or meant == size:
            return SymbolicSize(dim.size, ())
        return shown if shown is not None else _restated(size, self._meanings)

    def _may_be(self, stated: Expr, size: Expr, names: frozenset[str]) -> bool:
        """Whether a size may be what is computed from names of which no size is known."""
        if len(names) > 1:
            return True
        (name,) = names
        if name in self._options:
            options: Iterable[Expr] = self._options[name]
        else:
            meant = expression.substitute(stated, self._meanings)
            counts = [count for term, count in meant.terms if term]
            # Of `h - 2`, h would be a size of the model; `2*h + 1` may be computed from a number elsewhere.
            if counts == [1] and not size.is_constant:
                return False
            options = filter(None, [_solved(meant, name, size)])
            if not _is_linear(meant, name):
                return not size.is_constant
        return any(expression.substitute(stated, {**self._meanings, name: one}) == size for one in options)


def _computed_from(claim: ShapeClaim) -> Iterator[str]:
    """Yield the names that a claim computes sizes from."""
    for shape in claim.shapes:
        for dim in shape:
            if isinstance(dim, StatedSize) and isinstance(dim.size, Expr) and not _is_name(dim.size):
                yield from expression.names(dim.size)


def _is_plain(dim: object) -> bool:
    return isinstance(dim, StatedSize) and isinstance(dim.size, Expr) and _is_name(dim.size)


def _is_name(size: Expr) -> bool:
    names = expression.names(size)
    return len(names) == 1 and size == expression.axis(next(iter(names)))


def _pairs(claim: ShapeClaim, tensors: tuple[TensorSpec, ...]) -> Iterator[_Pair]:
    shapes = claim.shapes if len(claim.shapes) == len(tensors) else claim.shapes[:1] * len(tensors)
    for stated, tensor in zip(shapes, tensors, strict=True):
        yield from _aligned(stated, tensor)


def _aligned(stated: tuple[object, ...], tensor: TensorSpec) -> list[_Pair]:
    """Return each stated size with the true one, as an expression and as a number; none if they don't fit."""
    actual = list(_sizes(tensor))
    skipped = len(actual) - len(stated)
    if "…" in stated or skipped not in (0, 1):
        return []
    return list(zip(stated, actual[skipped:], tensor.shape[skipped:], strict=True))


def _sizes(tensor: TensorSpec) -> Iterator[Expr | None]:
    """Yield the sizes of a tensor as expressions of open axes; ``None`` where that is not known."""
    texts = tensor.symbolic or ("None",) * len(tensor.shape)
    for size, text in zip(tensor.shape, texts, strict=True):
        if size is not None:
            yield expression.constant(size)
        else:
            parsed = None if text == "None" else notation.parse(text)
            yield parsed if isinstance(parsed, Expr) else None


def _meanings(
    stated: Expr, name: str, size: Expr, known: Mapping[str, Expr], sizes: Iterable[Expr]
) -> Iterator[Expr]:
    """Yield what a name may mean, so that a size computed from it is the true one."""
    meant = expression.substitute(stated, {key: one for key, one in known.items() if key != name})
    if not size.is_constant:
        yield from dict.fromkeys([*map(expression.axis, sorted(expression.names(size))), *sizes])
    elif _is_linear(meant, name):
        yield from filter(None, [_solved(meant, name, size)])
    else:
        least = max(1, size.constant // 4)
        yield from map(expression.constant, range(least, min(4 * size.constant + 64, _MOST)))


def _is_linear(stated: Expr, name: str) -> bool:
    """Whether an expression is a multiple of a name and something without it."""
    own = [term for term, _ in stated.terms if name in expression.names(Expr(((term, 1),)))]
    return own == [(name,)]


def _solved(stated: Expr, name: str, size: Expr) -> Expr | None:
    """Return what a name means if a multiple of it, and something else, is a size; ``None`` if nothing."""
    count = dict(stated.terms).get((name,), 0)
    if not _is_linear(stated, name) or not count:
        return None
    rest = expression.add(stated, expression.multiply(expression.constant(-count), expression.axis(name)))
    left = expression.add(size, expression.multiply(expression.constant(-1), rest))
    if count < 0:
        left, count = expression.multiply(expression.constant(-1), left), -count
    found = expression.divide(left, count)
    is_exact = expression.multiply(expression.constant(count), found) == left
    return found if is_exact and not (found.is_constant and found.constant < 1) else None


def _restated(size: Expr, meanings: Mapping[str, Expr]) -> SymbolicSize | None:
    """Return an open size in the names that the document gives to axes; ``None`` if it gives none."""
    names = {
        axis: name
        for name, meaning in meanings.items()
        for axis in expression.names(meaning)
        if _is_name(meaning)
    }
    if not expression.names(size) <= names.keys():
        return None
    renamed = expression.substitute(size, {axis: expression.axis(name) for axis, name in names.items()})
    return SymbolicSize(renamed, tuple(Axis(name, 1, 1, "") for name in sorted(names.values())))
