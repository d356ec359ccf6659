"""Probes: the shapes that a functional model has for concrete sizes of its open axes.

A probe makes a symbolic call of each operation, which neither computes nor allocates anything, and records
the shapes of all tensors, inside nested models too. It also tells whether the model takes the sizes at all.
Where tracing an operation would tell no more than what it declares, its declaration is asked.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from functools import cached_property, partial
from typing import Any

from sphinx_kerasshape.worker.axes import integers
from sphinx_kerasshape.worker.axes.effort import Effort, TooLong
from sphinx_kerasshape.worker.axes.real_calls import RealCalls, may_any_refuse
from sphinx_kerasshape.worker.axes.walk import Probe, Refused, Sizes, TensorPath, Unsettled, walk
from sphinx_kerasshape.worker.read import declared, identity, masks, trace

_MAX_LIMITS = 8

Call = Callable[[Any, Any, Any], declared.Traced]
"""Makes a symbolic call of an operation, with some arguments."""

_Made = declared.Traced | Exception | TooLong
"""A symbolic call, or what it raised."""


class Probes:
    """Makes the probes of a functional model.

    ``axes`` has, for each of the model's inputs, a name or a size for each dimension.
    """

    def __init__(self, functional: Any, axes: list[tuple[str | int, ...]]) -> None:
        self._functional = functional
        self._axes = axes
        self.names = tuple(dict.fromkeys(name for dims in axes for name in dims if isinstance(name, str)))
        self._symbolic: Call = declared.outputs
        self._calls: RealCalls | None = None
        self._made: dict[tuple[object, ...], _Made] = {}
        """The symbolic calls so far, by the node and the shapes of its inputs."""
        self._shared: dict[tuple[str, str], _Made] = {}
        """The same, by what is equal for equal operations, and by the arguments."""
        self._identities: dict[int, tuple[Any, str]] = {}
        self.effort = Effort()
        self.tried: dict[tuple[int, ...], Probe | Refused] = {}
        """The probe for each of the sizes so far, in the order of the names."""

    @property
    def batch(self) -> str:
        """The name of the first axis of all inputs, if it is of no other; else empty."""
        first, others = (
            {dims[0] for dims in self._axes if dims},
            {dim for dims in self._axes for dim in dims[1:]},
        )
        name = first.pop() if len(first) == 1 else ""
        return name if isinstance(name, str) and name not in others else ""

    @cached_property
    def calls(self) -> int:
        """How many calls the model makes, without those of models in it."""
        return len(self._functional._nodes)

    @cached_property
    def integers(self) -> set[int]:
        """The whole numbers of the model's layers."""
        return integers.of_layers(self._functional)

    @cached_property
    def limits(self) -> list[int]:
        """Whole numbers of the author's own code, in which a size may end: the largest ones."""
        return sorted(integers.of_code(self._functional))[-_MAX_LIMITS:]

    @cached_property
    def tables(self) -> set[int]:
        """Numbers of rows: a table of positions has one for each step."""
        return {int(weight.shape[0]) for weight in self._functional.weights if len(weight.shape) == 2}

    def ways(self) -> Iterator[None]:
        """Start over with each way to make probes: some models can't be called, and some can't be traced."""
        for self._symbolic, self._calls in (
            (declared.outputs, RealCalls()),
            (declared.outputs, None),
            (_declared, None),
        ):
            self.tried.clear()
            self._made.clear()
            self._shared.clear()
            yield

    def at(self, sizes: Mapping[str, int], *, real: bool = False) -> Probe:
        """Return the probe for some sizes, with ``real`` calls or without. Raises :class:`Refused`."""
        key = tuple(sizes[name] for name in self.names)
        result = self.tried.get(key)
        if result is None or (real and isinstance(result, Probe) and result.is_checked is None):
            try:
                result = self._make(dict(sizes), self._calls if real else None)
            except Refused as refused:
                result = refused
            self.tried[key] = result
        if isinstance(result, Refused):
            raise result
        return result

    def is_tried(self, sizes: Sizes) -> bool:
        """Whether all calls that may refuse some sizes were made, of a model that takes them."""
        if self._calls is None and may_any_refuse(self._functional):
            return False
        try:
            return bool(self.at(sizes, real=True).is_checked)
        except Refused:
            return False

    def refusing(self, sizes: Sizes) -> str:
        """Return the layer that refuses some sizes; empty if none does. Raises :class:`Unsettled`."""
        try:
            self.at(sizes, real=True)
        except Unsettled:
            raise
        except Refused as refused:
            return refused.layer
        return ""

    def takes(self, sizes: Sizes) -> bool:
        """Whether no layer refuses some sizes, as far as that was found out."""
        try:
            return not self.refusing(sizes)
        except Unsettled:
            return False

    def is_refused(self, sizes: Sizes) -> bool:
        """Whether a layer refuses some sizes, as far as symbolic calls tell."""
        try:
            self.at(sizes)
        except Refused as refused:
            return not isinstance(refused, Unsettled)
        return False

    def hint(self) -> str:
        """Return what is wrong if the model takes no sizes."""
        failed = [(key, result) for key, result in self.tried.items() if isinstance(result, Refused)]
        refusals = [(key, result) for key, result in failed if not isinstance(result, Unsettled)]
        if not refusals:
            return (
                f"a call of its layer {failed[-1][1].layer!r} takes too long to be tried with several sizes"
            )
        return f"no sizes were found that the model takes: {self._refusal(*refusals[-1])}"

    def refusal(self, sizes: Sizes) -> str:
        """Return what is wrong if the model takes sizes of each axis, but not together."""
        key = tuple(sizes[name] for name in self.names)
        result = self.tried[key]
        assert isinstance(result, Refused)
        return f"the sizes that one axis takes depend on the others: {self._refusal(key, result)}"

    def _refusal(self, key: tuple[int, ...], refused: Refused) -> str:
        sizes = ", ".join(f"{name} = {size}" for name, size in zip(self.names, key, strict=True))
        return f"its layer {refused.layer!r} refuses {sizes}; give axes that must be equal the same name"

    def _make(self, sizes: Sizes, calls: RealCalls | None) -> Probe:
        import keras

        probe = Probe(sizes)
        tensors = [
            keras.KerasTensor(
                tuple(sizes[dim] if isinstance(dim, str) else dim for dim in dims), dtype=reference.dtype
            )
            for dims, reference in zip(self._axes, self._functional.inputs, strict=True)
        ]
        # What a layer prints meanwhile does not belong in a page.
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if calls:
                calls.begin()
            walk(self._functional, tensors, (), probe, partial(self._call, calls))
        if calls or not self._calls:
            probe.is_checked = not calls or calls.are_complete
        return probe

    def _call(self, calls: RealCalls | None, node: TensorPath, operation: Any, args: Any, kwargs: Any) -> Any:
        call = self._traced(node, operation, args, kwargs)
        if calls:
            calls.confirm(operation, args, kwargs, call)
        return call.outputs

    def _traced(self, node: TensorPath, operation: Any, args: Any, kwargs: Any) -> declared.Traced:
        """Return the symbolic call of a node: one for each shapes of its inputs, and for equal operations."""
        import tensorflow as tf

        tensors = filter(trace.is_symbolic, tf.nest.flatten((args, kwargs)))
        key = (node, *(tuple(tensor.shape) for tensor in tensors))
        if key not in self._made:
            shared = (self._identity(operation), str(identity.given(args, kwargs)))
            if shared not in self._shared:
                self._shared[shared] = self._new(operation, args, kwargs)
            self._made[key] = _copied(self._shared[shared])
        made = self._made[key]
        if isinstance(made, BaseException):
            raise made
        return made

    def _new(self, operation: Any, args: Any, kwargs: Any) -> _Made:
        try:
            return self.effort.traced(self._symbolic, operation, args, kwargs)
        except (Exception, TooLong) as error:
            return error

    def _identity(self, operation: Any) -> str:
        """Return what is equal for equal operations; the operation is kept, and with it its id."""
        if id(operation) not in self._identities:
            is_kept = declared.keeps(operation, (), {}, declared.KEPT)
            name = f"id {id(operation)}" if is_kept else identity.identity(operation)
            self._identities[id(operation)] = operation, name
        return self._identities[id(operation)][1]


def _copied(made: _Made) -> _Made:
    """Return a call with tensors of its own, by whose ids its values are known."""
    import keras

    if isinstance(made, BaseException):
        return made

    def copied(tensor: Any) -> Any:
        is_plain = (
            type(tensor) is keras.KerasTensor and not getattr(tensor, "ragged", False) and not tensor.sparse
        )
        if not is_plain:
            return tensor
        return masks.with_mask(tensor, keras.KerasTensor(tensor.shape, dtype=tensor.dtype))

    return made._replace(outputs=keras.tree.map_structure(copied, made.outputs))


def _declared(operation: Any, args: Any, kwargs: Any) -> declared.Traced:
    return declared.Traced(operation.compute_output_spec(*args, **kwargs))
