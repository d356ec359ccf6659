"""The ``keras`` domain: what each page says of models, and where they are found.

It owns the records that live in Sphinx's environment, and the cross references made
from them. It runs nothing; the results of a build are lent to it for rendering.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.domains import Domain, ObjType
from sphinx.util.nodes import make_refnode

from sphinx_kerasshape.cache import Result
from sphinx_kerasshape.directives import CodeDirective, ModelDirective
from sphinx_kerasshape.messages import Model, Report, Request
from sphinx_kerasshape.records import Entry, Page
from sphinx_kerasshape.roles import CheckedXRefRole, UncheckedRole, ValueRole

if TYPE_CHECKING:
    from pathlib import Path

    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

    from sphinx_kerasshape.places import Placed


# The inventory is divided by spaces: such a name would be read as the name of another entry, and its kind.
_DIVIDED = re.compile(r"\S\s+\S+\s+-?\d+(?:\s|\Z)")


class KerasDomain(Domain):
    """Models and layers of Keras."""

    name = "keras"
    label = "Keras"
    object_types: ClassVar = {"model": ObjType("model", "model"), "layer": ObjType("layer", "layer")}
    directives: ClassVar = {"model": ModelDirective, "code": CodeDirective}
    roles: ClassVar = {
        "model": CheckedXRefRole(),
        "layer": CheckedXRefRole(),
        "shape": ValueRole(),
        "params": ValueRole(),
        "dtype": ValueRole(),
        "bytes": ValueRole(),
        "axes": ValueRole(),
        "unchecked": UncheckedRole(),
    }
    initial_data: ClassVar = {"pages": {}}
    data_version = 1

    results: Mapping[Request, Result] = {}
    """The results of this build, from ``env-updated`` on."""
    file_folders: tuple[Path, ...] = ()
    """Folders that ``:file:`` may take files from besides the source folder."""
    output_format = ""
    """The format that this build writes; Sphinx 9 has deprecated all ways to ask for it in a transform."""

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(env)
        self.read_now: set[str] = set()
        """The pages that this build reads."""
        self.placed: dict[tuple[str, str], Placed] = {}
        """Where the roles of a page that is read stand: its links, its values."""

    @property
    def pages(self) -> dict[str, Page]:
        """The pages that have something of ours, by document name."""
        pages: dict[str, Page] = self.data["pages"]
        return pages

    def page(self, docname: str) -> Page:
        """Return the record of a page, which is made on first use."""
        return self.pages.setdefault(docname, Page())

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Give all models with their pages, in an order that does not depend on reading."""
        for docname in sorted(self.pages):
            for entry in self.pages[docname].models.values():
                yield docname, entry

    def models(self) -> dict[str, tuple[str, Entry]]:
        """Return the model that each name stands for; of duplicates, the first."""
        found: dict[str, tuple[str, Entry]] = {}
        for docname, entry in self.entries():
            if not entry.is_code:
                found.setdefault(entry.name, (docname, entry))
        return found

    def clear_doc(self, docname: str) -> None:
        """Forget a page."""
        self.pages.pop(docname, None)
        # Sphinx has a page forgotten before it is read.
        self.read_now.add(docname)
        self.placed.clear()

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over the pages that another process has read."""
        for docname in docnames:
            if docname in otherdata["pages"]:
                self.pages[docname] = otherdata["pages"][docname]

    def find(self, kind: str, target: str) -> tuple[str, str] | None:
        """Return page and anchor of a model ``NAME`` or a layer ``MODEL/LAYER…``."""
        name, _, layer = target.partition("/")
        found = self.models().get(name)
        if found is None or bool(layer) != (kind == "layer"):
            return None
        docname, entry = found
        if not layer:
            return docname, entry.anchor
        anchors = layer_anchors(entry, self.layers(entry))
        if layer not in anchors:
            return None
        # A layer too deep for the table is part of the last one that has a row.
        shown = "/".join(layer.split("/")[: entry.depth])
        return docname, anchors.get(shown, entry.anchor)

    def report(self, name: str) -> Report | None:
        """Return what TensorFlow said of a model; ``None`` where it failed. Raises ``KeyError``."""
        _, entry = self.models()[name]
        result = self.results.get(entry.request)
        answer = result.answer if result is not None else None
        return answer if isinstance(answer, Report) else None

    def models_of(self, page: Page) -> Iterator[Model]:
        """Give the models that a page shows, or states values of."""
        from sphinx_kerasshape import targets

        names = {entry.name for entry in page.models.values()}
        for claim in page.claims:
            with suppress(targets.Unresolved):
                names.add(targets.parse(claim.target).model)
        for name in sorted(names & self.models().keys()):
            report = self.report(name)
            if report is not None and report.model is not None:
                yield report.model

    def layers(self, entry: Entry) -> tuple[str, ...]:
        """Return the paths of a model's layers; none where the model failed."""
        result = self.results.get(entry.request)
        return result.layers if result is not None else ()

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> nodes.reference | None:
        """Make the link of a role."""
        found = self.find(typ, target)
        if found is not None:
            docname, anchor = found
            return make_refnode(builder, fromdocname, docname, anchor, contnode, target)
        inventory = getattr(env, "intersphinx_inventory", {})
        # Left to intersphinx, or our own warning has it: Sphinx need not say it once more.
        known = target in inventory.get(f"keras:{typ}", {})
        return None if known else contnode  # type: ignore[return-value]

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Make the link of an ``any`` role."""
        links = []
        for kind in ("model", "layer"):
            link = self.resolve_xref(env, fromdocname, builder, kind, target, node, contnode)
            if isinstance(link, nodes.reference):
                links.append((f"keras:{kind}", link))
        return links

    def get_objects(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        """Give the entries of ``objects.inv`` and of the search."""
        for name, (docname, entry) in self.models().items():
            if _DIVIDED.search(name):
                continue
            yield name, name, "model", docname, entry.anchor, 1
            for layer, anchor in layer_anchors(entry, self.layers(entry)).items():
                if layer.count("/") < entry.depth and not _DIVIDED.search(f"{name}/{layer}"):
                    yield f"{name}/{layer}", layer, "layer", docname, anchor, -1


def layer_anchors(entry: Entry, layers: Iterable[str]) -> dict[str, str]:
    """Return the anchor of each layer's row in the table of its model; no two are equal."""
    anchors: dict[str, str] = {}
    taken: set[str] = set()
    following: dict[str, int] = {}
    """The number that the next layer has whose name gives the same anchor."""
    for number, layer in enumerate(layers):
        whole = anchor = f"{entry.anchor}--{nodes.make_id(layer)}"
        while anchor in taken or anchor.endswith("--"):
            following[whole] = max(following.get(whole, 0), number) + 1
            anchor = f"{whole}-{following[whole] - 1}"
        taken.add(anchor)
        anchors.setdefault(layer, anchor)
    return anchors
