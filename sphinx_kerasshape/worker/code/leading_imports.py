"""The installed modules that code imports before it does anything else; finding them imports nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder

from sphinx_kerasshape.worker.code import sources

_BLANK = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*")
_STATEMENT = re.compile(
    r"(?:import[ \t]+(?P<modules>[\w., \t]+)"
    r"|from[ \t]+(?P<package>\w[\w.]*)[ \t]+import[ \t]+(?P<names>\([^()#]*\)|[\w,* \t]+))(?:#[^\n]*)?\n"
)
_WORD = re.compile(r"[\w.]+")


def leading(code: str) -> tuple[str, ...]:
    """Return the installed modules that code imports first, without those that are loaded already.

    The first statement that does anything else, such as importing a module of the project, ends them.
    """
    modules: dict[str, None] = {}
    for module in _imported(f"{code}\n"):
        package = module.partition(".")[0]
        if module in sys.modules or package in sources.VERSIONED or package in sys.stdlib_module_names:
            continue
        if not _is_installed(module):
            break
        modules[module] = None
    return tuple(modules)


def _imported(code: str) -> Iterator[str]:
    """Give the modules of the import statements that code begins with."""
    place = 0
    while statement := _STATEMENT.match(code, _end_of_blank(code, place)):
        place = statement.end()
        modules, package, names = statement.groups()
        if modules is not None:
            yield from (_WORD.findall(item)[0] for item in modules.split(",") if item.strip())
            continue
        yield package
        for name in (_WORD.findall(item)[0] for item in names.split(",") if _WORD.search(item)):
            if _spec(f"{package}.{name}") is not None:
                yield f"{package}.{name}"


def _end_of_blank(code: str, place: int) -> int:
    blank = _BLANK.match(code, place)
    return blank.end() if blank is not None else place


def _is_installed(module: str) -> bool:
    spec = _spec(module)
    if spec is None:
        return False
    return (spec.origin or next(iter(spec.submodule_search_locations or ()), "")).startswith(
        sources.site_folders()
    )


def _spec(module: str) -> ModuleSpec | None:
    """Return where a module is; ``importlib.util.find_spec()`` would import the packages around it."""
    package = module.rpartition(".")[0]
    if not package:
        return PathFinder.find_spec(module)
    above = _spec(package)
    return PathFinder.find_spec(module, above.submodule_search_locations) if above is not None else None
