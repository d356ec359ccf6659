"""What values that a document's code gives are: models, numbers, tensors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure, Model, Observation
from sphinx_kerasshape.text import excerpt
from sphinx_kerasshape.worker.code import find_model
from sphinx_kerasshape.worker.read import followed, observed, unbuilt

Reader = Callable[[Any], Model | Failure]
"""Reads a model, or says why it can't be read."""


class Describing:
    """Describes values; ``read`` reads models. Tensors are followed by the open sizes of all of them."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._following = followed.Following()
        self.tensors = self._following.tensors

    def described(self, seen: Observation, value: Any) -> Observation:
        """Return an observation with what a value is."""
        if find_model.is_model(value):
            shown = _unbuilt_layers(value)
            model = self._read(value)
            if isinstance(model, Failure):
                seen = seen._replace(unbuilt=_printed(model, value))
                return seen._replace(failure=_unread(model, value))
            return seen._replace(model=model, optimizer=observed.optimizer_params(value), unbuilt=shown)
        number = observed.whole_number(value)
        if number is not None:
            return seen._replace(number=number)
        return seen._replace(tensors=self.tensors(value))

    def followed(self, observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
        """Return observations with the open sizes of tensors as expressions."""
        known = self._following.followed()
        return tuple(_followed(one, known) for one in observations)


def _followed(one: Observation, known: Mapping[int, followed.Followed]) -> Observation:
    found = [known[id(spec)] for spec in one.tensors if id(spec) in known]
    if not found:
        return one
    tensors = tuple(known[id(spec)].spec if id(spec) in known else spec for spec in one.tensors)
    return one._replace(tensors=tensors, sizes=found[0].sizes)


def _printed(failure: Failure, model: Any) -> Model | None:
    """Return what Keras 3 prints of a model that it has not built."""
    if failure.problem != Problem.UNBUILT or not hasattr(model, "_layers"):
        return None
    with contextlib.suppress(
        Exception
    ):  # Layers of the author's own may fail when they are asked for anything.
        return unbuilt.printed(model)
    return None


def _unbuilt_layers(model: Any) -> Model | None:
    """Return what Keras 3 prints of a model that counts as built, though some of its layers are not."""
    layers = getattr(model, "_layers", ())
    if getattr(model, "built", False) and not all(getattr(layer, "built", True) for layer in layers):
        with contextlib.suppress(Exception):
            return unbuilt.printed(model)
    return None


def _unread(failure: Failure, model: Any) -> Failure:
    """Return why a model can't be read, in words for authors who have no directive to add an input to."""
    if failure.problem != Problem.UNBUILT:
        return failure
    text = f"Keras does not know the shapes of {type(model).__name__} {excerpt(str(model.name))!r} here"
    return failure._replace(message=f"{text}: nothing before it builds or calls it", mend="")
