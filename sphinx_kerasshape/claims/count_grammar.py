"""The grammar of numbers in digits: ``about 29.5k``, ``1.2 billion``, ``1.38 × 10⁸``, ``115.3 KiB``."""

from __future__ import annotations

import functools
import re

from sphinx_kerasshape import numerals
from sphinx_kerasshape.claims import byte_units

_ABOUT = (
    *("about", "around", "approximately", "approx.", "approx", "close to", "roughly", "circa", "ca.", "c."),
    *("etwa", "rund", "ungefähr", "zirka", "environ", "à peu près", "unos", "unas", "aproximadamente"),
    *("alrededor de", "cerca de", "más o menos", "autour de", "quelque", "some", "около", "примерно"),
    *("приблизительно", "близько", "приблизно", "ongeveer", "około", "ok.", "yaklaşık", "ungefär", "cirka"),
    *("noin", "přibližně", "asi", "aproximativ", "aproximadament", "περίπου", "khoảng", "sekitar", "omkring"),
    *("more or less", "on the order of", "körülbelül", "लगभग", "حوالي", "نحو"),
)
"""Words for a rounded number."""
_ALMOST = "~≈∼≃≅約约약"
_ALMOST_WORDS = "大约|大約|大概|およそ|대략"
_ARTICLE = (
    "(?:an?|the|its|all|all of the|a total of|in total|ein|eine|einem|die|insgesamt|un total de|un|les|los"
    "|las|un totale di|um total de)"
)
"""What may stand before a number and says nothing of it."""
SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
"""Digits of powers."""
_POWER = rf"[eE]\+?\d{{1,2}}|\s?[×·⋅*x]\s?10(?:(?:\^|\*\*)\{{?\d{{1,2}}\}}?|[{SUPERSCRIPT}]{{1,2}})"
TWO_PARTS = re.compile(
    r"(?P<above>\D*\d[\d.,_’']*)(?P<unit>\s?[^\W\d_]{1,12}\.?)(?P<joint>,?\s+(?:(?:and|und|et|y|e)\s+)?|)"
    r"(?P<below>\d.*)"
)
"""A number that is written as ``1 million 200 thousand``, ``1億3836万``."""
_THOUSANDS = {"k": 1, "m": 2, "g": 3, "t": 4}


@functools.lru_cache(maxsize=64)
def pattern(language: str) -> re.Pattern[str]:
    """Return the pattern of a number in digits, with one unit at most."""
    signs = re.escape(numerals.numerals(language).signs + numerals.Numerals().signs)
    about = "|".join(map(re.escape, _ABOUT))
    return re.compile(
        rf"(?P<article>(?i:{_ARTICLE})\s+)?(?P<about>[{_ALMOST}]\s*|(?:{_ALMOST_WORDS})\s*|(?i:{about})\s+)?"
        rf"(?P<number>\d(?:[{signs}]?\d){{0,40}})"
        rf"(?P<power>{_POWER})?(?P<suffix>\s*[^\d\s(][^\d(]{{0,30}})?"
    )


def power(text: str) -> int:
    """Return the value of ``e8`` or ``×10⁸``."""
    exponent = (
        text[1:]
        if text[0] in "eE"
        else text.translate(str.maketrans(SUPERSCRIPT, "0123456789")).partition("10")[2]
    )
    return int(10 ** int(exponent.strip("+^*{}")))


def units(suffix: str, language: str, *, of_bytes: bool) -> tuple[int, ...] | None:
    """Return the values that a suffix may have; ``None`` if it is no unit of this kind."""
    if not suffix:
        return (1,)
    if len(suffix) == 1 and suffix in "kKMGTmgt":
        return (1000 ** _THOUSANDS[suffix.lower()],)
    if suffix == "B" and not of_bytes:
        return (10**9,)
    if of_bytes and (values := byte_units.units(suffix, language)):
        return values
    if byte_units.is_plain(suffix):
        return None
    word, _, noun = suffix.rpartition(" ") if of_bytes else (suffix, "", "")
    unit = numerals.numerals(language).unit(word if byte_units.is_plain(noun) else suffix)
    return (unit,) if unit else None
