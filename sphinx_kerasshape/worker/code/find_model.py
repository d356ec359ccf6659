"""Finding the object that the author means by "the model"."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure, Model
from sphinx_kerasshape.worker.code import exceptions
from sphinx_kerasshape.worker.read import keras2


def find(expression: str, value: object, namespace: dict[str, Any], before: Mapping[str, Any]) -> Any:
    """Return the model, or the failure that says why it isn't clear which object it is.

    It is, in this order: the ``:model:`` expression; ``value``, that of the code's last expression, or what
    this describes; the variable ``model``; the only Keras model among the variables. In a session, the
    variables that this block has set since ``before`` come first, if any of them holds a model.
    """
    if isinstance(value, Model):
        return value  # a saved model that is a report already
    if expression:
        return _evaluated(expression, namespace)
    own = {
        name: item
        for name, item in namespace.items()
        if name == "__name__" or before.get(name, before) is not item
    }
    for item in (value, own.get("model")):
        if _is_instance(item, _model_classes()):
            return item
    if dict(_candidates(own)):
        return _only(own)
    made = [name for name, item in _public(namespace) if _is_instance(item, _model_classes())]
    # An earlier block's 'model', unless a later one has been made.
    return namespace["model"] if made[-1:] == ["model"] else _only(namespace)


def _only(namespace: dict[str, Any]) -> Any:
    models: dict[int, tuple[str, Any]] = {}
    for name, model in _candidates(namespace):
        models.setdefault(id(model), (name, model))
    if len(models) == 1:
        return next(model for _, model in models.values())
    return _several_models([name for name, _ in models.values()]) if models else _no_model(namespace)


def _evaluated(expression: str, namespace: dict[str, Any]) -> Any:
    """Return the model that the ``:model:`` expression gives."""
    try:
        code = compile(expression, "<:model:>", "eval")
    except (SyntaxError, ValueError):
        return Failure(Problem.MODEL, f":model: {expression} is not a Python expression")
    try:
        value = eval(code, namespace)
    except Exception as error:
        here = error.__traceback__
        if here and here.tb_next and here.tb_next.tb_next:
            raise  # It comes from a function that the expression calls.
        problem = f"gives no model: {exceptions.name(error)}: {exceptions.message(error)}"
    else:
        if _is_instance(value, _model_classes()):
            return value
        problem = f"is not a Keras model but a value of type {type(value).__name__}"
    names = ", ".join(dict(_candidates(namespace)))
    return Failure(
        Problem.MODEL, f":model: {expression} {problem}" + (f"; the models are {names}" if names else "")
    )


def _candidates(namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the models in variables, and in lists, dicts and objects that are, each with its expression."""
    inside: list[tuple[str, Any]] = []
    for name, value in _public(namespace):
        if _is_instance(value, _model_classes()):
            yield name, value
        elif _is_instance(value, dict):
            inside += [(f"{name}[{_literal(key)}]", item) for key, item in dict.items(value)]
        elif _is_instance(value, (list, tuple)):
            inside += [(f"{name}[{index}]", item) for index, item in enumerate(value)]
        elif not _is_instance(value, (type, types.ModuleType)):
            inside += [(f"{name}.{attribute}", item) for attribute, item in _attributes(value)]
    yield from (pair for pair in inside if _is_instance(pair[1], _model_classes()))


def _attributes(value: object) -> list[tuple[str, Any]]:
    """Return the attributes of an object, without asking the object, which can lie or fail."""
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return []
    return _public(dict(attributes)) if _is_instance(attributes, dict) else []


def _public(namespace: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the variables that the author has named."""
    return [pair for pair in namespace.items() if type(pair[0]) is str and not pair[0].startswith("_")]


def _is_instance(value: object, kinds: Any) -> bool:
    """Whether a value is of a class; ``isinstance`` would ask the object itself, which can lie or fail."""
    return issubclass(type(value), kinds)


def _literal(key: object) -> str:
    try:
        return repr(key)
    except Exception:
        return "…"


def is_model(value: object) -> bool:
    """Whether a value is a Keras model."""
    return _is_instance(value, _model_classes())


def _model_classes() -> tuple[Any, ...]:
    import keras

    return (keras.Model, *keras2.model_classes())


def _several_models(names: list[str]) -> Failure:
    return Failure(
        Problem.MODEL,
        f"the code makes several Keras models ({', '.join(names)}): name one with ':model: {names[-1]}', "
        "call it 'model', or end the code with it",
    )


def _no_model(namespace: dict[str, Any]) -> Failure:
    import keras

    public = _public(namespace)
    layers = ", ".join(name for name, value in public if _is_instance(value, keras.Layer))
    calls = " or ".join(f"{name}()" for name, value in public if _makes_models(value, namespace))
    hint = f"; to show a layer ({layers}), wrap it in a keras.Sequential" if layers else ""
    hint += f"; {calls} may make one" if calls else ""
    what = "the code makes no Keras model"
    if "model" in dict(public):
        what = f"'model' is not a Keras model but a value of type {type(dict(public)['model']).__name__}"
    return Failure(
        Problem.MODEL, f"{what}: assign one to 'model', end the code with it, or name it with ':model:'{hint}"
    )


def _makes_models(value: object, namespace: dict[str, Any]) -> bool:
    """Whether a value is a function or a model class that the code itself defines."""
    import keras

    is_class = _is_instance(value, type) and issubclass(value, keras.Model)  # type: ignore[arg-type]
    if not is_class and not _is_instance(value, types.FunctionType):
        return False
    return getattr(value, "__module__", None) == namespace.get("__name__")
