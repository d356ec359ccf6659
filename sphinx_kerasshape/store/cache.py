"""Answers of earlier builds, found by all that they depend on.

An entry is a file of two lines: a head of JSON that says whether the entry is still
right, and the report. The folder may be deleted at any time, and nothing that stands in
it is trusted further than its checks: an entry that is cut short, of another schema,
larger than any answer, another user's, laid out otherwise or simply wrong is no entry, and
its model is run. Several builds may share a folder; nothing is ever locked, since an entry
is there as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from sphinx_kerasshape import files
from sphinx_kerasshape.files import write_atomically
from sphinx_kerasshape.messages.codec import decode, dumps, encode, fingerprint, loads
from sphinx_kerasshape.messages.reading import report_of
from sphinx_kerasshape.messages.report import SCHEMA, Report, Source, Versions
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.messages.result import Result, fingerprint_of
from sphinx_kerasshape.store.module_places import Imports


class RunEnvironment(NamedTuple):
    """What an answer depends on besides its request, found without importing anything."""

    versions: Versions
    variables: tuple[tuple[str, str], ...] = ()
    """The environment variables that the project lets its models see."""
    installed: Callable[[str], str] = lambda _: ""
    """Returns the version of an installed distribution, or nothing."""
    problem: str = ""
    """Why nothing can be run there; empty where it can be tried."""
    folders: tuple[str, ...] = ()
    """Those of ``sys.path`` that are the project's."""


class Cache:
    """A folder of reports, for the environment that code would run in now.

    Files that an answer depends on are kept relative to ``root``, so that a copy of a
    project, with its cache, looks at its own files.
    """

    def __init__(self, folder: Path, environment: RunEnvironment, root: Path) -> None:
        self._folder = folder
        self._environment = environment
        self._root = root
        self._imports = Imports(environment.folders, root)
        self._digests: dict[str, str] = {}
        self._found: dict[Request, Result | None] = {}
        self.problem = ""
        """Why the last report could not be stored; empty where all were."""

    def find(self, request: Request) -> Result | None:
        """Return the result of an earlier run, if everything is still as it was then."""
        if request not in self._found:
            self._found[request] = self._read(request)
        return self._found[request]

    def store(self, request: Request, report: Report, shown: str = "") -> None:
        """Keep a report. Where that fails, ``problem`` says why, and the build goes on.

        ``shown`` is the fingerprint of what the report shows, where it is known already.
        """
        body = dumps(report).encode()
        key = self._key(request)
        head = {
            "schema": SCHEMA,
            "key": key,
            "fingerprint": shown or fingerprint_of(report),
            "sources": [encode(self._relative(source)) for source in report.sources],
            "imports": self._imports.found(_imported(request, report)),
            "body": hashlib.sha256(body).hexdigest(),
        }
        try:
            write_atomically(self._path(key), dumps(head).encode() + b"\n" + body)
        except OSError as error:
            self.problem = f"{self._folder}: {error.strerror or error}"

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}.json"

    def _key(self, request: Request) -> str:
        return fingerprint([SCHEMA, request, self._environment.versions, self._environment.variables])

    def _read(self, request: Request) -> Result | None:
        key = self._key(request)
        try:
            head, _, body = self._bytes(self._path(key)).partition(b"\n")
            fields = loads(head)
            sources = [decode(Source, source) for source in fields["sources"]]
            expected = [SCHEMA, key, hashlib.sha256(body).hexdigest()]
            if [fields["schema"], fields["key"], fields["body"]] != expected:
                return None
            if not (self._imports.hold(dict(fields["imports"])) and all(map(self._holds, sources))):
                return None
            # The digest is right, but who writes one can write another: the body is data like the head.
            return Result(decode(str, fields["fingerprint"]), report_of(loads(body)))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _bytes(self, path: Path) -> bytes:
        """Return what a file has. Raises ``OSError``, ``ValueError`` for one that is not to be trusted."""
        with files.opened(path) as file:
            status = os.fstat(file.fileno())
            if status.st_size > files.LARGEST or status.st_uid not in self._trusted:
                raise ValueError("too large, or another user's")
            return file.read(files.LARGEST)

    @cached_property
    def _trusted(self) -> set[int]:
        """The users whose entries are read: this one, the system's, and whose the project is."""
        if not hasattr(os, "getuid"):
            return {0}
        return {os.getuid(), 0, self._root.stat().st_uid}

    def _holds(self, source: Source) -> bool:
        if source.kind == "package":
            return self._environment.installed(source.key) == source.value
        if source.key not in self._digests:
            self._digests[source.key] = files.digest(self._root / source.key)
        # What could not be read then, and can't now, need not be the same.
        return source.value != "" and self._digests[source.key] == source.value

    def _relative(self, source: Source) -> Source:
        if source.kind != "file":
            return source
        try:
            return source._replace(key=os.path.relpath(source.key, self._root))
        except ValueError:  # another drive
            return source


def _imported(request: Request, report: Report) -> list[str]:
    """Return the project's files that a report's code imported; not those that the page names."""
    named = {request.origin, *(step.origin for step in request.earlier)}
    files = [source.key for source in report.sources if source.kind == "file"]
    return [file for file in files if file.endswith(".py") and file not in named]
