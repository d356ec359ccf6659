"""The ``keras`` domain: records of all pages in Sphinx's environment, and cross references to models."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar, cast

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


# Spaces divide an inventory into fields, so a name like this would be read as a name and other fields.
_DIVIDED = re.compile(r"\S\s+\S+\s+-?\d+(?:\s|\Z)")


class KerasDomain(Domain):
    """Models and layers of Keras."""

    name = "keras"
    label = "Keras"
    object_types: ClassVar = {"model": ObjType("model", "model"), "layer": ObjType("layer", "layer")}
    initial_data: ClassVar = {"pages": {}}
    data_version = 1

    context: BuildContext = BuildContext()
    """The state of this build; only :class:`sphinx_kerasshape.build.Build` sets it."""

    @property
    def pages(self) -> dict[str, Page]:
        """The records of pages that use this extension, by document name."""
        pages: dict[str, Page] = self.data["pages"]
        return pages

    def page(self, docname: str) -> Page:
        """Return the record of a page, which is made at the first call."""
        return self.pages.setdefault(docname, Page())

    def clear_doc(self, docname: str) -> None:
        """Remove the record of a page."""
        self.pages.pop(docname, None)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over the records of pages that another process has read."""
        for docname in docnames:
            if docname in otherdata["pages"]:
                self.pages[docname] = otherdata["pages"][docname]

    def find(self, kind: str, target: str) -> tuple[str, str] | None:
        """Return page and anchor of a model ``NAME`` or layer ``MODEL/LAYER…`` that this output has."""
        name, _, layer = target.partition("/")
        if name not in self.context.models or bool(layer) != (kind == "layer"):
            return None
        docname, block = self.context.models[name]
        if not self.context.is_written(block):
            return None
        if not layer:
            return docname, block.anchor
        anchors = layer_anchors(block.anchor, self.context.layers(block))
        if layer not in anchors:
            return None
        # A layer too deep for the table is linked to the row of the layer that it is inside.
        layer_with_row = "/".join(layer.split("/")[: block.depth])
        return docname, anchors.get(layer_with_row, block.anchor)

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
        """Return the link of a role."""
        place = self.find(typ, target)
        if place is not None:
            docname, anchor = place
            return make_refnode(builder, fromdocname, docname, anchor, contnode, target)
        inventory = getattr(env, "intersphinx_inventory", {})
        # ``None`` leaves the target to intersphinx. Any other has our own warning; Sphinx must not add one.
        is_external = target in inventory.get(f"keras:{typ}", {})
        return None if is_external else contnode  # type: ignore[return-value]

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Return the links that an ``any`` role can have."""
        links = []
        for kind in ("model", "layer"):
            link = self.resolve_xref(env, fromdocname, builder, kind, target, node, contnode)
            if isinstance(link, nodes.reference):
                links.append((f"keras:{kind}", link))
        return links

    def get_objects(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        """Yield the objects for ``objects.inv`` and for the search."""
        for name, (docname, block) in self.context.models.items():
            if _DIVIDED.search(name) or not self.context.is_written(block):
                continue
            yield name, name, "model", docname, block.anchor, 1
            for layer, anchor in layer_anchors(block.anchor, self.context.layers(block)).items():
                if layer.count("/") < block.depth and not _DIVIDED.search(f"{name}/{layer}"):
                    yield f"{name}/{layer}", layer, "layer", docname, anchor, -1


def domain_of(env: BuildEnvironment) -> KerasDomain:
    """Return the domain of a build."""
    return cast("KerasDomain", env.domains["keras"])


@functools.lru_cache(maxsize=4096)
def layer_anchors(model_anchor: str, layers: tuple[str, ...]) -> Mapping[str, str]:
    """Return the anchor of each layer's row in the table of its model; no two are equal."""
    anchors: dict[str, str] = {}
    taken: set[str] = set()
    following: dict[str, int] = {}
    """For each anchor that several layers would have, the number of the next of them."""
    for number, layer in enumerate(layers):
        base = anchor = f"{model_anchor}--{nodes.make_id(layer)}"
        while anchor in taken or anchor.endswith("--"):
            following[base] = max(following.get(base, 0), number) + 1
            anchor = f"{base}-{following[base] - 1}"
        taken.add(anchor)
        anchors.setdefault(layer, anchor)
    return anchors
