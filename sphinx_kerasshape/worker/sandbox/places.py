"""The places that the code of a model may read, and what is left out of them."""

from __future__ import annotations

import glob
import os
import site
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator

from sphinx_kerasshape.worker.sandbox import landlock

Rule = tuple[str, int]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""The extension, whose modules a process imports when it needs them."""

_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/snap")
_SYSTEM = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone"),
    *("/etc/passwd", "/etc/group", "/etc/os-release", "/etc/mime.types", "/etc/fonts", "/etc/alternatives"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/filesystems", "/proc/loadavg"),
    *("/proc/uptime", "/proc/sys/kernel", "/proc/sys/vm", "/proc/driver", "/sys/devices/system"),
    *("/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage"),
)
_OF_NETWORK = (
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/ca-certificates.conf", "/etc/hosts"),
    *("/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services"),
    "/etc/protocols",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_GRAPHICS = ("/dev/nvidia*", "/dev/dri", "/dev/kfd")
_DOWNLOADS = (
    *(".keras", ".cache/kagglehub", ".cache/huggingface/hub", ".cache/matplotlib", ".config/matplotlib"),
    *("tensorflow_datasets", "nltk_data", "scikit_learn_data"),
)
"""Folders of the home folder that have what packages have downloaded, and no secrets."""
_SECRETS = frozenset(
    (
        *(".git", ".hg", ".svn", ".env", ".netrc", "_netrc", ".pypirc", ".npmrc", ".git-credentials"),
        *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config", ".local", ".password-store"),
        *(".bash_history", ".python_history", ".mozilla"),
    )
)
"""Names that are left out of a folder which may be read."""


def readable(path: Iterable[str], sources: Iterable[str], hidden: Iterable[str], network: bool) -> list[Rule]:
    """Return the places that the code may read, each with its rights; all of them are absolute.

    ``path`` is what goes on ``sys.path``; ``sources`` are the folders of pages and their files; ``hidden``
    are files and folders in them that the code may not read.
    """
    installed = {_PACKAGE, sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path}
    installed |= {*sysconfig.get_paths().values(), *site.getsitepackages(), site.getusersitepackages()}
    hidden = {os.path.realpath(one) for one in hidden if os.path.lexists(one)}
    home = os.path.expanduser("~")
    rules = [(one, landlock.READ) for one in (*_PROGRAMS, *_SYSTEM, *(_OF_NETWORK if network else ()))]
    rules += [(one, landlock.USE) for one in (*_DEVICES, *(_ for one in _GRAPHICS for _ in glob.glob(one)))]
    rules += [(os.path.join(home, one), landlock.READ) for one in _DOWNLOADS]
    for folder in {os.path.realpath(one) for one in (*installed, *_editable(), *path, *sources) if one}:
        rules += _within(folder, hidden, home)
    return sorted(set(rules))


def _within(folder: str, hidden: Collection[str], home: str) -> Iterator[Rule]:
    """Yield the rights to a folder without what is hidden in it."""
    if folder == os.sep:
        return
    is_home = home == folder or home.startswith(os.path.join(folder, ""))
    inside = [one for one in hidden if one == folder or one.startswith(os.path.join(folder, ""))]
    if folder in inside:
        return
    names = _names(folder)
    if not inside and not is_home and not _SECRETS & set(names):
        yield folder, landlock.READ
        return
    yield folder, landlock.LIST
    for name in names:
        if name not in _SECRETS and not (folder == home and name.startswith(".")):
            yield from _within(os.path.join(folder, name), inside, home)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _editable() -> Iterator[str]:
    """Yield the folders of packages that are installed as links, by setuptools' finders."""
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            yield from map(os.path.dirname, getattr(module, "MAPPING", {}).values())
            for folders in getattr(module, "NAMESPACES", {}).values():
                yield from folders
