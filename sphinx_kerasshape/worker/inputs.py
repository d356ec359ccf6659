"""An input shape, for a model that the author's code gives none: the ``:input:`` option."""

from __future__ import annotations

import ast
from typing import Any

from sphinx_kerasshape.messages import shape_text
from sphinx_kerasshape.worker import trouble


class Refused(Exception):
    """A shape that a model can't be built with; the message says why, and how to mend it."""

    problem = "unbuilt"


def build(model: Any, shape: str) -> None:
    """Build a Sequential model with a shape, the batch axis first; one that has it already stays.

    Raises :class:`Refused` where the model has another shape, or does not take this one.
    """
    import keras

    if not isinstance(model, keras.Sequential):
        # Functional models have their shapes; the reader says what it makes of others.
        if hasattr(model, "inputs") and hasattr(model, "_nodes_by_depth"):
            _same([tuple(tensor.shape) for tensor in model.inputs], shape)
        return
    if model._functional is not None:
        _same([tuple(tensor.shape) for tensor in model.inputs], shape)
        return
    if not model.layers:
        return  # The reader says it.
    try:
        model.build(ast.literal_eval(shape))
    except Exception as error:
        reason = f"{trouble.name(error)}: {trouble.message(error)}"
        raise Refused(f"the model can't be built with :input: {shape}\n{reason}") from None


def _same(shapes: list[tuple[int | None, ...]], shape: str) -> None:
    found = [shape_text(one) for one in shapes]
    if found != [shape]:
        raise Refused(
            f":input: {shape} is for a model without an input shape; this one has {', '.join(found)}: "
            "leave :input: out, or change the code"
        )
