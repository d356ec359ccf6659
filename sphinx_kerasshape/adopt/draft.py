"""The changes of a document, and the proof that they do what they are meant to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sphinx_kerasshape.adopt import proof, writing
from sphinx_kerasshape.adopt.markup import Markup
from sphinx_kerasshape.adopt.page import Page
from sphinx_kerasshape.adopt.results import BLOCK, STATEMENT, Adopted, Remark
from sphinx_kerasshape.adopt.writing import Change
from sphinx_kerasshape.audit.document import Place
from sphinx_kerasshape.audit.rewriting.rewrite import Unwritable, rewrite

_IMPOSSIBLE = "it stands in a way that no directive can replace"
_UNSAFE = "its markup can't be changed without changing what it says"


class RoleChange(NamedTuple):
    """A statement that becomes a role."""

    change: Change
    remark: Remark


class Draft:
    """What a document is to become."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._lines = page.lines
        self.changes: list[Change] = []
        self.roles: list[RoleChange] = []
        self.remarks: list[Remark] = []
        self._written: dict[int, tuple[str, list[Change]]] = {}
        """The code of each block that becomes a directive, and the changes that make it one."""
        self._replaced: Counter[str] = Counter()

    def note(self, line: int, what: str, text: str, *, is_false: bool = False) -> None:
        """Note what becomes of a line, which counts from 0."""
        self.remarks.append(Remark(line + 1, what, text, is_false))

    def write(self, block: int, code: str, changes: Iterable[Change]) -> None:
        """Make a block a directive with some code."""
        self._written[block] = code, list(changes)
        self.replace(self._page.of_block[block])

    def replace(self, markup: Markup) -> None:
        """Note a block that is no longer to be a plain one."""
        self._replaced[proof.code_text(markup.piece.lines)] += 1

    def adopted(self) -> Adopted:
        """Return the document with all changes that are proven to say what they are meant to."""
        one = self._page.judged.audited
        old = proof.blocks(self._lines.text, is_rest=self._page.is_rest)
        roles = self._proven_roles(old.roles)
        remarks = tuple(sorted(self._remarks(roles), key=lambda remark: remark.line))
        changes = self._all(roles)
        if not changes:
            return Adopted(one.path, one.data, one.data, remarks)
        codes = Counter(code for code, _ in self._written.values())
        expected = proof.Blocks(old.ours + codes, old.others - self._replaced, old.roles + len(roles))
        try:
            if self._blocks(changes) == expected:
                edits = [(Place(0, first, last), new) for first, last, new in changes]
                return Adopted(one.path, one.data, rewrite(self._page.document, edits, one.data), remarks)
        except Unwritable as error:
            return Adopted(one.path, one.data, one.data, (Remark(1, BLOCK, str(error)),))
        refused = {
            block: _IMPOSSIBLE
            for block, (code, some) in self._written.items()
            if self._blocks(some).ours[code] != old.ours[code] + 1
        }
        return Adopted(one.path, one.data, one.data, (Remark(1, BLOCK, _UNSAFE),), refused)

    def _proven_roles(self, count: int) -> list[RoleChange]:
        """Return the roles that stand where there can be one."""
        if not self.roles or self._blocks(self._all(self.roles)).roles == count + len(self.roles):
            return self.roles
        return [role for role in self.roles if self._blocks(self._of_roles([role])).roles == count + 1]

    def _remarks(self, roles: Sequence[RoleChange]) -> Iterable[Remark]:
        yield from self.remarks
        for role in self.roles:
            if role in roles:
                yield role.remark
            else:
                text = f"{role.remark.text}: it stands in other markup, where no role can be"
                yield role.remark._replace(what=STATEMENT, text=text)

    def _of_roles(self, roles: Sequence[RoleChange]) -> list[Change]:
        changes = [role.change for role in roles]
        return [*changes, *writing.underlined(changes, self._lines)] if self._page.is_rest else changes

    def _all(self, roles: Sequence[RoleChange]) -> list[Change]:
        of_blocks = [change for _, some in self._written.values() for change in some]
        changes = [*of_blocks, *self.changes, *self._of_roles(roles)]
        return [change for change in changes if change[0] < change[1] or change[2]]

    def _blocks(self, changes: Iterable[Change]) -> proof.Blocks:
        """Return what the text says after changes."""
        parts, end = [], 0
        for first, last, new in sorted(changes):
            parts += [self._lines.text[end:first], new]
            end = last
        text = "".join([*parts, self._lines.text[end:]])
        return proof.blocks(text, is_rest=self._page.is_rest)
