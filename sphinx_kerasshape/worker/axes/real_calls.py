"""Real calls on zeros, which find sizes that an operation refuses only when it computes.

Shapes don't tell that a table of positions has 100 rows, or that ``ops.take`` is asked for the sixth step.
Keras' own layers refuse by shapes what they refuse; of other operations, those that are small are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from sphinx_kerasshape.worker.read import declared, identity, trace, weights
from sphinx_kerasshape.worker.read.recorder import graph_of
from sphinx_kerasshape.worker.read.undisturbed import undisturbed

_MAX_CALL = 4_000_000
"""Numbers in all tensors of a call; a larger one is not made."""
_MAX_WEIGHTS = 25_000_000
"""Weights of a model that has to be run without its own."""
_MAX_WORK = 400_000_000
"""Numbers in the tensors of all calls for a model."""
_BY_SHAPE = {
    *("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Power", "Maximum", "Minimum"),
    *("Matmul", "Einsum"),
    *("Concatenate", "Stack", "Split", "Reshape", "Transpose", "ExpandDims", "Squeeze", "Cast", "GetItem"),
    *("Mean", "Sum", "Max", "Min", "Softmax", "Sigmoid", "Tanh", "Relu", "Gelu", "Silu", "Exp", "Sqrt"),
}
"""Operations of Keras, common in models, that refuse shapes only."""
_BY_VALUES = {"MelSpectrogram", "STFTSpectrogram"}
"""Keras' own layers that pad by reflection, which refuses what is shorter only when it computes."""
_MAX_VALUES = 100_000
"""Whole numbers of an output that following operations are called with."""


class RealCalls:
    """Makes the calls for the probes of one model."""

    def __init__(self) -> None:
        self.are_complete = True
        """Whether all calls of this probe were small enough to be made."""
        self._work = _MAX_WORK
        self._weight_count = 0
        self._weights: dict[int, tuple[Any, Any]] = {}
        """Each variable that has no value, and zeros for it, by its id."""
        self._made: dict[Any, tuple[list[Any], list[Any] | Exception | None]] = {}
        """The values given to each call, and its outputs, what it raised, or nothing if it was not made."""
        self._values: dict[int, tuple[Any, Any]] = {}
        """Each symbolic tensor whose values are known where inputs are zeros, and these, by its id."""

    def begin(self) -> None:
        """Begin with the calls of a probe."""
        self._values.clear()
        self.are_complete = True

    def confirm(self, operation: Any, args: Any, kwargs: Mapping[str, Any], call: declared.Traced) -> None:
        """Make a call, if it may refuse what the symbolic one does not. Raises what it raises."""
        import tensorflow as tf

        flat = tf.nest.flatten((args, dict(kwargs)))
        has_values = any(id(value) in self._values for value in flat)
        if not has_values and not _may_refuse(operation):
            return
        outputs = self._outputs(operation, flat, args, kwargs, call)
        for symbolic, real in zip(tf.nest.flatten(call.outputs), outputs, strict=False):
            if real.dtype.is_integer and real.shape.num_elements() <= _MAX_VALUES:
                self._values[id(symbolic)] = symbolic, real

    def _outputs(
        self, operation: Any, flat: list[Any], args: Any, kwargs: Mapping[str, Any], call: declared.Traced
    ) -> list[Any]:
        specs = [
            (tuple(item.shape), str(item.dtype)) if trace.is_symbolic(item) else repr(item) for item in flat
        ]
        values = [self._values[id(item)][1] for item in flat if id(item) in self._values]
        key = (id(operation), *specs, *map(id, values))
        if key not in self._made:
            try:
                self._made[key] = values, self._called(operation, args, kwargs, call)
            except Exception as error:
                self._made[key] = values, error
        found = self._made[key][1]
        if isinstance(found, Exception):
            raise found
        if found is None:
            self.are_complete = False
        return found or []

    def _called(
        self, operation: Any, args: Any, kwargs: Mapping[str, Any], call: declared.Traced
    ) -> list[Any] | None:
        """Return the outputs of a call; ``None`` if it would be too large."""
        import keras
        import tensorflow as tf

        if call.numbers > min(_MAX_CALL, self._work):
            return None
        state = self._state(operation)
        if state is None:
            return None
        self._work -= call.numbers
        inputs = trace.Signature(args, dict(kwargs)).map(self._real)
        # As a graph, loops over steps are much faster.
        function = tf.function(operation, autograph=False) if call.has_loop else operation
        with trace.quiet(), undisturbed(operation), keras.StatelessScope(state_mapping=state):
            return list(tf.nest.flatten(function(*inputs.args, **inputs.kwargs)))

    def _real(self, tensor: Any) -> Any:
        return self._values[id(tensor)][1] if id(tensor) in self._values else trace.zeros(tensor)

    def _state(self, operation: Any) -> list[tuple[Any, Any]] | None:
        """Return zeros for the variables of an operation that lack values; ``None`` if they are too large."""
        import keras
        import tensorflow as tf

        variables = [v for v in getattr(operation, "variables", ()) if vars(v).get("_value", v) is None]
        missing = [variable for variable in variables if id(variable) not in self._weights]
        self._weight_count += sum(prod(variable.shape) for variable in missing)
        if self._weight_count > _MAX_WEIGHTS:
            return None
        for variable in missing:
            dtype = keras.backend.standardize_dtype(variable.dtype)
            self._weights[id(variable)] = variable, tf.zeros(variable.shape, dtype)
        return [self._weights[id(variable)] for variable in variables]


def may_any_refuse(functional: Any) -> bool:
    """Whether any operation of a model may refuse values."""
    inner = ((operation, graph_of(operation)) for operation in functional.operations)
    return any(may_any_refuse(graph) if graph else _may_refuse(operation) for operation, graph in inner)


def _may_refuse(operation: Any) -> bool:
    """Whether an operation may refuse values, unlike most of Keras' own layers."""
    import keras

    if not isinstance(operation, keras.Layer):
        kind = type(operation)
        return kind.__name__ not in _BY_SHAPE or not kind.__module__.startswith("keras.src.ops.")
    layers = [*weights.all_layers(operation)]
    return any(type(layer).__name__ in _BY_VALUES for layer in layers) or not all(
        map(identity.is_of_keras, layers)
    )
