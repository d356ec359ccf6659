"""Words of German, French and Spanish for whole numbers below 101, and for what is counted.

These are the languages that the extension speaks besides English. Babel has no words for numbers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 5
"""The number of words of "quatre vingt dix neuf", and one more."""
_DE = (
    *("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf"),
    *("zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"),
)
_FR = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze"),
    *("douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_ES = (
    *("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once"),
    *("doce", "trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte"),
    *("veintiuno", "veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete"),
    *("veintiocho", "veintinueve"),
)
_TENS = {
    "de": ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"),
    "fr": ("vingt", "trente", "quarante", "cinquante", "soixante"),
    "es": ("treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"),
}
_HUNDRED = {"de": ("hundert", "einhundert"), "fr": ("cent",), "es": ("cien",)}
_ONE = {
    "de": (r"^eins$", ("ein", "eine", "einen", "einem", "einer", "eines")),
    "fr": (r"un$", ("une",)),
    "es": (r"(?:uno|ún)$", ("un", "una", "ún")),
}
"""The end of a number that depends on the gender of what is counted, and its other forms."""
_NOUNS = {
    "parameters": {
        "en": (("parameter", "parameters"), ("param", "params"), ("weight", "weights")),
        "de": (("parameter", "parameter"), ("parameter", "parametern"), ("gewicht", "gewichte")),
        "fr": (("paramètre", "paramètres"), ("poids", "poids")),
        "es": (("parámetro", "parámetros"), ("peso", "pesos")),
        "it": (("parametro", "parametri"),),
        "pt": (("parâmetro", "parâmetros"),),
    },
    "layers": {
        "en": (("layer", "layers"),),
        "de": (("schicht", "schichten"), ("layer", "layer"), ("layer", "layern")),
        "fr": (("couche", "couches"),),
        "es": (("capa", "capas"),),
    },
}
"""The singular and the plural of each noun."""


WITHOUT_PLURAL = "(?:个|個|個の)?(?:参数|參數|パラメータ|パラメーター)|个|個|개"
"""What is counted, in languages where nothing depends on the number."""


class _Words(NamedTuple):
    values: Mapping[str, int]
    """The number of each spelling, in which a hyphen is a space."""
    written: Sequence[str]
    """The words for each number below 100; empty if they depend on a gender."""


def find(text: str, language: str) -> tuple[int, int, int] | None:
    """Return the first number in words of a language, and where it begins and ends in the text."""
    words = _words(language[:2])
    found = list(_WORD.finditer(text)) if words else []
    for number, first in enumerate(found):
        for last in reversed(found[number : number + _LONGEST]):
            value = words.values.get(_folded(text[first.start() : last.end()])) if words else None
            if value is not None:
                return value, first.start(), last.end()
    return None


def written(number: int, language: str) -> str:
    """Return the words for a number below 100; empty if they depend on a gender, or are not known."""
    words = _words(language[:2])
    return words.written[number] if words else ""


def nouns(kind: str, language: str) -> Sequence[tuple[str, str]]:
    """Return the singular and the plural of what is counted, in a language and in English.

    ``kind`` is ``parameters`` or ``layers``.
    """
    own = _NOUNS[kind].get(language[:2], ())
    return (*own, *_NOUNS[kind]["en"])


def is_singular(number: int, language: str) -> bool:
    """Whether what is counted is in the singular: in French, none is, too."""
    return number in (0, 1) if language.startswith("fr") else number == 1


def _folded(text: str) -> str:
    return " ".join(re.split(r"[\s-]+", text.casefold()))


@functools.lru_cache(maxsize=8)
def _words(language: str) -> _Words | None:
    if language not in _TENS:
        return None
    below = [_below_hundred(number, language) for number in range(100)]
    end, forms = _ONE[language]
    values = {_folded(word): number for number, word in enumerate(below)}
    values |= {_folded(word): 100 for word in _HUNDRED[language]}
    gendered = {number for number, word in enumerate(below) if re.search(end, word)}
    for number in gendered:
        values |= {_folded(re.sub(end, form, below[number])): number for form in forms}
    return _Words(values, ["" if number in gendered else word for number, word in enumerate(below)])


def _below_hundred(number: int, language: str) -> str:
    return {"de": _german, "fr": _french, "es": _spanish}[language](number)


def _german(number: int) -> str:
    if number < len(_DE):
        return _DE[number]
    tens, ones = _TENS["de"][number // 10 - 2], number % 10
    return f"{'ein' if ones == 1 else _DE[ones]}und{tens}" if ones else tens


def _french(number: int) -> str:
    if number < len(_FR):
        return _FR[number]
    if number == 80:
        return "quatre-vingts"
    if number > 80:
        return f"quatre-vingt-{_FR[number - 80]}"
    tens = min(number // 10, 6)
    ones, word = number - 10 * tens, _TENS["fr"][tens - 2]
    joint = " et " if ones in (1, 11) else "-"
    return f"{word}{joint}{_FR[ones]}" if ones else word


def _spanish(number: int) -> str:
    if number < len(_ES):
        return _ES[number]
    tens, ones = _TENS["es"][number // 10 - 3], number % 10
    return f"{tens} y {_ES[ones]}" if ones else tens
