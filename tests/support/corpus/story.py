"""Stories: pieces of prose, code and output, with markers for what they state.

The first line of a story names the formats and the styles of summaries that it is told in. Fences are
``python`` (shown and run), ``python shown`` (only shown: data, training), ``python truth`` (only run for the
truth, instead of what is only shown), ``output`` (printed by the code above) and ``value`` (the value of its
last line).

A marker is ``{{KIND EXPRESSION|FORM}}``. Its value is that of the expression behind its line of code, or
behind the code above it; with ``later`` before its kind, at the end of the story.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "stories"
_FENCE = re.compile(
    r"```(python shown|python truth|python|output|value)\n(.*?)^```\n", re.DOTALL | re.MULTILINE
)
_MARKER = re.compile(r"\{\{(later )?(shape|count|summary|size) (.+?)(?:\|([\w, {}]+))?\}\}")
_PLOTTING = re.compile(r"^import matplotlib.*$", re.MULTILINE)
SENTINEL = re.compile("\x01(\\d+)\x02")


class Marker(NamedTuple):
    """What a story states: of an expression, behind a line of a piece of code; line 0: behind the piece."""

    kind: str
    expression: str
    form: str
    piece: int
    line: int


class Piece(NamedTuple):
    """A piece of a story; markers in its text are sentinels with their numbers."""

    kind: str
    text: str


class Story(NamedTuple):
    name: str
    told: tuple[tuple[str, str], ...]
    """The formats and styles that it is told in."""
    pieces: tuple[Piece, ...]
    markers: tuple[Marker, ...]

    def is_printed(self, marker: int) -> bool:
        """Whether a marker is a value that code has printed; summaries aside."""
        kinds = [piece.kind for piece in self.pieces if f"\x01{marker}\x02" in piece.text]
        return kinds[0] in ("output", "value") and self.markers[marker].kind != "summary"

    def request(self) -> dict[str, Any]:
        """Return what the truth needs to know of it."""
        codes = [
            _PLOTTING.sub("", SENTINEL.sub("", piece.text))
            if piece.kind in ("python", "python truth")
            else ""
            for piece in self.pieces
        ]
        return {"name": self.name, "codes": codes, "markers": [marker._asdict() for marker in self.markers]}


def stories() -> list[Story]:
    """Return all stories, in the order of their names."""
    return [_story(path) for path in sorted(FOLDER.glob("*.md"))]


def _story(path: Path) -> Story:
    head, _, text = path.read_text("utf-8").partition("\n\n")
    told = tuple(tuple(one.split("/")) for one in head.removeprefix("told: ").split())
    pieces = list(_pieces(text))
    markers: list[Marker] = []
    found = []
    for number, piece in enumerate(pieces):
        found.append(Piece(piece.kind, _marked(piece, number, len(pieces), markers)))
    return Story(path.stem, told, tuple(found), tuple(markers))  # type: ignore[arg-type]


def _pieces(text: str) -> list[Piece]:
    found, end = [], 0
    for match in _FENCE.finditer(text):
        found.append(Piece("prose", text[end : match.start()].strip("\n")))
        found.append(Piece(match[1], match[2].rstrip("\n")))
        end = match.end()
    found.append(Piece("prose", text[end:].strip("\n")))
    return [piece for piece in found if piece.text]


def _marked(piece: Piece, number: int, count: int, markers: list[Marker]) -> str:
    """Return the text of a piece with sentinels in place of its markers, which are noted."""

    def sentinel(match: re.Match[str]) -> str:
        line = piece.text.count("\n", 0, match.start()) + 1 if piece.kind == "python" else 0
        place = count - 1 if match[1] else number
        markers.append(Marker(match[2], match[3], match[4] or "", place, 0 if match[1] else line))
        return f"\x01{len(markers) - 1}\x02"

    return _MARKER.sub(sentinel, piece.text)
