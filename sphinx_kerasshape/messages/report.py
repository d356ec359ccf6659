"""What TensorFlow said of a model, as plain values that cross processes and builds.

All are frozen, compare by value and travel as JSON (:mod:`.codec`), whose layout follows the
annotations; they are therefore evaluated in this module.
"""

import re
from collections.abc import Iterable
from math import prod
from typing import Annotated, NamedTuple

from sphinx_kerasshape.messages.codec import FilePath, Lines, Word
from sphinx_kerasshape.messages.problems import Problem

SCHEMA = 3
"""Number of the JSON layout; part of every cache key, so a change empties the cache."""

Shape = Annotated[tuple[int | None, ...], "shape"]
"""One entry an axis, the batch axis first; ``None`` where the size is open."""


class TensorSpec(NamedTuple):
    """A tensor as a layer's call takes or gives it."""

    shape: Shape
    dtype: Word
    name: str = ""
    symbolic: tuple[str, ...] = ()
    """The shape as expressions of named axes, such as ``time − 2``; empty without names."""


class Weight(NamedTuple):
    """One variable of a layer, such as a Dense layer's ``kernel`` of shape (50, 128)."""

    name: str
    path: str
    shape: Annotated[tuple[int, ...], "shape"]
    dtype: Word
    trainable: bool

    @property
    def params(self) -> int:
        """How many numbers the variable holds."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """How much memory these take."""
        return self.params * item_size(self.dtype)


class LayerCall(NamedTuple):
    """One call of a layer: what went in, what came out, and which calls it was connected to.

    A source is a layer's name; where that layer has several calls or outputs it is
    written as Keras does, ``name[call][output]``, both counted from 0.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    sources: tuple[str, ...]


class LayerRow(NamedTuple):
    """A layer (or another operation) of a model, and every call of it there.

    Rows stand in the model's order, the layers of a nested model behind its own row
    and one ``depth`` deeper.
    """

    name: str
    type: str
    depth: int
    calls: tuple[LayerCall, ...]
    params: int
    trainable: int
    bytes: int
    weights: tuple[Weight, ...]
    """Those of a layer that has no rows inside it; else they are in these (:func:`weights_of`)."""
    shared: int = 0
    """How many of its ``params`` are in weights that an earlier row has as well."""
    flops: int | None = None
    """Floating-point operations of its calls, where they are asked for and known."""
    note: str = ""
    """Why a layer has no calls: ``uncalled``, or ``training`` where only training calls it."""

    @property
    def is_shared(self) -> bool:
        """Whether an earlier row has all its weights as well."""
        return 0 < self.shared == self.params


class Axis(NamedTuple):
    """A named axis of a model's inputs: which sizes of it the model takes."""

    name: str
    least: int
    """The smallest size."""
    unit: int
    """What sizes have to be a multiple of."""
    refused: str
    """The layer that refuses the next smaller size; empty where none does."""


class Model(NamedTuple):
    """A Keras model as TensorFlow knows it; sizes in bytes, counts from unique weights."""

    name: str
    type: str
    chain: bool
    """Whether each layer's only input is the layer before it."""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[LayerRow, ...]
    params: int
    trainable: int
    non_trainable: int
    bytes: int
    axes: tuple[Axis, ...] = ()
    """The axes that the request names."""
    constructor: Lines = ""
    """The code that would build the model, where the request asks for it."""
    source: Lines = ""
    """The source of the function or class that made it, likewise."""
    flops: int | None = None
    """Floating-point operations of a call, where they are asked for and known."""


class Error(NamedTuple):
    """An exception, as plain TensorFlow raised it; the message without terminal codes."""

    type: str
    message: Lines

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


class Frame(NamedTuple):
    """A line of the author's code on the way to an exception.

    An empty ``file`` is the code of the request itself, or of another ``block`` of its
    session, whose first line is 1.
    """

    file: str
    line: int
    function: str
    text: str
    block: int = 0
    """Number, from 1, of the earlier block of the session that the line is of; 0: no other."""


class Versions(NamedTuple):
    """The versions that an answer depends on; empty where a package is missing."""

    python: str = ""
    tensorflow: str = ""
    keras: str = ""
    backend: str = ""


class Source(NamedTuple):
    """Something besides the request that an answer depends on.

    ``kind`` is ``file`` (``key`` a path, ``value`` the SHA-256 of its content) or
    ``package`` (``key`` an installed distribution, ``value`` its version).
    """

    kind: str
    key: FilePath
    value: str


class Report(NamedTuple):
    """What TensorFlow said: a model, or the error that the page expects."""

    model: Model | None = None
    error: Error | None = None
    output: Lines = ""
    """What the code printed to its standard output."""
    versions: Versions = Versions()
    sources: tuple[Source, ...] = ()


class Failure(NamedTuple):
    """The reason why there is no report.

    ``problem`` is ``None`` where models are not to be run, or where another message has the cause.
    """

    problem: Problem | None
    message: Lines
    frames: tuple[Frame, ...] = ()
    error: Error | None = None


Answer = Report | Failure


def item_size(dtype: str) -> int:
    """Return the bytes of one number of a dtype; 1 for ``bool``, 0 for ``string``."""
    if dtype == "bool":
        return 1
    bits = re.search(r"\d{1,4}", dtype)
    return (int(bits[0]) + 7) // 8 if bits else 0


def shape_text(shape: Iterable[object]) -> str:
    """Write a shape as Python does: ``(None, 50)``, ``(batch, time − 2, 32)``, ``(32,)``."""
    sizes = [str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
