"""Names of axes in comments, ``(batch, time - 2, 32)``: which open axes of a model they may mean.

An author names axes in passing. A plain name may mean any size; but a size that is computed from a name must
be the true one for some meaning of the name, and the name must keep it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Expr
from sphinx_kerasshape.claims.named_sizes import Dims, SymbolicSize
from sphinx_kerasshape.claims.shapes import ShapeClaim, StatedSize
from sphinx_kerasshape.messages.report import Axis, TensorSpec

_MOST = 4096
"""Sizes that a name may have where a computed size is a number."""


class Names:
    """The meanings of names in the comments of one run."""

    def __init__(self, claims: Iterable[ShapeClaim], axes: Iterable[str] = ()) -> None:
        self._computed = {name for claim in claims for name in _computed_from(claim)}
        self._meanings: dict[str, Expr] = {name: expression.axis(name) for name in axes}
        """Those of a model's axes are known from the start."""

    def dims(self, claim: ShapeClaim, tensors: tuple[TensorSpec, ...]) -> tuple[Dims, ...]:
        """Return the shapes of tensors in the names of a claim, as far as it gives these a meaning."""
        shapes = claim.shapes if len(claim.shapes) == len(tensors) else claim.shapes[:1] * len(tensors)
        return tuple(self._dims(stated, tensor) for stated, tensor in zip(shapes, tensors, strict=True))

    def _dims(self, stated: tuple[object, ...], tensor: TensorSpec) -> Dims:
        actual = list(_sizes(tensor))
        skipped = len(actual) - len(stated)
        if "…" in stated or skipped not in (0, 1):
            return tensor.shape
        pairs = list(zip(stated, actual[skipped:], tensor.shape[skipped:], strict=True))
        # Plain names first: what is computed from them depends on their meaning.
        for dim, size, _ in sorted(pairs, key=lambda pair: not _is_plain(pair[0])):
            if isinstance(dim, StatedSize) and isinstance(dim.size, Expr) and size is not None:
                self._learn(dim.size, size)
        named = tuple(self._named(*pair) for pair in pairs)
        return (*tensor.shape[:skipped], *named)

    def _learn(self, stated: Expr, size: Expr) -> None:
        names = [name for name in expression.names(stated) if name not in self._meanings]
        if len(names) != 1 or (_is_name(stated) and names[0] not in self._computed):
            return
        for meaning in _meanings(stated, names[0], size):
            if expression.substitute(stated, {**self._meanings, names[0]: meaning}) == size:
                self._meanings[names[0]] = meaning
                return

    def _named(self, dim: object, size: Expr | None, shown: int | None) -> int | SymbolicSize | None:
        """Return a size as the claim would state it."""
        if not isinstance(dim, StatedSize) or not isinstance(dim.size, Expr):
            return shown
        if _is_name(dim.size) and not expression.names(dim.size) & self._meanings.keys():
            return SymbolicSize(dim.size, ())
        meant = expression.substitute(dim.size, self._meanings)
        if size is None or meant == size:
            return SymbolicSize(dim.size, ())
        return shown if shown is not None else _restated(size, self._meanings)


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


def _sizes(tensor: TensorSpec) -> Iterator[Expr | None]:
    """Yield the sizes of a tensor as expressions of open axes; ``None`` where that is not known."""
    texts = tensor.symbolic or ("None",) * len(tensor.shape)
    for size, text in zip(tensor.shape, texts, strict=True):
        if size is not None:
            yield expression.constant(size)
        else:
            parsed = None if text == "None" else notation.parse(text)
            yield parsed if isinstance(parsed, Expr) else None


def _meanings(stated: Expr, name: str, size: Expr) -> Iterator[Expr]:
    """Yield what a name may mean, so that a size computed from it is the true one."""
    if _is_name(stated):
        yield size
    elif size.is_constant:
        least = max(1, size.constant // 4)
        yield from map(expression.constant, range(least, min(4 * size.constant + 64, _MOST)))
    else:
        yield from map(expression.axis, sorted(expression.names(size)))


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
