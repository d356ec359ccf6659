"""Statements of shapes, counts and sizes: read, held against the truth, and restated."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from sphinx_kerasshape.check.warnings import claim_finding
from sphinx_kerasshape.claims import number_words, ranges, targets
from sphinx_kerasshape.claims.counts import LAYERS, Unreadable, count_claim, size_claim
from sphinx_kerasshape.claims.dtypes import dtypes
from sphinx_kerasshape.claims.shapes import shape_claim
from sphinx_kerasshape.claims.targets import Unresolved, parse
from sphinx_kerasshape.claims.verdicts import Verdict, judge
from sphinx_kerasshape.messages.report import (
    Axis,
    LayerCall,
    LayerRow,
    Model,
    Report,
    TensorSpec,
    Versions,
    Weight,
)
from sphinx_kerasshape.pages.records import Claim
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.text import quoted
from tests.support import work
from tests.support.tiers import tiered

N = None
SHAPES = [
    # stated, the truth, whether it holds, the truth in the same notation
    ("(None, 50)", [(N, 50)], True, "(None, 50)"),
    ("(None, 50)", [(N, 51)], False, "(None, 51)"),
    ("(-1, 50)", [(N, 50)], True, "(None, 50)"),
    ("(-1, 50)", [(7, 50)], False, "(7, 50)"),
    ("(None, 50)", [(N, N, 50)], False, "(None, None, 50)"),
    ("(50, None)", [(N, 50)], False, "(None, 50)"),
    ("(None,50)", [(N, 51)], False, "(None,51)"),
    ("( None , 50 )", [(N, 51)], False, "(None , 51)"),
    ("[None, 50]", [(N, 51)], False, "[None, 51]"),
    ("None, 50", [(N, 51)], False, "None, 51"),
    ("None × 50", [(N, 7, 51)], False, "None × 7 × 51"),
    ("None x 50", [(N, 51)], False, "None x 51"),
    ("28x28x3", [(N, 28, 27, 3)], False, "28x27x3"),
    ("28 x 28 × 3", [(N, 28, 27, 3)], False, "28 x 27 × 3"),
    ("(128,)", [(128,)], True, "(128,)"),
    ("(128,)", [(64,)], False, "(64,)"),
    ("[128]", [(64,)], False, "[64]"),
    ("()", [()], True, "()"),
    ("7", [()], False, "()"),
    ("(2_048, 12_288)", [(N, 2048, 12289)], False, "(2_048, 12_289)"),
    # wildcards
    ("(?, 50)", [(N, 50)], True, "(?, 50)"),
    ("(?, 50)", [(32, 51)], False, "(?, 51)"),
    ("?×24×3", [(N, 24, 4)], False, "?×24×4"),
    ("(…, 64)", [(N, N, 64)], True, "(…, 64)"),
    ("(…, 64)", [(64,)], True, "(…, 64)"),
    ("(..., 64)", [(N, N, 65)], False, "(..., 65)"),
    ("(?, …, 128)", [(N, 7, 20, 64)], False, "(?, …, 64)"),
    ("(3, …)", [(4, 5)], False, "(4, …)"),
    ("(3, …, 5, 6)", [(4, 5)], False, "(4, 5)"),
    # of a sample: the batch axis left out
    ("(50,)", [(N, 50)], True, "(50,)"),
    ("(4, 4, 64)", [(N, 4, 4, 64)], True, "(4, 4, 64)"),
    ("(3, 3, 64)", [(N, 4, 4, 64)], False, "(4, 4, 64)"),
    ("(20, 50)", [(N, N, 50)], False, "(None, None, 50)"),
    ("(32, 50)", [(16, 32, 50)], False, "(16, 32, 50)"),
    ("(4, None, 64)", [(N, 4, 4, 64)], False, "(4, 4, 64)"),
    ("(None, 4, 64)", [(N, 4, 4, 64)], False, "(None, 4, 4, 64)"),
    ("(4, ?, 64)", [(N, 4, 4, 64)], False, "(None, 4, 4, 64)"),
    ("576", [(N, 1024)], False, "1,024"),
    ("1,024", [(N, 1024)], True, "1,024"),
    ("4·4·64", [(N, 1024)], True, "4·4·64"),
    ("(None, 4·4·64)", [(N, 1024)], True, "(None, 4·4·64)"),
    ("(None, 4*4*64)", [(N, 1024)], True, "(None, 4*4*64)"),
    ("(None, 4×4×64)", [(N, 1024)], True, "(None, 4×4×64)"),
    ("(4 × 4 × 64,)", [(N, 1024)], True, "(4 × 4 × 64,)"),
    ("(None, 3·3·64)", [(N, 1024)], False, "(None, 1024)"),
    ("(None, 28×28)", [(N, 28, 28)], False, "(None, 28, 28)"),
    ("4×4×64", [(N, 1024)], False, "None×1024"),
    ("(None, 4 x 4 x 64)", [(N, 1024)], True, "(None, 4 x 4 x 64)"),
    ("(4x4x64,)", [(N, 1024)], True, "(4x4x64,)"),
    ("[None, 4 ⨯ 4 X 64]", [(N, 1024)], True, "[None, 4 ⨯ 4 X 64]"),
    ("(None, 4 x 4 x 32)", [(N, 1024)], False, "(None, 1024)"),
    ("(None, 4⋅4∙64)", [(N, 1024)], True, "(None, 4⋅4∙64)"),
    # the truth decides what these signs mean
    ("4*4*64", [(N, 1024)], True, "4*4*64"),
    ("4*4*64", [(N, 4, 4, 64)], True, "4*4*64"),
    ("4 * 4 * 64", [(N, 4, 4, 32)], False, "4 * 4 * 32"),
    ("4·4·60", [(N, 1024)], False, "1024"),
    ("None*4*64", [(N, 4, 32)], False, "None*4*32"),
    ("28 by 28", [(N, 28, 27)], False, "28 by 27"),
    ("(None, 1,024)", [(N, 1024)], True, "(None, 1024)"),
    ("(None, 1,024)", [(N, 2048)], False, "(None, 2048)"),
    ("(1,024)", [(1, 24)], True, "(1,24)"),
    ("28×28", [(N, 28, 28)], True, "28×28"),
    ("2640", [(N, 2641)], False, "2641"),
    # with a noun, or as code writes it
    ("TensorShape([None, 50])", [(N, 51)], False, "TensorShape([None, 51])"),
    ("a 50×256 matrix", [(50, 512)], False, "a 50×512 matrix"),
    ("shape (None, 50)", [(N, 50)], True, "shape (None, 50)"),
    ("28-by-28", [(N, 28, 27)], False, "28-by-27"),
    ("28 mal 28", [(N, 28, 28)], True, "28 mal 28"),
    ("（28，28，1）", [(N, 28, 28, 3)], False, "（28，28，3）"),
    ("none × 50", [(N, 51)], False, "None × 51"),
    # several tensors
    ("(None, 10) und (None, 20)", [(N, 10), (N, 21)], False, "(None, 10) und (None, 21)"),
    ("(None, 10, 4), (None, 20, 4)", [(N, 10, 4), (N, 20, 4)], True, "(None, 10, 4), (None, 20, 4)"),
    ("(None, 20, 4), (None, 10, 4)", [(N, 10, 4), (N, 20, 4)], False, "(None, 10, 4), (None, 20, 4)"),
    ("(10, 4) and (20, 5)", [(N, 10, 4), (N, 20, 4)], False, "(10, 4) and (20, 4)"),
    ("[(4,), (5,)]", [(N, 4), (N, 6)], False, "[(4,), (6,)]"),
    ("[(None, 4)]", [(N, 5)], False, "[(None, 5)]"),
    ("(None, 4)", [(N, 4), (N, 4)], True, "(None, 4)"),
    ("(None, 4)", [(N, 5), (N, 5)], False, "(None, 5)"),
    ("(None, 4)", [(N, 4), (N, 5), (N, 4)], False, "(None, 4), (None, 5), (None, 4)"),
    ("(4,), (5,)", [(N, 7)], False, "(7,)"),
]
COUNTS = [
    ("29,505", 29505, True, "29,505"),
    ("29,506", 29505, False, "29,505"),
    ("29506", 29505, False, "29505"),
    ("29_506", 29505, False, "29_505"),
    ("29 506", 29505, False, "29 505"),
    ("29\u00a0506", 29505, False, "29\u00a0505"),
    ("29'506", 29505, False, "29'505"),
    ("29.5k", 29505, True, "29.5k"),
    ("29.4k", 29505, False, "29.5k"),
    ("29.40 k", 29505, False, "29.51 k"),
    ("29k", 29505, False, "30k"),
    ("~30 K", 29505, True, "~30 K"),
    ("≈31k", 29505, False, "≈30k"),
    ("~30,000", 29505, True, "~30,000"),
    ("~40,000", 29505, False, "~30,000"),
    ("30,000", 29505, False, "29,505"),
    ("174B", 173_961_510_912, True, "174B"),
    ("173B", 173_961_510_912, False, "174B"),
    ("0.17T", 173_961_510_912, True, "0.17T"),
    ("1.81G", 1_812_099_072, True, "1.81G"),
    ("0", 0, True, "0"),
    ("0", 7, False, "7"),
    ("65", 29505, False, "29,505"),
    ("29M", 29505, False, "29,505"),
    ("~30,000", 0, False, "~0"),
    # as prose writes them
    ("138 million", 138_357_544, True, "138 million"),
    ("1.2 billion", 1_150_000_000, True, "1.2 billion"),
    ("137 million", 138_357_544, False, "138 million"),
    ("1.38e8", 138_357_544, True, "1.38e8"),
    ("1.39e8", 138_357_544, False, "1.38e8"),
    ("1.38e8", 29505, False, "2.95e4"),
    ("1.38 × 10⁸", 138_357_544, True, "1.38 × 10⁸"),
    ("1.39 × 10⁸", 29505, False, "2.95 × 10⁴"),
    ("1.39*10^8", 29505, False, "2.95*10^4"),
    ("about 2M", 2_400_000, True, "about 2M"),
    ("about 2M", 2_600_000, False, "about 3M"),
    ("54 410", 54_411, False, "54 411"),
    ("54\u202f410", 54_410, True, "54\u202f410"),
    ("54\u2007411", 54_410, False, "54\u2007410"),
    ("54\u2009411", 54_410, False, "54\u2009410"),
    ("29505.0", 29505, True, "29505.0"),
    # in words, which stay words if the truth is a small number
    ("twelve", 12, True, "twelve"),
    ("Twelve", 45, False, "Forty-five"),
    ("twelve", 112, False, "112"),
    ("zero", 7, False, "seven"),
    ("twenty one", 22, False, "twenty-two"),
    ("a hundred and twelve", 112, True, "112"),
    ("one hundred twelve", 29505, False, "29,505"),
    ("twenty-nine thousand five hundred and five", 29505, True, "29,505"),
    ("two million", 2_400_000, True, "two million"),
    ("two million", 2_600_000, False, "three million"),
    ("a million", 1_400_000, True, "one million"),
    ("two hundred thousand", 200_400, True, "200 thousand"),
    ("about twenty", 23, True, "about twenty"),
    ("about two hundred", 260, False, "about 300"),
    ("two million", 29505, False, "29,505"),
    ("twelve hundred", 1300, False, "1,300"),
    ("a dozen", 13, False, "thirteen"),
    ("half a dozen", 6, True, "six"),
    ("a couple of thousand", 2400, True, "two thousand"),
    ("half a million", 520_000, True, "0.5 million"),
    ("half a million", 3_000_000, False, "three million"),
    ("two and a half million", 2_700_000, False, "2.7 million"),
    ("a million and a half", 1_500_000, True, "1.5 million"),
    ("three quarters of a million", 750_000, True, "0.75 million"),
    ("1½ million", 1_800_000, False, "1.8 million"),
    ("none", 7, False, "seven"),
    # in two parts
    ("1 million 200 thousand", 1_200_400, True, "1 million 200 thousand"),
    ("1 million 200 thousand", 1_300_000, False, "1 million 300 thousand"),
    ("1 million and 200 thousand", 3_000_000, False, "3 million"),
    ("one million two hundred thousand", 29505, False, "30 thousand"),
    ("two hundred thousand and five", 29505, False, "29,505"),
    # with a noun
    ("29,505 parameters", 29505, True, "29,505 parameters"),
    ("twelve params", 1, False, "one param"),
    ("one parameter", 12, False, "twelve parameters"),
    ("29506 Parameter", 29505, False, "29505 Parameter"),
    ("1.2 million parameters", 2_300_000, False, "2.3 million parameters"),
    ("29,506 trainable parameters", 29505, False, "29,505 trainable parameters"),
    ("a total of 29,506 params", 29505, False, "a total of 29,505 params"),
    ("29,506 parameters in total", 29505, False, "29,505 parameters in total"),
    ("30,000 or so", 29505, True, "30,000 or so"),
    ("a 1.2-billion-parameter", 2_300_000_000, False, "a 2.3-billion-parameter"),
]
layer_claim = functools.partial(count_claim, noun=LAYERS)
IN_LANGUAGES = [
    # A number has one meaning: that of the page's language, or else that of English.
    (count_claim, "de", "29.505", 29505, True, "29.505"),
    (count_claim, "de", "29.506", 29505, False, "29.505"),
    (count_claim, "de", "29,5k", 29505, True, "29,5k"),
    (count_claim, "de", "29,4k", 29505, False, "29,5k"),
    (count_claim, "de", "29,505", 29505, True, "29,505"),
    (count_claim, "de", "29.5k", 29505, True, "29.5k"),
    (count_claim, "de", "29.505k", 29505, False, "30k"),
    (count_claim, "de", "29.505k", 29_505_000, True, "29.505k"),
    (count_claim, "de", "29,505M", 29_505_000, True, "29,505M"),
    (count_claim, "de", "65", 29505, False, "29.505"),
    (count_claim, "de", "138 Mio.", 138_357_544, True, "138 Mio."),
    (count_claim, "de", "1,2 Milliarden", 1_250_000_001, False, "1,3 Milliarden"),
    (count_claim, "de", "1 Billion", 10**9, False, "1.000.000.000"),
    (count_claim, "fr", "29\u202f505", 29505, True, "29\u202f505"),
    (count_claim, "fr", "29 506", 29505, False, "29 505"),
    (count_claim, "fr", "29,5k", 29505, True, "29,5k"),
    (count_claim, "fr", "environ 138 millions", 138_357_544, True, "environ 138 millions"),
    (count_claim, "fr", "1 billion", 10**12, True, "1 billion"),
    (count_claim, "es", "29.505", 29505, True, "29.505"),
    (count_claim, "es", "1.000 millones", 10**9, True, "1.000 millones"),
    # Words of the language, in the form that the number needs.
    (count_claim, "de", "zwei Millionen", 2_400_000, True, "zwei Millionen"),
    (count_claim, "de", "zwei Millionen Parametern", 1_300_000, False, "1 Million Parametern"),
    (count_claim, "de", "Zwölf Parameter", 45, False, "Fünfundvierzig Parameter"),
    (count_claim, "de", "etwa eine Million", 1_400_000, True, "etwa 1 Million"),
    (count_claim, "de", "twelve parameters", 13, False, "thirteen parameters"),
    (count_claim, "fr", "1,2 milliard", 2_300_000_000, False, "2,3 milliards"),
    (
        count_claim,
        "fr",
        "environ deux millions de paramètres",
        3_000_000,
        False,
        "environ trois millions de paramètres",
    ),
    (count_claim, "fr", "2 millions de paramètres", 500, False, "500 paramètres"),
    (count_claim, "fr", "quatre-vingt-dix-neuf", 81, False, "81"),
    (count_claim, "fr", "vingt et une", 71, False, "soixante et onze"),
    (count_claim, "fr", "2 Mds", 2 * 10**9, True, "2 Mds"),
    (count_claim, "es", "dos mil millones", 3 * 10**9, False, "tres mil millones"),
    (count_claim, "es", "un millón de parámetros", 2_300_000, False, "dos millones de parámetros"),
    (count_claim, "es", "treinta y dos parámetros", 22, False, "veintidós parámetros"),
    (count_claim, "ru", "1 миллион", 5_000_000, False, "5 миллионов"),
    (count_claim, "de", "neunundzwanzigtausendfünfhundertfünf", 29506, False, "29.506"),
    (count_claim, "de", "hundertundzwölf", 112, True, "112"),
    (count_claim, "de", "dreißigtausend", 29505, True, "dreißig tausend"),
    (count_claim, "de", "eine halbe Million", 1_200_000, False, "1,2 Millionen"),
    (count_claim, "de", "anderthalb Millionen", 1_500_000, True, "1,5 Millionen"),
    (count_claim, "de", "zwei Dutzend", 24, True, "vierundzwanzig"),
    (count_claim, "de", "29,5 Tsd.", 29505, True, "29,5 Tsd."),
    (count_claim, "de", "29.506 trainierbare Parameter", 29505, False, "29.505 trainierbare Parameter"),
    (count_claim, "fr", "vingt-neuf mille cinq cent cinq", 29505, True, "29\u202f505"),
    (count_claim, "fr", "un million et demi", 1_500_000, True, "1,5 million"),
    (count_claim, "fr", "un million deux cent mille", 1_300_000, False, "1 million 300 mille"),
    (count_claim, "fr", "nonante-neuf", 81, False, "81"),
    (count_claim, "es", "ciento treinta y dos", 133, False, "133"),
    (count_claim, "es", "mil doscientos millones", 1_200_000_000, True, "1.200 millones"),
    (count_claim, "es", "medio millón", 500_000, True, "0,5 millones"),
    (count_claim, "it", "duecentoventitré", 28, False, "ventotto"),
    (count_claim, "pt", "vinte e nove mil quinhentos e cinco", 43, False, "quarenta e três"),
    (count_claim, "zh_CN", "两百万", 2_600_000, False, "260万"),
    (count_claim, "ja", "1億3800万", 138_000_000, True, "1億3800万"),
    (count_claim, "ja", "２９，５０６", 29505, False, "２９，５０５"),
    (count_claim, "he", "138 מיליון", 138_357_544, True, "138 מיליון"),
    (count_claim, "ru", "138 млн параметров", 2_000_000, False, "2 млн параметров"),
    (layer_claim, "zh_CN", "三层", 12, False, "十二层"),
    (layer_claim, "ru", "3 слоя", 3, True, "3 слоя"),
    (size_claim, "ru", "115,3 КБ", 118020, True, "115,3 КБ"),
    (size_claim, "fr", "2 mégaoctets", 1024**2, False, "1 mégaoctet"),
    (size_claim, "en", "half a gigabyte", 2**30, False, "one gigabyte"),
    (layer_claim, "de", "zwei Schichten", 1, False, "1 Schicht"),
    (layer_claim, "de", "drei Layer", 3, True, "drei Layer"),
    (layer_claim, "fr", "deux couches", 0, False, "zéro couche"),
    (layer_claim, "fr", "une couche", 2, False, "deux couches"),
    (layer_claim, "es", "Dos capas", 3, False, "Tres capas"),
    (size_claim, "fr", "115,3 Kio", 118020, True, "115,3 Kio"),
    (size_claim, "fr", "118 Ko", 118020, True, "118 Ko"),
    (size_claim, "fr", "118 021 octets", 118020, False, "118 020 octets"),
    (count_claim, "hi", "12,34,567", 1_234_568, False, "12,34,568"),
    (count_claim, "en_IN", "12,34,567", 1_234_568, False, "12,34,568"),
    (count_claim, "en_IN", "2 million", 3_000_000, False, "3 million"),
    (count_claim, "en_IN", "1,234,567", 1_234_568, False, "12,34,568"),
    (count_claim, "en_GB", "1,234,567", 1_234_568, False, "1,234,568"),
    (count_claim, "ja", "3万", 29505, True, "3万"),
    (count_claim, "ja", "約4万パラメータ", 29505, False, "約3万パラメータ"),
    (count_claim, "zh_CN", "4万个参数", 29505, False, "3万个参数"),
    (count_claim, "ko", "약 3만 개", 29505, True, "약 3만 개"),
    (count_claim, "ru", "около 3 млн", 2_900_000, True, "около 3 млн"),
    (count_claim, "pt", "2 milhões de parâmetros", 1_300_000, False, "1 milhão de parâmetros"),
    (count_claim, "it", "2 milioni di parametri", 500, False, "500 parametri"),
    (count_claim, "de_CH", "29'506", 29505, False, "29'505"),
    (count_claim, "ar", "٢٩٬٥٠٦", 29505, False, "٢٩٬٥٠٥"),
    (count_claim, "fa", "۲۹٫۵k", 29505, True, "۲۹٫۵k"),
    (count_claim, "bn", "২৯,৫০৬", 29505, False, "২৯,৫০৫"),
    (size_claim, "de", "115,3 KiB", 118020, True, "115,3 KiB"),
    (size_claim, "de", "115,4 KiB", 118020, False, "115,3 KiB"),
    (size_claim, "de", "118.021 B", 118020, False, "118.020 B"),
    (size_claim, "en", "1 MB", 118020, False, "118,020 B"),
    (size_claim, "de", "1 MB", 118020, False, "118.020 B"),
    (size_claim, "en", "48.00 Byte", 52, False, "52.00 Byte"),
]
RANGES = [
    # stated, language, the truth, whether it holds, the truth in the same notation
    ("29k–30k", "en", 29505, True, ""),
    ("29-30k", "en", 29505, True, ""),
    ("68–69 thousand", "en", 29505, False, "29–30 thousand"),
    ("between 68,000 and 69,000", "en", 29505, False, "between 29,000 and 30,000"),
    ("from 95k to 105k params", "en", 29505, False, "from 25k to 35k params"),
    ("20,000 to 29,505", "en", 29505, True, ""),
    ("20,000 to 29,504", "en", 29505, False, "29,504 to 39,008"),
    ("twenty-one to thirty thousand", "en", 29505, True, ""),
    ("2–3 million parameters", "en", 29505, False, "29,505 parameters"),
    ("2~2.5万", "zh", 29505, False, "2.5~3.0万"),
    ("zwischen 20.000 und 25.000", "de", 29505, False, "zwischen 25.000 und 30.000"),
    ("entre 20 000 et 25 000 paramètres", "fr", 29505, False, "entre 25 000 et 30 000 paramètres"),
    ("de 20 a 30 mil", "es", 29505, True, ""),
    ("over 68k", "en", 29505, False, "over 29k"),
    ("> 29,505", "en", 29505, False, "> 29,504"),
    (">= 29,505", "en", 29505, True, ""),
    ("68k+ params", "en", 29505, False, "29k+ params"),
    ("up to 20k", "en", 29505, False, "up to 30k"),
    ("nearly 30,000", "en", 29505, True, ""),
    ("nearly 60,000", "en", 29505, False, "nearly 30,000"),
    ("just over 29k", "en", 29505, True, ""),
    ("over a million params", "en", 29505, False, "over 20,000 params"),
    ("exactly 29,506", "en", 29505, False, "exactly 29,505"),
    ("mehr als 68.000", "de", 29505, False, "mehr als 29.000"),
    ("au moins 20 000", "fr", 29505, True, ""),
    ("más de 1,2 millones", "es", 29505, False, "más de 20.000"),
    ("over 5", "en", 0, False, "0"),
    ("più di 29.000", "it", 29505, True, ""),
    ("超过3万", "zh_CN", 29505, False, "超过2万"),
    ("3万以上", "ja", 29505, False, "2万以上"),
    ("a little under 30k", "en", 29505, True, ""),
]
SIZES = [
    ("118,020 B", 118020, True, "118,020 B"),
    ("118,021 bytes", 118020, False, "118,020 bytes"),
    ("118,020", 118020, True, "118,020"),
    ("115.3 KiB", 118020, True, "115.3 KiB"),
    ("118 KB", 118020, True, "118 KB"),
    ("115 KB", 118020, True, "115 KB"),
    ("eight bytes", 12, False, "twelve bytes"),
    ("119 KB", 118020, False, "118 KB"),
    ("114 KB", 118020, False, "115 KB"),
    ("696 GB", 695_846_043_648, True, "696 GB"),
    ("697 GB", 695_846_043_648, False, "696 GB"),
    ("649 GiB", 695_846_043_648, False, "648 GiB"),
    ("~120,000 B", 118020, True, "~120,000 B"),
]


@pytest.mark.parametrize(("stated", "actual", "holds", "restated"), SHAPES)
def test_shape(stated: str, actual: list, holds: bool, restated: str) -> None:
    claim = shape_claim(stated)
    assert claim.holds(tuple(actual)) is holds
    assert claim.restated(tuple(actual)) == restated
    assert shape_claim(restated).holds(tuple(actual))


@pytest.mark.parametrize(
    ("read", "stated", "actual", "holds", "restated"),
    [*((count_claim, *row) for row in COUNTS), *((size_claim, *row) for row in SIZES)],
)
def test_number(read: Callable, stated: str, actual: int, holds: bool, restated: str) -> None:
    assert read(stated).holds(actual) is holds
    assert read(stated).restated(actual) == restated
    assert read(restated).holds(actual)


@pytest.mark.parametrize(("read", "language", "stated", "actual", "holds", "restated"), IN_LANGUAGES)
def test_number_in_a_language(
    read: Callable, language: str, stated: str, actual: int, holds: bool, restated: str
) -> None:
    assert read(stated, language).holds(actual) is holds
    assert read(stated, language).restated(actual) == restated
    assert read(restated, language).holds(actual)


@pytest.mark.parametrize(("stated", "language", "actual", "holds", "restated"), RANGES)
def test_ranges_and_bounds(stated: str, language: str, actual: int, holds: bool, restated: str) -> None:
    claim = ranges.count(stated, language)
    assert (claim.holds(actual), claim.restated(actual)) == (holds, restated or stated)


def test_ranges_of_sizes() -> None:
    assert ranges.size("115–116 KiB").holds(118_020)
    assert ranges.size("< 1 MB").holds(118_020)
    assert ranges.size("over 1 MB").restated(118_020) == "over 100,000 B"
    for text in ("30k–29k", "29k–29k", "29k - x", "over", "over many", "x+", "between 1", "a to b"):
        with pytest.raises(Unreadable):
            ranges.count(text)


@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "pt"])
def test_a_number_in_words_is_restated_in_words_or_digits(language: str) -> None:
    twelve = {"de": "zwölf", "fr": "douze", "es": "doce", "it": "dodici", "pt": "doze"}[language]
    texts = [count_claim(twelve, language).restated(number) for number in range(100)]
    assert len(set(texts)) == 100
    assert sum(text.isdecimal() for text in texts) == {"de": 1, "fr": 7, "es": 9, "it": 9, "pt": 9}[language]
    for number, text in enumerate(texts):
        assert count_claim(text, language).holds(number)
        assert count_claim(text.replace(" ", "-"), language).restated(number) == text


@pytest.mark.parametrize("stride", tiered([20, 1], quick={20}))
def test_what_is_inserted_is_a_true_claim_in_each_language_of_babel(stride: int) -> None:
    wrong = []
    for language in locale_identifiers()[::stride]:
        for count in (7, 999, 1234, 29505, 1_234_567, 138_357_544, 173_961_510_912):
            exact, rounded = (Style("html", language, numbers).inserted(count) for numbers in ("exact", "si"))
            size = Style("html", language).size(count)
            for read, text in ((count_claim, exact), (count_claim, rounded), (size_claim, size)):
                claim = read(text, language)
                if not (claim.holds(count) and claim.restated(count) == text and not claim.holds(2 * count)):
                    wrong.append((language, text))
    assert wrong == []


def test_sizes_of_prose() -> None:
    for language, stated in (("de", "1.024"), ("fr", "1\u202f024"), ("en", "1 024"), ("de", "1,024")):
        assert shape_claim(stated, language).holds(((N, 1024),))
        assert not shape_claim(stated, language).holds(((N, 1025),))
        assert shape_claim(stated, language).restated(((N, 2048),)) == stated.replace("1", "2").replace(
            "024", "048"
        )
    assert shape_claim("64", "de").restated(((N, 1024),)) == "1.024"


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ("int32, float32", {"int32", "float32"}),
        ("bf16, np.int32", {"bfloat16", "int32"}),
        ("tf.float32", {"float32"}),
        ("32-bit floats", {"float32"}),
        ("16 bit floating point", {"float16"}),
        ("8-bit unsigned integers", {"uint8"}),
        ("half precision", {"float16"}),
        ("single-precision floats", {"float32"}),
    ],
)
def test_dtypes(stated: str, names: set[str]) -> None:
    assert dtypes(stated) == names


@pytest.mark.parametrize("stated", ["conv2d", "flaot32", "floats", "0.5", "32 floats", "", "7-bit floats"])
def test_unreadable_dtype(stated: str) -> None:
    with pytest.raises(Unreadable, match="is not a dtype"):
        dtypes(stated)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "(None, fifty!)",
        "(None 50)",
        "(1, (2, 3))",
        "((1, 2)",
        "(…, 5, …)",
        "(5",
        "1.5",
        "(5,,5)",
        "(" + "9" * 5000 + ",)",
        "(5,) or (6,)",
    ],
)
def test_unreadable_shape(text: str) -> None:
    with pytest.raises(Unreadable) as raised:
        shape_claim(text)
    assert str(raised.value).startswith(f"{quoted(text)} ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "many",
        "29,50",
        "29.505.1",
        "29.505",
        "29.000",
        "0,505",
        "29,5k",
        "2 lots",
        "two three",
        "a",
        "twenty eleven",
        "zero five",
        "several hundred",
        "a few thousand",
        "three hidden layers",
        "five thousand two thousand",
        "million",
        "thousand million",
        "twelve layers",
        "twelve 12",
        "parameters",
        "someone",
        "1.2 million bytes",
        "e8",
        "5 KiB",
        "5 bytes",
        "-3",
        "9" * 5000,
        "5 KB",
    ],
)
def test_unreadable_count(text: str) -> None:
    with pytest.raises(Unreadable) as raised:
        count_claim(text)
    assert str(raised.value).startswith(f"{quoted(text)} ")


pieces = st.sampled_from(
    [*"0123456789()[],.×x?…_~ \n", "None", "None, ", "50", "and", "k", "KiB", "time", "−"]
)
texts = st.one_of(st.text(max_size=40), st.lists(pieces, max_size=20).map("".join))
dims = st.one_of(st.none(), st.integers(0, 100_000))
shapes = st.lists(dims, max_size=5).map(tuple)


@given(texts, st.lists(shapes, min_size=1, max_size=3).map(tuple))
def test_any_shape_is_unreadable_or_can_be_restated(text: str, actual: tuple) -> None:
    try:
        claim = shape_claim(text)
    except Unreadable:
        return
    assert shape_claim(claim.restated(actual)).holds(actual)


@given(shapes, st.lists(shapes, min_size=1, max_size=3).map(tuple), st.sampled_from(["({})", "[{}]", "{}"]))
def test_restated_shapes_hold(stated: tuple, actual: tuple, brackets: str) -> None:
    text = brackets.format(", ".join(map(str, stated)))
    if text:
        claim = shape_claim(text)
        assert shape_claim(claim.restated(actual)).holds(actual)
        if claim.holds(actual) and brackets == "({})" and len(stated) > 1:
            assert claim.restated(actual) == text


READERS = [count_claim, size_claim, ranges.count, ranges.size]
numbers = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "~", "≈ "]),
    st.one_of(
        st.integers(0, 10**13).map(str),
        st.integers(0, 10**13).map("{:,}".format),
        st.integers(0, 10**7).map(lambda number: f"{number / 1000:.{number % 4}f}"),
        st.integers(0, 99).map(lambda number: number_words.written(number, like="a")),
    ),
    st.sampled_from(["", " ", "\u00a0"]),
    st.sampled_from(["", "k", "K", "M", "B", "T", "KiB", "GB", "bytes", "million"]),
    st.sampled_from(["", " params", " parameter"]),
)


@given(st.one_of(texts, numbers), st.integers(0, 10**15), st.sampled_from(READERS))
def test_any_number_is_unreadable_or_can_be_restated(text: str, actual: int, read: Callable) -> None:
    try:
        claim = read(text)
    except Unreadable:
        return
    assert read(claim.restated(actual)).holds(actual)


@pytest.mark.parametrize(
    "text",
    [
        lambda count: "5" + " " * count + "5",
        lambda count: "(" * count,
        lambda count: "[(" + ") " * count,
        lambda count: "5," * count,
        lambda count: "1,234" * count,
    ],
)
def test_reading_takes_linear_time(text: Callable[[int], str]) -> None:
    def read_all(count: int) -> None:
        for read in (shape_claim, count_claim, size_claim, parse):
            with suppress(Unreadable, Unresolved):
                read(text(count))

    assert work.growth(read_all, 5000) < work.LINEAR


# --- targets -----------------------------------------------------------------


def weight(name: str, *shape: int, path: str = "", dtype: str = "float32") -> Weight:
    return Weight(name, path or name, shape, dtype, trainable=True)


def row(name: str, kind: str, depth: int = 0, outputs: tuple = (), weights: tuple = ()) -> LayerRow:
    tensors = tuple(TensorSpec(shape, "float32") for shape in outputs)
    params = sum(weight.params for weight in weights)
    calls = (LayerCall(tensors, tensors, ()),) if tensors else ()
    return LayerRow(name, kind, depth, calls, params, params // 2, 4 * params, weights)


ROWS = (
    row("a", "Dense", 0, ((N, 5),), (weight("kernel", 3, 5), weight("bias", 5))),
    row("b", "Dense", 0, ((N, 6),), (weight("kernel", 5, 6, path="b/kernel"),)),
    row("inner", "Sequential", 0, ((N, 7),)),
    row("a", "Dense", 1, ((N, 8),)),
    row("mean", "Pool", 1, ((N, 9),)),
    row("v1.2/x", "Odd", 0, ((N, 10), (N, 11))),
    row("[0]", "Bracket", 0, ((N, 12),)),
    row("unknown", "Lambda"),
)
INPUTS = (TensorSpec((N, 3), "float32", "first"), TensorSpec((N, 4), "int32", "second"))
MODEL = Model("model", "Functional", False, INPUTS, INPUTS[:1], ROWS, 80, 60, 20, 320)
FOUND = {
    "m.input[0]": ((N, 3),),
    "m.input[-1]": ((N, 4),),
    "m.input[second]": ((N, 4),),
    "m.input": ((N, 3), (N, 4)),
    "m.output": ((N, 3),),
    "m/a.output": ((N, 5),),
    "m/[1].output": ((N, 6),),
    "m/[-1].output": None,
    "m/inner/a.output": ((N, 8),),
    "m/inner/[1].output": ((N, 9),),
    "m/Sequential/Pool.output": ((N, 9),),
    'm/"v1.2/x".output': ((N, 10), (N, 11)),
    "m/'v1.2/x'.output[1]": ((N, 11),),
    'm/"[0]".output': ((N, 12),),
    "m/a.kernel": ((3, 5),),
    "m.kernel[1]": ((5, 6),),
    "m.kernel[-1]": ((5, 6),),
    "m.bias[0]": ((5,),),
    ' "m"/ a.bias ': ((5,),),
}
UNRESOLVED = {
    "": "is not a target",
    "m/": "is not a target",
    "m//a": "is not a target",
    "m.input.shape": "is not a target",
    "m/[99999999999].output": "is not a target",
    "m/[x].output": "is not a target",
    "m/a": "'m/a' has several shapes: add .input, .output or the name of a weight",
    "m": "'m' has several shapes: add",
    "m/Dense.output": "'m' has several layers of type Dense: choose from a, b",
    "m/c.output": "'m' has no layer 'c': choose from a, b, inner",
    "m/a/b.output": "'m/a' has no layer 'b'; it has no layers inside",
    "m/[8].output": "'m' has no layer [8]: choose one from [0] to [5]",
    "m/unknown.output": "Keras does not know the output of 'm/unknown'",
    "m.kernel": "'m' has 2 weights named 'kernel': name the layer, "
    "or choose one from .kernel[0] to .kernel[1]",
    "m.kernel[2]": "'m' has no 'kernel' [2]: choose one from .kernel[0] to .kernel[1]",
    "m.kernel[--5]": "'m' has no 'kernel' [--5]: choose one from .kernel[0] to .kernel[1]",
    "m/a.gamma": "'m/a' has no 'gamma': choose from input, output, kernel, bias",
    "m.input[5]": "'m' has no input [5]: choose one from .input[0] to .input[1]",
    "m.input[--5]": "has no input [--5]",
    "m.input[²]": "has no input [²]",
}


@pytest.mark.parametrize("text", [text for text, shapes in FOUND.items() if shapes])
def test_target(text: str) -> None:
    assert targets.shapes(parse(text), MODEL) == FOUND[text]


@pytest.mark.parametrize("text", UNRESOLVED)
def test_unresolved_target(text: str) -> None:
    with pytest.raises(Unresolved, match=re.escape(UNRESOLVED[text])):
        targets.shapes(parse(text), MODEL)


def test_counts_and_sizes_of_targets() -> None:
    count = {text: targets.params(parse(text), MODEL) for text in ("m", "m.trainable", "m.non_trainable")}
    assert count == {"m": 80, "m.trainable": 60, "m.non_trainable": 20}
    assert targets.params(parse("m/a"), MODEL) == 20
    assert targets.params(parse("m/a.kernel"), MODEL) == 15
    assert targets.size(parse("m"), MODEL) == 320
    assert targets.size(parse("m/a.kernel"), MODEL) == 60
    assert targets.dtypes(parse("m.input"), MODEL) == ("float32", "int32")
    assert targets.dtypes(parse("m"), MODEL) == ("float32",)
    assert targets.dtypes(parse("m/a.bias"), MODEL) == ("float32",)
    for read in (targets.params, targets.size):
        with pytest.raises(Unresolved, match="only models, layers and weights have parameters"):
            read(parse("m.input"), MODEL)


@given(
    st.one_of(st.text(max_size=30), st.lists(st.sampled_from([*"m/[].'\"0-", "a", "kernel"])).map("".join))
)
def test_any_target_is_found_or_unresolved(text: str) -> None:
    for read in (targets.shapes, targets.params, targets.size, targets.dtypes):
        try:
            found = read(parse(text), MODEL)
        except Unresolved:
            continue
        assert isinstance(found, (tuple, int))


# --- verdicts ----------------------------------------------------------------


FORM = "write MODEL, MODEL/LAYER or either with .ATTRIBUTE"
DOTS = "put names with dots, slashes or brackets in quotes"


def verdict(kind: str, target: str, stated: str = "") -> Verdict:
    def find(name: str) -> Report | None:
        dotted = Model(
            "", "", False, (), (), (row("a.b c", "A"), row("d", "D", 1), row("e.f", "E", 1)), 0, 0, 0, 0
        )
        known = {
            "v1.2": Report(dotted),
            "m": Report(MODEL, versions=Versions(tensorflow="2.21")),
            "failed": None,
            "raises": Report(),
        }
        return known[name]

    return judge(Claim(kind, target, stated, "page:1"), find, ("m", "failed", "raises", "v1.2", "v1.2/b"))


@pytest.mark.parametrize(
    ("stated", "restated"),
    [
        ("6", "6"),
        ("six", "six"),
        ("Seven layers", "Six layers"),
        ("one layer", "six layers"),
        ("a, b, inner", ""),
    ],
)
def test_a_number_of_layers(stated: str, restated: str) -> None:
    found = verdict("layers", "m", stated)
    assert (found.problem, found.holds) == ("", stated == restated)
    if restated:
        assert (found.restated, found.count) == (restated, 6)


@pytest.mark.parametrize(
    ("stated", "holds"),
    [
        ("Dense - LSTM - LSTM", True),
        ("Dense – LSTM – LSTM", True),
        ("Dense–LSTM–LSTM", True),
        ("Dense / LSTM / LSTM", True),
        ("Dense + LSTM + LSTM", True),
        ("Dense | LSTM | LSTM", True),
        ("Dense, 2 LSTM", True),
        ("Dense and 2× LSTM", True),
        ("Dense, LSTM × 2", True),
        ("Dense, LSTM x2", True),
        ("a-b - c - d", True),
        ("Dense, two LSTMs", True),
        ("a Dense layer and two LSTM layers", True),
        ("[Dense, LSTM, LSTM]", True),
        ("Dense; LSTM; LSTM", True),
        ("Dense、LSTM、LSTM", True),
        ("`Dense` ⇒ `LSTM` –> `LSTM`", True),
        ("a Dense layer, three LSTMs", False),
        ("2 Dense, LSTM", False),
        ("Dense, LSTM × 3", False),
        ("Dense - LSTM", False),
    ],
)
def test_a_list_of_layers(stated: str, holds: bool) -> None:
    model = MODEL._replace(layers=(row("a-b", "Dense"), row("c", "LSTM"), row("d", "LSTM")))
    known = {"m": Report(model, versions=Versions(tensorflow="2.21"))}
    assert judge(Claim("layers", "m", stated, "page:1"), known.__getitem__).holds is holds


@pytest.mark.parametrize(
    ("stated", "restated"),
    [
        ("Conv2D layer", "LSTM layer"),
        ("layers.LSTM", ""),
        ("an LSTM", ""),
        ("the Dense layer", "the LSTM layer"),
        ("couche Dense", "couche LSTM"),
        ("LSTM-Schicht", ""),
        ("tf.Dense-Schicht", "tf.LSTM-Schicht"),
        ("two LSTMs", None),
        ("conv 2d", None),
    ],
)
def test_a_type_with_its_noun(stated: str, restated: str | None) -> None:
    model = MODEL._replace(layers=(row("c", "LSTM"),))
    known = {"m": Report(model, versions=Versions(tensorflow="2.21"))}
    found = judge(Claim("type", "m/c", stated, "page:1"), known.__getitem__)
    if restated is None:
        assert found.problem == f"{stated!r} is not a class: write one such as LSTM, or LSTM layer"
        return
    assert (found.holds, found.restated) == (not restated, restated or stated)


def test_a_layer_may_have_a_number_for_its_name() -> None:
    model = MODEL._replace(layers=(row("one", "Dense"), row("two", "Dense")))
    known = {"m": Report(model, versions=Versions(tensorflow="2.21"))}
    for stated, holds in (("two", False), ("one, two", True), ("two layers", True)):
        assert judge(Claim("layers", "m", stated, "page:1"), known.__getitem__).holds is holds


def test_verdicts() -> None:
    drifted = verdict("shape", "m/a.output", "None × 6")
    assert not drifted.holds
    assert (drifted.actual, drifted.restated, drifted.version) == ("(None, 5)", "None × 5", "2.21")
    inserted = verdict("shape", "m/a.output")
    assert (inserted.holds, inserted.actual, inserted.shape) == (True, "(None, 5)", (N, 5))
    assert verdict("shape", "m.input").shape is None
    assert verdict("params", "m", "80").holds
    assert (verdict("bytes", "m", "~0.4 KiB").restated, verdict("bytes", "m").count) == ("~0.3 KiB", 320)
    assert verdict("dtype", "m/a.output", "float16").restated == "float32"


@pytest.mark.parametrize(
    ("target", "stated", "restated"),
    [
        ("m", "80 (320.00 Byte)", ""),
        ("m", "80 (320 B)", ""),
        ("m", "81 (320.00 Byte)", "80 (320.00 Byte)"),
        ("m", "80 (324.00 Byte)", "80 (320.00 Byte)"),
        ("m", "80 (0.31 KB)", ""),
        ("m/a.kernel", "15 ( 64.00 Byte )", "15 ( 60.00 Byte )"),
        ("m/b.trainable", "15 (120.00 Byte)", ""),
    ],
)
def test_a_count_with_its_size_as_keras_prints_it(target: str, stated: str, restated: str) -> None:
    found = verdict("params", target, stated)
    assert (found.holds, found.problem) == (not restated, "")
    assert found.restated == (restated or stated)


@pytest.mark.parametrize("text", ["<script>", "((((9^9)^9)^9)^9)", "(((((a^9)^9)^9)^9)^9)^9", "", "9" * 999])
@pytest.mark.parametrize("stated", ["", "(None, 3)", "(batch, time)"])
def test_sizes_of_a_report_that_cannot_be_read(text: str, stated: str) -> None:
    """As somebody may have written them into a lock."""
    output = TensorSpec((None, None), "float32", "", ("batch", text))
    model = MODEL._replace(outputs=(output,), axes=(Axis("batch", 1, 1, ""), Axis("time", 1, 1, "")))
    found = judge(Claim("shape", "m.output", stated, "page:1"), lambda _: Report(model))
    assert not found.holds
    begin = f"the shape of m.output can't be read, since {text!r} is "
    assert found.problem.startswith(begin[:120])
    assert len(found.problem) < 400
    assert found.problem.endswith("; name fewer axes with :axes:, or run the model again")


@pytest.mark.parametrize(
    ("target", "stated", "problem"),
    [
        ("n.output", "(5,)", "unknown model 'n'"),
        ("nothing", "(5,)", "unknown model 'nothing': choose from m, failed, raises, v1.2"),
        ("fail.output", "(5,)", "unknown model 'fail'; did you mean 'failed'?"),
        ("v1.2", "(5,)", f"unknown model 'v1'; {DOTS}: \"v1.2\""),
        ("v1.2.output[0]", "(5,)", f"'v1.2.output[0]' is not a target: {FORM}; {DOTS}: \"v1.2\".output[0]"),
        ("v1.2/a.b c", "(5,)", f'\'v1.2/a.b c\' is not a target: {FORM}; {DOTS}: "v1.2"/"a.b c"'),
        ('"v1.2"/a.b c.output', "(5,)", f"""'"v1.2"/a.b c.output' is not a target: {FORM}; {DOTS}: """),
        ('"v1.2"/"a.b c"/e.f', "(5,)", f"""'v1.2/a.b c' has no layer 'e': choose from d, e.f; {DOTS}: """),
        ("m/[", "(5,)", "'m/[' is not a target"),
        ("m.output", "(a b)", "'(a b)' is not a shape"),
        ("raises.output", "(5,)", "the code of 'raises' is meant to fail (:raises:), so it has no values"),
        ("m.output", "x" * 5000, f"'{'x' * 100}…' is not a shape"),
        ("m.output", "\x1b\u202e", r"'\x1b\u202e' is not a shape"),
        ("x" * 5000, "(5,)", f"unknown model '{'x' * 100}…': choose from "),
        ("m/a." + "x" * 5000, "(5,)", f"'m/a' has no '{'x' * 100}…': choose from "),
        ("failed.output", "(5,)", ""),
        ("(5,)", "m.output", "unknown model '(5,)': the value comes first, `(5,) <m.output>`"),
        ("15 m", "", "unknown model '15 m': the target is in angle brackets, `15 <m>`"),
        ("(None, 5) (m.output)", "", "'(None, 5) (m.output)' is not a target: write MODEL, MODEL/LAYER"),
        ("15 <m/a", "", "unknown model '15 <m': the target is in angle brackets, `15 <m/a>`"),
        ("1.5k", "m/a", "unknown model '1': the value comes first, `1.5k <m/a>`"),
        ("float 32", "m", "unknown model 'float 32': the value comes first, `float 32 <m>`"),
    ],
)
def test_nothing_can_be_said(target: str, stated: str, problem: str) -> None:
    found = verdict("shape", target, stated)
    assert not found.holds
    assert not found.actual
    assert found.problem.startswith(problem)
    assert bool(found.problem) == bool(problem)


@pytest.mark.parametrize(
    ("target", "stated", "problem"),
    [("", "", "ref"), ("'a b'", "a b", "ref"), ("m/a.output", "a b", "claim"), ("m/a.output", "6", "claim")],
)
def test_what_is_wrong_is_either_the_target_or_the_statement(target: str, stated: str, problem: str) -> None:
    """Also of ``{keras:shape}` ` ``, which Sphinx takes for a target without a character."""
    trouble = claim_finding(verdict("shape", target, stated))
    assert trouble is not None
    assert trouble.problem == problem


def test_a_target_before_its_value_and_trainable_parameters_of_all() -> None:
    known = {"m": Report(MODEL, versions=Versions(tensorflow="2.21"))}
    found = judge(Claim("params", "<m> 80", "", "page:1"), known.__getitem__, ["m"])
    assert found.problem.endswith(": the value comes first, `80 <m>`")
