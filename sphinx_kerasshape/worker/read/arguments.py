"""The arguments that layers and their calls were given: those that are not defaults."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

_EMPTY = inspect.Parameter.empty


class NoView(Exception):
    """A model whose code can't be written; the message says why."""


def different_arguments(layer: Any) -> Iterator[tuple[str, Any, bool]]:
    """Yield the arguments of a constructor that are not defaults, with whether to give them by position."""
    import keras

    config = _config(layer)
    parameters = parameters_of(layer)
    required = [name for name, item in parameters.items() if item.default is _EMPTY]
    for name in required:
        if name not in config:
            raise NoView(f"the argument {name!r} of {type(layer).__name__}() is not known")
    if isinstance(layer, keras.Model):  # Making one to compare with would take as long as the model did.
        given = {name for name, item in parameters.items() if config.get(name, item.default) != item.default}
        given -= {"name"}
    else:
        given = _needed(layer, config, required)
    for name in required:
        yield name, config[name], parameters[name].kind is not inspect.Parameter.KEYWORD_ONLY
    yield from ((name, config[name], False) for name in config if name in given and name not in required)


def kept_arguments(layer: Any) -> dict[str, bool | float | str]:
    """Return the arguments of a constructor that a layer or model keeps under their names."""
    kept = {name: getattr(layer, name, None) for name in parameters_of(layer)}
    return {name: value for name, value in kept.items() if isinstance(value, bool | int | float | str)}


def has_known_arguments(layer: Any) -> bool:
    """Whether a layer or model says what each argument of its constructor was."""
    return parameters_of(layer).keys() <= _config(layer).keys() | {"dtype"}


def given_arguments(node: Any) -> dict[str, Any]:
    """Return the arguments of a call by name, without those that Keras adds itself."""
    import keras

    args, kwargs = node.arguments.args, {k: v for k, v in node.arguments.kwargs.items() if v is not None}
    parameters = inspect.signature(node.operation.call).parameters
    try:
        bound = inspect.signature(node.operation.call).bind(*args, **kwargs).arguments
    except TypeError:
        bound = {"inputs": args[0], **kwargs} if args else kwargs
    if not is_layer(node.operation):
        return bound
    masks = {id(getattr(tensor, "_keras_mask", None)) for tensor in node.input_tensors} | {id(None)}

    def is_of_keras(mask: object) -> bool:
        return all(id(item) in masks for item in keras.tree.flatten(mask))

    # Keras adds the masks of the inputs, and a default of 'training', if the author gives neither.
    kept = node.arguments.kwargs
    is_added = "mask" not in parameters or ("mask" in kept and is_of_keras(kept["mask"]))
    if is_added and bound.get("training") is False and parameters["training"].default is False:
        del bound["training"]
    return {
        name: value for name, value in bound.items() if not (name.endswith("mask") and is_of_keras(value))
    }


def parameters_of(layer: Any) -> dict[str, inspect.Parameter]:
    """Return the named parameters of a layer's constructor."""
    _, *parameters = inspect.signature(type(layer).__init__).parameters.values()
    unnamed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {item.name: item for item in parameters if item.kind not in unnamed}


def is_layer(operation: Any) -> bool:
    """Whether an operation is a layer, not a function's."""
    import keras

    return isinstance(operation, keras.Layer)


def is_adapted(layer: Any) -> bool:
    """Whether a layer has a vocabulary or boundaries from its ``adapt()``, which it can't do without."""
    own = vars(layer)
    if "input_bin_boundaries" in own:
        return own["input_bin_boundaries"] is None and own.get("bin_boundaries") is not None
    return own.get("input_vocabulary", own) is None and getattr(layer, "vocabulary_size", int)() > 0


def has_drawn_seed(layer: Any) -> bool:
    """Whether the seed of a layer is a random number: that of a RandomCrop for which none was given."""
    generator = getattr(layer, "generator", None)
    return getattr(generator, "_initial_seed", generator) is None and generator is not None


def is_own_function(value: object) -> bool:
    """Whether a value is a function that is not one of Keras or TensorFlow, which configs name."""
    module = str(getattr(value, "__module__", None))
    return isinstance(value, FunctionType) and not module.startswith(("keras.", "tensorflow."))


def _needed(layer: Any, config: dict[str, Any], required: Iterable[str]) -> set[str]:
    """Return the arguments that make a layer with the same config; all others are defaults."""
    given = set(required)
    try:
        different = _differing(layer, config, given)
        # Some defaults depend on other arguments: the strides of a pooling layer are its window's size.
        while different:
            given.add(different[0])
            different = _differing(layer, config, given)
    except Exception:
        # The class refuses some combinations: begin with all, and leave out what makes no difference.
        given = set(config) - {"name"}
        for name in config:
            if name in given and name not in required and _makes_same(layer, config, given - {name}):
                given.remove(name)
    return given


def _makes_same(layer: Any, config: dict[str, Any], given: Iterable[str]) -> bool:
    try:
        return not _differing(layer, config, given)
    except Exception:
        return False


def _differing(layer: Any, config: dict[str, Any], given: Iterable[str]) -> list[str]:
    """Return the other arguments in which a layer made with those given differs."""
    arguments = {name: config[name] for name in config if name in given}
    functions = {name: getattr(layer, name, None) for name in arguments}
    functions = {name: value for name, value in functions.items() if is_own_function(value)}
    try:
        made = type(layer)(**arguments | functions) if functions else type(layer).from_config(dict(arguments))
    except KeyError:
        made = type(layer)(**arguments)  # Rescaling reads all of its config.
    made_config = _config(made)
    known = {"name", *given}
    return [name for name in config if name not in known and made_config.get(name, layer) != config[name]]


def _config(layer: Any) -> dict[str, Any]:
    """Return a layer's config, and what it keeps besides; without what a Bidirectional derives."""
    import keras

    try:
        config = dict(layer.get_config())
    except NotImplementedError:
        raise NoView(f"the class {type(layer).__name__} has no get_config()") from None
    config |= {name: value for name, value in kept_arguments(layer).items() if name not in config}
    if "seed" in config and has_drawn_seed(layer):
        config["seed"] = None
    if is_adapted(layer):
        raise NoView(f"what {layer.name!r} has learned by adapt() is no argument")
    if isinstance(layer, keras.layers.Bidirectional):
        forward, backward = layer.forward_layer.get_config(), layer.backward_layer.get_config()
        mirrored = {**forward, "go_backwards": not forward["go_backwards"], "name": backward["name"]}
        if backward == mirrored:
            config["backward_layer"] = None
        config["layer"] = {**config["layer"], "config": {**config["layer"]["config"]}}
        config["layer"]["config"]["name"] = forward["name"].removeprefix("forward_")
    return config
