"""Calls that leave no trace: what reading calls, the author's code must not see.

A call of a layer can build it, replace its losses, keep values in its attributes, name new layers, and draw
random numbers. All of that is put back.
"""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable, Iterator
from typing import Any

from sphinx_kerasshape.worker.read import weights

Content = list[tuple[Any, Any]]
"""Layers and containers, each with a copy of what it holds."""
_MAX_ITEMS = 100_000
"""The most items of a container that is put back; a larger container holds data."""


@contextlib.contextmanager
def undisturbed(*layers: Any) -> Iterator[None]:
    """Put back the attributes of layers and of all layers inside them, and the state of names and numbers."""
    import numpy
    from keras.src.backend.common import global_state

    names = global_state.get_global_attribute("object_name_uids")
    saved = [pair for layer in layers for pair in content_of(layer)]
    saved += [] if names is None else [(names, dict(names))]
    states = random.getstate(), numpy.random.get_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        numpy.random.set_state(states[1])
        for thing, content in saved:
            _restore(thing, content)


def take_back(saved: Content) -> bool:
    """Set back the values that layers have kept since; return whether there were any.

    A value is a tensor or a plain one, not a layer, a variable, or anything that Keras keeps itself.
    """
    import keras

    of_keras = vars(keras.Model(name="plain")).keys()
    found = False
    for thing, content in saved:
        now = _content(thing)
        own = thing.__dict__ if isinstance(thing, keras.Layer) else thing
        if issubclass(type(own), dict) and now is not None:
            kept = () if own is thing else of_keras
            for key in [key for key in now if key not in kept and _is_value(now[key])]:
                if key not in content or content[key] is not now[key]:
                    found = True
                    dict.__delitem__(own, key)
                    dict.update(own, {key: content[key]} if key in content else {})
        elif issubclass(type(thing), list) and any(map(_is_tensor, now or ())):
            found = found or _items(now or []) != _items(content)
            _restore(thing, content)
    return found


def _is_value(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | tuple) or _is_tensor(value)


def _is_tensor(value: Any) -> bool:
    """Whether a value is a tensor; variables and layers can be trained, and are none."""
    return hasattr(value, "shape") and hasattr(value, "dtype") and not hasattr(value, "trainable")


def content_of(layer: Any) -> Content:
    """Return a layer, the layers inside it, and the containers in them, each with its content."""
    things = [*weights.all_layers(layer)]
    saved: dict[int, tuple[Any, Any]] = {}
    while things:
        thing = things.pop()
        copy = _copy_of(type(thing))  # type: ignore[arg-type]
        if copy is None or id(thing) in saved or _is_data(thing):
            continue
        content = copy(thing)
        saved[id(thing)] = thing, content
        things += content.values() if isinstance(content, dict) else content
    return [*saved.values()]


def _content(thing: Any) -> dict[Any, Any] | list[Any] | None:
    """Return a copy of what a layer or a container holds; ``None`` if it is neither."""
    copy = _copy_of(type(thing))  # type: ignore[arg-type]
    return None if copy is None else copy(thing)


@functools.cache
def _copy_of(kind: Any) -> Callable[[Any], dict[Any, Any] | list[Any]] | None:
    """Return the function that copies what a thing of a class holds; ``None`` if it holds nothing."""
    import keras
    from keras.src.utils.tracking import Tracker

    # Classes are asked for, since a proxy of TensorFlow says that it is a dictionary; and not the
    # containers' own methods, which Keras replaces by some that track each change.
    if issubclass(kind, dict):
        return lambda thing: dict(dict.items(thing))
    if issubclass(kind, list):
        return lambda thing: [*list.__iter__(thing)]
    if issubclass(kind, set):
        return lambda thing: [*set.__iter__(thing)]
    if issubclass(kind, keras.Operation | Tracker):
        return lambda thing: dict(vars(thing))
    return (lambda thing: [thing.__wrapped__]) if hasattr(kind, "__wrapped__") else None


def _is_data(thing: Any) -> bool:
    return issubclass(type(thing), dict | list | set) and len(thing) > _MAX_ITEMS


def _restore(thing: Any, content: dict[Any, Any] | list[Any]) -> None:
    now = _content(thing)
    assert now is not None
    if len(now) == len(content) and _items(now) == _items(content):
        return
    if issubclass(type(thing), list):
        list.__setitem__(thing, slice(None), content)
    elif issubclass(type(thing), set):
        set.clear(thing)
        set.update(thing, content)
    else:
        own = thing if issubclass(type(thing), dict) else vars(thing)
        dict.clear(own)
        dict.update(own, content)


def _items(content: dict[Any, Any] | list[Any]) -> list[Any]:
    """Return what is compared: tensors are not asked whether they are equal."""
    if isinstance(content, dict):
        return [*content, *map(id, content.values())]
    return [*map(id, content)]
