"""The plain values that cross a border: between phases, processes and builds.

All are frozen, compare by value and travel as JSON. This file knows the standard
library only: the worker reads it under an interpreter that may have nothing else.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import types
import typing
from dataclasses import dataclass, fields, is_dataclass, replace
from math import prod
from typing import Any, TypeVar, Union

SCHEMA = 2
"""Number of the JSON layout; part of every cache key, so a change empties the cache."""

Shape = tuple[int | None, ...]
"""One entry an axis, the batch axis first; ``None`` where the size is open."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Request:
    """What is to be run: the whole input of one answer, apart from the installed versions."""

    code: str
    prelude: str = ""
    origin: str = ""
    """The file that the code is from, for frames; empty for a block in a page."""
    model: str = ""
    """Expression that gives the model; empty: the rules of :mod:`.worker.find`."""
    raises: str = ""
    """Name of the exception that the code must fail with; empty: it must not fail."""
    weights: str = "auto"
    """``auto``: weightless where that works; ``real``: always with real weights."""
    axes: str = ""
    """Names for the open dimensions of the inputs: ``batch, time``; empty: none are followed."""


@dataclass(frozen=True)
class Tensor:
    """A tensor as a layer's call takes or gives it."""

    shape: Shape
    dtype: str
    name: str = ""
    symbolic: tuple[str, ...] = ()
    """The shape as expressions of named axes, such as ``time − 2``; empty without names."""


@dataclass(frozen=True)
class Weight:
    """One variable of a layer, such as a Dense layer's ``kernel`` of shape (50, 128)."""

    name: str
    path: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool

    @property
    def params(self) -> int:
        """How many numbers the variable holds."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """How much memory these take."""
        return self.params * item_size(self.dtype)


@dataclass(frozen=True)
class Call:
    """One call of a layer: what went in, what came out, and which calls it was connected to.

    A source is a layer's name; where that layer has several calls or outputs it is
    written as Keras does, ``name[call][output]``, both counted from 0.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class LayerRow:
    """A layer (or another operation) of a model, and every call of it there.

    Rows stand in the model's order, the layers of a nested model behind its own row
    and one ``depth`` deeper.
    """

    name: str
    type: str
    depth: int
    calls: tuple[Call, ...]
    params: int
    trainable: int
    bytes: int
    weights: tuple[Weight, ...]


@dataclass(frozen=True)
class Axis:
    """A named axis of a model's inputs: which sizes of it the model takes."""

    name: str
    least: int
    """The smallest size."""
    unit: int
    """What sizes have to be a multiple of."""
    refused: str
    """The layer that refuses the next smaller size; empty where none does."""


@dataclass(frozen=True)
class Model:
    """A Keras model as TensorFlow knows it; sizes in bytes, counts from unique weights."""

    name: str
    type: str
    chain: bool
    """Whether each layer's only input is the layer before it."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    layers: tuple[LayerRow, ...]
    params: int
    trainable: int
    non_trainable: int
    bytes: int
    axes: tuple[Axis, ...] = ()
    """The axes that the request names."""


@dataclass(frozen=True)
class Error:
    """An exception, as plain TensorFlow raised it; the message without terminal codes."""

    type: str
    message: str

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


@dataclass(frozen=True)
class Frame:
    """A line of the author's code on the way to an exception.

    An empty ``file`` is the code of the request itself, whose first line is 1.
    """

    file: str
    line: int
    function: str
    text: str


@dataclass(frozen=True)
class Versions:
    """The versions that an answer depends on; empty where a package is missing."""

    python: str = ""
    tensorflow: str = ""
    keras: str = ""
    backend: str = ""


@dataclass(frozen=True)
class Source:
    """Something besides the request that an answer depends on.

    ``kind`` is ``file`` (``key`` a path, ``value`` the SHA-256 of its content) or
    ``package`` (``key`` an installed distribution, ``value`` its version).
    """

    kind: str
    key: str
    value: str


@dataclass(frozen=True)
class Report:
    """What TensorFlow said: a model, or the error that the page expects."""

    model: Model | None = None
    error: Error | None = None
    output: str = ""
    """What the code printed to its standard output."""
    versions: Versions = Versions()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Failure:
    """That TensorFlow could not say it, and why.

    ``problem`` is a value of ``Problem``; empty where models are not to be run, or the
    cause is said elsewhere.
    """

    problem: str
    message: str
    frames: tuple[Frame, ...] = ()
    error: Error | None = None


Answer = Report | Failure


def item_size(dtype: str) -> int:
    """Return the bytes of one number of a dtype; 1 for ``bool``, 0 for ``string``."""
    if dtype == "bool":
        return 1
    bits = re.search(r"\d+", dtype)
    return (int(bits[0]) + 7) // 8 if bits else 0


def layer_paths(report: Report) -> tuple[str, ...]:
    """Return the path of each layer of a report in order, such as ``encoder/dense``."""
    above: list[str] = []
    found = []
    for row in report.model.layers if report.model is not None else ():
        del above[row.depth :]
        above.append(row.name)
        found.append("/".join(above))
    return tuple(found)


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value's JSON, in hexadecimal digits."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def content(answer: Answer) -> str:
    """Return the fingerprint of what an answer shows, apart from what it was made with."""
    if isinstance(answer, Report):
        answer = replace(answer, versions=Versions(), sources=())
    return fingerprint(answer)


def dumps(value: object) -> str:
    """Write a value of this module as one line of JSON, its keys in a fixed order."""
    return json.dumps(plain(value), separators=(",", ":"))


def plain(value: Any) -> Any:
    """Turn a value of this module into lists, dicts, strings and numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def build(kind: type[Value], data: object) -> Value:
    """Make a value of ``kind`` from plain data, the inverse of :func:`plain`.

    Raises ``ValueError`` for data of any other layout, whatever it is.
    """
    return typing.cast("Value", _build(kind, data))


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@functools.cache
def _types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(kind: Any, data: Any) -> Any:
    if is_dataclass(kind):
        return _build_dataclass(typing.cast("type", kind), data)
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _build_union(typing.get_args(kind), data)
    if origin is tuple:
        return _build_tuple(typing.get_args(kind), data)
    if type(data) is not kind:
        raise ValueError(f"expected {kind.__name__}, got {type(data).__name__}")
    return data


def _build_dataclass(kind: type, data: Any) -> Any:
    if not isinstance(data, dict) or data.keys() != _types(kind).keys():
        raise ValueError(f"not the fields of {kind.__name__}")
    return kind(**{name: _build(hint, data[name]) for name, hint in _types(kind).items()})


def _build_union(members: tuple[Any, ...], data: Any) -> Any:
    if data is None and type(None) in members:
        return None
    (member,) = (m for m in members if m is not type(None))
    return _build(member, data)


def _build_tuple(members: tuple[Any, ...], data: Any) -> Any:
    if not isinstance(data, list):
        raise ValueError(f"expected a list, got {type(data).__name__}")  # noqa: TRY004 - bad data
    return tuple(_build(members[0], item) for item in data)
