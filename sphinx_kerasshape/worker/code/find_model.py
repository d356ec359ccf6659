"""Which object is the model that the author means."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Failure, Model
from sphinx_kerasshape.worker.code import exceptions
from sphinx_kerasshape.worker.read import keras2


def model(expression: str, value: object, namespace: dict[str, Any], before: Mapping[str, Any]) -> Any:
    """Return the model, or the failure that says why it is not clear which one it is.

    In order: the ``:model:`` expression; the value of the code's last expression; the
    variable ``model``; the only Keras model among the variables. Of a session's blocks, the
    variables are those that the block itself has set, if these hold any model; ``before`` are
    the variables of before.
    """
    if isinstance(value, Model):
        return value  # a saved one, which is read already
    if expression:
        return _named(expression, namespace)
    own = {
        name: found
        for name, found in namespace.items()
        if name == "__name__" or before.get(name, before) is not found
    }
    for chosen in (value, own.get("model")):
        if _is(chosen, _models()):
            return chosen
    return _only(own if dict(_candidates(own)) else namespace)


def _only(namespace: dict[str, Any]) -> Any:
    candidates = dict(_candidates(namespace))
    if len({id(found) for found in candidates.values()}) == 1:
        return next(iter(candidates.values()))
    return _several(list(candidates)) if candidates else _none(namespace)


def _named(expression: str, namespace: dict[str, Any]) -> Any:
    """Return the model that the ``:model:`` expression gives."""
    try:
        code = compile(expression, "<:model:>", "eval")
    except (SyntaxError, ValueError):
        return Failure(Problem.MODEL, f":model: {expression} is no Python expression")
    try:
        chosen = eval(code, namespace)
    except Exception as error:
        here = error.__traceback__
        if here and here.tb_next and here.tb_next.tb_next:
            raise  # from a function that the expression calls
        problem = f"gives no model: {exceptions.name(error)}: {exceptions.message(error)}"
    else:
        if _is(chosen, _models()):
            return chosen
        problem = f"is no Keras model but a value of type {type(chosen).__name__}"
    names = ", ".join(dict(_candidates(namespace)))
    return Failure(
        Problem.MODEL, f":model: {expression} {problem}" + (f"; there is {names}" if names else "")
    )


def _candidates(namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the models that variables hold, also in a list or dict, by the expression for each."""
    inside: list[tuple[str, Any]] = []
    for name, found in _public(namespace):
        if _is(found, _models()):
            yield name, found
        elif _is(found, dict):
            inside += [
                (f"{name}[{_literal(key)}]", item) for key, item in dict.items(found) if _is(item, _models())
            ]
        elif _is(found, (list, tuple)):
            inside += [(f"{name}[{index}]", item) for index, item in enumerate(found) if _is(item, _models())]
    yield from inside


def _public(namespace: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the variables that the author has named."""
    return [one for one in namespace.items() if type(one[0]) is str and not one[0].startswith("_")]


def _is(found: object, kinds: Any) -> bool:
    """Whether an object really is of a class: ``isinstance`` asks the object, which can lie, or fail."""
    return issubclass(type(found), kinds)


def _literal(key: object) -> str:
    try:
        return repr(key)
    except Exception:
        return "…"


def _models() -> tuple[Any, ...]:
    import keras

    return (keras.Model, keras2.model_class()) if keras2.is_used() else (keras.Model,)


def _several(names: list[str]) -> Failure:
    return Failure(
        Problem.MODEL,
        f"the code makes several Keras models ({', '.join(names)}): name one with ':model: {names[0]}', "
        "call it 'model', or end the code with it",
    )


def _none(namespace: dict[str, Any]) -> Failure:
    import keras

    public = _public(namespace)
    layers = ", ".join(name for name, found in public if _is(found, keras.Layer))
    makers = ", ".join(name for name, found in public if _makes_models(found, namespace))
    hint = f"; {layers}: a layer, to be wrapped in a keras.Sequential" if layers else ""
    hint += f"; {makers}: to be called" if makers else ""
    what = "the code makes no Keras model"
    if "model" in dict(public):
        what = f"'model' is no Keras model but a value of type {type(dict(public)['model']).__name__}"
    return Failure(
        Problem.MODEL, f"{what}: assign one to 'model', end the code with it, or name it with ':model:'{hint}"
    )


def _makes_models(found: object, namespace: dict[str, Any]) -> bool:
    """Whether this is a function, or a class of models, of the code's own."""
    import keras

    is_class = _is(found, type) and issubclass(found, keras.Model)  # type: ignore[arg-type]
    if not is_class and not _is(found, types.FunctionType):
        return False
    return getattr(found, "__module__", None) == namespace.get("__name__")
