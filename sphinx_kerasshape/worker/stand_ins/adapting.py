"""Layers that learn a vocabulary from texts that are not here: shapes don't depend on the words."""

from __future__ import annotations

from functools import wraps
from typing import Any, NoReturn

import keras

from sphinx_kerasshape.worker.stand_ins.used import NotHere, Used

MISSING = "No such file or directory"
"""What reading a batch of data that is not here raises."""
MANY_WORDS = f"{MISSING}: many texts"
"""What reading texts raises that are known to have more words than any vocabulary is meant to have."""


def install(used: Used) -> None:
    """Have layers take texts that are not here."""
    adapt = keras.layers.TextVectorization.adapt

    @wraps(adapt)
    def adapted(layer: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return adapt(layer, data, *args, **kwargs)
        except Exception as error:
            if MISSING not in str(error) or layer._output_mode != "int":
                raise
            _pretend(layer, is_full=MANY_WORDS in str(error))
            used.note("a vocabulary")
        return None

    keras.layers.TextVectorization.adapt = adapted


def is_adapted(layer: Any) -> bool:
    """Whether a layer that is to adapt to data that is not here has its shapes without; it is built then."""
    if not isinstance(layer, keras.layers.Normalization) or layer.axis:
        return False
    layer.build(())
    layer.finalize_state()
    return True


def _pretend(layer: Any, *, is_full: bool) -> None:
    """Give a layer made-up words: as many as it may have, or, if nobody knows that, some that stay hidden."""
    has_size = is_full and layer._max_tokens
    layer.set_vocabulary([f"word{number}" for number in range(layer._max_tokens - 2 if has_size else 1)])
    if not has_size:
        layer.get_vocabulary = layer.vocabulary_size = _unknown


def _unknown(*_: object, **__: object) -> NoReturn:
    raise NotHere("files are not here")
