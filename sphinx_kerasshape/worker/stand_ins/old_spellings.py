"""Old spellings with their present meaning: in a second run of code that fails as TensorFlow fails it.

The failure stays what is reported of the code. The run tells what the models would be if only the spelling
were a present one; what it has replaced is listed as a stand-in. What has no present counterpart that makes
the same layers, such as ``CuDNNLSTM``, which has more weights than ``LSTM``, fails as ever.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import keras

from sphinx_kerasshape.worker.code.old_names import ARGUMENTS, GONE
from sphinx_kerasshape.worker.stand_ins import old_modules, old_tensors
from sphinx_kerasshape.worker.stand_ins.used import Used

_OF_LAYERS = {
    "nb_row": "kernel_size",
    "p": "rate",
    "sigma": "stddev",
    "stride": "strides",
    "atrous_rate": "dilation_rate",
    "dims": "target_shape",
    "dropout": "",
    "filter_length": "kernel_size",
    "U_regularizer": "recurrent_regularizer",
    "batch_input_shape": "batch_shape",
}
"""More of what arguments of layers became."""
_GONE_OF_LAYERS = frozenset(("weights", "nb_col", "forget_bias_init"))
_OF_FIT = {
    "nb_worker": "",
    "show_accuracy": "",
    "class_mode": "",
    "sample_weight_mode": "",
    "generator": "x",
    "val_samples": "steps",
    "nb_val_samples": "",
}
_OF_OPTIMIZERS = {"decay": "", "schedule_decay": ""}
_BATCH = "_kerasshape_batch_shape"
"""The attribute of a layer that was given the shape of a batch."""
_GENERATORS = {
    "fit_generator": ("fit", ("x", "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data")),
    "evaluate_generator": ("evaluate", ("x", "steps")),
    "predict_generator": ("predict", ("x", "steps")),
}
"""Methods that took generators: what does so now, and its arguments in their order."""


class OldSpellings:
    """What gives old spellings a meaning, and notes it."""

    def __init__(self, used: Used) -> None:
        self._used = used

    def install(self) -> None:
        """Have old spellings do what the present ones do, for as long as the process lives."""
        old_tensors.install(
            self._used
        )  # first, since it replaces functions in modules that the next one loads
        old_modules.install(self._used)
        for module, more, gone in (
            (keras.layers, _OF_LAYERS, _GONE_OF_LAYERS),
            (keras.optimizers, _OF_OPTIMIZERS, frozenset[str]()),
            (keras.callbacks, {"epsilon": "min_delta", "period": ""}, frozenset[str]()),
        ):
            for item in dict.fromkeys(filter(inspect.isclass, vars(module).values())):
                if "__init__" in vars(item) and item is not keras.Model:
                    item.__init__ = self._init(vars(item)["__init__"], more, gone)  # type: ignore[method-assign]
        self._of_models()
        self._of_layers()
        keras.KerasTensor.get_shape = old_modules.shape_of

    def _init(self, original: Any, present: Mapping[str, str], gone: frozenset[str]) -> Any:
        """Return a constructor that knows old arguments."""
        signature = inspect.signature(original)
        known = {one.name for one in signature.parameters.values() if one.kind != one.VAR_KEYWORD}

        @wraps(original)
        def __init__(item: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            if args and args[0] is item:
                self._used.note("super().__init__() in place of super().__init__(self)")
                args = args[1:]
            args, kwargs = _with_kernel(args, kwargs, known)
            kwargs = self._translated(kwargs, known, {**ARGUMENTS, **present}, gone)
            batch = kwargs.pop("batch_input_shape", None) if "batch_shape" not in known else None
            args = tuple(map(self._value, args))
            original(item, *args, **{key: self._value(one, key) for key, one in kwargs.items()})
            if batch is not None:
                self._used.note("Input(batch_shape=…) in place of batch_input_shape")
                object.__setattr__(item, _BATCH, tuple(batch))

        __init__.__signature__ = signature  # type: ignore[attr-defined]
        return __init__

    def _translated(
        self, given: dict[str, Any], known: set[str], present: Mapping[str, str], gone: frozenset[str]
    ) -> dict[str, Any]:
        """Return arguments under their present names; those that became nothing are left out."""
        found = {}
        for key, value in given.items():
            name = present.get(key, key)
            if key in known or (key not in present and key not in gone | GONE):
                found[key] = value
            elif name in known and name not in given:
                self._used.note(f"{name} in place of {key}")
                found[name] = old_modules.FORMATS.get(value, value) if name == "data_format" else value
            elif key in gone | GONE or not name:
                self._used.note(f"no {key}")
            else:
                found[key] = value
        return found

    def _value(self, value: Any, name: str = "") -> Any:
        """Return the value of an argument as Keras takes it now."""
        if name == "padding" and value in ("SAME", "VALID"):
            self._used.note(f"{value.lower()!r} in place of {value!r}")
            return value.lower()
        if old_modules.is_of_numpy(value):
            self._used.note("whole numbers of Python in place of those of NumPy")
            return old_modules.whole(value)
        return value

    def _of_models(self) -> None:
        functional = keras.src.models.functional.Functional
        new, init = keras.Model.__new__, functional.__init__

        def renamed(given: dict[str, Any]) -> dict[str, Any]:
            present = {"input": "inputs", "output": "outputs"}
            return self._translated(given, {"inputs", "outputs", "name"}, present, frozenset())

        def made(kind: Any, *args: Any, **kwargs: Any) -> Any:
            return new(kind, *args, **(renamed(kwargs) if kind is keras.Model else kwargs))

        keras.Model.__new__ = made
        functional.__init__ = wraps(init)(
            lambda model, *args, **kwargs: init(model, *args, **renamed(kwargs))
        )
        for name in ("fit", "evaluate", "predict", "compile"):
            setattr(keras.Model, name, self._method(getattr(keras.Model, name)))
        for name, (present, names) in _GENERATORS.items():
            setattr(keras.Model, name, self._of_generators(name, present, names))
        add = keras.Sequential.add

        @wraps(add)
        def with_input(model: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
            if not model._layers and hasattr(layer, _BATCH):
                of_batch = keras.layers.InputLayer(batch_shape=getattr(layer, _BATCH), dtype=_dtype(layer))
                add(model, of_batch, *args, **kwargs)
            return add(model, layer, *args, **kwargs)

        keras.Sequential.add = with_input

    def _method(self, original: Any) -> Any:
        known = set(inspect.signature(original).parameters)

        @wraps(original)
        def method(model: Any, *args: Any, **kwargs: Any) -> Any:
            present = {**ARGUMENTS, **_OF_FIT}
            return original(model, *args, **self._translated(kwargs, known, present, frozenset()))

        return method

    def _of_generators(self, name: str, present: str, names: tuple[str, ...]) -> Callable[..., Any]:
        def method(model: Any, *args: Any, **kwargs: Any) -> Any:
            self._used.note(f"{present} in place of {name}")
            return getattr(model, present)(**dict(zip(names, args, strict=False)), **kwargs)

        return method

    def _of_layers(self) -> None:
        """Give layers the attributes and methods that they had."""
        for name in ("input", "output"):
            setattr(keras.Layer, f"{name}_shape", property(self._shape(name)))
        add_weight = keras.Layer.add_weight

        @wraps(add_weight)
        def named_first(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if args and isinstance(args[0], str):
                self._used.note("add_weight(name=…) in place of its name alone")
                args, kwargs = args[1:], {"name": args[0], **kwargs}
            return add_weight(layer, *args, **kwargs)

        keras.Layer.add_weight = keras.Layer.add_variable = named_first
        initial = keras.layers.RNN.get_initial_state

        @wraps(initial)
        def get_initial_state(layer: Any, batch_size: Any) -> Any:
            if len(getattr(batch_size, "shape", ())) > 1:
                self._used.note("get_initial_state(batch_size) in place of get_initial_state(inputs)")
                batch_size = keras.ops.shape(batch_size)[0]
            return initial(layer, batch_size)

        keras.layers.RNN.get_initial_state = get_initial_state

    def _shape(self, name: str) -> Callable[[Any], Any]:
        def shape(layer: Any) -> Any:
            if str(sys._getframe(1).f_globals.get("__name__")).startswith("keras."):
                # Keras takes what has this attribute for a model whose input is known.
                raise AttributeError(f"'{type(layer).__name__}' object has no attribute '{name}_shape'")
            tensors = getattr(layer, name)
            self._used.note(f"{name}.shape in place of {name}_shape")
            shapes = keras.tree.map_structure(lambda tensor: tuple(tensor.shape), tensors)
            return [shapes] if isinstance(layer, keras.layers.InputLayer) else shapes

        return shape


def _with_kernel(args: Any, kwargs: dict[str, Any], known: set[str]) -> tuple[Any, dict[str, Any]]:
    """Return arguments with one size of a kernel in place of its rows and columns."""
    is_old = any(key in ARGUMENTS and key not in known | {"batch_input_shape"} for key in kwargs)
    if "kernel_size" in known and len(args) >= 3 and is_old:
        args = (args[0], (args[1], args[2]), *args[3:])
    if "nb_row" in kwargs and "nb_col" in kwargs:
        kwargs = {**kwargs, "nb_row": (kwargs["nb_row"], kwargs["nb_col"])}
        del kwargs["nb_col"]
    return args, kwargs


def _dtype(layer: Any) -> str:
    return "int32" if isinstance(layer, keras.layers.Embedding) else "float32"
