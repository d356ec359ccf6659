"""The installed modules that code imports before it does anything else; finding them imports nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder

from sphinx_kerasshape.worker.code import sources

_STATEMENT = re.compile(
    r"(?:[ \t]*(?:#[^\n]*)?\n)*"  # blank lines and comments
    r"(?:import[ \t]+(?P<modules>[\w., \t]+)"
    r"|from[ \t]+(?P<package>\w[\w.]*)[ \t]+import[ \t]+(?P<names>\([^()#]*\)|[\w,* \t]+))(?:#[^\n]*)?\n"
)
_WORD = re.compile(r"[\w.]+")


def leading(code: str, folders: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the installed modules that code imports first, without those that are loaded already.

    Modules in ``folders`` of the project come before installed ones.
    The first statement that does anything else, such as importing a module of the project, ends them.
    """
    modules: dict[str, None] = {}
    path = [*folders, *sys.path]
    for module in _imported(f"{code}\n", path):
        package = module.partition(".")[0]
        if module in sys.modules or package in sources.VERSIONED or package in sys.stdlib_module_names:
            continue
        if not _is_installed(module, path):
            break
        modules[module] = None
    return tuple(modules)


def _imported(code: str, path: list[str]) -> Iterator[str]:
    """Yield the modules of the import statements that code begins with."""
    place = 0
    while statement := _STATEMENT.match(code, place):
        place = statement.end()
        modules, package, names = statement.groups()
        words = [words[0] for item in (modules or names).split(",") if (words := _WORD.findall(item))]
        if package is None:
            yield from words
            continue
        yield package
        yield from (f"{package}.{name}" for name in words if _spec(f"{package}.{name}", path) is not None)


def _is_installed(module: str, path: list[str]) -> bool:
    spec = _spec(module, path)
    if spec is None:
        return False
    place = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    return place.startswith(sources.site_folders())


def _spec(module: str, path: list[str]) -> ModuleSpec | None:
    """Return where a module is; ``importlib.util.find_spec()`` would import the packages around it."""
    package = module.rpartition(".")[0]
    outer = _spec(package, path) if package else None
    if package and outer is None:
        return None
    try:
        return PathFinder.find_spec(module, outer.submodule_search_locations if outer else path)
    except (ImportError, ValueError):  # from a finder that a package has installed
        return None
