"""Claims of dtypes: ``float32``, ``tf.float32``, ``fp16``, ``32-bit floats``, ``half precision``."""

from __future__ import annotations

import re

from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.text import hint, quoted

_FLOATS = ("float16", "float32", "float64", "bfloat16", "float8_e4m3fn", "float8_e5m2")
_INTS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (4, 8, 16, 32, 64))
_NAMES = (
    *(*_FLOATS, *_INTS, "bool", "string", "complex64", "complex128"),
    *("qint8", "quint8", "qint16", "quint16", "qint32", "resource", "variant"),
)
_SHORT = {"fp16": "float16", "bf16": "bfloat16", "fp32": "float32", "fp64": "float64", "boolean": "bool"}
_MODULE = re.compile(r"^(?:tf|np|numpy|tensorflow|torch|jnp|keras)\.")
_BITS = {"half": "16", "single": "32", "double": "64"}
_IN_WORDS = re.compile(
    r"(?:(?P<bits>\d{1,2})[- ]bits? )?(?P<unsigned>unsigned )?"
    r"(?P<kind>float|int)(?:s|egers?|ing[- ]points?(?: numbers?)?)?"
    r"|(?P<word>half|single|double)[- ]precision(?: floats?)?"
)


def dtypes(stated: str) -> set[str]:
    """Return the stated dtypes, which commas separate. Raises :class:`Unreadable`."""
    return {_dtype(" ".join(part.strip(" \"'").split())) for part in stated.split(",")}


def _dtype(text: str) -> str:
    name = _MODULE.sub("", text)
    name = _SHORT.get(name, name)
    match = _IN_WORDS.fullmatch(text)
    if match and (match["bits"] or match["word"]):
        sign = "u" if match["unsigned"] else ""
        name = f"{sign}{match['kind'] or 'float'}{match['bits'] or _BITS[match['word']]}"
    if name not in _NAMES:
        raise Unreadable(f"{quoted(text)} is not a dtype{hint(name, _NAMES, most=8)}")
    return name
