"""The places that the code of a model may read, and what is left out of them."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import site
import sys
import sysconfig
import tempfile
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from sphinx_kerasshape.worker.sandbox import caches, landlock

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
    *(".cache/kagglehub", ".cache/huggingface/hub", "tensorflow_datasets", "nltk_data", "scikit_learn_data"),
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
_UNSEARCHED = frozenset(("node_modules", "site-packages", "__pycache__"))
_MOST_FOLDERS = 2_000
"""So many folders of a project are searched for such names."""
_TEMPORARY = "kerasshape-"
"""What the names of the workers' folders begin with."""


def readable(path: Iterable[str], sources: Iterable[str], hidden: Iterable[str], network: bool) -> list[Rule]:
    """Return the places that the code may read, each with its rights; all of them are absolute.

    ``path`` is what goes on ``sys.path``; ``sources`` are the folders of pages and their files; ``hidden``
    are files and folders in them that the code may not read.
    """
    installed = {_PACKAGE, sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path}
    installed |= {*sysconfig.get_paths().values(), *site.getsitepackages(), site.getusersitepackages()}
    project = {os.path.realpath(one) for one in (*path, *sources, *_editable()) if one}
    hidden = {os.path.realpath(one) for one in hidden if os.path.lexists(one)}
    hidden |= {secret for folder in project for secret in _secrets(folder, project)}
    hidden.add(os.path.join(os.path.realpath(tempfile.gettempdir()), _TEMPORARY))
    home = os.path.expanduser("~")
    rules = [(one, landlock.READ) for one in (*_PROGRAMS, *_SYSTEM, *(_OF_NETWORK if network else ()))]
    rules += [(one, landlock.USE) for one in (*_DEVICES, *(_ for one in _GRAPHICS for _ in glob.glob(one)))]
    rules += [(os.path.join(home, one), landlock.READ) for one in _DOWNLOADS]
    for folder in {*project, *(os.path.realpath(one) for one in installed if one)}:
        rules += _within(folder, hidden, home)
    rules += [(one, landlock.READ) for one in caches.prepare()]
    return list(_needed({os.path.realpath(one): rights for one, rights in rules if os.path.exists(one)}))


def _needed(rules: Mapping[str, int]) -> Iterator[Rule]:
    """Yield the rules without those for places within one that gives all they do: each costs time."""
    for place, rights in rules.items():
        above = place
        while above != os.sep:
            above = os.path.dirname(above)
            if rights & ~rules.get(above, 0) == 0:
                break
        else:
            yield place, rights


def _within(folder: str, hidden: Collection[str], home: str) -> Iterator[Rule]:
    """Yield the rights to a folder without what is hidden in it."""
    if folder == os.sep:
        return
    is_home = home == folder or home.startswith(os.path.join(folder, ""))
    inside = [one for one in hidden if one == folder or one.startswith(os.path.join(folder, ""))]
    if folder in inside:
        return
    names, temporary = _names(folder), os.path.realpath(tempfile.gettempdir())
    if not inside and not is_home and not _SECRETS & set(names):
        yield folder, landlock.READ
        return
    yield folder, landlock.LIST
    for name in names:
        is_hidden = name in _SECRETS or (folder == home and name[0] == ".")
        if not is_hidden and not (folder == temporary and name.startswith(_TEMPORARY)):
            yield from _within(os.path.join(folder, name), inside, home)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _secrets(folder: str, searched: Collection[str]) -> Iterator[str]:
    """Yield what usually holds secrets in a folder, without folders that are ``searched`` by themselves."""
    waiting, left = deque([folder]), _MOST_FOLDERS
    while waiting and left:
        left -= 1
        for entry in _entries(waiting.popleft()):
            if entry.name in _SECRETS:
                yield entry.path
            elif _is_searched(entry) and entry.path not in searched:
                waiting.append(entry.path)


def _is_searched(entry: os.DirEntry[str]) -> bool:
    is_plain = entry.name[0] != "." and entry.name not in _UNSEARCHED
    return is_plain and entry.is_dir(follow_symlinks=False)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        return [*os.scandir(folder)]
    except OSError:
        return []


def _editable() -> Iterator[str]:
    """Yield the folders of packages that are installed as links to them, whatever has installed them."""
    for place in sys.path:
        for file in (
            f"{place}/{name}/direct_url.json" for name in _names(place) if name.endswith(".dist-info")
        ):
            with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
                with open(file, "rb") as text:
                    record = json.load(text)
                if record["dir_info"]["editable"]:
                    yield unquote(urlsplit(record["url"]).path)
