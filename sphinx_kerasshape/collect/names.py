"""The directives and roles of the ``keras`` domain, imported when a page uses the first of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from sphinx_kerasshape.pages.domain import KerasDomain
from sphinx_kerasshape.pages.records import LINKS, VALUES

if TYPE_CHECKING:
    from docutils.parsers.rst import Directive
    from sphinx.util.typing import RoleFunction

DIRECTIVES = {
    "model": "model_directive.ModelDirective",
    "code": "code_directive.CodeDirective",
    "summary": "summary_directive.SummaryDirective",
}
"""The class of each directive, in its module of this room."""
ROLES = {
    **dict.fromkeys(LINKS, "roles.CheckedXRefRole"),
    **dict.fromkeys(VALUES, "roles.ValueRole"),
    "unchecked": "roles.UncheckedRole",
}


class LazyDomain(KerasDomain):
    """The domain that imports its directives and roles on their first use."""

    directives: ClassVar[dict[str, type[Directive]]] = {}
    roles: ClassVar[dict[str, Any]] = {}

    def directive(self, name: str) -> type[Directive] | None:
        """Return a directive; for an unknown name one that warns, unless ``keras`` is the default domain."""
        if name in DIRECTIVES and name not in self.directives:
            self.directives[name] = _imported(DIRECTIVES[name])
        found = super().directive(name)
        return found or (None if self._is_default() else _imported("misspelt.MisspeltDirective"))

    def role(self, name: str) -> RoleFunction | None:
        """Return a role; for an unknown name one that warns, unless ``keras`` is the default domain."""
        if name in ROLES and name not in self.roles:
            self.roles[name] = _imported(ROLES[name])()
        found = super().role(name)
        return found or (None if self._is_default() else _imported("misspelt.MisspeltRole")())

    def _is_default(self) -> bool:
        """Whether names without a domain are looked for here first: those are of all domains."""
        return self.env.temp_data.get("default_domain") is self


def _imported(path: str) -> Any:
    """Return a class of this room."""
    module, _, name = path.partition(".")
    return getattr(import_module(f"{__package__}.{module}"), name)
