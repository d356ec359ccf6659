"""Words for what is counted, in many languages: ``parameters``, ``trainierbare Parameter``, ``层``."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from itertools import chain

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
        "it": (("strato", "strati"), ("livello", "livelli")),
        "pt": (("camada", "camadas"),),
        "nl": (("laag", "lagen"),),
    },
}
"""The singular and the plural of each noun."""
_OTHERS = {
    "parameters": r"par[aàáâä]m\w*|параметр\w*|παράμετρ\w*|παραμέτρ\w*|پارامتر\w*|פרמטר\w*",
    "layers": r"сло(?:й|я|ев|ёв)|шар\w*|сло[јй]\w*|слоя|warstw\w*|vrstv\w*|lager|lag|katman\w*"
    r"|kerro\w*|réteg\w*|straturi|strat|capes|capa|lapisan|lớp|στρώμα\w*|slojev\w*|sloj\w*",
}
"""Nouns of other languages, whose forms nothing here knows."""
_WITHOUT_PLURAL = {
    "parameters": r"(?:个|個|個の|개의\s?)?(?:参数|參數|パラメータ|パラメーター|매개변수|파라미터)|个|個|개",
    "layers": r"(?:个|個|個の|つの|개의\s?|개\s?)?(?:层|層|レイヤー|레이어|계층|층)|个|個|개",
}
"""What is counted, in languages where nothing depends on the number."""
_ADJECTIVES = (
    r"(?:total|(?:non-?\s?)?(?:trainable|learnable|tunable)|nicht[ -]trainierbaren?"
    r"|(?:trainierbar|lernbar)en?)"
)
_BEHIND = (
    r"(?:(?:non )?entraînables|(?:no )?entrenables|(?:non )?addestrabili|(?:não )?treináveis|in total|in all"
    r"|altogether|overall|or so|insgesamt|au total|en total|in totale|no total)"
)
_TRAINABLE = re.compile(r"train|learn|tunabl|lern|entraîn|entren|addestr|trein", re.IGNORECASE)
_NOT_TRAINABLE = re.compile(r"\b(?:non?|nicht|não)\b", re.IGNORECASE)


def nouns(kind: str, language: str) -> Sequence[tuple[str, str]]:
    """Return the singular and the plural of what is counted, in a language and in English.

    ``kind`` is ``parameters`` or ``layers``.
    """
    own = _NOUNS[kind].get(language[:2], ())
    return (*own, *_NOUNS[kind]["en"])


def without_noun(text: str, kind: str, language: str) -> tuple[str, str]:
    """Return a count without its noun, and the noun with what is around it: ``millions de paramètres``."""
    counted = _pattern(kind, language[:2]).search(text)
    return (text[: counted.start()], counted[0]) if counted else (text, "")


def share(noun: str) -> str:
    """Return which parameters a noun is about: ``trainable``, ``non_trainable``, or empty for all."""
    if not _TRAINABLE.search(noun):
        return ""
    return "non_trainable" if _NOT_TRAINABLE.search(noun.replace("-", " ")) else "trainable"


def is_rounded(noun: str) -> bool:
    """Whether a noun makes the number before it a rounded one: ``30,000 or so``."""
    return " or so" in noun.lower()


def is_singular(number: int, language: str) -> bool:
    """Whether what is counted is in the singular: in French, none is, too."""
    return number in (0, 1) if language.startswith("fr") else number == 1


@functools.lru_cache(maxsize=32)
def _pattern(kind: str, language: str) -> re.Pattern[str]:
    forms = "|".join(chain.from_iterable(nouns(kind, language)))
    if language not in _NOUNS[kind]:
        forms += f"|{_OTHERS[kind]}"
    adjective = rf"(?:{_ADJECTIVES}\s+)?" if kind == "parameters" else ""
    apart = rf"(?:(?:\s+or so)?(?:\s+d[ei])?\s+{adjective}|-)(?:{forms})"
    return re.compile(
        rf"(?i:(?<=\S)(?:(?:{apart}|\s?(?:{_WITHOUT_PLURAL[kind]}))(?:\s+{_BEHIND})?|\s+{_BEHIND}))$"
    )
