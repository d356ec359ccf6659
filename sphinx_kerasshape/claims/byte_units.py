"""Units of sizes in bytes: ``KiB``, ``KB``, ``Mo``, ``megabytes``, ``КБ``, in all languages."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from itertools import product
from typing import Literal

_BYTES = re.compile(r"(?P<prefix>[kKMGTPmgtp](?P<binary>i?))?B|[bB]ytes?")
_OCTETS = re.compile(r"(?P<prefix>[kKMGTP](?P<binary>i?))?o|octets?")
"""The French units of bytes."""
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
"""The power of a thousand of each prefix."""
_CYRILLIC = str.maketrans("КкМГТБби", "KkMGTBBi")
_UNITS = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte")
_BINARY = {"kibi": 1, "mebi": 2, "gibi": 3, "tebi": 4}


def is_plain(word: str) -> bool:
    """Whether a word is an English unit: ``KB``, ``bytes``."""
    return _BYTES.fullmatch(word) is not None


def units(word: str, language: str) -> tuple[int, ...] | None:
    """Return the values that a unit of bytes may have; ``None`` for another word."""
    match = _BYTES.fullmatch(word) or _BYTES.fullmatch(word.translate(_CYRILLIC))
    if match is None and language.startswith("fr"):
        match = _OCTETS.fullmatch(word)
    if match is not None:
        power = _POWERS[match["prefix"][0].lower()] if match["prefix"] else 0
        return _values(power) if not match["binary"] else (1024**power,)
    folded = _folded(word)
    if folded[:4] in _BINARY and folded[4:].startswith(("byte", "octet")):
        return (1024 ** _BINARY[folded[:4]],)
    found = _words(language).get(folded) or _words("en").get(folded)
    return _values(_UNITS.index(found[0])) if found is not None else None


def unit_with(word: str, number: str, language: str) -> str:
    """Return a unit in the form that a number needs: ``1 megabyte``, ``2 megabytes``."""
    found = _words(language).get(_folded(word))
    # Keras prints "48.00 Byte".
    if found is None or found[1] == "short" or is_plain(word):
        return word
    new = _unit(float(number), *found, language)
    return new.capitalize() if word[:1].isupper() else new


def _values(power: int) -> tuple[int, ...]:
    return (1024**power, 1000**power) if power else (1,)


def _folded(word: str) -> str:
    return "".join(word.lower().replace("-", "").split())


@functools.lru_cache(maxsize=16)
def _words(language: str) -> Mapping[str, tuple[str, Literal["long", "short"]]]:
    """Return the unit of Babel that each word of a language stands for, and whether it is a short one."""
    words: dict[str, tuple[str, Literal["long", "short"]]] = {}
    lengths: tuple[Literal["long", "short"], ...] = ("short", "long")
    for unit, length, number in product(_UNITS, lengths, (0, 1, 1.5, 2, 3, 5, 11, 100)):
        word = _folded(_unit(number, unit, length, language))
        # "kt" is a kilobyte in Finnish, and "t" may be anything.
        if len(word) > 1:
            words[word] = unit, length
    return words


def _unit(number: float, unit: str, length: Literal["long", "short"], language: str) -> str:
    """Return the unit that Babel writes behind a number; empty for a language that it does not know."""
    from babel.core import UnknownLocaleError
    from babel.units import format_unit

    try:
        text = format_unit(number, f"digital-{unit}", length, locale=language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return ""
    return re.sub(r"[\d.,٫٬]+|[\u200e\u200f]", "", text).strip()
