"""The ``keras`` domain: records of all pages in Sphinx's environment, and cross references to models."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.domains import Domain, ObjType
from sphinx.util.nodes import make_refnode

from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Page

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment


# The inventory is divided by spaces: such a name would be read as the name of another entry, and its kind.
_DIVIDED = re.compile(r"\S\s+\S+\s+-?\d+(?:\s|\Z)")


class KerasDomain(Domain):
    """Models and layers of Keras."""

    name = "keras"
    label = "Keras"
    object_types: ClassVar = {"model": ObjType("model", "model"), "layer": ObjType("layer", "layer")}
    initial_data: ClassVar = {"pages": {}}
    data_version = 1

    context: BuildContext = BuildContext()
    """What this build knows; set by :class:`sphinx_kerasshape.build.Build` only."""

    @property
    def pages(self) -> dict[str, Page]:
        """The pages that have something of ours, by document name."""
        pages: dict[str, Page] = self.data["pages"]
        return pages

    def page(self, docname: str) -> Page:
        """Return the record of a page, which is made on first use."""
        return self.pages.setdefault(docname, Page())

    def clear_doc(self, docname: str) -> None:
        """Forget a page."""
        self.pages.pop(docname, None)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over the pages that another process has read."""
        for docname in docnames:
            if docname in otherdata["pages"]:
                self.pages[docname] = otherdata["pages"][docname]

    def find(self, kind: str, target: str) -> tuple[str, str] | None:
        """Return page and anchor of a model ``NAME`` or a layer ``MODEL/LAYER…``."""
        name, _, layer = target.partition("/")
        found = self.context.models.get(name)
        if found is None or bool(layer) != (kind == "layer"):
            return None
        docname, block = found
        if not layer:
            return docname, block.anchor
        anchors = layer_anchors(block.anchor, self.context.layers(block))
        if layer not in anchors:
            return None
        # A layer too deep for the table is part of the last one that has a row.
        shown = "/".join(layer.split("/")[: block.depth])
        return docname, anchors.get(shown, block.anchor)

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
        for name, (docname, block) in self.context.models.items():
            if _DIVIDED.search(name):
                continue
            yield name, name, "model", docname, block.anchor, 1
            for layer, anchor in layer_anchors(block.anchor, self.context.layers(block)).items():
                if layer.count("/") < block.depth and not _DIVIDED.search(f"{name}/{layer}"):
                    yield f"{name}/{layer}", layer, "layer", docname, anchor, -1


@functools.lru_cache(maxsize=4096)
def layer_anchors(model_anchor: str, layers: tuple[str, ...]) -> Mapping[str, str]:
    """Return the anchor of each layer's row in the table of its model; no two are equal."""
    anchors: dict[str, str] = {}
    taken: set[str] = set()
    following: dict[str, int] = {}
    """The number that the next layer has whose name gives the same anchor."""
    for number, layer in enumerate(layers):
        whole = anchor = f"{model_anchor}--{nodes.make_id(layer)}"
        while anchor in taken or anchor.endswith("--"):
            following[whole] = max(following.get(whole, 0), number) + 1
            anchor = f"{whole}-{following[whole] - 1}"
        taken.add(anchor)
        anchors.setdefault(layer, anchor)
    return anchors
