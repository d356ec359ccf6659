"""The paths of what builds keep: the cache and the lock."""

from contextlib import suppress
from pathlib import Path

from sphinx_kerasshape.settings.settings import Settings


def cache_folder(settings: Settings, confdir: Path, doctreedir: Path) -> Path:
    """Return the folder of the cache; by default it lies beside the doctrees."""
    return confdir / settings.cache_dir if settings.cache_dir else doctreedir.parent / ".kerasshape"


def lock_path(settings: Settings, confdir: Path) -> tuple[Path, str]:
    """Return the path of the lock, and what is wrong with the one that is set.

    A folder is refused, since other messages advise to delete a bad lock.
    """
    path, default = (confdir / name for name in (settings.lockfile, Settings().lockfile))
    with suppress(OSError):
        if path.is_dir() and path != default:
            problem = f"kerasshape_lockfile must be the path of a file, but {path} is a folder"
            return default, f"{problem}; using the default, {default.name!r}"
    return path, ""
