"""The words for numbers in the languages that have a table here. Babel has no words for numbers.

English, German, French, Spanish, Italian and Portuguese. :mod:`.number_words` reads and writes numbers with
them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

_SMALL = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn"
    " sechzehn siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
    " dix-sept dix-huit dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis"
    " diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco"
    " veintiséis veintisiete veintiocho veintinueve",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici"
    " quindici sedici diciassette diciotto diciannove",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis"
    " dezessete dezoito dezenove",
}
"""The numbers that have words of their own."""
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_ONE = {
    "de": (("eins",), "eins", "ein eine einen einem einer eines"),
    "fr": (("un",), "un", "une"),
    "es": (("uno", "ún"), "uno", "un una ún"),
    "it": (("uno",), "uno", "un una"),
    "pt": (("um",), "um", "uma"),
}
"""The ends of numbers that depend on the gender of what is counted, their word for one, and its forms."""
_ALSO = {
    "en": "a=1 an=1 single=1 a_single=1 no=0 none=0 a_couple=2 a_couple_of=2 a_pair_of=2 half_a_dozen=6",
    "de": "kein=0 keine=0 keinen=0 ein_halbes_Dutzend=6 zwo=2",
    "fr": "aucun=0 aucune=0 une_demi-douzaine=6 une_paire_de=2 une_paire=2 quatre-vingt=80",
    "es": "ningún=0 ninguna=0 ninguno=0 un_par_de=2 un_par=2 media_docena=6 ciento=100 doscient=200"
    " trescient=300 cuatrocient=400 quinient=500 seiscient=600 setecient=700 novecient=900 ochocient=800",
    "it": "nessun=0 nessuno=0 nessuna=0 un_paio_di=2 un_paio=2 mezza_dozzina=6 ventitre=23"
    " trentatre=33 quarantatre=43 cinquantatre=53 sessantatre=63 settantatre=73 ottantatre=83 novantatre=93",
    "pt": "nenhum=0 nenhuma=0 um_par_de=2 um_par=2 meia_dúzia=6 quatorze=14 dezasseis=16 dezassete=17"
    " dezanove=19 duas=2 cem=100 cento=100 duzent=200 trezent=300 quatrocent=400 quinhent=500"
    " seiscent=600 setecent=700 oitocent=800 novecent=900",
}
"""Other words, and what they stand for; hundreds stand for themselves."""
_BELGIAN = {70: "septante", 80: "huitante", 90: "nonante"}
"""Tens of French in Belgium and Switzerland."""
_TIMES = {
    "en": "hundred=100 dozen=12",
    "de": "hundert=100 Dutzend=12",
    "fr": "cent=100 cents=100 douzaine=12 douzaines=12",
    "es": "cien=100 docena=12 docenas=12",
    "it": "cento=100 dozzina=12 dozzine=12",
    "pt": "dúzia=12 dúzias=12",
}
"""Words that multiply the number before them."""
_LARGE = {
    "en": "thousand million billion trillion",
    "de": "tausend Million Millionen Milliarde Milliarden Billion Billionen",
    "fr": "mille million millions milliard milliards billion billions",
    "es": "mil millón millones billón billones",
    "it": "mille mila milione milioni miliardo miliardi",
    "pt": "mil milhão milhões bilhão bilhões trilhão trilhões",
}
_AND = {"en": "and", "de": "und", "fr": "et", "es": "y", "it": "e", "pt": "e"}
_HALF = {
    "en": (
        *(r"({number}) and a half ({unit})", r"({number}) ({unit}) and a half"),
        r"(?:a )?half (?:an? )?()({unit})",
    ),
    "de": (r"(andert|{number}ein)halb ({unit})", r"(?:ein(?:er?)? )?halbe[ns]? ()({unit})"),
    "fr": (r"un demi[ -]()({unit})", r"({number}) ({unit}) et demie?"),
    "es": (r"medio ()({unit})", r"({number}) ({unit}) y medio"),
    "it": (r"mezzo ()({unit})", r"({number}) ({unit}) e mezzo"),
    "pt": (r"meio ()({unit})", r"({number}) ({unit}) e meio"),
}
"""How half of a large number is said, alone or behind a whole one."""
CONCATENATED = ("de", "it")
"""Languages that write numbers as one word."""


class Table(NamedTuple):
    """The words of a language."""

    small: Mapping[str, int]
    """The number that each word adds."""
    times: Mapping[str, int]
    """The number by which each word multiplies the one before it."""
    large: Sequence[str]
    """Words of powers of a thousand."""
    written: Sequence[str]
    """The words for each number below 100; empty if they depend on a gender."""
    joint: str
    half: Sequence[str]


@functools.lru_cache(maxsize=8)
def table(language: str) -> Table | None:
    """Return the words of a language; ``None`` if it has no table."""
    language = language[:2]
    if language not in _SMALL:
        return None
    below = [_below_hundred(number, language) for number in range(100)]
    small = {folded(word): number for number, word in enumerate(below)}
    ends, one, forms = _ONE.get(language, ((), "", ""))
    gendered = {number for number in range(100) if below[number].endswith(ends)} if ends else set()
    gendered -= {11} if language == "fr" else set()
    for number in gendered:
        stem = below[number].removesuffix(one if below[number].endswith(one) else ends[-1])
        small |= {folded(stem + form): number for form in forms.split()}
    for tens, word in _BELGIAN.items() if language == "fr" else ():
        small |= {folded(word + below[20 + ones].removeprefix("vingt")): tens + ones for ones in range(10)}
    for word, number in _pairs(_ALSO[language]):
        ends_of_word = ("os", "as") if number >= 200 else ("",)
        small |= {folded(word + end): number for end in ends_of_word}
    small |= {word.replace("ß", "ss"): number for word, number in small.items()}
    written = ["" if number in gendered else word for number, word in enumerate(below)]
    large = [folded(word) for word in _LARGE[language].split()]
    return Table(small, dict(_pairs(_TIMES[language])), large, written, _AND[language], _HALF[language])


def folded(text: str) -> str:
    """Return words as the tables have them, in which a hyphen is a space."""
    return " ".join(text.lower().replace("-", " ").split())


def _pairs(text: str) -> list[tuple[str, int]]:
    pairs = (word.rpartition("=") for word in text.split())
    return [(folded(word.replace("_", " ")), int(number)) for word, _, number in pairs]


def _below_hundred(number: int, language: str) -> str:
    small = _SMALL[language].split()
    if number < len(small):
        return small[number]
    tens, ones = _TENS[language].split()[number // 10 - 2], number % 10
    join = _JOIN.get(language, _joined)
    return join(tens, small, number) if ones or language == "fr" else tens


def _joined(tens: str, small: Sequence[str], number: int) -> str:
    return f"{tens}-{small[number % 10]}"


def _german(tens: str, small: Sequence[str], number: int) -> str:
    return f"{'ein' if number % 10 == 1 else small[number % 10]}und{tens}"


def _french(tens: str, small: Sequence[str], number: int) -> str:
    rest = number - {7: 60, 9: 80}.get(number // 10, number // 10 * 10)
    if not rest:
        return tens + ("s" if number == 80 else "")
    return f"{tens}{' et ' if rest in (1, 11) and number < 80 else '-'}{small[rest]}"


def _italian(tens: str, small: Sequence[str], number: int) -> str:
    ones = "tré" if number % 10 == 3 else small[number % 10]
    return (tens[:-1] if number % 10 in (1, 8) else tens) + ones


_JOIN: Mapping[str, Callable[[str, Sequence[str], int], str]] = {
    "de": _german,
    "fr": _french,
    "it": _italian,
    "es": lambda tens, small, number: f"{tens} y {small[number % 10]}",
    "pt": lambda tens, small, number: f"{tens} e {small[number % 10]}",
}
