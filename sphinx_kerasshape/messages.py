"""The plain values that cross a border: between phases, processes and builds.

All are frozen, compare by value and travel as JSON (:mod:`.codec`). This file knows the standard
library only: the worker reads it under an interpreter that may have nothing else.
Annotations are evaluated here, once: the codec looks at them.
"""

import re
from collections.abc import Iterable, Sequence
from math import prod
from typing import Annotated, NamedTuple

from sphinx_kerasshape import bounds
from sphinx_kerasshape.codec import FilePath, Lines, Word, fingerprint

SCHEMA = 3
"""Number of the JSON layout; part of every cache key, so a change empties the cache."""

Shape = Annotated[tuple[int | None, ...], "shape"]
"""One entry an axis, the batch axis first; ``None`` where the size is open."""


class Step(NamedTuple):
    """An earlier block of a session, as a request that comes after it has it run; see there."""

    code: str
    origin: str = ""
    model: str = ""
    raises: str = ""
    axes: str = ""
    input: str = ""
    kind: str = "model"
    weights: str = "auto"
    file: str = ""
    custom_objects: str = ""


class Request(NamedTuple):
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
    input: str = ""
    """The input, batch axis first, to call a model with that has none, as :mod:`.given` writes it."""
    kind: str = "model"
    """``model``; or ``code``, whose answer is just what it prints."""
    file: str = ""
    """A saved model, which is loaded in place of running code."""
    custom_objects: str = ""
    """Import paths of what a saved model has that Keras does not know."""
    constructor: bool = False
    """Whether the code that would build the model is asked for."""
    flops: str = ""
    """The input, of full shapes, to count operations for; ``batch``: one sample of the model's own."""
    source: str = ""
    """The name of a function or class of the code whose source is asked for: ``Zoo.small``."""
    earlier: tuple[Step, ...] = ()
    """The blocks of its session before it, which are run first, in the same namespace."""

    def step(self) -> Step:
        """Return what the blocks after this one have of it."""
        return Step(*(getattr(self, name) for name in Step._fields))

    def session(self) -> tuple["Request", ...]:
        """Return the whole session up to here, this request last."""
        before = (
            self._replace(**step._asdict(), earlier=self.earlier[:number])
            for number, step in enumerate(self.earlier)
        )
        return (*before, self)


class Tensor(NamedTuple):
    """A tensor as a layer's call takes or gives it."""

    shape: Shape
    dtype: Word
    name: str = ""
    symbolic: tuple[str, ...] = ()
    """The shape as expressions of named axes, such as ``time − 2``; empty without names."""

    def check(self) -> None:
        """Raise ``ValueError`` where there is not one expression for each size."""
        if self.symbolic and len(self.symbolic) != len(self.shape):
            raise ValueError(f"{len(self.symbolic)} names for a shape of {len(self.shape)} sizes")


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


class Call(NamedTuple):
    """One call of a layer: what went in, what came out, and which calls it was connected to.

    A source is a layer's name; where that layer has several calls or outputs it is
    written as Keras does, ``name[call][output]``, both counted from 0.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    sources: tuple[str, ...]


class LayerRow(NamedTuple):
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
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
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

    def check(self) -> None:
        """Raise ``ValueError`` where it is larger than any model, or its rows are in no order."""
        bounds.check(self)


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
    """That TensorFlow could not say it, and why.

    ``problem`` is a value of ``Problem``; empty where models are not to be run, or the
    cause is said elsewhere.
    """

    problem: str
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


def weights_of(layers: Sequence[LayerRow], number: int) -> tuple[Weight, ...]:
    """Return the weights of a row, which those inside it may have; each once."""
    row = layers[number]
    found = {weight.path: weight for weight in row.weights}
    for place in range(number + 1, len(layers)):
        if layers[place].depth <= row.depth:
            break
        for weight in layers[place].weights:
            found[weight.path] = weight
    return tuple(found.values())


def layer_paths(report: Report) -> tuple[str, ...]:
    """Return the path of each layer of a report in order, such as ``encoder/dense``; no two are equal."""
    above: list[str] = []
    found: dict[str, None] = {}
    last: dict[str, int] = {}
    """The number of the last layer of a path that is there more than once."""
    for row in report.model.layers if report.model is not None else ():
        del above[row.depth :]
        above.append(row.name)
        whole = path = "/".join(above)
        while path in found:  # Names that were given by hand may be.
            last[whole] = last.get(whole, 1) + 1
            path = f"{whole} ({last[whole]})"
        found[path] = None
    return tuple(found)


def content(answer: Answer) -> str:
    """Return the fingerprint of what an answer shows, apart from what it was made with."""
    if isinstance(answer, Report):
        answer = answer._replace(versions=Versions(), sources=())
    return fingerprint(answer)
