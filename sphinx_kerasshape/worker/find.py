"""Which object is the model that the author means."""

from __future__ import annotations

from typing import Any

from sphinx_kerasshape.messages import Failure


def model(expression: str, value: object, namespace: dict[str, Any]) -> Any:
    """Return the model, or the failure that says why it is not clear which one it is.

    In order: the ``:model:`` expression; the value of the code's last expression; the
    variable ``model``; the only Keras model among the variables.
    """
    import keras

    if expression:
        chosen = eval(expression, namespace)
        return chosen if isinstance(chosen, keras.Model) else _no_model(expression, chosen)
    for chosen in (value, namespace.get("model")):
        if isinstance(chosen, keras.Model):
            return chosen
    candidates = {
        name: found
        for name, found in namespace.items()
        if isinstance(found, keras.Model) and not name.startswith("_")
    }
    if len({id(found) for found in candidates.values()}) == 1:
        return next(iter(candidates.values()))
    return _unclear(list(candidates), namespace)


def _no_model(expression: str, chosen: object) -> Failure:
    kind = type(chosen).__name__
    return Failure("model", f":model: {expression} is no Keras model but a value of type {kind}")


def _unclear(candidates: list[str], namespace: dict[str, Any]) -> Failure:
    if candidates:
        names = ", ".join(candidates)
        return Failure(
            "model",
            f"the code makes several Keras models ({names}): name one with ':model: {candidates[0]}', "
            "call it 'model', or end the code with it",
        )
    import keras

    layers = [name for name, found in namespace.items() if isinstance(found, keras.Layer)]
    hint = f"; {', '.join(layers)}: a layer, to be wrapped in a keras.Sequential" if layers else ""
    return Failure(
        "model",
        "the code makes no Keras model: assign one to 'model', end the code with it, "
        f"or name it with ':model:'{hint}",
    )
