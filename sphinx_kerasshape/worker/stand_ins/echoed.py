"""Stand-ins for values that a document's code can't compute here, but whose size or items the document shows.

Such a value answers what is shown of it, and nothing else: anything more is missing, as it would be without.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from sphinx_kerasshape.worker.stand_ins.uniform import Uniform, uniform
from sphinx_kerasshape.worker.stand_ins.used import NotHere

_SHAPE_CALL = re.compile(r"(?:np|numpy)\.shape\((.*)\)|(.*)\.get_shape\(\)")
_SAME_SHAPE = re.compile(r"\.(?:numpy\(\)|values)(?=\.shape)")


class Unknown(NotHere):
    """Something is asked of a value that the document does not show; ``root`` is the value's name."""

    def __init__(self, root: str, path: str) -> None:
        super().__init__(f"the document does not show what {path} is")
        self.root = root


class Array(Uniform):
    """An array of a shape that the document shows. Its items are no numbers: nothing is made of them."""

    @property
    def values(self) -> Any:
        """Return what a table has as an array."""
        return self

    def numpy(self) -> Any:
        """Return what a tensor has as an array."""
        return self


class Echoed:
    """A value of which the document shows something; ``path`` is the expression that it is the value of."""

    def __init__(self, root: str, path: str, known: Mapping[str, Any]) -> None:
        self.__dict__.update(_root=root, _path=path, _known=known)

    def _of(self, path: str) -> Any:
        """Return what is shown of an expression, or of what it is asked for."""
        if path in self._known:
            return self._known[path]
        if any(f"{path}{end}" in one for one in self._known for end in (".", "[", "(", ")")):
            return Echoed(self._root, path, self._known)
        raise Unknown(self._root, path)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._of(f"{self._path}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what is shown of a call without arguments."""
        if args or kwargs:
            raise Unknown(self._root, f"{self._path}(…)")
        return self._of(f"{self._path}()")

    def __getitem__(self, index: Any) -> Any:
        return self._of(f"{self._path}[{index!r}]")

    def __len__(self) -> int:
        length = self._known.get(f"len({self._path})")
        shape = self._known.get(f"{self._path}.shape")
        if length is None and not shape:
            raise Unknown(self._root, f"len({self._path})")
        return int(length if length is not None else shape[0])

    def __iter__(self) -> Iterator[Any]:
        raise Unknown(self._root, self._path)

    def _unknown(self, *_: Any, **__: Any) -> Any:
        raise Unknown(self._root, self._path)

    __bool__ = __index__ = __int__ = __float__ = __array__ = __contains__ = _unknown
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _unknown
    __hash__ = object.__hash__


def value(name: str, shown: Sequence[tuple[str, str]]) -> Any:
    """Return what stands in for a name; ``None`` if nothing is shown of it."""
    known = {_canonical(expression): ast.literal_eval(text) for expression, text in shown}
    known = {path: one for path, one in known.items() if _root(path) == name}
    if name in known:
        return known[name]
    shape = known.get(f"{name}.shape")
    if _is_shape(shape) and (len(shape) > 2 or (len(shape) == 2 and shape[1] > 1)):
        return _array(shape)
    return Echoed(name, name, known) if known else None


def is_whole(value: Any) -> bool:
    """Whether a stand-in is the value itself, all of which the document shows."""
    return not isinstance(value, (Array, Echoed))


def _canonical(expression: str) -> str:
    """Return an expression in the form in which it is looked up."""
    call = _SHAPE_CALL.fullmatch(expression)
    return _SAME_SHAPE.sub("", f"{call[1] or call[2]}.shape" if call else expression)


def _root(path: str) -> str:
    names = [node.id for node in ast.walk(ast.parse(path)) if isinstance(node, ast.Name) and node.id != "len"]
    return names[0] if names else ""


def _is_shape(shape: Any) -> TypeGuard[tuple[int, ...]]:
    return isinstance(shape, tuple) and all(isinstance(size, int) and size > 0 for size in shape)


def _array(shape: tuple[int, ...]) -> Any:
    """Return an array of no numbers. One axis alone has none: it may be of labels, which are counted."""
    array = uniform(shape, "float32").view(Array)
    array[(0,) * len(shape)] = np.nan
    return array
